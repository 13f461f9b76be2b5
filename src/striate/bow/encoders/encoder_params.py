"""Parameter types that encoders share, each with its constraint; those of k-means are in `striate.bow.vocabulary`."""

from __future__ import annotations

from typing import Annotated

from striate.bow.vocabulary import Amount
from striate.core.constraints import Boolean, Integer, Real

BETWEEN = "{low:g} to {high:g} are allowed"
Dims = Annotated[int | None, Integer(1, 1 << 16, "whole numbers {low:,} to {high:,}, or none, are allowed")]
Neighbours = Annotated[int, Amount(1, 100)]
Augment = Annotated[float, Real(0, 1e6, BETWEEN)]
Switch = Annotated[bool, Boolean("True and False are allowed")]
