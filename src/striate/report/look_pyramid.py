"""Word histograms in the cells of the spatial pyramid: one bar chart for each cell, as inline SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

ALL, TOP = 200, 40  # words that are all drawn; of more, the most frequent in the picture
MOST_BARS = 30_000  # on the page, some 20 bytes each
SIDE = 320.0
SEAM = 5.0  # between cells


@dataclass(frozen=True)
class PyramidLevel:
    """One grid: its rows and columns, its chart, and the number of descriptors of its tallest bar."""

    rows: int
    columns: int
    svg: Markup
    tallest: int


def drawn_words(times: NDArray[np.int64], likeness: NDArray[np.float64], named: Sequence[int]) -> NDArray[np.int64]:
    """The words that are drawn, like beside like: all, or of more than `ALL` the most frequent and those `named`.

    >>> drawn_words(np.array([2, 0, 1]), np.array([[0.5], [-1.0], [0.0]]), [])
    array([1, 2, 0])
    """
    words = np.arange(len(times))
    if len(words) > ALL:
        words = np.union1d(np.argsort(-times, kind="stable")[:TOP], np.array(named, np.int64))
    return np.asarray(words[np.argsort(likeness[words, 0], kind="stable")])


def levels(counts: NDArray[np.int64], grids: Sequence[tuple[int, int]], words: NDArray[np.int64], aspect: float,
           strongest: Sequence[int], against: Sequence[int]) -> list[PyramidLevel]:
    """One chart for each grid of `counts` (cells, K), as far as `MOST_BARS` reach; `aspect` is height by width.

    `words` are drawn from left to right in each cell, those in `strongest` and `against` in the colours of the page.
    Bars are as high as the square root of their count, so that one frequent word does not hide all others.
    """
    found, start, bars = [], 0, 0
    kinds = np.where(np.isin(words, strongest), 1, np.where(np.isin(words, against), 2, 0))
    for rows, columns in grids:
        cells = counts[start : start + rows * columns, words]
        start += rows * columns
        bars += int((cells > 0).sum()) + len(cells)
        if bars > MOST_BARS:
            break
        found.append(_level(cells, kinds, rows, columns, SIDE * min(max(aspect, 0.5), 1.5)))
    return found


def _level(cells: NDArray[np.int64], kinds: NDArray[np.int64], rows: int, columns: int, height: float) -> PyramidLevel:
    tallest = max(1, int(cells.max(initial=0)))
    wide, high = (SIDE - SEAM * (columns - 1)) / columns, (height - SEAM * (rows - 1)) / rows
    step = wide / len(kinds)
    frames, paths = [], ["", "", ""]
    for number, cell in enumerate(cells):
        left, top = number % columns * (wide + SEAM), number // columns * (high + SEAM)
        frames.append(f"M{left:.1f} {top:.1f}h{wide:.1f}v{high:.1f}h-{wide:.1f}z")
        for place in np.flatnonzero(cell):
            # The strongest words are drawn wide enough to be found.
            width = max(0.85 * step, 1.6) if kinds[place] else 0.85 * step
            middle, tall = left + (place + 0.5) * step, 0.94 * high * sqrt(cell[place] / tallest)
            at = f"M{middle - width / 2:.2f} {top + high:.1f}"
            paths[kinds[place]] += f"{at}v-{tall:.1f}h{width:.2f}v{tall:.1f}z"
    drawn = f'<path class="cell" d="{"".join(frames)}"/>' + "".join(
        f'<path class="{name}" d="{path}"/>' for name, path in zip(("rest", "for", "against"), paths, strict=True)
        if path)
    svg = (f'<svg class="level" role="img" aria-label="Words in {rows} by {columns} cells" '
           f'viewBox="-1 -1 {SIDE + 2:.0f} {height + 2:.1f}">{drawn}</svg>')
    return PyramidLevel(rows, columns, Markup(svg), tallest)  # noqa: S704 - numbers and fixed words only
