"""The kinds of findings: one file for each family, one row here for each kind, errors first."""

from __future__ import annotations

from collections.abc import Iterable

from striate.quality.checks import appearance, class_counts, decoding, duplicates, image_sizes, unreadable
from striate.quality.finding import LEVELS, Check, Finding
from striate.quality.scan import ScannedSource

__all__ = ["KINDS", "findings"]

KINDS: dict[str, Check] = {
    kind.name: kind
    for level in LEVELS
    for room in (duplicates, unreadable, class_counts, appearance, image_sizes, decoding)
    for kind in room.KINDS
    if kind.level == level
}


def findings(examined: ScannedSource) -> list[Finding]:
    """What is wrong, in the order of `KINDS`; nothing for kinds that were not met."""
    found: Iterable[Finding] = (Finding(kind, tuple(kind.find(examined))) for kind in KINDS.values())
    return [one for one in found if one.cases]
