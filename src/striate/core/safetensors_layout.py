"""Layout of the arrays in a safetensors file: where each begins, its dtype and its shape; checked before it is read.

The arrays follow the header without gaps or overlaps, in the order of their offsets, and end where the file ends. Each
is read straight into its own memory, so a file of n bytes takes n bytes; safetensors' own parser copies it twice over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BufferedReader
from math import prod
from types import MappingProxyType
from typing import Any, NamedTuple, TypeGuard

import numpy as np

METADATA = "__metadata__"
MOST_AXES = 32  # of NumPy before 2.0
DTYPES: Mapping[str, np.dtype[Any]] = MappingProxyType({
    "F64": np.dtype("<f8"), "F32": np.dtype("<f4"), "F16": np.dtype("<f2"), "C64": np.dtype("<c8"),
    "I64": np.dtype("<i8"), "I32": np.dtype("<i4"), "I16": np.dtype("<i2"), "I8": np.dtype("i1"),
    "U64": np.dtype("<u8"), "U32": np.dtype("<u4"), "U16": np.dtype("<u2"), "U8": np.dtype("u1"),
    "BOOL": np.dtype(bool)})


class ArrayLayout(NamedTuple):
    """Layout of one array: its name, dtype and shape, and how many bytes it takes."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    size: int


def layout_of(header: Mapping[str, Any], size: int) -> list[ArrayLayout]:
    """The arrays of a `header`, which has been parsed, in the order of `size` bytes behind it.

    Raises ValueError, with the reason, where they do not fill these bytes exactly.

    >>> layout_of({"w": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}, 24)
    [ArrayLayout(name='w', dtype=dtype('float32'), shape=(2, 3), size=24)]
    """
    if any(not isinstance(value, str) for value in header.get(METADATA, {}).values()):
        raise ValueError("its metadata are not texts")
    spans = sorted((_span(name, entry), name) for name, entry in header.items() if name != METADATA)
    found, end = [], 0
    for (begin, until), name in spans:
        dtype, shape = _dtype_and_shape(name, header[name])
        if begin != end:
            raise ValueError(f"the array {name} begins at byte {begin:,}; the one before it ends at {end:,}")
        if until - begin != prod(shape) * dtype.itemsize:
            raise ValueError(f"the array {name} of shape {shape} has {until - begin:,} bytes")
        found.append(ArrayLayout(name, dtype, shape, until - begin))
        end = until
    if end != size:
        raise ValueError(f"its arrays take {end:,} bytes, and {size:,} are there")
    return found


def read_arrays(file: BufferedReader, layout: Sequence[ArrayLayout]) -> dict[str, np.ndarray]:
    """The arrays that follow in `file`, each in its own writable memory; ValueError if the file ends before them."""
    arrays = {}
    for name, dtype, shape, size in layout:
        array = np.empty(shape, dtype)
        if size and file.readinto(array.reshape(-1).view(np.uint8).data) != size:
            raise ValueError(f"it ends within the array {name}")
        arrays[name] = array
    return arrays


def _span(name: str, entry: object) -> tuple[int, int]:
    offsets = entry.get("data_offsets") if isinstance(entry, dict) else None
    if not _counts(offsets) or len(offsets) != 2:
        raise ValueError(f"the array {name} has no place")
    return offsets[0], offsets[1]


def _dtype_and_shape(name: str, entry: Mapping[str, Any]) -> tuple[np.dtype[Any], tuple[int, ...]]:
    dtype, shape = entry.get("dtype"), entry.get("shape")
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise ValueError(f"the array {name} has no dtype that NumPy knows")
    # NumPy counts the bytes as if sides of 0 were left out.
    if not _counts(shape) or len(shape) > MOST_AXES or prod(filter(None, shape)) * DTYPES[dtype].itemsize >= 2**63:
        raise ValueError(f"the array {name} has no shape that is possible")
    return DTYPES[dtype], tuple(shape)


def _counts(value: object) -> TypeGuard[list[int]]:
    return isinstance(value, list) and all(type(one) is int and one >= 0 for one in value)
