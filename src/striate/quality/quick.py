"""Quick findings, which need no decoding and are notes of `striate train`."""

from __future__ import annotations

from collections import Counter

from striate.data import Data
from striate.data.dataset_checks import learnable_counts
from striate.errors import shown
from striate.quality.checks.class_counts import FEW, MANY, huge_of, tiny_of

NAMED = 5


def quick_findings(data: Data) -> list[str]:
    """Sentences on tiny and huge classes and on copies within a part; those of `data.notes` are not repeated.

    >>> from striate.data import load_data
    >>> quick_findings(load_data("digits"))
    []
    """
    pictures, notes = data.pictures, []
    counts = learnable_counts(pictures.labels, pictures.parts, len(data.classes))
    named = [(shown(name, 40), int(count)) for name, count in zip(data.classes, counts, strict=True)]
    if tiny := tiny_of(named):
        notes.append(f"classes of fewer than {FEW} pictures: {_listed(tiny)}")
    if huge := huge_of(named):
        notes.append(f"classes of more than {MANY:g} times as many pictures as usual: {_listed(huge)}; "
                     "read balanced accuracy rather than accuracy")
    places = Counter(zip(pictures.digests, pictures.parts, pictures.labels.tolist(), strict=True))
    spare = sum(count - 1 for count in places.values())
    if spare:
        notes.append(f"pictures that are there twice in the same class: {spare:,}")
    return notes


def _listed(classes: list[tuple[str, int]]) -> str:
    more = f", and {len(classes) - NAMED:,} more" if len(classes) > NAMED else ""
    return ", ".join(f"{name} ({count:,})" for name, count in classes[:NAMED]) + more
