"""Base classes of data sources: pictures and labels of any origin, before anything is decoded or packed."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from striate.data.file import DIGEST, FileFacts, Packed
from striate.data.resize import resize_picture
from striate.data.worker_pool import WorkerPool
from striate.errors import PictureError

Progress = Callable[[str, int, int], None]
PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Skipped:
    """A picture that was left out: its key, the stable code of the reason, and the reason as a clause."""

    picture: str
    code: str
    reason: str

    @classmethod
    def because(cls, key: str, error: PictureError) -> Skipped:
        """The entry for a picture that was refused."""
        return cls(key, error.code, f"{error.asked}: {error.given}")


@dataclass(frozen=True, eq=False, kw_only=True)
class Source(ABC):
    """Base class of data sources: N pictures with their labels.

    keys: N names, in the order of the pictures; labels: (N,) int64, indexes into `classes`; parts: N of '' (the
    source is undivided), 'train', 'validation' or 'test'; skipped: pictures left out already; notes: sentences.
    """

    name: str
    classes: tuple[str, ...]
    keys: tuple[str, ...]
    labels: NDArray[np.int64]
    parts: tuple[str, ...]
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()

    @abstractmethod
    def survey(self, pool: WorkerPool,
               progress: Progress | None) -> tuple[Sequence[FileFacts | PictureError], tuple[str, ...]]:
        """The facts of each of the N pictures, or why it cannot be used; and notes on the whole."""

    @abstractmethod
    def packed(self, rows: Sequence[tuple[int, FileFacts]], size: tuple[int, int], resize: str, channels: int,
               pool: WorkerPool, traits: bool = False) -> Iterator[Packed | PictureError]:
        """The pictures `rows`, (index, facts), resized to one size; `DataError` if one changed since the survey."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ArraySource(Source):
    """A data source in memory: pictures (N, H, W, C) uint8, with nothing to decode."""

    pictures: NDArray[np.uint8]

    def survey(
        self, pool: WorkerPool, progress: Progress | None  # noqa: ARG002 - for sources that must read files
    ) -> tuple[Sequence[FileFacts | PictureError], tuple[str, ...]]:
        """The facts of every picture, with a digest of its bytes and shape."""
        height, width, channels = self.pictures.shape[1:]
        ending = repr((height, width, channels)).encode()
        return [
            FileFacts(hashlib.sha256(picture.tobytes() + ending).hexdigest()[:DIGEST], width, height, channels)
            for picture in self.pictures
        ], ()

    def packed(
        self, rows: Sequence[tuple[int, FileFacts]], size: tuple[int, int], resize: str, channels: int,
        pool: WorkerPool, traits: bool = False,  # noqa: ARG002 - as above
    ) -> Iterator[Packed | PictureError]:  # fmt: skip
        """The pictures `rows`, resized to one size."""
        return ((resize_picture(self.pictures[i], size, resize, channels), ()) for i, _ in rows)
