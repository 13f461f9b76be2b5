"""Holm's correction for multiple tests, which bounds the chance of even one false positive by that of a single test.

Holm, "A simple sequentially rejective multiple test procedure" (1979). Valid however the tests depend on each other.
"""

from __future__ import annotations

from collections.abc import Sequence


def holm(values: Sequence[float]) -> list[float]:
    """Holm-corrected p-values, in the order of `values`.

    >>> holm([0.01, 0.04, 0.03])                                            # 3 · 0.01; 2 · 0.03; and no less than that
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(values)), key=lambda i: values[i])
    corrected, least = [0.0] * len(values), 0.0
    for place, i in enumerate(order):
        least = max(least, min(1.0, (len(values) - place) * values[i]))
        corrected[i] = least
    return corrected
