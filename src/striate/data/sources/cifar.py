"""CIFAR-10 and CIFAR-100, binary version: Krizhevsky, *Learning Multiple Layers of Features from Tiny Images*, 2009.

A record is the label (CIFAR-100: the coarse label and the fine one, of which the fine one counts) and 3 · 32 · 32
bytes, channel by channel. The pickled "python version" is not read: unpickling runs code.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from striate.data.source import ArraySource
from striate.data.sources.in_memory_arrays import Arrays, array_source, bad_array, read_exactly

PIXELS = 3 * 32 * 32
# folder inside, files of train, file of test, names of the classes, bytes of label
LAYOUTS = (
    ("cifar-10-batches-bin", [f"data_batch_{i}.bin" for i in range(1, 6)], "test_batch.bin", "batches.meta.txt", 1),
    ("cifar-100-binary", ["train.bin"], "test.bin", "fine_label_names.txt", 2),
)


def is_cifar(folder: Path) -> bool:
    """Whether `folder`, or the folder inside it that the archive unpacks to, holds a test file of CIFAR."""
    return any((place / test).is_file() for inside, _, test, _, _ in LAYOUTS for place in (folder, folder / inside))


def open_cifar(folder: Path) -> ArraySource:
    """The CIFAR files in `folder` as a divided source: pictures (N, 32, 32, 3) uint8."""
    place, train, test, names, skip = next(
        (place, train, test, names, skip)
        for inside, train, test, names, skip in LAYOUTS
        for place in (folder, folder / inside)
        if (place / test).is_file()
    )
    batches = [_read(place / name, skip) for name in train]
    together = np.concatenate([pictures for pictures, _ in batches]), np.concatenate([labels for _, labels in batches])
    parts: dict[str, Arrays] = {"train": together, "test": _read(place / test, skip)}
    return array_source(folder.resolve().name, parts, _names(place / names))


def _read(path: Path, skip: int) -> Arrays:
    if not path.is_file():
        raise bad_array(path.parent, f"{path.name} is missing")
    size = path.stat().st_size
    with path.open("rb") as file:
        records = np.frombuffer(read_exactly(file, size, path), np.uint8)
    if size == 0 or size % (skip + PIXELS):
        raise bad_array(path, f"its {size} bytes are no multiple of the {skip + PIXELS} of a record")
    records = records.reshape(-1, skip + PIXELS)
    pictures = records[:, skip:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(pictures), records[:, skip - 1]


def _names(path: Path) -> tuple[str, ...] | None:
    """The class names, one a line; None if the file is not there."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        lines = file.read(2**16).decode("utf-8", "replace").split("\n")
    return tuple(line.strip() for line in lines if line.strip())
