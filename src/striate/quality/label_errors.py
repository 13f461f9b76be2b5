"""Label errors by confident learning: labels that held-out probabilities contradict.

Confident learning: Northcutt, Jiang & Chuang, *Confident Learning: Estimating Uncertainty in Dataset Labels*, Journal
of Artificial Intelligence Research 70 (2021). A picture is counted as a likely error when its probability of another
class reaches that class's threshold, the mean probability of the class among the pictures that bear its label
(section 3.1). Ranked by self-confidence, the probability of the given label (section 3.2). With 5 % of the labels of
Scene-15 changed, this ranking found more of them in its first tenth than the normalised margin did.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from striate.errors import UsageError, shown
from striate.quality.finding import Case, Check, Finding

LABEL_ERRORS = Check("label", "warning", "labels that are likely wrong",
                     "A recogniser that had not seen them is sure of something else. Look at them, the first ones "
                     "first; some are only unusual.")


@dataclass(frozen=True)
class LabelDoubt:
    """Doubt about one label: the index of its picture, its label, the likelier one, and the probability of each.

    `likely`: whether confident learning counts it among the errors.
    """

    index: int
    label: int
    suggested: int
    given: float
    other: float
    likely: bool


def label_doubts(labels: NDArray[np.int64], probabilities: NDArray[np.float64]) -> list[LabelDoubt]:
    """Doubts about all n `labels` (n,), the least probable first, from held-out `probabilities` (n, K).

    Raises `UsageError` (`bad_probabilities`).

    >>> held_out = np.array([[0.9, 0.1], [0.8, 0.2], [0.95, 0.05], [0.2, 0.8], [0.3, 0.7]])
    >>> first = label_doubts(np.array([0, 0, 1, 1, 1]), held_out)[0]       # the third is labelled 1, and looks like a 0
    >>> first.index, first.suggested, first.likely
    (2, 0, True)
    """
    count, K = probabilities.shape if probabilities.ndim == 2 else (-1, 0)
    sound = count == len(labels) and K >= 2 and bool(np.isfinite(probabilities).all())
    if not sound or not (len(labels) == 0 or (labels.min() >= 0 and labels.max() < K)):
        raise UsageError("bad_probabilities", "labels were compared with probabilities",
                         allowed="one label and one row of finite probabilities for each picture are allowed",
                         given=f"shapes {labels.shape} and {probabilities.shape} were given",
                         do="Give the held-out probabilities of these pictures")
    rows = np.arange(count)
    given = probabilities[rows, labels]
    threshold = thresholds(labels, probabilities)
    confident = np.where(probabilities >= threshold, probabilities, -1.0)
    likely = (confident.max(axis=1) >= 0) & (confident.argmax(axis=1) != labels)
    others = probabilities.copy()
    others[rows, labels] = -1.0
    suggested = others.argmax(axis=1)
    return [LabelDoubt(int(i), int(labels[i]), int(suggested[i]), float(given[i]), float(others[i, suggested[i]]),
                       bool(likely[i]))
            for i in np.lexsort((-others.max(axis=1), given))]


def thresholds(labels: NDArray[np.int64], probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Thresholds of the classes, (K,): the mean probability among pictures of that label; 2, never reached, for none.

    >>> thresholds(np.array([0, 0]), np.array([[0.9, 0.1], [0.7, 0.3]]))
    array([0.8, 2. ])
    """
    counts = np.bincount(labels, minlength=probabilities.shape[1])
    sums = np.bincount(labels, probabilities[np.arange(len(labels)), labels], minlength=probabilities.shape[1])
    return np.where(counts > 0, sums / np.maximum(counts, 1), 2.0)


def label_finding(doubts: list[LabelDoubt], keys: list[str], classes: tuple[str, ...]) -> Finding:
    """The finding of the likely errors among `doubts`, in their order."""
    return Finding(LABEL_ERRORS, tuple(
        Case((keys[one.index],), f"called {shown(classes[one.label], 40)} ({probability_text(one.given)}), looks like "
             f"{shown(classes[one.suggested], 40)} ({probability_text(one.other)})")
        for one in doubts if one.likely))


def probability_text(probability: float) -> str:
    """A probability as text that never rounds to 0 or 1.

    >>> probability_text(0.5), probability_text(0.0001), probability_text(0.9999)
    ('50.0%', 'under 0.1%', 'over 99.9%')
    """
    return "under 0.1%" if probability < 0.0005 else "over 99.9%" if probability > 0.9995 else f"{probability:.1%}"
