"""Cross-correlation and convolution of an array with a kernel, equal to SciPy's to the last bit.

y[i, j] = Σ w[r, c] · x[i + r, j + c] is a cross-correlation, which is what a layer of a network computes; a convolution
turns the kernel by 180° first: y[i, j] = Σ w[r, c] · x[i − r, j − c]. The result has the size of the input.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.errors import UsageError
from striate.filtering.filter_kernel import FilterKernel, Numbers

BORDERS = ("zero", "reflect", "nearest")
EXACT = 2**53  # whole numbers below it, and their sums and products, have no rounding in float64
STRIP = 1 << 17  # numbers of a strip of rows, so that what is added to stays in the processor's cache
TOGETHER = 4  # products of a row that SciPy adds up before it adds them to the sum; the last bits depend on it


def correlate(values: NDArray[Any], kernel: FilterKernel, border: str = "zero", *,
              convolution: bool = False) -> Numbers:
    """The cross-correlation of `values` (H, W) or (H, W, C) with a kernel; or the convolution. Channels one by one.

    border: beyond the array lie zeros (`zero`), the array mirrored at its edge, edge included (`reflect`: c b a | a b
    c), or its edge continued (`nearest`: a a a | a b c).

    Returns the shape of `values`: float64; int64 if all numbers are whole, exactly. Raises `UsageError`
    (`sums_too_large`) where whole numbers could sum to more than float64 holds exactly.

    >>> impulse = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]])
    >>> kernel = FilterKernel("1 to 9", np.arange(1, 10).reshape(3, 3))
    >>> correlate(impulse, kernel, convolution=True).tolist()                # the kernel itself
    [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    >>> correlate(impulse, kernel).tolist()                                  # the kernel turned
    [[9, 8, 7], [6, 5, 4], [3, 2, 1]]
    """
    whole = values.dtype.kind in "iu" and kernel.weights.dtype.kind == "i"
    if whole:
        _refuse_rounding(values, kernel)
    planes = values[..., None] if values.ndim == 2 else values
    found = np.empty(planes.shape, np.int64 if whole else np.float64)
    for channel in range(planes.shape[2]):
        _plane(planes[..., channel], kernel, border, convolution, found[..., channel])
    return found.reshape(values.shape)


def magnitude(x: Numbers, y: Numbers) -> NDArray[np.float64]:
    """The length of the vector (x, y) at each place, float64.

    >>> magnitude(np.array([[3]]), np.array([[4]])).tolist()
    [[5.0]]
    """
    return np.asarray(np.hypot(x, y), np.float64)


def products_in_order(weights: NDArray[Any], convolution: bool) -> list[list[tuple[int, int, float]]]:
    """The rows, columns and weights of a window's products, in the order in which they are added; zeros left out.

    Those of a group are added up first, and then added to the sum. A convolution adds in the order of its kernel before
    it is turned.

    >>> products_in_order(np.array([[2.0, 0.0, 4.0]]), convolution=True)
    [[(0, 2, 2.0)], [(0, 0, 4.0)]]
    """
    rows, columns = weights.shape
    groups = []
    for row in range(rows):
        whole = columns // TOGETHER * TOGETHER
        parts = [range(first, first + TOGETHER) for first in range(0, whole, TOGETHER)]
        for part in [*parts, *(range(one, one + 1) for one in range(whole, columns))]:
            place = [(rows - 1 - row, columns - 1 - one) if convolution else (row, one) for one in part]
            group = [(*at, float(weights[row, one])) for at, one in zip(place, part, strict=True) if weights[row, one]]
            groups += [group] if group else []
    return groups


def bordered(values: NDArray[Any], rows: range, columns: range, border: str) -> NDArray[np.float64]:
    """The part of `values` (H, W) in `rows` and `columns`, which may lie beyond it: as `border` continues it, float64.

    >>> bordered(np.array([[1, 2, 3]]), range(1), range(-2, 5), "reflect").tolist()
    [[2.0, 1.0, 1.0, 2.0, 3.0, 3.0, 2.0]]
    """
    sides = [np.arange(side.start, side.stop) for side in (rows, columns)]
    inside = [(side >= 0) & (side < length) for side, length in zip(sides, values.shape, strict=True)]
    if border == "reflect":
        around = [side % (2 * length) for side, length in zip(sides, values.shape, strict=True)]
        read = [np.minimum(side, 2 * length - 1 - side) for side, length in zip(around, values.shape, strict=True)]
    else:
        read = [side.clip(0, length - 1) for side, length in zip(sides, values.shape, strict=True)]
    found = values[np.ix_(*read)].astype(np.float64)
    if border == "zero":
        found[~inside[0]] = 0
        found[:, ~inside[1]] = 0
    return found


def _plane(values: NDArray[Any], kernel: FilterKernel, border: str, convolution: bool, found: NDArray[Any]) -> None:
    """Filter one channel (H, W) into `found`, a strip of rows at a time: memory grows with the width only."""
    height, width = values.shape
    (above, left), (rows, columns) = kernel.before(convolution), kernel.weights.shape
    groups = products_in_order(kernel.weights, convolution)
    step = max(1, STRIP // width)
    for top in range(0, height, step):
        high = min(step, height - top)
        read = bordered(values, range(top - above, top - above + high + rows - 1),
                        range(-left, -left + width + columns - 1), border)
        total, together, product = (np.zeros((high, width)) for _ in range(3))
        for group in groups:
            for place, (row, column, weight) in enumerate(group):
                out = product if place else together
                np.multiply(read[row : row + high, column : column + width], weight, out=out)
                if place:
                    together += product
            total += together
        found[top : top + high] = total


def _refuse_rounding(values: NDArray[Any], kernel: FilterKernel) -> None:
    largest = max(-int(values.min()), int(values.max())) * sum(abs(one) for one in kernel.weights.ravel().tolist())
    if largest >= EXACT:
        raise UsageError("sums_too_large", f"the exact sums of {kernel.name} on whole numbers were asked for",
                         allowed="sums below 2^53 are allowed", given=f"they may come to {largest:.3g}",
                         do="Write the numbers with a decimal point, to be rounded as float64")
