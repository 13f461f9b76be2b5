"""Simulated members of an ensemble, and the whole choice between it and its best member, against the truth.

A member's decision for each class is normal, by `clear` higher for the true one, so that its probabilities are known.
A false choice is that of an ensemble which, on `FRESH` new pictures, is right no more often than its best member is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from striate.ensemble.improvement import improvement
from striate.ensemble.opinion_pool import pooled
from striate.ensemble.weights import cross_validated_weights

FRESH = 20_000


@dataclass(frozen=True)
class SimulatedMembers:
    """Members to simulate: how `clear` each is by itself, and how much of the noise is the same for all, 0..1.

    `copies`: members that are the first one with more noise, of this deviation, so that they add nothing to it.
    `hard`: half of the pictures have much more noise than the others, which the copies know and the first does not:
    their log loss is smaller, though they are right less often.
    """

    clear: tuple[float, ...]
    alike: float = 0.0
    copies: tuple[float, ...] = ()
    classes: int = 4
    pictures: int = 300
    hard: bool = False

    def draw(self, rng: np.random.Generator, labels: NDArray[np.int64]) -> list[NDArray[np.float64]]:
        """Probabilities (n, K) of each member for pictures of these labels."""
        shape = len(labels), self.classes
        own = labels[:, None] == np.arange(self.classes)
        shared = rng.normal(size=shape)
        spread = rng.choice((0.5, 2.0), (len(labels), 1)) if self.hard else np.ones((len(labels), 1))
        found, first = [], None
        for clear in self.clear:
            noise = self.alike**0.5 * shared + (1 - self.alike) ** 0.5 * rng.normal(size=shape)
            decisions = clear * own + spread * noise
            first = decisions if first is None else first
            found.append(special.softmax(clear * decisions, axis=1))
        for more in self.copies:
            assert first is not None
            decisions = first + more * rng.normal(size=shape)
            found.append(special.softmax(self.clear[0] / (spread**2 + more**2) * decisions, axis=1))
        return found


# Kinds in which no ensemble is better than the best member, or hardly; then those in which one may be.
KINDS = {
    "noisy copies of one": SimulatedMembers((2.0,), copies=(0.5, 0.5)),
    "nearly the same": SimulatedMembers((2.0, 2.0, 2.0), alike=0.97),
    "one useless": SimulatedMembers((2.0, 0.0)),
    "one far worse": SimulatedMembers((2.5, 0.5), alike=0.5),
    "many of equal worth, alike": SimulatedMembers((1.8,) * 4, alike=0.9),
    "a copy that knows which are hard": SimulatedMembers((2.0,), copies=(0.3,), hard=True),
    "tiny": SimulatedMembers((1.5,), copies=(0.7,), pictures=24),
    "many classes": SimulatedMembers((3.0,), copies=(0.5,), classes=60, pictures=240),
    "different, of equal worth": SimulatedMembers((2.0, 2.0), alike=0.3),
}


@dataclass(frozen=True)
class SimulatedChoice:
    """One choice: whether the ensemble was chosen, and its true gain in points over the truly best member."""

    chosen: bool
    gain: float

    @property
    def false(self) -> bool:
        """Whether it was chosen and is no better."""
        return self.chosen and self.gain <= 0


def choices(kind: SimulatedMembers, cases: int, seed: int) -> Iterator[SimulatedChoice]:
    """The choice of the whole procedure, best member and weights included, in each of so many cases."""
    rng = np.random.default_rng(seed)
    for _ in range(cases):
        labels, fresh = (rng.integers(0, kind.classes, count) for count in (kind.pictures, FRESH))
        members = kind.draw(rng, labels)
        best = max(members, key=lambda one: rights(labels, one).mean())
        weighting = cross_validated_weights(labels, members)
        new = kind.draw(rng, fresh)
        together = rights(fresh, pooled(new, weighting.weights, weighting.temperature)).mean()
        yield SimulatedChoice(improvement(labels, best, weighting.held_out).surely,
                              100 * float(together - max(rights(fresh, one).mean() for one in new)))


def rights(labels: NDArray[np.int64], probabilities: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which pictures are right, (n,) bool."""
    return np.asarray(probabilities.argmax(axis=1) == labels)
