"""Learning-rate schedules: the factor, 0 to 1, by which the peak is multiplied.

The shapes are functions of the fraction of the run that is done, so a run by the clock, whose length is not known
when it begins, follows them too. Trapezoid: Hägele et al., *Scaling laws and compute-optimal training beyond fixed
training durations* (2024), section 3, with a linear fall. One-cycle: Smith, *A disciplined approach to neural network
hyper-parameters* (2018), section 5; his momentum, which goes the other way, is left alone here. Caffe's policies count
steps: `striate.core.schedules`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

LOW = 0.1  # of the peak: where one-cycle begins, and ends before its tail
TAIL = 0.1  # of the run: one-cycle falls to nothing


def _one_cycle(fraction: float) -> float:
    """Up and down in two straight lines of equal length, then the tail.

    >>> [round(_one_cycle(tenth / 20), 3) for tenth in (0, 9, 18, 19, 20)]
    [0.1, 1.0, 0.1, 0.05, 0.0]
    """
    half = (1 - TAIL) / 2
    if fraction > 2 * half:
        return LOW * (1 - fraction) / TAIL
    return 1 - (1 - LOW) * abs(fraction - half) / half


def _remaining(fraction: float, warmup: float) -> float:
    """The remaining share, 1 to 0, of the time after the warm-up."""
    return min(1.0, (1 - fraction) / (1 - warmup))


# Each shape by (fraction, warmup, cooldown), all of them 0 to 1.
SHAPES: dict[str, Callable[[float, float, float], float]] = {
    "linear": lambda fraction, warmup, _: _remaining(fraction, warmup),
    "trapezoid": lambda fraction, _, cooldown: min(1.0, (1 - fraction) / cooldown) if cooldown else 1.0,
    "cosine": lambda fraction, warmup, _: 0.5 - 0.5 * math.cos(math.pi * _remaining(fraction, warmup)),
    "one-cycle": lambda fraction, *_: _one_cycle(fraction),
    "constant": lambda *_: 1.0,
}


def factor(shape: str, fraction: float, warmup: float = 0.0, cooldown: float = 0.0) -> float:
    """The factor of `shape` when `fraction` of the run is done.

    >>> [factor("trapezoid", quarter / 4, cooldown=0.5) for quarter in range(5)]  # falls over the second half
    [1.0, 1.0, 1.0, 0.5, 0.0]
    >>> factor("linear", 0.8125, warmup=0.25)  # a quarter of what followed the warm-up is left
    0.25
    """
    return max(0.0, SHAPES[shape](fraction, warmup, cooldown))


def warmup_factor(done: float, warmup: float) -> float:
    """The factor of the warm-up, linear, when `done` of the run will be done after the step; 1 behind it.

    Counting the step itself spares a first step at rate 0.

    >>> [warmup_factor(step / 10, 0.2) for step in (1, 2, 3)]  # of 10 steps
    [0.5, 1.0, 1.0]
    """
    return min(1.0, done / warmup) if warmup else 1.0


def fraction_at(plan: Sequence[tuple[int, int]], step: int) -> float:
    """The fraction of the schedule, 0 to 1, that is done before step 0, 1, …

    `plan` has (step, total) pairs: from that step on, the rest of the schedule is spread evenly over the steps up to
    `total`. Steps and totals count from the start of the run.

    >>> [fraction_at([(0, 10)], step) for step in (0, 5, 10)]
    [0.0, 0.5, 1.0]
    >>> [fraction_at([(0, 10), (5, 9)], step) for step in (4, 5, 7, 9)]  # the second half in 4 steps and not in 5
    [0.4, 0.5, 0.75, 1.0]
    """
    began, since, total = 0.0, 0, 1
    for start, end in plan:
        if start > step:
            break
        began, since, total = _interpolated(began, since, total, start), start, end
    return _interpolated(began, since, total, step)


def _interpolated(began: float, since: int, total: int, step: int) -> float:
    """The value at `step` of the line from `began` at step `since` to 1 at step `total`."""
    return min(1.0, began + (1 - began) * (step - since) / (total - since))
