"""Splits into train, validation and test, decided by the content of a picture, never by its file name.

Within a class the distinct digests are put in the order of sha256(seed, digest) and cut: first test, then validation,
the rest train. So renaming or moving a file moves it to no other part, identical pictures share a part, and a picture
more or less shifts at most one other across each cut.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from striate.core import atomic
from striate.core.bounded_file import read_bounded
from striate.core.bounded_text import Limits, load_json
from striate.data.pack import Pictures
from striate.data.source import PARTS
from striate.errors import DataError, MissingError, UsageError, shown

FORMAT, VERSION = "striate-split", 1
LIMITS = Limits(1 << 30, depth=8, digits=None, finite=False)
Fractions = tuple[float, float, float]
Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class Split:
    """A split of the pictures of a pack into train, validation and test.

    seed; kind: 'stratified', 'divided' (the source's own parts) or 'file'; train, validation, test: sorted index
    arrays (n,) int64; digests: part → the sorted digests of its pictures, which is what is saved.
    """

    seed: int
    kind: str
    train: Indices
    validation: Indices
    test: Indices
    digests: dict[str, tuple[str, ...]]
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"{len(self.train):,} train + {len(self.validation):,} validation + {len(self.test):,} test"

    def save(self, path: str | Path) -> None:
        """Write the split as JSON, atomically: {format, version, seed, kind, parts: {train: [digest, …], …}}."""
        document = {"format": FORMAT, "version": VERSION, "seed": self.seed, "kind": self.kind, "parts": self.digests}
        atomic.write_text(path, json.dumps(document, indent=1) + "\n")

    @classmethod
    def load(cls, path: str | Path, pictures: Pictures) -> Split:
        """The split in the file `path`, applied to `pictures`; a picture that is not in the file goes to test.

        Raises `MissingError` `split_missing` or `DataError` `bad_split`.
        """
        seed, listed = _read(Path(path))
        parts, unknown = [], 0
        for digest, own in zip(pictures.digests, pictures.parts, strict=True):
            allowed = listed.get(digest, ["test"])
            unknown += digest not in listed
            # A picture that a divided data set holds in two parts stays in both: each copy in its own.
            parts.append(own if own in allowed else allowed[0])
        notes = (f"pictures that the split file does not know, taken for the test: {unknown}",) if unknown else ()
        return _split(pictures, seed, "file", parts, notes)


def make_split(pictures: Pictures, seed: int = 0, fractions: Fractions = (0.7, 0.1, 0.2)) -> Split:
    """Split a pack: by the source's own parts if it is divided, else by `fractions` (train, validation, test).

    Raises `UsageError` `bad_fractions`, `DataError` `part_empty` if a requested part would have no picture.
    """
    if len(fractions) != 3 or min(fractions) < 0 or fractions[0] <= 0 or abs(sum(fractions) - 1) > 1e-6:
        raise UsageError("bad_fractions", "the shares of train, validation and test were asked for",
                         allowed="three numbers from 0 to 1 whose sum is 1, the first above 0, are allowed",
                         given=f"{', '.join(map(str, fractions))} were given", do="Use for example 0.7, 0.1, 0.2")
    split = _divided(pictures, seed) if any(pictures.parts) else _stratified(pictures, seed, fractions)
    wanted = (1.0, 1.0, 1.0) if split.kind == "divided" else fractions
    for part, fraction, indices in zip(PARTS, wanted, (split.train, split.validation, split.test), strict=True):
        if fraction and not len(indices):
            raise DataError("part_empty", f"pictures for {part} were looked for",
                            allowed="a class gives one if it has three distinct pictures", given="no class has enough",
                            do="Add pictures, or divide the data set into train, validation and test folders")
    return split


def split_class(digests: Iterable[str], seed: int, test: float, validation: float) -> dict[str, str]:
    """Split of one class, digest → part: at least one for test if there are two, for validation if three.

    >>> parts = split_class([f"{i:032x}" for i in range(10)], seed=0, test=0.2, validation=0.1)
    >>> sorted(parts.values())     # 2 of 10 for test, 1 for validation
    ['test', 'test', 'train', 'train', 'train', 'train', 'train', 'train', 'train', 'validation']
    """
    order = sorted(set(digests), key=lambda digest: hashlib.sha256(f"{seed} {digest}".encode()).digest())
    count = len(order)
    first = _part_size(test, count, 2)
    second = first + _part_size(validation, count, 3 if test else 2)
    return {digest: "test" if i < first else "validation" if i < second else "train" for i, digest in enumerate(order)}


def _part_size(fraction: float, count: int, needed: int) -> int:
    return max(1, round(fraction * count)) if fraction and count >= needed else 0


def _stratified(pictures: Pictures, seed: int, fractions: Fractions) -> Split:
    part: dict[str, str] = {}
    small: list[str] = []
    for name, digests in zip(pictures.classes, _by_class(pictures), strict=True):
        part |= split_class(digests, seed, fractions[2], fractions[1])  # of two labels the last decides
        small += [shown(name, 40)] if 0 < len(digests) < 3 else []
    notes = []
    if small:
        listed = ", ".join(small[:8]) + (", …" if len(small) > 8 else "")
        notes = [f"a class of one picture has it in train, one of two has one in train and one in test: {listed}"]
    return _split(pictures, seed, "stratified", [part[digest] for digest in pictures.digests], notes)


def _divided(pictures: Pictures, seed: int) -> Split:
    """The source's own split; missing parts are taken out of train (validation 10 %, test 20 %)."""
    missing = set(PARTS) - set(pictures.parts)
    part: dict[str, str] = {}
    for digests in _by_class(pictures, "train"):
        part |= split_class(digests, seed, 0.2 if "test" in missing else 0, 0.1 if "validation" in missing else 0)
    taken = {"validation": "10 %", "test": "20 %"}
    notes = [f"the data set has no {one} part: {share} of train were taken"
             for one, share in taken.items() if one in missing]
    parts = [part[digest] if own == "train" else own
             for digest, own in zip(pictures.digests, pictures.parts, strict=True)]
    return _split(pictures, seed, "divided", parts, notes)


def _by_class(pictures: Pictures, among: str = "") -> list[set[str]]:
    """The distinct digests of each class among the pictures of one part of the source."""
    classes: list[set[str]] = [set() for _ in pictures.classes]
    for digest, label, part in zip(pictures.digests, pictures.labels.tolist(), pictures.parts, strict=True):
        if part == among:
            classes[label].add(digest)
    return classes


def _split(pictures: Pictures, seed: int, kind: str, parts: Sequence[str], notes: Sequence[str]) -> Split:
    """A split from the part of each picture."""
    table = np.array(parts, dtype="U10")
    indices = {part: np.flatnonzero(table == part).astype(np.int64) for part in PARTS}
    digests = {part: tuple(sorted({pictures.digests[i] for i in rows})) for part, rows in indices.items()}
    return Split(seed, kind, **indices, digests=digests, notes=tuple(notes))


def _read(path: Path) -> tuple[int, dict[str, list[str]]]:
    """Seed and {digest: its parts} of a saved split."""
    try:
        document = load_json(read_bounded(path, LIMITS.bytes), LIMITS)
        if document["format"] != FORMAT or document["version"] != VERSION:
            raise ValueError("another format")
        listed = defaultdict[str, list[str]](list)
        for part in PARTS:
            digests = document["parts"][part]
            if not isinstance(digests, list) or not all(isinstance(digest, str) for digest in digests):
                raise TypeError("no list of digests")
            for digest in digests:
                listed[digest].append(part)
        if type(document["seed"]) is not int:
            raise TypeError("no seed")
        return document["seed"], dict(listed)
    except FileNotFoundError as error:
        raise MissingError("split_missing", f"the split {shown(path)} was asked for", given="there is no such file",
                           do="Check the path; a run leaves its split in split.json") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError("bad_split", f"the split {shown(path)} was asked for",
                        allowed="a file as a run leaves it in split.json is allowed", given="the file is not one",
                        do="Give the split.json of a run") from error
