"""Simulated recognisers of known accuracy: some pictures are hard for all, some for one, and seeds differ."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.stats import norm

from striate.stats.holm import holm
from striate.stats.intervals import accuracy_interval
from striate.stats.paired_tests import paired_difference
from striate.stats.verdict import Verdict

COMMON, OWN = 0.4, 0.3  # of the variance of how hard a picture is: for all recognisers, and for one


def recognisers(generator: np.random.Generator, accuracies: tuple[float, ...], pictures: int, seeds: int,
                spread: float) -> list[np.ndarray]:
    """Rights (seeds, pictures) of recognisers that are right with probability `accuracies` over pictures and seeds."""
    common, found = generator.normal(size=pictures), []
    for accuracy in accuracies:
        own = generator.normal(size=pictures)
        rest = generator.normal(size=(seeds, pictures))
        ease = (COMMON**0.5 * common + OWN**0.5 * own + (1 - COMMON - OWN) ** 0.5 * rest
                + spread * generator.normal(size=(seeds, 1)))
        found.append(ease + norm.ppf(accuracy) * (1 + spread**2) ** 0.5 > 0)
    return found


@dataclass
class Tally:
    """Shares of the repeats in which intervals held the truth, and in which a false "better" was said."""

    shares: float
    pairs: float
    false: float
    found: float


def tally(accuracies: tuple[float, ...], pictures: int, seeds: int, spread: float, repeats: int) -> Tally:
    """Compare simulated recognisers `repeats` times."""
    generator = np.random.default_rng(7)
    twos = list(combinations(range(len(accuracies)), 2))
    shares = pairs = false = right = 0
    different = max(1, sum(accuracies[i] != accuracies[j] for i, j in twos))
    for _ in range(repeats):
        rights = recognisers(generator, accuracies, pictures, seeds, spread)
        for one, accuracy in zip(rights, accuracies, strict=True):
            low, high = accuracy_interval(one).interval
            shares += low <= accuracy <= high
        found = [paired_difference(rights[i], rights[j]) for i, j in twos]
        for (i, j), one in zip(twos, found, strict=True):
            pairs += one.interval[0] <= accuracies[i] - accuracies[j] <= one.interval[1]
        findings = [Verdict("", "", one.difference, one.interval, p)
                    for one, p in zip(found, holm([one.p for one in found]), strict=True)]
        sure = [(accuracies[i] - accuracies[j], one) for (i, j), one in zip(twos, findings, strict=True) if one.sure]
        false += any(gap * one.difference <= 0 for gap, one in sure)
        right += sum(gap * one.difference > 0 for gap, one in sure)
    return Tally(shares / repeats / len(accuracies), pairs / repeats / len(twos), false / repeats,
                 right / repeats / different)
