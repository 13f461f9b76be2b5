"""Pareto front of accuracy against cost."""

from __future__ import annotations

from collections.abc import Sequence


def pareto_front(accuracies: Sequence[float], costs: Sequence[float]) -> list[int]:
    """Indices, by rising cost, of those for whom no other is at least as good and as cheap, and better in one.

    >>> pareto_front([0.8, 0.9, 0.85], [1.0, 2.0, 3.0])               # the third costs more and is less accurate
    [0, 1]
    """
    def dominated(i: int) -> bool:
        return any(accuracies[j] >= accuracies[i] and costs[j] <= costs[i]
                   and (accuracies[j] > accuracies[i] or costs[j] < costs[i]) for j in range(len(costs)))

    return sorted((i for i in range(len(costs)) if not dominated(i)), key=lambda i: (costs[i], i))
