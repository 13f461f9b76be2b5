"""Calibration of probabilities, fitted on held-out decisions.

Two methods are fitted, and the one with the smaller log loss on folds that neither was fitted on is chosen:

    platt         σ(aₖ fₖ + bₖ) for each class by itself, divided by their sum. Platt, "Probabilistic outputs for
                  support vector machines" (1999), with his softened targets; Newton steps as in Lin, Lin & Weng (2007).
    temperature   softmax(a f), one slope for all: Guo et al., "On calibration of modern neural networks" (2017), with
                  softened targets, too. Keeps the order of the decisions; `platt` may change it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_expit, log_softmax

from striate.classifiers.temperature_scaling import temperature

Doubles = NDArray[np.float64]
Labels = NDArray[np.int64]
NEWTON_STEPS = 100


@dataclass(frozen=True, eq=False)
class Calibration:
    """Calibration of a `kind`: slopes a, offsets b (K,) float64; `losses`: held-out log loss of each method, in nats.

    >>> Calibration("temperature", np.array([2.0, 2.0]), np.zeros(2), {}).apply(np.array([[0.0, 0.5 * np.log(3)]]))
    array([[0.25, 0.75]])
    """

    kind: str
    slopes: Doubles
    offsets: Doubles
    losses: dict[str, float]

    def apply(self, decisions: Doubles) -> Doubles:
        """Probabilities (n, K) float64 from decisions (n, K)."""
        return np.asarray(np.exp(_log_probabilities(self.kind, self.slopes, self.offsets, decisions)))

    def to_arrays(self) -> tuple[dict[str, Any], dict[str, Doubles]]:
        """Settings and arrays."""
        return {"calibration": self.kind, "losses": self.losses}, {"slopes": self.slopes, "offsets": self.offsets}

    @classmethod
    def from_arrays(cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], classes: int) -> Self:
        """The calibration that `to_arrays` gave; ValueError where it does not fit `classes` classes."""
        kind, losses = settings.get("calibration"), settings.get("losses")
        if not isinstance(kind, str) or kind not in METHODS or not isinstance(losses, dict) or {*losses} != {*METHODS}:
            raise ValueError("the calibration of a classifier must be platt or temperature, with both losses")
        if not all(isinstance(loss, float) and 0 <= loss < np.inf for loss in losses.values()):
            raise ValueError("the losses of a calibration must be numbers from 0 up")
        for name in ("slopes", "offsets"):
            array = arrays.get(name)
            if array is None or array.shape != (classes,) or array.dtype != np.float64 or not np.isfinite(array).all():
                raise ValueError(f"{name} must be {classes} finite float64 numbers")
        if (arrays["slopes"] < 0).any():
            raise ValueError("slopes must not be negative")
        return cls(str(kind), arrays["slopes"], arrays["offsets"], dict(losses))


def calibrate(decisions: Doubles, labels: Labels, folds: Labels) -> Calibration:
    """Fit both methods to held-out decisions and choose the better one.

    Args:
        decisions: (n, K) float64; row i comes from a classifier that was not fitted on picture i.
        labels: (n,) 0..K−1.
        folds: (n,) the fold of each picture; the two methods are compared across these.

    """
    losses = {}
    for kind, fit in METHODS.items():
        lost = 0.0
        for fold in np.unique(folds):
            held = folds == fold
            logs = _log_probabilities(kind, *fit(decisions[~held], labels[~held]), decisions[held])
            lost -= float(logs[np.arange(held.sum()), labels[held]].sum())
        losses[kind] = lost / len(labels)
    best = min(losses, key=lambda kind: losses[kind])
    return Calibration(best, *METHODS[best](decisions, labels), losses)


def _log_probabilities(kind: str, slopes: Doubles, offsets: Doubles, decisions: Doubles) -> Doubles:
    scaled = decisions * slopes + offsets
    # In logarithms, so that a picture with all decisions very low still gets a sum of 1.
    return np.asarray(log_softmax(scaled if kind == "temperature" else log_expit(scaled), axis=1))


def platt(decisions: Doubles, labels: Labels) -> tuple[Doubles, Doubles]:
    """Platt scaling: slopes and offsets, (K,) each; slope 0 where decisions do not separate a class from the rest."""
    own = labels[:, None] == np.arange(decisions.shape[1])
    many = own.sum(axis=0)
    few = len(labels) - many
    target = np.where(own, (many + 1) / (many + 2), 1 / (few + 2))
    scale = np.maximum(np.abs(decisions).max(axis=0), np.finfo(np.float64).tiny)
    f = decisions / scale
    slope, offset = np.zeros(f.shape[1]), np.log((many + 1) / (few + 1))
    for _ in range(NEWTON_STEPS):
        p = expit(f * slope + offset)
        wrong, bend = p - target, np.maximum(p * (1 - p), 1e-12)
        g, h = (wrong * f).sum(axis=0), wrong.sum(axis=0)
        ff, f1, one = (bend * f * f).sum(axis=0) + 1e-9, (bend * f).sum(axis=0), bend.sum(axis=0) + 1e-9
        both = np.maximum(ff * one - f1 * f1, 1e-18)
        change = np.stack([(one * g - f1 * h) / both, (ff * h - f1 * g) / both])
        old, length = _platt_loss(f, target, slope, offset), np.ones(f.shape[1])
        for _ in range(30):  # halve where the loss would grow
            new = _platt_loss(f, target, slope - length * change[0], offset - length * change[1])
            length = np.where(new > old, length / 2, length)
            if (new <= old).all():
                break
        length = np.where(new > old, 0, length)
        slope, offset = slope - length * change[0], offset - length * change[1]
        if (np.abs(length * change) <= 1e-9 * (1 + np.abs(np.stack([slope, offset])))).all():
            break
    useless = slope <= 0
    return np.where(useless, 0, slope / scale), np.where(useless, np.log((many + 1) / (few + 1)), offset)


def _platt_loss(f: Doubles, target: Doubles, slope: Doubles, offset: Doubles) -> Doubles:
    z = f * slope + offset
    return np.asarray(-(target * log_expit(z) + (1 - target) * log_expit(-z)).sum(axis=0))


def one_slope(decisions: Doubles, labels: Labels) -> tuple[Doubles, Doubles]:
    """Temperature scaling: one slope for all K classes, and offsets 0."""
    return np.full(decisions.shape[1], 1 / temperature(labels, decisions)), np.zeros(decisions.shape[1])


METHODS = {"temperature": one_slope, "platt": platt}
