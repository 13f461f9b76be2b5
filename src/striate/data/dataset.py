"""Data sets: `load_data` gives train, validation and test pictures by the name or the path of a data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from striate.core.executor import worker_count
from striate.data.dataset_checks import (
    check_classes,
    check_skipped,
    duplicate_warnings,
    no_usable_pictures,
    refused_pictures,
)
from striate.data.decode import decode
from striate.data.file import FileFacts, read_bytes
from striate.data.file_index import forget_index
from striate.data.original import Original, original_of
from striate.data.pack import Pictures
from striate.data.packing import pack
from striate.data.resize import check_resize, resize_image
from striate.data.source import PARTS, Progress, Skipped
from striate.data.sources import open_source
from striate.data.sources.file_source import FileSource
from striate.data.split import Fractions, Split, make_split
from striate.data.worker_pool import WorkerPool
from striate.errors import DataError, shown

NATIVE = 64  # pixels: pictures that all share one size up to this stay as they are
DEFAULT_SIZE = (96, 96)


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """A view of some pictures of a pack: indices (n,) int64 into `pictures`."""

    pictures: Pictures
    indices: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.indices)

    def __repr__(self) -> str:
        return f"Dataset({len(self):,} of {self.pictures!r})"

    @property
    def images(self) -> NDArray[np.uint8]:
        """A copy of the pictures: (n, H, W, C) uint8."""
        return self.take(np.arange(len(self)))

    @property
    def labels(self) -> NDArray[np.int64]:
        """The labels, (n,) int64, indexes into `classes`."""
        return self.pictures.labels[self.indices]

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names."""
        return self.pictures.classes

    @property
    def keys(self) -> list[str]:
        """The relative names of the pictures."""
        return [self.pictures.keys[i] for i in self.indices]

    @property
    def digests(self) -> tuple[str, ...]:
        """32 hexadecimal digits for the content of each picture."""
        return tuple(self.pictures.digests[i] for i in self.indices)

    def take(self, indices: ArrayLike) -> NDArray[np.uint8]:
        """A copy of the pictures at positions `indices` (k,) of this view: (k, H, W, C) uint8."""
        taken: NDArray[np.uint8] = np.take(self.pictures.images, self.indices[np.asarray(indices)], axis=0)
        return taken


