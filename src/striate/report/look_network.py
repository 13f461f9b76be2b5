"""Page of `striate look` for a network: the prediction, then a panel for each method (`look.html`).

Self-contained and without a request; the same result gives the same bytes.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePath

from striate.core import atomic
from striate.report.drawers import DRAWERS
from striate.report.drawers.drawing import Drawing
from striate.report.embedded_images import uri
from striate.report.look_stepthrough import StepThroughSection
from striate.report.network_look_result import LookMap, LookPanel, NetworkLookResult
from striate.report.page_environment import environment

SHOWN_TOP = 5  # classes with their probabilities
NUMBER = re.compile(r"\d[\d.,e−+]*")
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
CLOSE = 0.1  # the two most probable classes are called close within this


def write_look_network(path: str | Path, result: NetworkLookResult) -> Path:
    """Write the page to `path`, replacing it atomically; returns `path`. Raises `DiskError`."""
    atomic.write_text(path, render_look(result))
    return Path(path)


def render_look(result: NetworkLookResult) -> str:
    """The page as text."""
    title = PurePath(result.picture).name if result.picture else result.model or result.network
    section = None if result.stepthrough is None else StepThroughSection.of(result.stepthrough)
    return environment().get_template("look_network.html.j2").render(vars(result) | {
        "stepthrough": section,
        "policy": POLICY if section is None else section.policy,
        "title": title if result.pixels is None or result.picture else "a picture",
        "model": result.model or "a recogniser",
        "shown_top": result.ranked[:SHOWN_TOP],
        "close": len(result.ranked) > 1 and result.ranked[0][1] - result.ranked[1][1] < CLOSE,
        "plain": None if result.pixels is None else uri(result.pixels, 320),
        "drawn": [(panel, [(one, draw(result, one).html, said) for one, said in zip(
            panel.maps, sentences(panel), strict=True)]) for panel in result.panels],
    })


def sentences(panel: LookPanel) -> list[str]:
    """The sentence of evidence beside each map: empty where it is the panel's, or one before it but for its numbers."""
    seen, found = {NUMBER.sub("", panel.evidence)}, []
    for one in panel.maps:
        pattern = NUMBER.sub("", one.evidence)
        found.append("" if pattern in seen else one.evidence)
        seen.add(pattern)
    return found


def draw(result: NetworkLookResult, one: LookMap) -> Drawing:
    """The drawing of a map."""
    return DRAWERS[one.drawing].draw(one, result.explanations[one.name], result.pixels)
