"""Parameter types of layers and networks: counts, kernels, strides, padding and the constraint on each.

`filters: Count` is `Annotated[int, Integer(1, 65_536)]`; a layer reads every such field through its constraint when it
is made, so a layer from Python, YAML or JSON is checked by the same line, once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from striate.core.constraints import Boolean, Integer, Real

MAX_SIDE = 65_536
MAX_KERNEL = 1_024


@dataclass(frozen=True)
class HeightWidth:
    """Constraint of sizes: one whole number for both axes, or (height, width); two equal numbers become one.

    >>> HeightWidth(1, 9).read([3, 3]), HeightWidth(1, 9).read((3, 5))
    (3, (3, 5))
    """

    low: int
    high: int
    word: str = ""

    @property
    def allowed(self) -> str:
        """The range in words."""
        word = f" or '{self.word}'" if self.word else ""
        return f"a whole number from {self.low:,} to {self.high:,}, or (height, width){word} is allowed"

    def read(self, value: object) -> int | tuple[int, int] | str:
        """The shortest equal form: n, (height, width) or the word."""
        if self.word and value == self.word:
            return self.word
        side = Integer(self.low, self.high)
        if not isinstance(value, list | tuple):
            return side.read(value)
        height, width = (side.read(item) for item in value)
        return height if height == width else (height, width)


@dataclass(frozen=True)
class Name:
    """Constraint of names of layers and networks: no dot, because a tensor is called `layer.weight`."""

    allowed: str = "1 to 100 letters, digits, or any of _ - + / : is allowed, and not 'input'"

    def read(self, value: object) -> str:
        """The name itself."""
        if not isinstance(value, str) or not re.fullmatch(r"[\w/+:-]{1,100}", value) or value == "input":
            raise ValueError
        return value


@dataclass(frozen=True)
class ConnectionTable:
    """Constraint of connection tables: 1 to 65,536 rows of input maps, increasing whole numbers from 0.

    >>> ConnectionTable().read([[0, 1], [1]])
    ((0, 1), (1,))
    """

    allowed: str = "a list of rows is allowed, each listing different input maps from 0 up in order"

    def read(self, value: object) -> tuple[tuple[int, ...], ...]:
        """The rows as tuples."""
        if not isinstance(value, list | tuple) or not all(isinstance(row, list | tuple) for row in value):
            raise ValueError
        item = Integer(0, MAX_SIDE - 1)
        table = tuple(tuple(item.read(map_) for map_ in row) for row in value)
        if not 1 <= len(table) <= MAX_SIDE or any(not row or list(row) != sorted(set(row)) for row in table):
            raise ValueError
        return table


@dataclass(frozen=True)
class PaddingSides:
    """Constraint of padding: one number, (height, width), ((top, bottom), (left, right)), or a word.

    >>> padding = PaddingSides(9, "same")
    >>> padding.read([[1, 1], [2, 2]]), padding.read([[0, 1], [0, 1]]), padding.read("same")
    ((1, 2), ((0, 1), (0, 1)), 'same')
    """

    high: int
    word: str = ""

    @property
    def allowed(self) -> str:
        """The forms in words."""
        word = f" or '{self.word}'" if self.word else ""
        forms = f"a whole number from 0 to {self.high:,}, (height, width), ((top, bottom), (left, right))"
        return f"{forms}{word} is allowed"

    def read(self, value: object) -> Explicit | str:
        """The shortest form that says the same."""
        sides = HeightWidth(0, self.high, self.word)
        if isinstance(value, list | tuple) and any(isinstance(item, list | tuple) for item in value):
            pads = tuple((side, side) if isinstance(side, int) else side for side in map(sides.read, value))
            vertical, horizontal = pads
            if isinstance(vertical, str) or isinstance(horizontal, str):
                raise ValueError
            if vertical[0] == vertical[1] and horizontal[0] == horizontal[1]:
                return sides.read((vertical[0], horizontal[0]))
            return vertical, horizontal
        return sides.read(value)


@dataclass(frozen=True)
class TargetShape:
    """Constraint of a `reshape`: three whole numbers from −1 up; 0 keeps the input's side, one −1 is inferred."""

    allowed: str = "three whole numbers are allowed; 0 keeps the input's and one of them may be −1"

    def read(self, value: object) -> tuple[int, int, int]:
        """The numbers as a tuple."""
        if not isinstance(value, list | tuple):
            raise ValueError
        channels, height, width = (Integer(-1, MAX_SIDE).read(side) for side in value)
        if (channels, height, width).count(-1) > 1:
            raise ValueError
        return channels, height, width


