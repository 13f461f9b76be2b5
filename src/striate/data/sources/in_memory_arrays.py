"""Array sources: bounds, classes from labels, and keys, shared by the sources that are whole arrays."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from striate.core.bounded_file import NotRegularError, open_nonblocking
from striate.data.decode import MAX_ASPECT
from striate.data.source import ArraySource
from striate.errors import DataError, shown

MAX_ARRAY = 2 * 2**30  # bytes of one array, unpacked
MAX_PICTURES = 20_000_000  # each has a key, a part and a digest besides its pixels
MAX_RATIO = 200  # unpacked to packed, for arrays above SMALL
SMALL = 64 * 2**20
PIECE = 2**20
Arrays = tuple[NDArray[np.uint8], NDArray[np.generic]]  # pictures (N, H, W, C), labels (N,)


def array_source(name: str, parts: dict[str, Arrays], classes: tuple[str, ...] | None = None) -> ArraySource:
    """One source from {part: (pictures, labels)}, '' being the part of an undivided set.

    Without `classes`, the labels that occur are the classes, in their order; with them, labels are indexes.
    """
    shapes = {pictures.shape[1:] for pictures, _ in parts.values()}
    for part, (pictures, labels) in parts.items():
        if pictures.ndim != 4 or pictures.shape[3] not in (1, 3) or labels.shape != (len(pictures),) or len(shapes) > 1:
            raise bad_array(name, f"{part or 'its'} pictures have shape {pictures.shape} and labels {labels.shape}")
    height, width, _ = next(iter(shapes))
    if min(height, width) < 1 or max(height, width) > MAX_ASPECT * min(height, width):
        raise bad_array(name, f"its pictures are {height}×{width} pixels")
    count = sum(len(pictures) for pictures, _ in parts.values())
    if count > MAX_PICTURES:
        raise bad_array(name, f"it holds {count} pictures, and {MAX_PICTURES} are read at most")
    pictures = np.concatenate([pictures for pictures, _ in parts.values()])
    if not len(pictures):
        raise DataError("dataset_empty", f"pictures were looked for in {shown(name)}", given="it holds none",
                        do="Check the file")
    values = np.concatenate([labels for _, labels in parts.values()])
    if classes is None:
        names, labels = np.unique(values, return_inverse=True)
        classes = tuple(str(value) for value in names.tolist())
    elif len(set(classes)) < len(classes):
        raise bad_array(name, "two of its classes have the same name")
    elif values.dtype.kind not in "iu":
        raise bad_array(name, f"its labels are {values.dtype}, and beside classes whole numbers are read")
    elif values.min() < 0 or values.max() >= len(classes):
        raise bad_array(name, f"its labels run from {values.min()} to {values.max()} and it has {len(classes)} classes")
    else:
        labels = values
    keys = tuple(f"{part}/{i:06d}" if part else f"{i:06d}" for part in parts for i in range(len(parts[part][0])))
    where = tuple(part for part in parts for _ in range(len(parts[part][0])))
    return ArraySource(name=name, classes=classes, keys=keys, labels=labels.astype(np.int64), parts=where,
                       pictures=pictures)


def bad_array(name: str | Path, given: str) -> DataError:
    """The refusal for a file of arrays that are not pictures and labels."""
    return DataError("bad_array", f"{shown(name)} was to be read as pictures and labels",
                     allowed="grey or RGB pictures of one size, and one label for each, are allowed", given=given,
                     do="Get the file again, or convert it")


def read_exactly(file: BinaryIO, size: int, name: str | Path) -> bytes:
    """The next `size` bytes, the last of the file; read piece by piece, so that a false header costs no memory."""
    if size > MAX_ARRAY:
        raise bad_array(name, f"its header says {size} bytes, and {MAX_ARRAY} are read at most")
    pieces, missing = [], size
    while missing and (piece := file.read(min(missing, PIECE))):
        pieces.append(piece)
        missing -= len(piece)
    if missing or file.read(1):
        raise bad_array(name, f"it {'ends early' if missing else 'goes on after its end'}")
    return b"".join(pieces)


def check_ratio(name: str | Path, what: str, size: int, packed: int) -> None:
    """Refuse an array whose `size` bytes are unpacked from suspiciously few `packed` ones (a zip bomb)."""
    if size > SMALL and size > MAX_RATIO * packed:
        raise bad_array(name, f"{what} unpacks to more than {MAX_RATIO} times its size")


@contextmanager
def open_regular(path: Path) -> Iterator[BinaryIO]:
    """A regular file opened for reading, unzipped on reading if its name ends in .gz."""
    try:
        regular = open_nonblocking(path)
    except NotRegularError as error:
        raise bad_array(path, str(error)) from error
    with regular as file:
        yield cast(BinaryIO, gzip.GzipFile(fileobj=file)) if path.suffix == ".gz" else file
