"""Refusals of kernels, tables of numbers and sums."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from striate.filtering import FilterKernel, correlate, named_kernels, read_numbers, table_of
from striate.filtering.number_table import MAX_BYTES

REFUSALS: dict[str, Callable[[Path], object]] = {
    "a sigma of 0": lambda _: named_kernels("gaussian", sigma=0),
    "a sigma in letters": lambda _: named_kernels("gaussian", sigma="a"),  # type: ignore[arg-type]
    "a size of 4": lambda _: named_kernels("box", size=4),
    "a size beyond 63": lambda _: named_kernels("gaussian", size=65),
    "a sigma of box": lambda _: named_kernels("box", sigma=1),
    "a size of sobel": lambda _: named_kernels("sobel", size=5),
    "sums beyond float64": lambda _: correlate(np.full((3, 3), 10**12), FilterKernel("k", np.full((3, 3), 10**6))),
    "an empty table": lambda _: read_numbers(b"\n", "a.csv"),
    "a ragged table": lambda _: read_numbers(b"1,2\n3\n", "a.csv"),
    "a table with a header": lambda _: read_numbers(b"x,y\n1,2\n", "a.csv"),
    "a table with an empty cell": lambda _: read_numbers(b"1,,2\n", "a.csv"),
    "a table with NaN": lambda _: read_numbers(b"1,nan\n", "a.csv"),
    "a table of bytes": lambda _: read_numbers(b"\xff\xd9", "a.csv"),
    "a table beyond its bytes": lambda _: read_numbers(b" " * (MAX_BYTES + 1), "a.csv"),
    "a table beyond its sides": lambda _: read_numbers(b"1\n" * 64, "a.csv", 63),
    "a kernel of one row": lambda _: table_of([1, 2], "the kernel", 63),
    "a ragged kernel": lambda _: table_of([[1], [2, 3]], "the kernel", 63),
    "a kernel without numbers": lambda _: table_of([[]], "the kernel", 63),
    "a kernel with NaN": lambda _: table_of([[np.nan]], "the kernel", 63),
}
