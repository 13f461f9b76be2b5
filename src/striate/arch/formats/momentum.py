"""Momentum of running averages: the share of the old average in several formats, of the new value in ours."""

from __future__ import annotations

from decimal import Decimal


def complement(part: float) -> float:
    """1 − part in decimal arithmetic, so that it is its own inverse.

    >>> complement(0.999), 1 - 0.999, complement(complement(0.99))
    (0.001, 0.0010000000000000009, 0.99)
    """
    return float(1 - Decimal(repr(part)))
