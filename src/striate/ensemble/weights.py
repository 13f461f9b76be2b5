"""Weights of the members of an ensemble, by cross-validation on held-out probabilities.

The powers of the pool are those of the smallest log loss, a convex problem with one number for each member, which are
divided into weights and a temperature. They are pulled towards equal weights at temperature 1, by `PULL` pictures'
worth, which decides where there are few pictures. Members that do not surely lower the loss are left out one by one,
the least useful first: each costs the time of its predictions. Breiman, "Stacked regressions" (1996) has the positive
weights on held-out predictions; Caruana et al., "Ensemble selection from libraries of models" (2004) the selection.

On Scene-15's training part, 1,500 pictures, a pool of a transfer and Fisher vectors was right for 95.0 %, their
weighted average for 94.8, the transfer alone for 94.4 (cross-validated; log losses 0.153, 0.171 and 0.188;
`bench/ensembles.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special

from striate.classifiers.cross_validation import folds_of
from striate.ensemble.opinion_pool import Doubles, logs_of, pooled
from striate.errors import UsageError

PULL = 10.0  # 3 to 30 are as good on subsets of 15 to 1,500 pictures of Scene-15
FOLDS = 5
MOST, CELLS = 10_000, 500_000  # pictures, and pictures · classes, that weights are fitted on: they need no more
COLDEST, HOTTEST = 1e-3, 20.0  # temperatures
ENOUGH = 2.0  # standard errors by which a member must lower the log loss


@dataclass(frozen=True, eq=False)
class Weighting:
    """Weights of the members of an ensemble.

    Attributes:
        weights: (M,) float64, not negative, with the sum 1; those of members that do not help are 0.
        temperature: of the pool, above 0; 1 is a geometric mean, below 1 members count as separate evidence.
        held_out: (n, K) float64: probabilities of each picture by weights and temperature fitted on other folds.
        losses: (M,) the log loss of each member alone, in nats; `loss`: that of `held_out`.

    """

    weights: Doubles
    temperature: float
    held_out: Doubles
    losses: Doubles
    loss: float


def cross_validated_weights(labels: ArrayLike, probabilities: Sequence[ArrayLike], seed: int = 0) -> Weighting:
    """Weights of members by their held-out `probabilities`, (n, K) of each member, of pictures of `labels` (n,).

    Raises `UsageError` (`not_held_out`) and `DataError` (`few_pictures`).

    >>> rng = np.random.default_rng(0)
    >>> truth = rng.integers(0, 2, 400)
    >>> good, coin = (np.clip(rng.normal(mean, 0.2, 400), 0.01, 0.99) for mean in (truth * 0.6 + 0.2, 0.5))
    >>> found = cross_validated_weights(truth, [np.stack([1 - one, one], axis=1) for one in (good, coin)])
    >>> found.weights.tolist()                                  # the second says nothing about the pictures
    [1.0, 0.0]
    """
    truth = np.asarray(labels)
    members = [np.asarray(one, np.float64) for one in probabilities]
    _refuse_unlike(truth, members)
    rows = np.arange(len(truth))
    weights, temperature = _divided(_selected(members, truth, rows))
    folds = folds_of(truth, min(FOLDS, len(truth)), seed)
    held_out = np.empty(members[0].shape)
    for fold in range(int(folds.max()) + 1):
        own, others = rows[folds == fold], rows[folds != fold]
        held_out[own] = pooled([one[own] for one in members], *_divided(_selected(members, truth, others)))
    losses, loss = np.array([_loss(one, truth) for one in members]), _loss(held_out, truth)
    return Weighting(weights, temperature, held_out, losses, loss)


def _selected(members: Sequence[Doubles], truth: NDArray[np.int64], rows: NDArray[np.int64]) -> Doubles:
    """Powers (M,) by the pictures at `rows`, 0 for members that do not surely lower the loss."""
    count = min(len(rows), MOST, max(1, CELLS // members[0].shape[1]))
    some = rows[np.arange(count) * len(rows) // count]
    logs, truth = np.stack([logs_of(one[some]) for one in members]), truth[some]
    chosen = list(range(len(logs)))
    powers = _powers(logs, truth)
    while len(chosen) > 1:
        losses = _pool_losses(logs[chosen], powers, truth)
        gains = []
        for member in chosen:
            rest = [one for one in chosen if one != member]
            fewer = _powers(logs[rest], truth)
            gain = _pool_losses(logs[rest], fewer, truth) - losses
            gains.append((float(gain.mean() - ENOUGH * gain.std() / len(gain) ** 0.5), rest, fewer))
        least, rest, fewer = min(gains, key=lambda one: one[0])
        if least > 0:
            break
        chosen, powers = rest, fewer
    found = np.zeros(len(logs))
    found[chosen] = powers
    return found


def _powers(logs: Doubles, truth: NDArray[np.int64]) -> Doubles:
    """The powers (M,) of the smallest log loss, in sum over the pictures, with the pull towards 1 / M."""
    count, rows = len(logs), np.arange(len(truth))
    equal = np.full(count, 1 / count)
    own = logs[:, rows, truth].sum(axis=1)

    def loss(powers: Doubles) -> tuple[float, Doubles]:
        scores = np.tensordot(powers, logs, 1)
        lasting = special.log_softmax(scores, axis=1)
        slope = np.einsum("mnk,nk->m", logs, np.exp(lasting)) - own
        apart = powers - equal
        return float(PULL * apart @ apart - lasting[rows, truth].sum()), slope + 2 * PULL * apart

    found = optimize.minimize(loss, equal, jac=True, bounds=[(0, None)] * count, method="L-BFGS-B")
    return np.asarray(found.x)


def _divided(powers: Doubles) -> tuple[Doubles, float]:
    """Powers as weights that sum to 1, and a temperature within bounds; equal weights where no member helps."""
    whole = float(powers.sum())
    if not whole:
        return np.full(len(powers), 1 / len(powers)), HOTTEST
    return powers / whole, float(np.clip(1 / whole, COLDEST, HOTTEST))


def _pool_losses(logs: Doubles, powers: Doubles, truth: NDArray[np.int64]) -> Doubles:
    """The log loss of each picture, (n,), in nats."""
    return -special.log_softmax(np.tensordot(powers, logs, 1), axis=1)[np.arange(len(truth)), truth]


def _loss(probabilities: Doubles, truth: NDArray[np.int64]) -> float:
    return -float(logs_of(probabilities[np.arange(len(truth)), truth]).mean())


def _refuse_unlike(truth: NDArray[np.int64], members: Sequence[Doubles]) -> None:
    """Refuse probabilities that are not of the same pictures and classes (`not_held_out`)."""
    shapes = {one.shape for one in members}
    shape = next(iter(shapes), ())
    if len(shapes) != 1 or len(shape) != 2 or truth.shape != shape[:1] or truth.min() < 0 or truth.max() >= shape[1]:
        raise UsageError("not_held_out", "weights of an ensemble were asked for",
                         allowed="probabilities (n, K) of each member with class indices (n,) are allowed",
                         given=f"shapes {', '.join(map(str, sorted(shapes))) or 'of no member'} were given with "
                               f"{len(truth):,} labels",
                         do="Give the held-out probabilities of every member for the same pictures")
