"""Pages of `striate look` for an ensemble: what its members say (`look.html`), and a page for each (`look-1.html`, …).

Self-contained and without a request; the same result gives the same bytes.
"""

from __future__ import annotations

import json
from pathlib import Path, PurePath

from striate.core import atomic
from striate.report.ensemble_look_result import EnsembleLookResult
from striate.report.look import write_look
from striate.report.look_figures import made_folder, write_figures
from striate.report.look_network import write_look_network
from striate.report.look_result import WordsLookResult
from striate.report.network_look_result import NetworkLookResult
from striate.report.page_environment import environment

SHOWN_TOP = 5  # classes with their probabilities


def write_look_ensemble(path: str | Path, result: EnsembleLookResult) -> Path:
    """Write the page to `path` and those of the members beside it, replacing them atomically; returns `path`.

    Raises `DiskError`.
    """
    for one in result.members:
        if one.found.page and isinstance(one.found, WordsLookResult):
            write_look(one.found.page, one.found)
        elif one.found.page and isinstance(one.found, NetworkLookResult):
            write_look_network(one.found.page, one.found)
    atomic.write_text(path, render_members(result))
    return Path(path)


def render_members(result: EnsembleLookResult) -> str:
    """The page as text."""
    title = PurePath(result.picture).name if result.picture else "a picture" if result.ranked else result.model
    longest = max((abs(one.evidence) for one in result.members if one.evidence is not None), default=0.0) or 1.0
    return environment().get_template("look_members.html.j2").render(vars(result) | {
        "title": title or "a recogniser",
        "model": result.model or "a recogniser",
        "shown_top": result.ranked[:SHOWN_TOP],
        "rows": [(one, PurePath(one.found.page).name if one.found.page else None,
                  None if one.evidence is None else 100 * abs(one.evidence) / longest) for one in result.members],
        "total": result.explanations["members"].total if "members" in result.explanations else None,
    })


def write_ensemble_figures(folder: str | Path, result: EnsembleLookResult) -> Path:
    """Write `look.json` into `folder`, and the figures of each network in it into a folder by its number."""
    folder = made_folder(folder)
    for number, one in enumerate(result.members, start=1):
        if isinstance(one.found, NetworkLookResult):
            write_figures(folder / str(number), one.found)
    text = json.dumps(result.as_dict(), ensure_ascii=False, allow_nan=False, indent=1)
    atomic.write_text(folder / "look.json", text + "\n")
    return folder
