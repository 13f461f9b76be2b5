"""What a field may hold: one small rule per kind of value, written in the field's annotation.

`filters: Count` is `Annotated[int, Whole(1, 65_536)]`. A class that inherits `Checked` reads every such field through
its rule when it is made, so a layer from Python, YAML or JSON is checked by the same line, once.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, fields
from functools import cache
from operator import index
from typing import Annotated, Any, Literal, Protocol, SupportsIndex, get_args, get_origin, get_type_hints

from striate.errors import NetworkError, shown

MAX_SIDE = 65_536
MAX_KERNEL = 1_024


def either(phrases: list[str]) -> str:
    """A list in words.

    >>> either(["padding 1", "stride 2", "a filter of 4"])
    'padding 1, stride 2 or a filter of 4'
    """
    return " or ".join([", ".join(phrases[:-1]), phrases[-1]] if len(phrases) > 1 else phrases)


def quoted(value: object) -> str:
    """What was given, as it may be put into a sentence.

    >>> quoted("a"), quoted(None), quoted([1, 2])
    ("'a'", 'nothing', '[1, 2]')
    """
    try:
        return "nothing" if value is None else shown(repr(value), 60)
    except ValueError:  # Python writes out no whole number of more than 4,300 digits
        return "a number too long to write"


class Constraint(Protocol):
    """Turns what was written into what is kept, or raises `ValueError`; `allowed` says what is accepted."""

    @property
    def allowed(self) -> str: ...  # noqa: D102 - the protocol's own docstring says it
    def read(self, value: object) -> object: ...  # noqa: D102 - as above


@dataclass(frozen=True)
class Integer:
    """A whole number from `low` to `high`, both included; NumPy integers become Python ones, booleans are refused.

    >>> Whole(1, 65_536).allowed
    'a whole number from 1 to 65,536 is allowed'
    """

    low: int
    high: int

    @property
    def allowed(self) -> str:
        """The range in words."""
        return f"a whole number from {self.low:,} to {self.high:,} is allowed"

    def read(self, value: object) -> int:
        """The number, as a Python int."""
        if type(value) is int:  # asking SupportsIndex takes fifty times as long
            number = value
        elif isinstance(value, bool) or not isinstance(value, SupportsIndex):
            raise ValueError
        else:
            number = index(value)
        if not self.low <= number <= self.high:
            raise ValueError
        return number


@dataclass(frozen=True)
class HeightWidth:
    """One whole number for both axes, or (height, width); two equal numbers are kept as one.

    >>> Sides(1, 9).read([3, 3]), Sides(1, 9).read((3, 5))
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
        """The shortest form that says the same: n, (height, width) or the word."""
        if self.word and value == self.word:
            return self.word
        side = Integer(self.low, self.high)
        if not isinstance(value, list | tuple):
            return side.read(value)
        height, width = (side.read(item) for item in value)
        return height if height == width else (height, width)


@dataclass(frozen=True)
class Real:
    """A finite number from `low` to `high`, both included."""

    low: float = -math.inf
    high: float = math.inf

    @property
    def allowed(self) -> str:
        """The range in words."""
        low = f" from {self.low:g}" if math.isfinite(self.low) else ""
        return f"a finite number{low}{f' to {self.high:g}' if math.isfinite(self.high) else ''} is allowed"

    def read(self, value: object) -> float:
        """The number, as a Python float."""
        if isinstance(value, bool | str | bytes) or not hasattr(value, "__float__"):
            raise ValueError
        number = float(value)
        if not (math.isfinite(number) and self.low <= number <= self.high):
            raise ValueError
        return number


@dataclass(frozen=True)
class Boolean:
    """True or false."""

    allowed: str = "true or false is allowed"

    def read(self, value: object) -> bool:
        """The value itself."""
        if not isinstance(value, bool):
            raise ValueError
        return value


@dataclass(frozen=True, init=False)
class OneOf:
    """One word out of a few."""

    words: tuple[str, ...]

    def __init__(self, *words: str) -> None:
        object.__setattr__(self, "words", words)

    @property
    def allowed(self) -> str:
        """The words."""
        return f"{either(list(self.words))} is allowed"

    def read(self, value: object) -> str:
        """The word itself."""
        if not isinstance(value, str) or value not in self.words:
            raise ValueError
        return value


