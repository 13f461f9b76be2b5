"""Page of `striate check`: the faults of a data set, with pictures (`check.html`).

Self-contained as a report is: no script, no request; the same result gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.core import atomic
from striate.quality.finding import Finding
from striate.report.check_result import CheckResult
from striate.report.embedded_images import EmbeddedImage, show
from striate.report.page_environment import environment

CASES = 12  # shown of a kind, with pictures
LABEL_CASES = 36
TOGETHER = 4  # pictures shown of one case
LINES = 60  # of a kind whose cases are listed in words
SIDE = 112  # CSS pixels
LEVELS = {
    "error": ("Errors", "Figures would be wrong, or pictures are lost."),
    "warning": ("Warnings", "Each may be right as it is; look at the pictures."),
    "note": ("Notes", "No faults; they do not make the set unclean."),
}
Pixels = Callable[[str, int], NDArray[np.uint8] | None]


def write_check(path: str | Path, result: CheckResult, pixels: Pixels) -> Path:
    """Write the page to `path`, replacing it atomically; returns `path`. Raises `DiskError`.

    `pixels(name, longest)` gives a picture for showing, (H, W, C) uint8 of about `longest`, or None.

    >>> import tempfile
    >>> from striate.report.check_result import CheckedData, LabelCheck
    >>> result = CheckResult(
    ...     striate="1", seconds=1.0, clean=True, page=None, list=None, findings=(),
    ...     labels=LabelCheck(checked=False, why="--no-labels"),
    ...     data=CheckedData("pets", "pets", ("cat", "dog"), {"all": [3, 4]}, 7, 0))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = write_check(Path(folder) / "check.html", result, lambda *_: None).read_text(encoding="utf-8")
    >>> "No faults were found" in page
    True
    """
    atomic.write_text(path, render(result, pixels))
    return Path(path)


def render(result: CheckResult, pixels: Pixels) -> str:
    """The page as text; at most some 400 pictures are on it."""
    seen: dict[str, EmbeddedImage | None] = {}

    def shown_as(key: str) -> EmbeddedImage | None:
        if key not in seen:
            found = pixels(key, 2 * SIDE)
            seen[key] = None if found is None else show(found, SIDE)
        return seen[key]

    groups = []
    for level, (title, meaning) in LEVELS.items():
        cards = [_card(one, shown_as) for one in result.findings if one.check.level == level]
        if cards:
            groups.append({"level": level, "title": title, "meaning": meaning, "findings": cards})
    parts = list(result.data.counts.values())
    rows = [(name, [part[i] for part in parts]) for i, name in enumerate(result.data.classes)]
    bad = [one for one in result.findings if one.check.level != "note"]
    template = environment().get_template("check.html.j2")
    return template.render(vars(result) | {"groups": groups, "rows": rows, "bad": bad})


def _card(finding: Finding, shown_as: Callable[[str], EmbeddedImage | None]) -> dict[str, Any]:
    """A finding with the pictures of its first cases; in words where none of them can be shown."""
    check = finding.check
    most = LABEL_CASES if check.name == "label" else CASES
    cases: list[dict[str, Any]] = [
        {"pictures": case.pictures, "text": case.text, "more": max(0, len(case.pictures) - TOGETHER),
         "shown": [(key, shown_as(key)) for key in case.pictures[:TOGETHER]]} for case in finding.cases[:most]]
    pictured = any(one for case in cases for _, one in case["shown"])
    return {"kind": check.name, "title": check.title, "advice": check.advice, "count": finding.count,
            "pictured": pictured, "single": all(len(case["pictures"]) == 1 for case in cases),
            "shown": cases if pictured else finding.cases[:LINES], "total": len(finding.cases)}
