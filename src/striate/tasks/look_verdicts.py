"""Verdicts beside the maps of a look: what the sanity check and the test of faithfulness say of these very maps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from striate.convnet.explain.faithfulness import Faithfulness
from striate.convnet.explain.methods import METHODS_OF_LOOK
from striate.convnet.explain.sanity import CHECKED, SanityCheck
from striate.core.humanize import join_words
from striate.model.explanation import Explanation
from striate.report.network_look_result import LookMap, LookPanel

Explained = tuple[str | None, str | None, tuple[int, int] | None]  # layer, unit or class, position


def with_verdicts(panels: Sequence[LookPanel], explanations: Iterable[Explanation]) -> tuple[LookPanel, ...]:
    """`panels`, each with the verdicts on its maps, and with a sentence on those that were not checked.

    A verdict is of one method and of what it was asked to explain; it stands beside no other map.
    """
    checks = [one for one in explanations if isinstance(one, SanityCheck | Faithfulness)]
    return tuple(replace(panel, notes=(*panel.notes, *verdicts_on(panel, checks))) for panel in panels)


def verdicts_on(panel: LookPanel, checks: Sequence[SanityCheck | Faithfulness]) -> list[str]:
    """Sentences on the maps of a panel; none on maps that are the same everywhere."""
    drawn = {explained_by(one): one for one in reversed(panel.maps) if one.low < one.high}
    said, checked = [], set()
    for check in checks:
        own = check.layer, check.unit, check.position
        verdicts = check.verdicts if isinstance(check, SanityCheck) else check.scores
        for verdict in verdicts:
            if verdict.method == panel.method and own in drawn:
                said.append(verdict.sentence)
                if isinstance(check, SanityCheck):
                    checked.add(own)
    left = [one.title for own, one in reversed(drawn.items()) if own not in checked]
    if left and panel.method in CHECKED:
        of_units = METHODS_OF_LOOK[panel.method].target == "unit"
        do = "--show sanity with --layer and --unit checks one" if of_units else "--show sanity does it"
        said.append(f"Whether the map{'s' * (len(left) > 1)} of {join_words(left, 'and')} "
                    f"depend{'s' * (len(left) == 1)} on what the network has learnt was not checked; {do}.")
    return said


def explained_by(one: LookMap) -> Explained:
    """What a map explains."""
    return one.layer, one.unit, one.position
