"""Learning-rate schedules of Caffe: the factor on the base rate at each step."""

from __future__ import annotations

import math
from collections.abc import Sequence


def factor_at(policy: str, step: int, gamma: float = 0.0, power: float = 0.0, stepsize: int = 1,
              stepvalues: Sequence[int] = (), steps: int = 1) -> float:
    """The factor at step 0, 1, … of `fixed`, `step`, `exp`, `inv`, `multistep`, `poly` or `sigmoid`.

    >>> factor_at("multistep", 250, gamma=0.1, stepvalues=(100, 200, 300))  # two of three are behind
    0.010000000000000002
    >>> factor_at("sigmoid", 500, gamma=-0.01, stepsize=500)  # half way down
    0.5
    """
    match policy:
        case "step":
            return _power(gamma, step // stepsize)
        case "exp":
            return _power(gamma, step)
        case "inv":
            return _power(1 + gamma * step, -power)
        case "multistep":
            return _power(gamma, sum(value <= step for value in stepvalues))
        case "poly":
            return _power(max(0.0, 1 - step / steps), power)
        case "sigmoid":
            return 1 / (1 + math.exp(min(700.0, max(-700.0, -gamma * (step - stepsize)))))
        case _:
            return 1.0


def _power(base: float, exponent: float) -> float:
    try:
        return math.pow(base, exponent)
    except (OverflowError, ValueError):  # 0 to a negative power, a negative number to a fraction
        return math.inf
