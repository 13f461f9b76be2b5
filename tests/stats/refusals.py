"""Refusals of `striate.stats.metrics`, one row each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from striate.stats.metrics import evaluate, wilson

PAIR = ("cat", "dog")
FAIR = np.full((3, 2), 0.5)
WITH_NAN = np.array([[0.5, 0.5], [np.nan, 0.5], [0.5, 0.5]])
WITH_INFINITY = np.array([[0.5, 0.5], [0.5, 0.5], [np.inf, 0.0]])

REFUSALS: dict[str, Callable[[Path], object]] = {
    "evaluate: fewer rows than labels": lambda _: evaluate([0, 1], FAIR, PAIR),
    "evaluate: more columns than classes": lambda _: evaluate([0, 1, 0], np.full((3, 4), 0.25), PAIR),
    "evaluate: labels that are no integers": lambda _: evaluate([0.0, 1.0, 0.5], FAIR, PAIR),
    "evaluate: no pictures": lambda _: evaluate([], np.empty((0, 2)), PAIR),
    "evaluate: F14 label above the classes": lambda _: evaluate([0, 2, 3], FAIR, PAIR),
    "evaluate: F14 label below zero": lambda _: evaluate([0, 1, -1], FAIR, PAIR),
    "evaluate: F14 NaN": lambda _: evaluate([0, 1, 0], WITH_NAN, PAIR),
    "evaluate: F14 infinity": lambda _: evaluate([0, 1, 0], WITH_INFINITY, PAIR),
    "evaluate: scores in place of probabilities": lambda _: evaluate([0], [[3.5, -2.5]], PAIR),
    "evaluate: rows that do not sum to one": lambda _: evaluate([0, 1], [[0.5, 0.5], [0.5, 0.4]], PAIR),
    "wilson: more successes than trials": lambda _: wilson(4, 3),
    "wilson: no trials": lambda _: wilson(0, 0),
    "wilson: confidence in per cent": lambda _: wilson(1, 2, confidence=95),
}
