"""Checks of a set of pictures: one file for each family, errors first."""

from __future__ import annotations

from striate.quality.checks import appearance, class_counts, decoding, duplicates, image_sizes, unreadable
from striate.quality.finding import LEVELS, Check, Finding
from striate.quality.scan import ScannedSource

__all__ = ["CHECKS", "findings"]

CHECKS: tuple[Check, ...] = tuple(sorted(
    (check for family in (duplicates, unreadable, class_counts, appearance, image_sizes, decoding)
     for check in family.CHECKS),
    key=lambda check: LEVELS.index(check.level),
))


def findings(scanned: ScannedSource) -> list[Finding]:
    """The findings in the order of `CHECKS`, without checks that found no case."""
    found = (Finding(check, tuple(check.find(scanned))) for check in CHECKS)
    return [one for one in found if one.cases]
