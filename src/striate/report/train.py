"""The report of a training run: one page for people (`report.html`), the same numbers for programs (`report.json`).

The page is self-contained: no script, no request, pictures as data URIs and figures as inline SVG, so it can be mailed,
printed and read offline, in light and dark. The same result gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Any

from striate.core import atomic
from striate.report.embedded_images import Misclassified, SamplePicture
from striate.report.train_page import render
from striate.report.train_result import TrainResult


def write_report(folder: str | Path, result: TrainResult, samples: Sequence[SamplePicture] = (),
                 mistakes: Sequence[Misclassified] = ()) -> Path:
    """Write `report.json` (the result) and `report.html` (with sample pictures, mistakes) into an existing folder.

    What is missing leaves its section out, numbers that are not finite become null. The page shows a few of the
    `samples` of each class and the most confident `mistakes`. Both files are replaced atomically. Returns the path of
    the page. Raises `DiskError`.

    >>> import tempfile
    >>> from striate.stats.metrics import evaluate
    >>> from striate.report.train_result import TrainingData
    >>> test = evaluate([0, 1, 1], [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]], ["cat", "dog"])
    >>> result = TrainResult(title="Cats and dogs", data=TrainingData(name="pets", classes=("cat", "dog")), test=test)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = write_report(folder, result).read_text(encoding="utf-8")
    >>> "66.7" in page                                                   # two of three
    True
    """
    folder = Path(folder)
    finite = _finite(result)
    page = render(finite, samples, mistakes)
    atomic.write_text(folder / "report.html", page)
    atomic.write_text(folder / "report.json", _as_json(finite))  # last: its presence says that the run is finished
    return folder / "report.html"


def _finite(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{one.name: _finite(getattr(value, one.name)) for one in fields(value)})
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_finite(item) for item in value)
    return None if isinstance(value, float) and not isfinite(value) else value


def _as_json(result: TrainResult) -> str:
    """Sorted keys, one line for each key: a thousand classes' confusion matrix should not be a million lines."""
    values = sorted(result.as_dict().items())
    lines = (f"{json.dumps(key)}: {json.dumps(value, sort_keys=True, allow_nan=False)}" for key, value in values)
    return "{\n" + ",\n".join(lines) + "\n}\n"
