"""The page of `striate train --try`: settings tried for a short while each, the best first.

Self-contained as a report is: no script, no request; the same facts give the same bytes.

The facts (JSON values; fractions in 0..1, times in seconds, losses in nats):

    striate, title, created, command, seconds, model (a name)
    data         name, classes (how many), counts {part: pictures looked at}, of {part: pictures there are}
    each         seconds of training that a candidate was given
    candidates   [{optimiser, learning_rate, why, accuracy, interval, nll, epochs, steps, seconds, failed}], best first;
                 failed is a sentence or null, and with it everything measured is null
    alike        how many of the others the measurement does not tell from the best
    ranges       {optimiser: {rates [n], losses [n], smooth [n], steepest, tenth, diverged}} of the range tests
    stopped      whether it was ended before all had been tried
    next         the command that trains with the best
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from striate.core import atomic
from striate.report import tune_figures
from striate.report.train_page import environment


def write_trying(folder: str | Path, facts: Mapping[str, Any]) -> Path:
    """Write `try.png`, `report.html` and `report.json` into an existing folder; returns the path of the page.

    Raises `DiskError`.

    >>> import tempfile
    >>> best = {"optimiser": "sgd", "learning_rate": 0.05, "why": "preset", "accuracy": 0.9, "interval": [0.6, 0.98],
    ...         "nll": 0.4, "epochs": 2, "steps": 20, "seconds": 1.5, "failed": None}
    >>> facts = {"striate": "1", "title": "Tried", "created": "now", "command": "c", "seconds": 3.0, "model": "compact",
    ...          "data": {"name": "d", "classes": 2, "counts": {"train": 9, "validation": 10},
    ...                   "of": {"train": 9, "validation": 10}}, "each": 1.5, "candidates": [best], "alike": 0,
    ...          "ranges": {}, "stopped": False, "next": "striate train d"}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = write_trying(folder, facts).read_text(encoding="utf-8")
    >>> "60.0–98.0" in page
    True
    """
    folder = Path(folder)
    candidates, ranges = facts["candidates"], facts["ranges"]
    charts = {"tried": tune_figures.tried(candidates)}
    charts |= {"ranges": tune_figures.range_tests(ranges)} if ranges else {}
    safe = {name: Markup(svg) for name, svg in charts.items()}  # noqa: S704 - numbers and fixed words only
    page = environment().get_template("trying.html.j2").render({**facts, "charts": safe})
    atomic.write_bytes(folder / "try.png", tune_figures.picture(candidates, ranges))
    atomic.write_text(folder / "report.html", page)
    atomic.write_text(folder / "report.json", json.dumps(facts, sort_keys=True, allow_nan=False, indent=1) + "\n")
    return folder / "report.html"
