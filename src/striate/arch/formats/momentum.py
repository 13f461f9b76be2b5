"""Momentum of running averages: several formats say how much of the old average stays, ours how much is new."""

from __future__ import annotations

from decimal import Decimal


def complement(part: float) -> float:
    """1 − part in decimal, as it would be written, so that it comes back.

    >>> complement(0.999), 1 - 0.999, complement(complement(0.99))
    (0.001, 0.0010000000000000009, 0.99)
    """
    return float(1 - Decimal(repr(part)))
