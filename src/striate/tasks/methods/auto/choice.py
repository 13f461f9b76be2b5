"""Choice among finished trials, on pictures that none of them was fitted on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from striate.ensemble.held_out import in_common
from striate.tasks.methods.auto.trial import Trial

# Standard errors: a smaller difference is a tie, and the trial that is cheaper to predict with is taken. Where 60 of
# 1,500 pictures are right for one of two only, that gives away 0.26 points at most.
TIE = 0.5
ENOUGH = 50  # pictures in common; see `tied`
# Validation pictures, and the lead that a network needs on fewer, over what was cross-validated on more: its epoch was
# chosen on the same pictures. On 26 pictures of Fashion-MNIST it was ahead so, and on the test 15 points behind.
LEADS = ((300, 2.0), (1_000, 1.0))


def standard_errors_ahead(these: NDArray[np.bool_], those: NDArray[np.bool_]) -> float:
    """The lead of `these` (n,), which are right, over `those` on the same pictures, in standard errors.

    The difference of two counts of pictures that only one gets right, b and c, has the standard error √(b + c) where
    both are as good (McNemar 1947). A difference of one picture counts as none.

    >>> standard_errors_ahead(np.array([1, 1, 1, 1, 0], bool), np.array([1, 0, 0, 0, 1], bool))  # 3 against 1
    1.0
    """
    only_these, only_those = int(np.sum(these & ~those)), int(np.sum(those & ~these))
    difference = only_these - only_those
    return 0.0 if abs(difference) <= 1 else difference / float(np.sqrt(only_these + only_those))


def both_right(one: Trial, other: Trial, labels: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which of the pictures that both have predicted `one` and the `other` recognised, (n,) bool each."""
    positions, both = in_common([one.held_out, other.held_out])
    these, those = (scores.argmax(axis=1) == labels[positions] for scores in both)
    return these, those


def lead(one: Trial, other: Trial, labels: NDArray[np.int64]) -> float:
    """The lead of `one` over the `other`, in standard errors, on the pictures that both have predicted."""
    return standard_errors_ahead(*both_right(one, other, labels))


def needed_lead(one: Trial, best: Trial) -> float:
    """The lead in standard errors that `one` needs over the `best` so far."""
    if len(one.positions) >= len(best.positions):
        return TIE
    return next((lead for count, lead in LEADS if len(one.positions) < count), TIE)


def tied(one: Trial, best: Trial, labels: NDArray[np.int64]) -> bool:
    """Whether `one` is as good as the `best` so far.

    Fewer than `ENOUGH` pictures say so only where `one` was measured on as many as the `best`, and is not behind.
    """
    these, those = both_right(one, best, labels)
    measured = len(these) >= ENOUGH or (len(these) == len(best.positions) and these.sum() >= those.sum())
    return measured and abs(standard_errors_ahead(these, those)) <= TIE


def choose(trials: Sequence[Trial], labels: NDArray[np.int64]) -> Trial:
    """The best of `trials` by accuracy on the pictures that two of them have in common; see `TIE` and `LEADS`.

    The best so far is compared with one after the other, those with the most pictures first, so a network, which was
    validated on some, has to be ahead on these of what was cross-validated on all, or as good and cheaper. The order
    matters where a tie beside a tie is a difference. The accuracy of the chosen one is a little flattered, as that of
    the best of several always is, and that of a network by the choice of its epoch on the same pictures too; that of
    what was cross-validated is a little low, because it was fitted on a part of its pictures each time.
    """
    first, *others = sorted(trials, key=lambda trial: (-len(trial.positions), -trial.right(labels).mean()))
    best = first
    for trial in others:
        cheaper = trial.predict_seconds < best.predict_seconds
        needed = needed_lead(trial, best)
        if lead(trial, best, labels) > needed or (cheaper and needed == TIE and tied(trial, best, labels)):
            best = trial
    return best
