"""NumPy's `.npz`: arrays `images` and `labels`, or `x_train`, `y_train`, `x_test`, `y_test` (and `x_val`, `y_val`).

Pictures (N, H, W) or (N, H, W, C) uint8; labels (N,) or (N, 1), whole numbers or strings; `classes`, if there, names
them. Nothing is unpickled, and the headers are checked against the sizes before an array is unpacked.
"""

from __future__ import annotations

import math
import tokenize
import zipfile
import zlib
from pathlib import Path

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from striate.data.source import ArraySource
from striate.data.sources.in_memory_arrays import MAX_ARRAY, Arrays, array_source, bad_array, check_ratio

# part → the names its pictures and labels may have
NAMES = {
    "": (("images", "labels"), ("x", "y"), ("X", "y")),
    "train": (("x_train", "y_train"), ("train_images", "train_labels")),
    "validation": (("x_val", "y_val"), ("x_validation", "y_validation"), ("val_images", "val_labels")),
    "test": (("x_test", "y_test"), ("test_images", "test_labels")),
}
MAX_ENTRIES = 64


def is_npz(path: Path) -> bool:
    """Whether `path` is a file whose name ends in `.npz`."""
    return path.suffix == ".npz" and path.is_file()


def open_npz(path: Path) -> ArraySource:
    """The arrays of one `.npz` file as a source; `DataError` `bad_array` if they are not pictures and labels."""
    try:
        with zipfile.ZipFile(path) as archive:
            if len(archive.infolist()) > MAX_ENTRIES:
                raise bad_array(path, f"it holds more than {MAX_ENTRIES} arrays")
            parts = {part: _pair(archive, *names, path) for part, names in _present(archive).items()}
            classes = _classes(archive, path) if "classes.npy" in archive.namelist() else None
        if "train" not in parts and "" not in parts:
            raise bad_array(path, "it has neither images and labels nor x_train and y_train")
        return array_source(path.stem, parts, classes)
    except (OSError, ValueError, TypeError, OverflowError, EOFError, KeyError, MemoryError, NotImplementedError,
            RuntimeError, SyntaxError, SystemError, tokenize.TokenError,
            zipfile.BadZipFile, zlib.error) as error:  # fmt: skip
        if type(error).__module__.startswith("striate"):
            raise
        raise bad_array(path, "it is no .npz file, is damaged, or holds Python objects") from error


def _present(archive: zipfile.ZipFile) -> dict[str, tuple[str, str]]:
    inside = {name.removesuffix(".npy") for name in archive.namelist()}
    found = {part: next((pair for pair in pairs if inside.issuperset(pair)), None) for part, pairs in NAMES.items()}
    present = {part: pair for part, pair in found.items() if pair}
    return {part: pair for part, pair in present.items() if part or "train" not in present}


def _pair(archive: zipfile.ZipFile, images: str, labels: str, path: Path) -> Arrays:
    pictures, values = _array(archive, images, path), _array(archive, labels, path)
    if pictures.dtype != np.uint8:
        raise bad_array(path, f"its pictures are {pictures.dtype}, and uint8 is read")
    if values.dtype.kind not in "iuU":
        raise bad_array(path, f"its labels are {values.dtype}, and whole numbers or strings are read")
    if pictures.ndim == 3:
        pictures = pictures[..., np.newaxis]
    return pictures.astype(np.uint8, copy=False), values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values


def _classes(archive: zipfile.ZipFile, path: Path) -> tuple[str, ...]:
    names = _array(archive, "classes", path)
    if names.ndim != 1 or names.dtype.kind not in "iuU":
        raise bad_array(path, f"its classes are {names.dtype} of shape {names.shape}, and a row of names is read")
    return tuple(map(str, names.tolist()))


def _array(archive: zipfile.ZipFile, name: str, path: Path) -> NDArray[np.generic]:
    """One array, after a check of its header against the archive's sizes."""
    entry = archive.getinfo(f"{name}.npy")
    with archive.open(entry) as file:
        version = npy.read_magic(file)
        header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = header(file, max_header_size=4096)
    size = math.prod(shape) * dtype.itemsize
    if size > MAX_ARRAY or not size <= entry.file_size <= size + 8192:
        raise bad_array(path, f"the header of {name} says {shape} of {dtype}, which is not what the file holds")
    check_ratio(path, name, entry.file_size, entry.compress_size)
    with archive.open(entry) as file:
        array: NDArray[np.generic] = npy.read_array(file, allow_pickle=False)
    return array