@dataclass(frozen=True)
class Name:
    """The name of a layer or network: no dot, because a tensor is called `layer.weight`, and nothing invisible."""

    allowed: str = "1 to 100 letters, digits, or any of _ - + / : is allowed, and not 'input'"

    def read(self, value: object) -> str:
        """The name itself."""
        if not isinstance(value, str) or not re.fullmatch(r"[\w/+:-]{1,100}", value) or value == "input":
            raise ValueError
        return value


@dataclass(frozen=True)
class ConnectionTable:
    """Rows of input maps: 1 to 65,536 rows of increasing whole numbers from 0.

    >>> Table().read([[0, 1], [1]])
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
    """Padding: one number for all sides, (height, width), or ((top, bottom), (left, right)); perhaps a word instead.

    >>> Pads(9, "same").read([[1, 1], [2, 2]]), Pads(9).read([[0, 1], [0, 1]]), Pads(9, "same").read("same")
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
    """The volume of a `reshape`: three whole numbers from −1 up; 0 keeps the input's, one −1 is inferred."""

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
    """A list of finite numbers, two or more.

    >>> Numbers().read([1, -1])
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
    """A factor for weights and biases alike, or (weights, biases); two equal numbers are kept as one.

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
    """What `Pads` keeps, but for its word, as ((top, bottom), (left, right)).

    >>> as_pads(1), as_pads((1, 2)), as_pads(((0, 1), (2, 3)))
    (((1, 1), (1, 1)), ((1, 1), (2, 2)), ((0, 1), (2, 3)))
    """
    down, across = as_sides(padding)
    return (down if isinstance(down, tuple) else (down, down),
            across if isinstance(across, tuple) else (across, across))


def as_sides(padding: Explicit) -> tuple[int, int] | tuple[tuple[int, int], tuple[int, int]]:
    """What `Pads` keeps, but for its word, as (height, width) or ((top, bottom), (left, right)).

    >>> as_sides(1), as_sides((1, 2)), as_sides(((0, 1), (0, 1)))
    ((1, 1), (1, 2), ((0, 1), (0, 1)))
    """
    return padding if isinstance(padding, tuple) else (padding, padding)


def as_pair(sides: int | tuple[int, int]) -> tuple[int, int]:
    """What `Sides` keeps, as (height, width).

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


@dataclass(frozen=True)
class ValidatedFields:
    """Base of descriptions whose fields are read through their rules when they are made."""

    @property
    def label(self) -> str:
        """How a refusal calls this object."""
        return type(self).__name__.lower()

    def __post_init__(self) -> None:
        cls: type = type(self)
        for field, (rule, optional) in rules_of(cls).items():
            value = getattr(self, field)
            if value is None and optional:
                continue
            try:
                kept = rule.read(value)
            except (ValueError, TypeError, OverflowError):
                raise NetworkError("bad_field", f"{self.label}: {field} was asked for", allowed=rule.allowed,
                                   given=f"{quoted(value)} was given", do=f"Change {field}") from None
            object.__setattr__(self, field, kept)


@cache
def rules_of(cls: type[Any]) -> dict[str, tuple[Constraint, bool]]:
    """The rule of each field of `cls` in order, and whether the field may be None.

    >>> from striate.arch.layers import Dropout
    >>> {name: rule.allowed for name, (rule, _) in rules_of(Dropout).items() if name != "name"}
    {'rate': 'a finite number from 0 to 0.999 is allowed'}
    """
    hints = get_type_hints(cls, include_extras=True)
    rules: dict[str, tuple[Constraint, bool]] = {}
    for field in fields(cls):
        hint: Any = hints[field.name]
        optional = type(None) in get_args(hint)
        if optional:
            hint = next(part for part in get_args(hint) if part is not type(None))
        if get_origin(hint) is Annotated:
            rules[field.name] = (hint.__metadata__[0], optional)
    return rules
