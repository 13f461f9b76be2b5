"""The report of a training run: one page for people (`report.html`), the same numbers for programs (`report.json`).

The page is self-contained: no script, no request, pictures as data URIs and figures as inline SVG, so it can be mailed,
printed and read offline, in light and dark. The same facts give the same bytes.

The facts (JSON values; only `data` must be there, fractions are in 0..1, times in seconds):

    striate, title, command, created, model, report, seed, seconds
    data         name, source (as the command line names it), classes [K], counts {part: [K]}, size [H, W, C], fit,
                 skipped [{picture, code, reason}], notes [sentence], split {kind, seed},
                 leaked (test pictures that are also among those learnt from; null where nobody counted)
    network      name, input [C, H, W], layers [rows of `striate inspect`], parameters, macs, neurons
    notes        [sentence] on the training
    stages       {name, settings, rows [{stage, what (a sentence), seconds, cached}]}, of a hand-crafted recogniser
    cross_validated   whether `validation` is by cross-validation on training and validation pictures
    history      [{epoch, loss, validation_loss, validation_accuracy, learning_rate, seconds, pictures_per_second}]
    best_epoch   the epoch whose weights were kept
    asked        {name: value}, the settings that were given, as against those that were planned
    began        {weights, network} of the options that a network which was trained elsewhere was begun with
    reasons      [sentence] on why what was planned was planned so
    validation, test         `Evaluation.as_dict()`
    recipe, environment      {name: value}
    timings                  {name: seconds}
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

from striate.core import atomic
from striate.report.embedded_images import Misclassified, SamplePicture
from striate.report.train_page import render


def write_report(
    folder: str | Path,
    facts: Mapping[str, Any],
    samples: Sequence[SamplePicture] = (),
    mistakes: Sequence[Misclassified] = (),
) -> Path:
    """Write `report.json` (the facts) and `report.html` (facts, sample pictures, mistakes) into an existing folder.

    `facts` are those of this module's docstring; what is missing leaves its section out, numbers that are not finite
    become null. The page shows a few of the `samples` of each class and the surest of the `mistakes`. Both files are
    replaced atomically. Returns the path of the page. Raises `DiskError`.

    >>> import tempfile
    >>> from striate.stats.metrics import evaluate
    >>> test = evaluate([0, 1, 1], [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]], ["cat", "dog"]).as_dict()
    >>> facts = {"title": "Cats and dogs", "data": {"name": "pets", "classes": ["cat", "dog"]}, "test": test}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = write_report(folder, facts).read_text(encoding="utf-8")
    >>> "66.7" in page                                                   # two of three
    True
    """
    folder = Path(folder)
    plain = _finite(facts)
    page = render(plain, samples, mistakes)
    atomic.write_text(folder / "report.html", page)
    atomic.write_text(folder / "report.json", _as_json(plain))  # last: its presence says that the run is finished
    return folder / "report.html"


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def _as_json(facts: Mapping[str, Any]) -> str:
    """Sorted keys, one line for each key: a thousand classes' confusion matrix should not be a million lines."""
    lines = (f"{json.dumps(key)}: {json.dumps(facts[key], sort_keys=True, allow_nan=False)}" for key in sorted(facts))
    return "{\n" + ",\n".join(lines) + "\n}\n"
