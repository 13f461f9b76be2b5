"""Page of `striate train --try`: candidate settings, the best first.

Self-contained as a report is: no script, no request; the same result gives the same bytes.
"""

from __future__ import annotations

import json
from pathlib import Path

from markupsafe import Markup

from striate.core import atomic
from striate.report import tune_figures
from striate.report.page_environment import environment
from striate.report.tune_result import TuneResult


def write_tuning(folder: str | Path, result: TuneResult) -> Path:
    """Write `try.png`, `report.html` and `report.json` into an existing folder; returns the path of the page.

    Raises `DiskError`.

    >>> import tempfile
    >>> from striate.report.tune_result import TriedSettings, TuningData
    >>> best = TriedSettings(optimiser="sgd", learning_rate=0.05, why="preset", accuracy=0.9, interval=(0.6, 0.98),
    ...                      nll=0.4, epochs=2, steps=20, seconds=1.5)
    >>> data = TuningData("d", 2, {"train": 9, "validation": 10}, {"train": 9, "validation": 10})
    >>> result = TuneResult(striate="1", title="Tried", created="now", command="c", seconds=3.0, model="compact",
    ...                     data=data, each=1.5, candidates=[best], alike=0, ranges={}, stopped=False,
    ...                     next="striate train d", report="report.html", picture="try.png")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = write_tuning(folder, result).read_text(encoding="utf-8")
    >>> "60.0–98.0" in page
    True
    """
    folder = Path(folder)
    charts = {"tried": tune_figures.tried(result.candidates)}
    charts |= {"ranges": tune_figures.range_tests(result.ranges)} if result.ranges else {}
    safe = {name: Markup(svg) for name, svg in charts.items()}  # noqa: S704 - numbers and fixed words only
    page = environment().get_template("tune.html.j2").render({**vars(result), "charts": safe})
    atomic.write_bytes(folder / "try.png", tune_figures.picture(result.candidates, result.ranges))
    atomic.write_text(folder / "report.html", page)
    text = json.dumps(result.as_dict(), sort_keys=True, allow_nan=False, indent=1)
    atomic.write_text(folder / "report.json", text + "\n")
    return folder / "report.html"
