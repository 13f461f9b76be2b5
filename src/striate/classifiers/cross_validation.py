"""Cross-validation of C: all folds and classes are columns of one problem, warm-started from one C to the next.

The held-out decisions come with the solution: the column of a fold has a decision for every picture, and costs for the
others only. They choose C, and calibrate the probabilities.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from striate.classifiers.newton import Floats, Solution, SolverSpace, solve
from striate.core.constraints import Real, Whole
from striate.errors import DataError

Doubles = NDArray[np.float64]
Labels = NDArray[np.int64]
GRID = tuple(4.0**power for power in range(-2, 7))  # 1/16 to 4,096, over the mean squared length of the pictures
PATIENCE = 2  # values of C in a row that may be no better before the rest are left out; 1 from `MANY` pictures on
PATH_TOLERANCE = 0.1  # of the weights' length; the decisions' order rarely changes below this
FOLDS, FEWER_FOLDS, MANY = 5, 3, 5_000
LEAST, MOST = math.ulp(0.0), 1e300  # of any number above 0, of any setting
Cost = Annotated[float | None, Real(LEAST, MOST, "a number above 0 is allowed")]
Folds = Annotated[int | None, Whole(2, MOST, "a whole number from 2 up is allowed")]
Tolerance = Annotated[float, Real(LEAST, math.nextafter(1, 0), "a number between 0 and 1 is allowed")]
MOST_TRIED = 10_000  # pictures that C is chosen on: the best C changes slowly with their number


@dataclass(frozen=True, eq=False)
class CrossValidatedC:
    """The chosen C, its held-out decisions (n, K), the held-out accuracy of each C tried, and the final classifier."""

    C: float
    decisions: Doubles
    scores: dict[float, float]
    solution: Solution

    @property
    def notes(self) -> list[str]:
        """Remarks on the choice of C, as sentences."""
        notes = []
        if len(self.scores) > 1 and max(self.scores) == self.C:
            notes.append(f"the best C, {self.C:g}, is the largest that was tried")
        if len(self.scores) > 1 and len(self.decisions) > MOST_TRIED:
            notes.append(f"C was chosen on {MOST_TRIED:,} of {len(self.decisions):,} pictures")
        return notes


def folds_of(labels: Labels, folds: int | None, seed: int, groups: Labels | None = None) -> Labels:
    """The fold of each picture, (n,) int64: stratified by class, folds of equal size; seeded.

    None makes 5 folds, 3 from 5,000 pictures on, and never more than there are pictures. `groups` (n,), 0 up: rows of
    one group are one picture, in one fold, and count once. Refuses fewer pictures than the folds asked for
    (`few_pictures`).

    >>> folds_of(np.array([0, 0, 0, 1, 1, 1]), 3, seed=0)
    array([0, 2, 1, 1, 0, 2])
    """
    if groups is not None:
        first = np.unique(groups, return_index=True)[1]
        return folds_of(labels[first], folds, seed)[groups]
    count = int(folds or min(FOLDS if len(labels) < MANY else FEWER_FOLDS, len(labels)))
    if not 2 <= count <= len(labels):
        raise DataError("few_pictures", "C and probabilities were to be learnt from held-out pictures",
                        allowed=f"{max(2, count)} folds need as many different pictures",
                        given=f"{len(labels)} {'was' if len(labels) == 1 else 'were'} given",
                        do="Add pictures or ask for fewer folds")
    order = np.random.Generator(np.random.Philox(seed)).permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    found = np.empty(len(labels), np.int64)
    found[order] = np.arange(len(labels)) % count
    return found


def choose_cost(space: SolverSpace, labels: Labels, folds: Labels, scale: float, C: float | None,
                tol: float) -> CrossValidatedC:
    """Choose the C of the best held-out accuracy (the smaller where equal) unless given; fit the final classifier.

    Args:
        space: `Primal` or `Dual`, of all pictures.
        labels: (n,) 0..K−1.
        folds: (n,) from `folds_of`.
        scale: the mean squared length of the pictures: C is tried in units of 1 / scale.
        C: given, or None.
        tol: of the final classifier; the folds use `PATH_TOLERANCE`.

    Above `MOST_TRIED` pictures C is chosen on so many, evenly drawn; the folds are then learnt once, from all.

    """
    count = int(folds.max()) + 1
    tried = [power / scale for power in GRID] if C is None else [float(C)]
    scores: dict[float, float] = {}
    path: Solution | None = None
    if C is None and len(labels) > MOST_TRIED:
        some = _stratified(labels, folds, MOST_TRIED)
        value, _, found, scores = _search_cost(space.part(some), labels[some], folds[some], tried, None)
        columns = space.widened(found.columns, some)
        tried, path = [value], Solution(columns, space.forward(columns))
    value, decisions, found, more = _search_cost(space, labels, folds, tried, path)
    own = _targets(labels)
    # The mean over the folds is close to the final classifier, and a warm start from the same pictures.
    mean = [part.reshape(len(part), count, own.shape[1]).mean(axis=1) for part in (found.columns, found.decisions)]
    solution = solve(space, own, np.full_like(own, value), Solution(*mean), tol)
    return CrossValidatedC(value, decisions, scores or more, solution)


def _search_cost(space: SolverSpace, labels: Labels, folds: Labels, tried: list[float],
                 path: Solution | None) -> tuple[float, Doubles, Solution, dict[float, float]]:
    """Solve for rising C, each from the one before: the best, its held-out decisions and solution, and all scores."""
    own = _targets(labels)
    count = int(folds.max()) + 1
    targets = np.tile(own, (1, count))
    learnt = np.repeat(folds[:, None] != np.arange(count), own.shape[1], axis=1).astype(np.float32)
    commonest = float(np.bincount(labels).max() / len(labels))
    best: tuple[float, Doubles, Solution] | None = None
    scores: dict[float, float] = {}
    for value in tried:
        path = solve(space, targets, learnt * np.float32(value), path, PATH_TOLERANCE)
        decisions = path.decisions.reshape(len(labels), count, -1)[np.arange(len(labels)), folds].astype(np.float64)
        scores[value] = float((decisions.argmax(axis=1) == labels).mean())
        if best is None or scores[value] > scores[best[0]]:
            best = value, decisions, path
        since = len(scores) - 1 - list(scores).index(best[0])
        # A classifier that predicts the commonest class for everything has not begun to learn.
        if since >= (PATIENCE if len(labels) < MANY else 1) and scores[best[0]] > commonest:
            break
    assert best is not None
    return *best, scores


def _targets(labels: Labels) -> Floats:
    return np.where(labels[:, None] == np.arange(labels.max() + 1), 1, -1).astype(np.float32)


def _stratified(labels: Labels, folds: Labels, count: int) -> Labels:
    """A stratified subset of `count` pictures over classes and folds, in order, with the first of every class."""
    order = np.lexsort((folds, labels))
    some = order[np.arange(count) * len(order) // count]
    return np.unique(np.concatenate([some, np.unique(labels, return_index=True)[1]]))
