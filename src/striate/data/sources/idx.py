"""IDX files, as MNIST is published: LeCun, Cortes and Burges, *The MNIST Database of Handwritten Digits*, 1998.

`train-images-idx3-ubyte`, `train-labels-idx1-ubyte` and the same for `t10k` (or test), each with or without `.gz`, in
one folder or in its sub-folder `raw`; t10k is the test part. Two zero bytes, 0x08 (uint8), the number of dimensions,
each dimension as four bytes (big end first), then the numbers.
"""

from __future__ import annotations

import math
import re
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from striate.data.source import ArraySource
from striate.data.sources.in_memory_arrays import (
    Arrays,
    array_source,
    bad_array,
    check_ratio,
    open_regular,
    read_exactly,
)

NAME = re.compile(r"(?:.*-)?(train|t10k|test)-(images|labels)[-.]idx[13]-ubyte(?:\.gz)?")
UINT8 = 0x08


def find_idx(folder: Path) -> dict[str, dict[str, Path]]:
    """{part: {'images': path, 'labels': path}} of the IDX files in `folder` or `folder/raw`; {} if there are none."""
    for place in (folder, folder / "raw"):
        found: dict[str, dict[str, Path]] = {}
        # In reverse, so that of a file and its .gz the file is taken.
        for path in sorted(place.glob("*-ubyte*"), reverse=True):
            if (name := NAME.fullmatch(path.name)) and path.is_file():
                found.setdefault("train" if name[1] == "train" else "test", {})[name[2]] = path
        if "train" in found:
            return {part: found[part] for part in ("train", "test") if part in found}
    return {}


def open_idx(folder: Path, name: str = "", classes: tuple[str, ...] | None = None) -> ArraySource:
    """The IDX files in `folder` as a source, divided if there is a test part; pictures (N, H, W, 1) uint8."""
    parts: dict[str, Arrays] = {}
    for part, pair in find_idx(folder).items():
        if len(pair) < 2:
            raise bad_array(folder, f"the {'labels' if 'images' in pair else 'images'} of its {part} part are missing")
        parts[part] = read_idx(pair["images"], 3)[..., np.newaxis], read_idx(pair["labels"], 1)
    return array_source(name or folder.resolve().name, parts if "test" in parts else {"": parts["train"]}, classes)


def read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """One IDX file of uint8 numbers in `dimensions` dimensions; `DataError` `bad_array` if it is anything else."""
    try:
        with open_regular(path) as file:
            head = file.read(4 + 4 * dimensions)
            if head[:4] != bytes([0, 0, UINT8, dimensions]) or len(head) < 4 + 4 * dimensions:
                raise bad_array(path, f"it does not begin as an IDX file of uint8 in {dimensions} dimensions does")
            shape = [int.from_bytes(head[i : i + 4], "big") for i in range(4, len(head), 4)]
            if path.suffix == ".gz":
                check_ratio(path, "it", math.prod(shape), path.stat().st_size)
            return np.frombuffer(read_exactly(file, math.prod(shape), path), np.uint8).reshape(shape)
    except (OSError, EOFError, zlib.error) as error:
        raise bad_array(path, "it cannot be read, or its compression is damaged") from error
