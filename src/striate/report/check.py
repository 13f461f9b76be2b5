"""The page of `striate check`: what is wrong with a set of pictures, with the pictures (`check.html`).

Self-contained as a report is: no script, no request; the same facts give the same bytes.

The facts (JSON values):

    striate, seconds, clean, page (its path), list (None, or {path, count})
    data         source, name, classes [K], counts {part: [K]}, count, left_out
    findings     [{kind, level (error, warning, note), title, advice, count, cases [{pictures [name], said, left_out
                 [name], count}]}], errors first, the worst case of each kind first
    labels       {checked: false, why}, or {checked: true, model, count, accuracy (of the cross-validated recogniser),
                 ranked [{picture, label, suggested, given, other, likely}], the most doubtful first}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.core import atomic
from striate.report.embedded_images import EmbeddedImage, show
from striate.report.train_page import environment

CASES = 12  # shown of a kind, with pictures
LABEL_CASES = 36
TOGETHER = 4  # pictures shown of one case
LINES = 60  # of a kind whose cases are told in words
SIDE = 112  # CSS pixels
LEVELS = {
    "error": ("Errors", "Figures would be wrong, or pictures are lost."),
    "warning": ("To be looked at", "Each may be right as it is; a person can tell."),
    "note": ("To be known", "No faults, and no reason to call the set unclean."),
}
Pixels = Callable[[str, int], NDArray[np.uint8] | None]


def write_check(path: str | Path, facts: Mapping[str, Any], pixels: Pixels) -> Path:
    """Write the page to `path`, replacing it atomically; returns `path`. Raises `DiskError`.

    `pixels(name, longest)` gives a picture for showing, (H, W, C) uint8 of about `longest`, or None.

    >>> import tempfile
    >>> facts = {"striate": "1", "seconds": 1.0, "clean": True, "page": None, "list": None, "findings": [],
    ...          "labels": {"checked": False, "why": "--no-labels"},
    ...          "data": {"source": "pets", "name": "pets", "classes": ["cat", "dog"], "counts": {"all": [3, 4]},
    ...                   "count": 7, "left_out": 0}}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = write_check(Path(folder) / "check.html", facts, lambda *_: None).read_text(encoding="utf-8")
    >>> "Nothing is wrong" in page
    True
    """
    atomic.write_text(path, render(facts, pixels))
    return Path(path)


def render(facts: Mapping[str, Any], pixels: Pixels) -> str:
    """The page as text; at most some 400 pictures are on it."""
    seen: dict[str, EmbeddedImage | None] = {}

    def shown_as(key: str) -> EmbeddedImage | None:
        if key not in seen:
            found = pixels(key, 2 * SIDE)
            seen[key] = None if found is None else show(found, SIDE)
        return seen[key]

    groups = []
    for level, (title, meaning) in LEVELS.items():
        cards = [_card(one, shown_as) for one in facts["findings"] if one["level"] == level]
        if cards:
            groups.append({"level": level, "title": title, "meaning": meaning, "findings": cards})
    parts = list(facts["data"]["counts"].values())
    rows = [(name, [part[i] for part in parts]) for i, name in enumerate(facts["data"]["classes"])]
    return environment().get_template("check.html.j2").render({**facts, "groups": groups, "rows": rows})


def _card(finding: Mapping[str, Any], shown_as: Callable[[str], EmbeddedImage | None]) -> dict[str, Any]:
    """A finding with the pictures of its first cases; in words where none of them can be shown."""
    most = LABEL_CASES if finding["kind"] == "label" else CASES
    cases = [{**case, "shown": [(key, shown_as(key)) for key in case["pictures"][:TOGETHER]],
              "more": max(0, len(case["pictures"]) - TOGETHER)} for case in finding["cases"][:most]]
    pictured = any(one for case in cases for _, one in case["shown"])
    return {**finding, "pictured": pictured, "single": all(len(case["pictures"]) == 1 for case in cases),
            "shown": cases if pictured else finding["cases"][:LINES],
            "total": len(finding["cases"])}
