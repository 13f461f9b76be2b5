"""Data set checks at loading: bad pictures, empty classes, duplicates under two labels or in two parts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from striate.data.file import FileFacts, Outcome
from striate.data.pack import Pictures
from striate.data.source import Skipped, Source
from striate.errors import DataError, shown


def refused_pictures(source: Source, outcomes: Sequence[Outcome]) -> list[Skipped]:
    """The pictures that the survey refused, as skipped entries."""
    return [Skipped.because(key, outcome)
            for key, outcome in zip(source.keys, outcomes, strict=True) if not isinstance(outcome, FileFacts)]


def check_skipped(source: Source, skipped: Sequence[Skipped], strict: bool) -> None:
    """Refuse a bad picture if `strict`."""
    if strict and skipped:
        count = "1 is" if len(skipped) == 1 else f"{len(skipped)} are"
        raise DataError("bad_picture", f"every picture of {shown(source.name)} must be readable",
                        given=f"{count} not, first: {skipped[0].reason}",
                        do="Repair or remove them, or leave out --strict")


def no_usable_pictures(source: Source, skipped: Sequence[Skipped]) -> DataError:
    """The refusal for a data set all of whose pictures are bad."""
    return DataError("dataset_empty", f"pictures were looked for in {shown(source.name)}",
                     given=f"none of {len(skipped)} could be used, first: {skipped[0].reason}",
                     do="Check the folder")


def check_classes(source: Source, pictures: Pictures, skipped: Sequence[Skipped], allowed: bool) -> None:
    """Refuse a class all of whose pictures turned out bad."""
    if not len(pictures):
        raise no_usable_pictures(source, skipped)
    counts = learnable_counts(pictures.labels, pictures.parts, len(pictures.classes))
    empty = [name for name, count in zip(pictures.classes, counts, strict=True) if not count]
    if empty and not allowed:
        why = Counter(one.code for one in skipped if f"/{empty[0]}/" in f"/{one.picture}")
        raise empty_class(source.name, empty, ", ".join(f"{count} {code}" for code, count in sorted(why.items())))


def learnable_counts(labels: NDArray[np.int64], parts: Sequence[str], classes: int) -> NDArray[np.int64]:
    """Number of training candidates of each class, (K,): all pictures of an undivided set, else its train part."""
    learnable = np.array([part in ("", "train") for part in parts], bool)
    return np.bincount(labels[learnable], minlength=classes)


def duplicate_warnings(pictures: Pictures) -> list[tuple[str, str]]:
    """Warnings, (code, sentence), on identical pictures under two labels or in two parts of a divided source."""
    copies = defaultdict[str, list[int]](list)
    for i, digest in enumerate(pictures.digests):
        copies[digest].append(i)
    groups = [group for group in copies.values() if len(group) > 1]
    conflicts = [group for group in groups if len({int(pictures.labels[i]) for i in group}) > 1]
    leaks = [group for group in groups if len({pictures.parts[i] for i in group}) > 1]
    doubts = []
    if conflicts:
        doubts.append(("label_conflict", _duplicates_sentence(pictures, conflicts, "under two labels")))
    if leaks:
        doubts.append(("part_leak", _duplicates_sentence(pictures, leaks, "in two parts")))
    return doubts


def _duplicates_sentence(pictures: Pictures, groups: list[list[int]], where: str) -> str:
    count = "1 picture is" if len(groups) == 1 else f"{len(groups)} pictures are"
    pairs = [" = ".join(shown(pictures.keys[i], 80) for i in group[:3]) for group in groups[:5]]
    return f"{count} {where}: {'; '.join(pairs)}{'; …' if len(groups) > 5 else ''}"


def empty_class(name: str, empty: list[str], why: str) -> DataError:
    """The refusal for classes without a training picture; `why` gives reasons where pictures were bad."""
    listed = ", ".join(shown(one, 40) for one in empty[:8]) + (", …" if len(empty) > 8 else "")
    return DataError("empty_class", f"every class of {shown(name)} needs a picture to learn from",
                     given=f"{listed}: no usable picture{f' ({why})' if why else ''}",
                     do="Add pictures, remove the folder, or allow it with --allow-empty-class")
