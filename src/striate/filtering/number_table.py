"""Small tables of numbers, as CSV or as text with white space: read within limits, and written.

A row is a line, its cells are separated by commas or by white space; empty lines and lines that begin with # are left
out. A cell is a number in decimal notation or a fraction such as 1/16. A table of whole numbers only is int64.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.errors import DataError, shown
from striate.filtering.filter_kernel import Numbers

MAX_BYTES, MAX_SIDE, MAX_CELLS = 16 << 20, 4096, 1_000_000
LARGEST = 10**12  # so that no sum of products overflows, nor is anything lost on the way to float64
WORD = 40  # characters of a cell
GIVE = "Give rows and columns of numbers"
WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
FRACTION = re.compile(r"([+-]?\d+)/(0*[1-9]\d*)", re.ASCII)


def read_numbers(data: bytes, name: str, most: int = MAX_SIDE) -> Numbers:
    r"""The table in the bytes of a file, (rows, columns), at most `most` on a side; raises `DataError` (`bad_table`).

    >>> read_numbers(b"1,2\n3,4\n", "small.csv").tolist(), read_numbers(b"1/4 .5 1/4", "blur.txt").tolist()
    ([[1, 2], [3, 4]], [[0.25, 0.5, 0.25]])
    """
    if len(data) > MAX_BYTES:
        raise refusal(name, f"it is over {MAX_BYTES >> 20} MiB long")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refusal(name, "it is no text") from error
    rows: list[list[int | float]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        cells = [cell.strip() for cell in line.split(",", most + 1)] if "," in line else line.split(None, most + 1)
        if len(cells) > most or len(rows) >= most:
            raise _too_large(name, most)
        if rows and len(cells) != len(rows[0]):
            raise refusal(name, f"line {number:,} has {_count(len(cells))}, and the first has {_count(len(rows[0]))}")
        rows.append([_number(cell, number, name) for cell in cells])
        if len(rows) * len(cells) > MAX_CELLS:
            raise _too_large(name, most)
    if not rows:
        raise refusal(name, "it has no numbers")
    whole = all(isinstance(cell, int) for row in rows for cell in row)
    return np.array(rows, np.int64 if whole else np.float64)


def table_of(values: Any, name: str, most: int) -> Numbers:
    """An array of numbers given from Python as a table (rows, columns); raises `DataError` (`bad_table`).

    >>> table_of([[1, 2.5]], "a kernel", 63).tolist()
    [[1.0, 2.5]]
    """
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise refusal(name, "its rows differ in length", GIVE) from error
    if array.ndim != 2 or array.dtype.kind not in "iuf":
        raise refusal(name, f"shape {array.shape} of {array.dtype} was given", GIVE)
    if not array.size:
        raise refusal(name, "it has no numbers", GIVE)
    if max(array.shape) > most:
        raise _too_large(name, most)
    return checked_numbers(array, name)


def checked_numbers(array: NDArray[Any], name: str) -> Numbers:
    """An array of finite numbers up to a million millions as int64 or float64; raises `DataError` (`bad_table`)."""
    with np.errstate(invalid="ignore"):
        if not bool(((array >= -LARGEST) & (array <= LARGEST)).all()):  # false of what is not a number, too
            raise refusal(name, "a number in it is larger, or is none", "Give other numbers")
    return array.astype(np.int64 if array.dtype.kind in "iu" else np.float64)


def write_numbers(values: Numbers) -> str:
    r"""A table as CSV, each number with all its digits.

    >>> write_numbers(np.array([[0.1, 2.0], [3.0, 4.5]]))
    '0.1,2.0\n3.0,4.5\n'
    """
    return "".join(",".join(map(repr, row)) + "\n" for row in values.tolist())


def refusal(name: str, given: str, do: str = "Write rows as lines, with commas or spaces between numbers") -> DataError:
    """The refusal of a table that cannot be read."""
    return DataError("bad_table", f"{shown(name)} cannot be read as a table of numbers",
                     allowed=f"finite numbers up to {LARGEST:.0e}, as many in each row, are allowed".replace("+", ""),
                     given=given, do=do)


def _count(cells: int) -> str:
    return "1 number" if cells == 1 else f"{cells:,} numbers"


def _too_large(name: str, most: int) -> DataError:
    cells = f", or more than {MAX_CELLS:,} numbers" if most**2 > MAX_CELLS else ""
    return refusal(name, f"it has more than {most:,} rows or columns{cells}", "Give a smaller one")


def _number(cell: str, line: int, name: str) -> int | float:
    found: int | float | None = None
    if len(cell) <= WORD:
        if WHOLE.fullmatch(cell):
            found = int(cell)
        elif DECIMAL.fullmatch(cell):
            found = float(cell)
        elif parts := FRACTION.fullmatch(cell):
            found = int(parts[1]) / int(parts[2])
    if found is None or abs(found) > LARGEST:
        raise refusal(name, f"{shown(repr(cell), 50)} stands in line {line:,}" if cell else
                      f"a cell is empty in line {line:,}")
    return found