@dataclass(frozen=True)
class RealList:
    """Constraint of coefficients: a list of two finite numbers or more.

    >>> RealList().read([1, -1])
    (1.0, -1.0)
    """

    allowed: str = "a list of two or more finite numbers is allowed"

    def read(self, value: object) -> tuple[float, ...]:
        """The numbers as a tuple."""
        if not isinstance(value, list | tuple) or not 2 <= len(value) <= 1_024:
            raise ValueError
        return tuple(Real().read(item) for item in value)


@dataclass(frozen=True)
class Multipliers:
    """Constraint of multipliers: one factor, or (weights, biases); two equal numbers become one.

    >>> Multipliers().read([1, 2]), Multipliers().read((1, 1))
    ((1.0, 2.0), 1.0)
    """

    allowed: str = "a number from 0 to 1e+06, or (for weights, for biases), is allowed"

    def read(self, value: object) -> float | tuple[float, float]:
        """The shortest form that says the same."""
        factor = Real(0.0, 1e6)
        if not isinstance(value, list | tuple):
            return factor.read(value)
        weights, biases = (factor.read(item) for item in value)
        return weights if weights == biases else (weights, biases)


def as_pads(padding: Explicit) -> tuple[tuple[int, int], tuple[int, int]]:
    """Padding of any form of `PaddingSides`, but for the word, as ((top, bottom), (left, right)).

    >>> as_pads(1), as_pads((1, 2)), as_pads(((0, 1), (2, 3)))
    (((1, 1), (1, 1)), ((1, 1), (2, 2)), ((0, 1), (2, 3)))
    """
    down, across = as_sides(padding)
    return (down if isinstance(down, tuple) else (down, down),
            across if isinstance(across, tuple) else (across, across))


def as_sides(padding: Explicit) -> tuple[int, int] | tuple[tuple[int, int], tuple[int, int]]:
    """Padding of any form of `PaddingSides`, but for the word, as (height, width) or ((top, bottom), (left, right)).

    >>> as_sides(1), as_sides((1, 2)), as_sides(((0, 1), (0, 1)))
    ((1, 1), (1, 2), ((0, 1), (0, 1)))
    """
    return padding if isinstance(padding, tuple) else (padding, padding)


def as_pair(sides: int | tuple[int, int]) -> tuple[int, int]:
    """Sizes of any form of `HeightWidth` as (height, width).

    >>> as_pair(3), as_pair((3, 5))
    ((3, 3), (3, 5))
    """
    return sides if isinstance(sides, tuple) else (sides, sides)


Count = Annotated[int, Integer(1, MAX_SIDE)]
Kernel = Annotated[int | tuple[int, int], HeightWidth(1, MAX_KERNEL)]
Stride = Annotated[int | tuple[int, int], HeightWidth(1, MAX_SIDE)]
Explicit = int | tuple[int, int] | tuple[tuple[int, int], tuple[int, int]]
Padding = Annotated[Explicit | Literal["same"], PaddingSides(MAX_KERNEL, "same")]
Zeros = Annotated[Explicit, PaddingSides(MAX_KERNEL)]
Target = Annotated[tuple[int, int, int], TargetShape()]
Factor = Annotated[float | tuple[float, float], Multipliers()]
Switch = Annotated[bool, Boolean()]
Maps = Annotated[tuple[tuple[int, ...], ...], ConnectionTable()]
