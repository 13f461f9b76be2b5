"""Evidence of the members of an ensemble: what each adds to a decision, exactly."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from striate.ensemble.opinion_pool import logs_of
from striate.model.explanation import Explanation, terms_of


def member_evidence(probabilities: Mapping[str, ArrayLike], powers: NDArray[np.float64], classes: tuple[str, ...],
                    target: int, rival: int) -> Explanation:
    """What each member adds to the log odds of class `target` against `rival`, in nats, (M,) float64.

    The pool is a product of powers, so its log odds are a sum over the members: each adds its power times its own log
    odds. `probabilities` (K,) of one picture by member; `powers` (M,) are the weights over the temperature.

    >>> found = member_evidence({"a": [0.9, 0.1], "b": [0.5, 0.5]}, np.array([0.5, 0.5]), ("cat", "dog"), 0, 1)
    >>> found.array.round(2).tolist(), round(float(np.exp(found.total)), 2)  # √9 to 1
    ([1.1, 0.0], 3.0)
    """
    logs = np.array([logs_of(one) for one in probabilities.values()])
    parts = powers * (logs[:, target] - logs[:, rival])
    evidence = (f"What each member adds to the logarithm of the odds of {classes[target]} against {classes[rival]}; "
                "the parts add up to that of the ensemble, and do not say why a member thinks so.")
    return Explanation(parts, "nats", evidence, unit=classes[target], total=float(parts.sum()),
                       terms=terms_of(probabilities, parts))
