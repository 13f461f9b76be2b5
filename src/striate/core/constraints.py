"""Constraints on one value: ranges, choices and types, each with a phrase of what it allows.

`Annotated[int, Integer(1, 64)]` is a parameter with a constraint; `striate.core.params` checks it. A constraint of one
room only (a padding, a grid of cells) stands in that room and follows the same protocol.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from operator import index
from typing import Any, Protocol, SupportsIndex

from striate.core.humanize import join_words
from striate.errors import shown


class Unfit(ValueError):  # noqa: N818 - a verdict, which `striate.core.params` makes a refusal
    """Error for a value that breaks a constraint: its wrong part, or parts of the refusal in words of its own."""

    def __init__(self, *part: object, given: str = "", allowed: str = "", do: str = "") -> None:
        self.part, self.given, self.allowed, self.do = part, given, allowed, do
        super().__init__(given)


class Constraint(Protocol):
    """Protocol of constraints: `read` converts a value or raises `ValueError`; `allowed` is the phrase."""

    @property
    def allowed(self) -> str: ...  # noqa: D102 - the protocol's own docstring says it
    def read(self, value: object) -> object: ...  # noqa: D102 - as above


@dataclass(frozen=True)
class Integer:
    """A whole number from `low` to `high`, both included; NumPy integers become Python ones, booleans are refused.

    >>> Integer(1, 65_536).allowed
    'a whole number from 1 to 65,536 is allowed'
    """

    low: int
    high: int
    phrase: str = "a whole number from {low:,} to {high:,} is allowed"

    @property
    def allowed(self) -> str:
        """The range in words."""
        return self.phrase.format(low=self.low, high=self.high)

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
class Real:
    """A finite number from `low` to `high`, both included.

    >>> Real(0).allowed, Real(0, 0.5).allowed
    ('a finite number from 0 is allowed', 'a finite number from 0 to 0.5 is allowed')
    """

    low: float = -math.inf
    high: float = math.inf
    phrase: str = ""

    @property
    def allowed(self) -> str:
        """The range in words."""
        if self.phrase:
            return self.phrase.format(low=self.low, high=self.high)
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


class Number(Real):
    """A finite number that stays an int where one was given: `minutes: 2` is written as `2`."""

    def read(self, value: object) -> float:
        """The number, as a Python int or float."""
        number = super().read(value)
        return value if type(value) is int else number


class Whole(Real):
    """A whole number, which may be written as 3.0."""

    def read(self, value: object) -> int:
        """The number, as a Python int."""
        number = super().read(value)
        if not number.is_integer():
            raise ValueError
        return int(number)


@dataclass(frozen=True)
class Boolean:
    """True or false; NumPy's become Python's."""

    allowed: str = "true or false is allowed"

    def read(self, value: object) -> bool:
        """The value itself."""
        if not isinstance(value, bool) and getattr(value, "dtype", "") != "bool":
            raise ValueError
        return bool(value)


@dataclass(frozen=True)
class Text:
    """Any text."""

    allowed: str = "a text is allowed"

    def read(self, value: object) -> str:
        """The text itself."""
        if not isinstance(value, str):
            raise ValueError
        return value


@dataclass(frozen=True, init=False)
class OneOf:
    """Choice of one out of a few words or numbers; `phrase` lists them otherwise, as `{words}`.

    >>> OneOf("squash", "crop", "pad").allowed, OneOf("sum", "max", phrase="{words} are allowed").allowed
    ('squash, crop or pad is allowed', 'sum, max are allowed')
    """

    words: tuple[Any, ...]
    phrase: str

    def __init__(self, *words: str | float, phrase: str = "") -> None:
        object.__setattr__(self, "words", words)
        object.__setattr__(self, "phrase", phrase)

    @property
    def allowed(self) -> str:
        """The words."""
        words = [str(word) for word in self.words]
        return self.phrase.format(words=", ".join(words)) if self.phrase else f"{join_words(words)} is allowed"

    def read(self, value: object) -> Any:
        """The word itself."""
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ValueError
        return self.words[self.words.index(value)]


@dataclass(frozen=True)
class Each:
    """A list of `least` to `most` items that each fit `item`, or one item alone; `distinct` names unique items.

    >>> Each(Integer(2, 64)).read([4, 6]), Each(Integer(2, 64)).read(4)
    ((4, 6), (4,))
    """

    item: Constraint
    least: int = 1
    most: int = 64
    distinct: str = ""

    @property
    def allowed(self) -> str:
        """The phrase of an item."""
        return self.item.allowed

    def read(self, value: object) -> tuple[Any, ...]:
        """The items as a tuple."""
        items = tuple(value) if isinstance(value, Iterable) and not isinstance(value, str) else (value,)
        if len(items) > self.most:
            raise Unfit(given=f"{len(items):,} were given", allowed=f"at most {self.most} are allowed", do="Give fewer")
        if len(items) < self.least:
            raise Unfit(len(items))
        found = []
        for item in items:
            try:
                found.append(self.item.read(item))
            except (ValueError, TypeError, OverflowError):
                raise Unfit(item) from None
        if self.distinct and len(set(found)) < len(found):
            raise Unfit(given=f"{len(found):,} {self.distinct}s were given", do="Leave out those that are there twice",
                        allowed=f"each {self.distinct} once is allowed")
        return tuple(found)


def quoted(value: object) -> str:
    """A given value as it may be put into a sentence.

    >>> quoted("a"), quoted(None), quoted([1, 2])
    ("'a'", 'nothing', '[1, 2]')
    """
    try:
        return "nothing" if value is None else shown(repr(value), 60)
    except ValueError:  # Python writes out no whole number of more than 4,300 digits
        return "a number too long to write"


def unquoted(value: object) -> str:
    """`quoted` without quotation marks around a text.

    >>> unquoted("a"), unquoted(None), unquoted((1, 2))
    ('a', 'nothing', '(1, 2)')
    """
    return shown(value) if isinstance(value, str) else quoted(value)
