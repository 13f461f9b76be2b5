"""Explanation: the typed result of every explainer of a recogniser."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.core.result import Result


@dataclass(frozen=True)
class Term(Result):
    """One addend of an explanation's total: its name, its value in the explanation's units, and its share.

    The share is of the sum of the magnitudes of all terms, 0..1.
    """

    name: str
    value: float
    share: float


@dataclass(frozen=True, eq=False)
class Explanation(Result):
    """Explanation of one picture by a recogniser: an array of numbers, and what it is evidence of.

    Attributes:
        array: the numbers, of any shape; `units`: what they are measured in.
        evidence: one sentence: what the numbers are evidence of, and what not.
        layer, unit: the layer explained, and its unit or class; None for the whole recogniser.
        position: (row, column) of the unit in the layer's output; None for all of them.
        total: the signed number that `array` and `bias` add up to; None where the numbers are no parts of a sum.
        bias: the part of the total that belongs to no number of the array.
        terms: the same total divided by name, without the bias; empty where the parts have no names.

    >>> parts = np.array([[1.5, -0.5], [0.5, 0.0]])
    >>> found = Explanation(parts, "margins", "What two words add in two cells.", unit="cat", total=1.75, bias=0.25,
    ...                     terms=terms_of(["word 0", "word 1"], parts.sum(axis=0)))
    >>> [(one.name, one.value, one.share) for one in found.terms], (found.positive, found.negative)
    ([('word 0', 2.0, 0.8), ('word 1', -0.5, 0.2)], (2.0, -0.5))
    >>> float(found.array.sum()) + found.bias == found.total
    True

    """

    array: NDArray[Any]
    units: str
    evidence: str
    layer: str | None = None
    unit: str | None = None
    total: float | None = None
    bias: float = 0.0
    terms: tuple[Term, ...] = ()
    position: tuple[int, int] | None = None

    @property
    def positive(self) -> float:
        """The sum of the terms above 0: the evidence for it."""
        return float(np.array([one.value for one in self.terms]).clip(min=0).sum())

    @property
    def negative(self) -> float:
        """The sum of the terms below 0: the evidence against it."""
        return float(np.array([one.value for one in self.terms]).clip(max=0).sum())


def terms_of(names: Iterable[str], values: NDArray[np.float64]) -> tuple[Term, ...]:
    """Terms with these names and `values` (n,), and their shares."""
    whole = float(np.abs(values).sum()) or 1.0
    return tuple(Term(name, value, abs(value) / whole) for name, value in zip(names, values.tolist(), strict=True))
