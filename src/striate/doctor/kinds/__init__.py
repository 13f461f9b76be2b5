"""The kinds of findings: one file for each family, one row here for each kind, errors first."""

from __future__ import annotations

from collections.abc import Iterable

from striate.doctor.examining import Examined
from striate.doctor.finding import LEVELS, Finding, Kind
from striate.doctor.kinds import classes, copies, decoding, files, looks, shapes

__all__ = ["KINDS", "findings"]

KINDS: dict[str, Kind] = {
    kind.name: kind
    for level in LEVELS
    for room in (copies, files, classes, looks, shapes, decoding)
    for kind in room.KINDS
    if kind.level == level
}


def findings(examined: Examined) -> list[Finding]:
    """What is wrong, in the order of `KINDS`; nothing for kinds that were not met."""
    found: Iterable[Finding] = (Finding(kind, tuple(kind.find(examined))) for kind in KINDS.values())
    return [one for one in found if one.cases]
