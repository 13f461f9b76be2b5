"""Text of `striate filter`: kernel, numbers of a small result, and the arithmetic at one pixel."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from striate.errors import shown
from striate.filtering import PixelSum
from striate.report.filter_result import FilteredPicture

DIGITS = 6  # significant, of a number that is not whole
BESIDE, WIDE = 7, 15  # columns of a kernel that is printed beside others, and at all
WRITTEN_OUT = 9  # products that are written out as a sum
BEYOND = {"zero": "zeros beyond the border", "reflect": "mirrored at the border",
          "nearest": "its border continued"}


def told(result: FilteredPicture) -> str:
    """All that is printed."""
    lines = [head(result)]
    for kernel in result.kernels:
        laid, sides = kernel.laid(result.convolution), "{}×{}".format(*kernel.weights.shape)
        turned = ", turned by 180°" if result.convolution else ""
        total = written(laid.sum().round(12).item())
        lines += ["", f"kernel {shown(kernel.name, 80)}, {sides}{turned}, sum {total}", *grid(laid, WIDE)]
    if result.source == "table":
        lines += ["", "magnitude" if len(result.parts) > 1 else "result", numbers(result)]
    else:
        low, high = (written(one.item()) for one in (result.array.min(), result.array.max()))
        lines += ["", f"{'magnitude' if len(result.parts) > 1 else 'result'}: {low} to {high}"]
    lines += arithmetic(result)
    return "\n".join([*lines, *([f"written to {shown(result.out, 2000)}"] if result.out else [])])


def head(result: FilteredPicture) -> str:
    """What was filtered and how, in a line."""
    what = "pixels" if result.source == "picture" else "numbers"
    channels = ", 3 channels one by one" if result.values.ndim == 3 and result.values.shape[2] == 3 else ""
    how = "convolution" if result.convolution else "cross-correlation"
    sides = "{}×{}".format(*result.values.shape)
    return f"{shown(result.picture or 'array')}: {sides} {what}{channels}; {how}, {BEYOND[result.border]}"


def numbers(result: FilteredPicture) -> str:
    """The result as a table, if it is small enough."""
    if result.printable:
        return "\n".join(grid(result.array))
    return f"{result.array.size:,} numbers, too many to print; --out FILE.csv, FILE.npy or FILE.png has them"


def arithmetic(result: FilteredPicture) -> list[str]:
    """Window, weights, products and sum at one pixel, if that was asked for, of each channel and kernel."""
    if result.at is None:
        return []
    lines = []
    for one in result.sums:
        channel = "" if result.values.ndim == 2 else f", channel {'RGB'[one.channel]}"
        kernel = f", {one.kernel}" if len(result.kernels) > 1 else ""
        lines += ["", f"at row {result.at[0]:,}, column {result.at[1]:,}{channel}{kernel}", *blocks(one)]
        products = one.products.ravel().tolist()
        terms = f"{' + '.join(map(in_brackets, products))} = " if len(products) <= WRITTEN_OUT else ""
        lines.append(f"sum of products: {terms}{written(one.sum)}")
    if len(result.parts) > 1:
        lines += [f"magnitude, √(x² + y²): {', '.join(map(written, result.value_at))}"]
    return lines


def blocks(one: PixelSum) -> list[str]:
    """Window, weights and products under their names, side by side, or below each other if they are wide."""
    if one.window.shape[1] > WIDE:
        return [f"{one.window.size:,} products, too many to print; --json has them"]
    named = [[name, *grid(block)] for name, block in (
        ("window", one.window), ("weights", one.weights), ("products", one.products))]
    if one.window.shape[1] > BESIDE:
        return [line for block in named for line in block]
    widths = [max(map(len, block)) for block in named]
    padded = [[block[0].ljust(width), *(line.rjust(width) for line in block[1:])]
              for block, width in zip(named, widths, strict=True)]
    return ["    ".join(row).rstrip() for row in zip(*padded, strict=True)]


def grid(values: NDArray[Any], most: int = 10**9) -> list[str]:
    """Numbers in columns, to the right; none if there are more than `most` columns.

    >>> import numpy as np
    >>> grid(np.array([[1.0, -22.5], [300.0, 0.0]]))
    ['  1  -22.5', '300      0']
    """
    if values.shape[1] > most:
        return []
    cells = [[written(one) for one in row] for row in values.tolist()]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]


def written(value: float) -> str:
    """A whole number with all its digits, any other with six significant ones.

    >>> written(84.375), written(1 / 3), written(2.0), written(-1234567)
    ('84.375', '0.333333', '2', '-1234567')
    """
    return str(value) if isinstance(value, int) else f"{value:.{DIGITS}g}"


def in_brackets(value: float) -> str:
    """A term of a sum, in brackets if it is negative."""
    return f"({written(value)})" if value < 0 else written(value)
