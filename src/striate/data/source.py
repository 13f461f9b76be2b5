"""A source: where each picture and its label come from, before anything is decoded or packed."""

from __future__ import annotations

import hashlib
import os
import stat
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from striate.data.decode import MAX_BYTES
from striate.data.resize import resize_picture
from striate.errors import DataError, MissingError, PictureError, shown

if TYPE_CHECKING:
    from striate.data.worker_pool import WorkerPool

Progress = Callable[[str, int, int], None]
Packed = tuple[NDArray[np.uint8], tuple[str, ...]]  # pixels (height, width, channels), and notes
PARTS = ("train", "validation", "test")
DIGEST = 32  # hexadecimal digits kept of a sha256: 128 bits


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


@dataclass(frozen=True)
class FileFacts:
    """What is known of a picture without decoding it: digest of its bytes, width and height in pixels, channels."""

    digest: str
    width: int
    height: int
    channels: int


@dataclass(frozen=True, eq=False, kw_only=True)
class Source(ABC):
    """N pictures with their labels.

    keys: N names, in the order of the pictures; labels: (N,) int64, indexes into `classes`; parts: N of '' (the
    source is undivided), 'train', 'validation' or 'test'; skipped: what was left out already; notes: sentences.
    """

    name: str
    classes: tuple[str, ...]
    keys: tuple[str, ...]
    labels: NDArray[np.int64]
    parts: tuple[str, ...]
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()

    @abstractmethod
    def survey(
        self, crew: WorkerPool, progress: Progress | None
    ) -> tuple[Sequence[FileFacts | PictureError], tuple[str, ...]]:
        """The facts of each of the N pictures, or why it cannot be used; and notes on the whole."""

    @abstractmethod
    def packed(
        self, rows: Sequence[tuple[int, FileFacts]], size: tuple[int, int], resize: str, channels: int,
        crew: WorkerPool, traits: bool = False,
    ) -> Iterator[Packed | PictureError]:
        """The pictures `rows`, (index, facts), made one size; `DataError` if one is not that surveyed."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ArraySource(Source):
    """Pictures that lie in an array already: pictures (N, H, W, C) uint8. Nothing is left to decode or to wait for."""

    pictures: NDArray[np.uint8]

    def survey(
        self, crew: WorkerPool, progress: Progress | None  # noqa: ARG002 - for sources that must read files
    ) -> tuple[Sequence[FileFacts | PictureError], tuple[str, ...]]:
        """Digest every picture: its bytes and its shape."""
        height, width, channels = self.pictures.shape[1:]
        ending = repr((height, width, channels)).encode()
        return [
            FileFacts(hashlib.sha256(picture.tobytes() + ending).hexdigest()[:DIGEST], width, height, channels)
            for picture in self.pictures
        ], ()

    def packed(
        self, rows: Sequence[tuple[int, FileFacts]], size: tuple[int, int], resize: str, channels: int,
        crew: WorkerPool, traits: bool = False,  # noqa: ARG002 - as above
    ) -> Iterator[Packed | PictureError]:  # fmt: skip
        """The pictures `rows` made one size."""
        return ((resize_picture(self.pictures[i], size, resize, channels), ()) for i, _ in rows)


def read_bytes(path: str | Path, name: str) -> bytes:
    """The bytes of one picture file, never more than `decode` would accept, never from a pipe or a device."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe would wait for a writer
        try:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise PictureError("not_a_file", f"{shown(name)} cannot be read as a picture",
                                   given="it is not a regular file", do="Give a picture file")
            return os.read(descriptor, min(found.st_size, MAX_BYTES) + 1)
        finally:
            os.close(descriptor)
    except FileNotFoundError as error:
        raise MissingError("picture_missing", f"the picture {shown(name)} was asked for", given="there is no such file",
                           do="Check the path") from error
    except OSError as error:
        raise PictureError("not_readable", f"{shown(name)} cannot be read", given=(error.strerror or "").lower(),
                           do="Check its permissions and its disk") from error


def digest_of(data: bytes) -> str:
    """The digest of a picture file: the first 32 hexadecimal digits of the sha256 of its bytes."""
    return hashlib.sha256(data).hexdigest()[:DIGEST]


def source_changed(name: str) -> DataError:
    """The refusal for a file that is not what it was a moment ago."""
    return DataError("source_changed", f"{shown(name)} was to be packed",
                     given="it changed or vanished since it was listed",
                     do="Run the same command again when nothing writes to the folder")
