"""Simulated held-out probabilities: members whose decisions share some of their noise."""

from typing import Any

import numpy as np
from scipy import special

from striate import BagOfWords, ConvNet, Dense, Flatten, Input, Network
from striate.bow.encoders import Hard
from striate.ensemble.recogniser import Ensemble
from striate.ensemble.weights import Weighting
from tests.bow.small import labels, model, pictures

LABELS = np.random.default_rng(0).integers(0, 4, 600)


def simulated(labels: np.ndarray, clear: float, shared: np.ndarray, alike: float, seed: int,
              classes: int = 4) -> np.ndarray:
    """Calibrated probabilities (n, K): decisions with the distance `clear` between the true class and the others.

    Their noise is normal with deviation 1, the part `alike` of its variance is `shared` (n, K) by all members.
    """
    own = np.random.default_rng(seed).normal(size=(len(labels), classes))
    noise = alike**0.5 * shared + (1 - alike) ** 0.5 * own
    decisions = clear * (labels[:, None] == np.arange(classes)) + noise
    return special.softmax(clear * decisions, axis=1)  # Bayes: normal decisions of equal variance


def shared_noise(labels: np.ndarray, classes: int = 4, seed: int = 99) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(len(labels), classes))


SMALL = Network(Dense(2)(Flatten()(Input(1, 23, 19))), name="small")


def words(**changed: Any) -> BagOfWords:
    return model(**changed)


def network(**changed: Any) -> ConvNet:
    return ConvNet(SMALL, **{"epochs": 3, "seed": 0, "flip": False, "precision": "float32"} | changed)


def weighting(*weights: float, temperature: float = 0.8) -> Weighting:
    return Weighting(np.array(weights), temperature, np.zeros((0, 2)), np.zeros(len(weights)), 0.0)


def together(**changed: Any) -> Ensemble:
    """Two members that are fitted apart, with weights 0.75 and 0.25."""
    members = {"words": words().fit(pictures(), labels()), "net": network().fit(pictures(), labels())}
    return Ensemble.of(members | changed, weighting(0.75, 0.25))


def few_words(count: int) -> BagOfWords:
    return words(encoder=Hard(count))