@dataclass(frozen=True, eq=False, repr=False)
class Data:
    """A data set, packed and split.

    `skipped` pictures are in none of its parts, `notes` are plain sentences, `root` is the folder of the picture files,
    None if the source has none.
    """

    name: str
    pictures: Pictures
    split: Split
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()
    root: Path | None = None

    def __repr__(self) -> str:
        return f"Data({shown(self.name)}: {self.pictures!r}, {self.split!r})"

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names."""
        return self.pictures.classes

    @property
    def train(self) -> Dataset:
        """The training pictures."""
        return Dataset(self.pictures, self.split.train)

    @property
    def validation(self) -> Dataset:
        """The validation pictures, used for model selection."""
        return Dataset(self.pictures, self.split.validation)

    @property
    def test(self) -> Dataset:
        """The test pictures, used for the final evaluation."""
        return Dataset(self.pictures, self.split.test)

    def leaked(self, part: Dataset) -> int:
        """Number of pictures of `part` that have a copy in train or validation."""
        seen = {digest for name in ("train", "validation") for digest in self.split.digests[name]}
        return sum(digest in seen for digest in part.digests)

    def original(self, index: int) -> Original | None:
        """The file of picture `index` of the pack, decoded in full size; None if it has no file.

        Raises `DataError` (`source_changed`) and `PictureError`.
        """
        if self.root is None:
            return None
        pack = self.pictures
        height, width = pack.images.shape[1:3]
        return original_of(self.root, pack.keys[index], pack.digests[index], (height, width), pack.resize)

    def require_trainable(self) -> None:
        """Raise `DataError`: `part_empty` if a part has no picture, `one_class` if there is only one class."""
        asked = f"a recogniser was to be trained on {shown(self.name)}"
        if len(self.classes) < 2:
            raise DataError("one_class", asked, allowed="two or more classes are allowed",
                            given=f"one was found: {shown(self.classes[0], 40)}", do="Add a folder for a second class")
        for part, pictures in zip(PARTS, (self.train, self.validation, self.test), strict=True):
            if not len(pictures):
                raise DataError("part_empty", asked, allowed="train, validation and test need a picture each",
                                given=f"{part} has none", do="Give the split of this data set, or let it be made anew")
        if len(found := np.unique(self.train.labels)) < 2:
            raise DataError("one_class", asked, allowed="two or more classes in train are allowed",
                            given=f"one was found: {shown(self.classes[found[0]], 40)}",
                            do="Add pictures of a second class")


def load_data(source: str | Path, *, size: int | tuple[int, int] | None = None, resize: str = "squash",
              channels: int | None = None, usual: tuple[int, int] = DEFAULT_SIZE, seed: int = 0,
              fractions: Fractions = (0.7, 0.1, 0.2), split: Path | None = None, strict: bool = False,
              allow_empty_class: bool = False, files: Path | None = None, workers: int | None = None,
              on_progress: Progress | None = None) -> Data:  # fmt: skip
    """Load a data set by name (`digits`, `mnist`, `fashion-mnist`) or path (a folder, IDX, CIFAR binary, `.npz`).

    size: one side or (height, width) in pixels; None keeps pictures that share one size up to 64 pixels and makes all
    others `usual`. resize: `squash`, `crop` or `pad`, for pictures of another shape. channels: 1 or 3; None takes 1 if
    every picture is grey. fractions: train, validation, test, for a source without parts of its own. split: a file
    saved by `Split.save`. files: a list of the pictures of a folder that are to be used, as `striate check
    --write-list` writes it. strict: refuse a bad, duplicated across parts or doubly labelled picture instead of noting
    it. on_progress(stage, done, total). Raises `StriateError`.

    >>> data = load_data("digits")
    >>> len(data.train) + len(data.validation) + len(data.test)     # all 1,797 of them
    1797
    >>> data.train.images.shape[1:], data.classes[:3]
    ((8, 8, 1), ('0', '1', '2'))
    """
    pool = WorkerPool(worker_count(workers))
    wanted = (size, size) if isinstance(size, int) else size
    check_resize(usual if wanted is None else wanted, resize, 1 if channels is None else channels)
    opened = open_source(source, allow_empty_class, files=files)
    with pool:
        outcomes, notes = opened.survey(pool, on_progress)
        rows = [(i, outcome) for i, outcome in enumerate(outcomes) if isinstance(outcome, FileFacts)]
        skipped = [*opened.skipped, *refused_pictures(opened, outcomes)]
        check_skipped(opened, skipped, strict)
        if not rows:
            raise no_usable_pictures(opened, skipped)
        facts = [one for _, one in rows]
        try:
            natural = natural_size(facts, usual)
            pictures = pack(opened, rows, wanted or natural, resize, channels or natural_channels(facts), pool=pool,
                            strict=strict, progress=on_progress)
        except DataError as error:
            if error.code == "source_changed" and isinstance(opened, FileSource):
                forget_index(opened.root)  # it may be the index that is wrong
            raise
    skipped += pictures.skipped
    check_skipped(opened, skipped, strict)
    check_classes(opened, pictures, skipped, allow_empty_class)
    doubts = duplicate_warnings(pictures)
    if doubts and strict:
        code, sentence = doubts[0]
        raise DataError(code, f"the pictures of {shown(opened.name)} were checked strictly", given=sentence,
                        do="Remove the copies, or leave out --strict")
    chosen = Split.load(split, pictures) if split else make_split(pictures, seed, fractions)
    sentences = (*opened.notes, *notes, *pictures.notes, *(sentence for _, sentence in doubts), *chosen.notes)
    root = opened.root if isinstance(opened, FileSource) else None
    return Data(opened.name, pictures, chosen, tuple(skipped), sentences, root)


def read_picture(file: str | Path | bytes, size: tuple[int, int], resize: str = "squash",
                 channels: int = 3) -> NDArray[np.uint8]:
    """One picture file (path or bytes) as (height, width, channels) uint8, decoded and resized as in a pack."""
    check_resize(size, resize, channels)
    name, data = ("picture", file) if isinstance(file, bytes) else (str(file), read_bytes(file, str(file)))
    return resize_image(decode(data, name=name, at_least=size).image, size, resize, channels)


def natural_size(facts: Sequence[FileFacts], usual: tuple[int, int] = DEFAULT_SIZE) -> tuple[int, int]:
    """Size (height, width) of a data set: that which all its pictures share, if at most 64 pixels a side, else `usual`.

    >>> digit, photograph = FileFacts("", 28, 28, 1), FileFacts("", 640, 480, 3)
    >>> natural_size([digit, digit]), natural_size([digit, photograph])
    ((28, 28), (96, 96))
    """
    sizes = {(one.height, one.width) for one in facts}
    return sizes.pop() if len(sizes) == 1 and max(max(one) for one in sizes) <= NATIVE else usual


def natural_channels(facts: Sequence[FileFacts]) -> int:
    """Number of channels of a data set: 1 if every picture is grey, else 3."""
    return max(one.channels for one in facts)
