"""Step-through of a convolution on a page: window, weights, products, sum, bias and result at each output position.

The script of the page computes what it shows from one block of data: the weights of the unit, with batch normalisation
folded in, and the values that they are laid on. Without a script the page shows the position that it begins with.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from striate.core.humanize import significant

if TYPE_CHECKING:
    from striate.convnet.explain.dot_product import DotProduct
    from striate.convnet.explain.stepthrough import StepThrough

MOST_CHANNELS, SHOWN_CHANNELS = 4, 3  # up to four are all shown, of more the three that add most
COLOURS = ("red", "green", "blue")
CELL, SUM = 3, 6  # significant digits


@dataclass(frozen=True)
class ChannelWindow:
    """Window of one channel as text: values, weights and products, row by row, and what the products add up to."""

    name: str
    values: list[list[str]]
    weights: list[list[str]]
    products: list[list[str]]
    sum: str


@dataclass(frozen=True, eq=False)
class StepThroughSection:
    """Section of a page with the step-through `found`, as `look_stepthrough.html.j2` shows it.

    Attributes:
        channels: the windows shown at the start; `others`: how many channels are not, `rest`: what these add.
        data: what the script reads, JSON values.

    """

    found: StepThrough
    channels: tuple[ChannelWindow, ...]
    others: int
    rest: float
    data: Mapping[str, object]

    @classmethod
    def of(cls, found: StepThrough) -> StepThroughSection:
        """The section of a step-through."""
        names, products = _names(found), found.start.array
        shown, rest = _shown(products)
        windows = tuple(_windows(found.start, names, shown))
        return cls(found, windows, len(products) - len(shown), rest, _data(found, names))

    @property
    def block(self) -> Markup:
        """The data as the text of a script element of type application/json."""
        return Markup(json.dumps(self.data, allow_nan=False))  # noqa: S704 - numbers, base64 and names of colours

    @property
    def script(self) -> Markup:
        """The script of the page."""
        return Markup(files("striate.report").joinpath("templates/look_stepthrough.js").read_text("utf-8"))  # noqa: S704

    @property
    def policy(self) -> str:
        """The Content-Security-Policy of a page that has this script and no other."""
        digest = b64encode(sha256(self.script.encode()).digest()).decode("ascii")
        return f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"

    def number(self, value: float) -> str:
        """A sum, a bias or a result as text."""
        return significant(value, SUM)


def _names(found: StepThrough) -> list[str]:
    """The channels that are read, by number; those of a picture in colour with its name."""
    colours = found.mean is not None and len(found.start.array) == len(COLOURS)
    return [f"{one}, {COLOURS[one]}" if colours else str(one) for one in found.geometry.channels.tolist()]


def _data(found: StepThrough, names: Sequence[str]) -> dict[str, object]:
    """What the script needs to lay the window on the values that a part of the output reads."""
    geometry, start = found.geometry, found.start
    (top, bottom), (left, right) = geometry.read(found.part)
    values = geometry.values[top:bottom, left:right, geometry.channels].transpose(2, 0, 1)
    data: dict[str, object] = {
        "rows": list(found.part[0]), "columns": list(found.part[1]), "stride": list(geometry.stride),
        "kernel": list(geometry.kernel), "dilation": list(geometry.dilation), "padding": list(geometry.padding),
        "origin": [top, left], "size": [bottom - top, right - left], "whole": list(geometry.values.shape[:2]),
        "values": base64(values), "names": list(names), "start": list(start.summed_place[1:]),
        "weights": base64(start.weights), "bias": start.bias, "relu": found.relu is not None, "limit": found.limit,
        "most": MOST_CHANNELS, "shown": SHOWN_CHANNELS}
    if found.mean is not None and found.std is not None:
        data |= {"mean": found.mean.tolist(), "std": found.std.tolist()}
    return data


def base64(values: NDArray[Any]) -> str:
    """The bytes of an array in row order, little-endian, as base64."""
    ordered = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
    return b64encode(ordered.tobytes()).decode("ascii")


def _shown(products: NDArray[np.float64]) -> tuple[list[int], float]:
    """Which channels are shown, in order, and what the products of the others add up to."""
    sums = products.sum(axis=(1, 2))
    if len(sums) <= MOST_CHANNELS:
        return list(range(len(sums))), 0.0
    shown = sorted(np.argsort(-np.abs(sums), kind="stable")[:SHOWN_CHANNELS].tolist())
    return shown, float(np.delete(sums, shown).sum())


def _windows(start: DotProduct, names: Sequence[str], shown: Iterable[int]) -> Iterable[ChannelWindow]:
    for index in shown:
        values, weights, products = (aligned(table[index]) for table in (start.values, start.weights, start.array))
        total = significant(float(start.array[index].sum()), SUM)
        yield ChannelWindow(names[index], values, weights, products, total)


def aligned(table: NDArray[np.float64]) -> list[list[str]]:
    """Numbers (rows, columns) as text with as many decimals as give the largest three significant digits.

    >>> aligned(np.array([[-0.01234, 0.5], [0.0, -0.0001]])), aligned(np.array([[255.0, 7.0]]))
    ([['−0.012', '0.500'], ['0', '0.000']], [['255', '7']])
    """
    most = float(np.abs(table).max())
    decimals = max(0, CELL - 1 - int(f"{most:.{CELL - 1}e}".split("e")[1]))
    return [[f"{value:z.{decimals}f}".replace("-", "−") if value else "0" for value in row] for row in table.tolist()]
