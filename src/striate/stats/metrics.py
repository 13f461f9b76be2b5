"""Metrics of an evaluation: accuracy, recall, calibration and confusion, with counts and intervals.

Sources: Wilson, "Probable inference, the law of succession, and statistical inference" (1927) for intervals;
Guo et al., "On calibration of modern neural networks" (2017), section 2, for the calibration error; El-Yaniv & Wiener,
"On the foundations of noise-free selective classification" (2010), section 2, for risk and coverage.
Plain NumPy: importing scikit-learn would cost a second; the tests hold both to the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from striate.core.result import Result
from striate.errors import UsageError
from striate.stats.calibration_error import calibration_error

BINS = 15  # as in Guo et al.
COVERAGES = (1.0, 0.95, 0.9, 0.8, 0.7, 0.5)  # of the risk-coverage curve
TOLERANCE = 1e-3  # half-precision softmax sums to 1 within about 5e-4
ROUNDING = 1e-9  # so that 0.7 of 10 pictures are 7
SMALLEST = float(np.finfo(np.float64).eps)  # keeps the NLL of a probability of 0 finite: 36.04 nats at most

Interval = tuple[float, float]


@dataclass(frozen=True)
class ClassResult(Result):
    """Metrics of one class: `count` pictures of it, fractions in 0..1, `None` where undefined.

    `recall` and its 95 % `interval` need a picture of the class, `precision` a prediction of it, `f1` either.
    """

    name: str = field(metadata={"key": "class"})
    count: int
    precision: float | None
    recall: float | None
    f1: float | None
    interval: Interval | None


@dataclass(frozen=True)
class ReliabilityBin(Result):
    """Bin of a reliability diagram: the `count` pictures whose highest probability is in (`low`, `high`].

    Means are `None` where there is no picture.
    """

    low: float
    high: float
    count: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True)
class SurestPictures(Result):
    """Point of the risk-coverage curve: the `count` pictures whose highest probability is `threshold` or more.

    `coverage` is their share of all pictures, at least that of `COVERAGES`, and more where probabilities are equal;
    `accuracy` is that on them, 1 minus the selective risk, with its 95 % `interval`.
    """

    coverage: float
    threshold: float
    count: int
    accuracy: float
    interval: Interval


@dataclass(frozen=True, eq=False)
class Evaluation(Result):
    """Evaluation of a recogniser on `count` pictures. All fractions are in 0..1.

    `interval` is the 95 % Wilson interval of `accuracy`; `top5` is `None` for five classes or fewer, where it would
    be 1 by definition; `balanced_accuracy` is the mean recall over the classes present; `nll` is the mean negative
    log-likelihood in nats; `ece` the expected calibration error over `reliability`, with its 95 % `ece_interval`, and
    `ece_by_chance`, what true probabilities would show on as many pictures (`striate.stats.calibration_error`);
    `surest` has the risk-coverage curve, from all pictures to the surest half;
    `confusion` (K, K) int64 counts pictures, a row for each true class, a column for each predicted one.
    """

    count: int
    accuracy: float
    interval: Interval
    top5: float | None
    balanced_accuracy: float
    per_class: tuple[ClassResult, ...]
    confusion: npt.NDArray[np.int64]
    ece: float
    ece_interval: Interval
    ece_by_chance: float
    nll: float
    reliability: tuple[ReliabilityBin, ...]
    surest: tuple[SurestPictures, ...]


def evaluate(labels: npt.ArrayLike, probabilities: npt.ArrayLike, classes: Sequence[str]) -> Evaluation:
    """Evaluate `probabilities` (N, K) against true `labels` (N,), integers in 0..K−1 that index the K `classes`.

    Rows are finite, not negative and sum to 1 within 0.001; N is at least 1. Of equal probabilities the class named
    first wins. Raises `UsageError` (`evaluation_shape`, `evaluation_empty`, `label_out_of_range`,
    `not_probabilities`), naming the first index at fault.

    >>> result = evaluate([0, 0, 1, 1], [[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]], ["cat", "dog"])
    >>> result.accuracy, result.confusion.tolist()                       # the last dog was taken for a cat
    (0.75, [[2, 0], [1, 1]])
    >>> [round(bound, 3) for bound in result.interval]                   # four pictures say little
    [0.301, 0.954]
    >>> result.per_class[0].precision == 2 / 3, result.per_class[1].recall
    (True, 0.5)
    """
    truth, chances = _checked(labels, probabilities, len(classes))
    rows = np.arange(len(truth))
    predicted = chances.argmax(axis=1)
    confusion = np.bincount(truth * len(classes) + predicted, minlength=len(classes) ** 2)
    confusion = confusion.reshape(len(classes), -1).astype(np.int64)
    confusion.flags.writeable = False
    per_class = tuple(_class_result(name, index, confusion) for index, name in enumerate(classes))
    recalls = [result.recall for result in per_class if result.recall is not None]
    likelihood = chances[rows, truth].astype(np.float64)
    right = predicted == truth
    confidence = chances[rows, predicted].astype(np.float64)
    places = _places(confidence)
    error = calibration_error(places, confidence, right)
    return Evaluation(
        count=len(truth),
        accuracy=float(right.mean()),
        interval=wilson(int(right.sum()), len(truth)),
        top5=float((_rank(chances, truth) < 5).mean()) if len(classes) > 5 else None,
        balanced_accuracy=float(np.mean(recalls)),
        per_class=per_class,
        confusion=confusion,
        ece=error.value,
        ece_interval=error.interval,
        ece_by_chance=error.by_chance,
        nll=float(-np.log(np.maximum(likelihood, SMALLEST)).mean()),
        reliability=_reliability(places, confidence, right),
        surest=_surest(confidence, right),
    )


def wilson(successes: int, n: int, confidence: float = 0.95) -> Interval:
    """The Wilson score interval (low, high) of a proportion, `successes` out of `n` ≥ 1, at `confidence` in (0, 1).

    Unlike mean ± 1.96 standard errors it stays inside 0..1 and does not shrink to a point when all succeed.
    It counts pictures as independent: many pictures of one object make it too narrow.
    Raises `UsageError` (`bad_proportion`).

    >>> low, high = wilson(356, 360)                                     # 98.9 % of 360 pictures
    >>> f"{low:.1%} to {high:.1%}"
    '97.2% to 99.6%'
    >>> f"{wilson(10, 10)[0]:.3f}"                                       # ten out of ten is no certainty
    '0.722'
    """
    if not (0 <= successes <= n and n >= 1 and 0 < confidence < 1):
        raise UsageError("bad_proportion", "an interval around a proportion was asked for",
                         allowed="successes in 0..n, n of at least 1 and a confidence between 0 and 1 are allowed",
                         given=f"{successes} of {n} at confidence {confidence} were given",
                         do="Give counts, and the confidence as a fraction such as 0.95")
    return score_interval(successes / n, n, NormalDist().inv_cdf((1 + confidence) / 2))


def score_interval(share: float, n: float, z: float) -> Interval:
    """Wilson's interval of a `share` of `n` pictures, which need not be a whole number, at `z` standard errors."""
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)) ** 0.5
    # The bounds of none and of all are exactly 0 and 1; rounding would miss them by an ulp.
    return 0.0 if share == 0 else max(0.0, centre - half), 1.0 if share == 1 else min(1.0, centre + half)


def _checked(labels: npt.ArrayLike, probabilities: npt.ArrayLike,
             classes: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.floating]]:
    """The two arrays as int64 and floats, or a refusal that names the first picture at fault."""
    truth, chances = np.asarray(labels), np.asarray(probabilities)
    if chances.dtype.kind != "f":
        chances = chances.astype(np.float64)
    if truth.ndim != 1 or chances.shape != (len(truth), classes) or (truth.size and truth.dtype.kind not in "iu"):
        raise UsageError("evaluation_shape", "labels and probabilities are compared picture by picture",
                         allowed=f"integers of shape (N,) and floats of shape (N, {classes}) are allowed",
                         given=f"{truth.dtype} {truth.shape} and {chances.dtype} {chances.shape} were given",
                         do="Give a label and a row of probabilities for each picture")
    if not truth.size:
        raise UsageError("evaluation_empty", "an evaluation was asked for", allowed="it needs at least one picture",
                         given="none was given", do="Choose a part of the data that has pictures")
    if (wrong := np.flatnonzero((truth < 0) | (truth >= classes))).size:
        raise UsageError("label_out_of_range", f"the label of picture {wrong[0]} is no class",
                         allowed=f"0 to {classes - 1} are allowed", given=f"{truth[wrong[0]]} was given",
                         do="Check that labels and classes belong to the same data set")
    with np.errstate(invalid="ignore"):  # ∞ − ∞ is NaN, and refused below
        sums = chances.sum(axis=1, dtype=np.float64)
    usual = (np.abs(sums - 1) <= TOLERANCE) & (chances >= 0).all(axis=1)  # false for NaN and infinity too
    if (wrong := np.flatnonzero(~usual)).size:
        raise UsageError("not_probabilities", f"the row of picture {wrong[0]} is no distribution over the classes",
                         allowed="probabilities from 0 to 1 that sum to 1 are allowed",
                         given=f"a sum of {sums[wrong[0]]:.4g} and a lowest value of {chances[wrong[0]].min():.4g} "
                               "were given",
                         do="Give probabilities (softmax of the scores), not scores")
    return truth.astype(np.int64), chances


def _class_result(name: str, index: int, confusion: npt.NDArray[np.int64]) -> ClassResult:
    hits = int(confusion[index, index])
    count, predicted = int(confusion[index].sum()), int(confusion[:, index].sum())
    return ClassResult(name, count, precision=hits / predicted if predicted else None,
                       recall=hits / count if count else None, interval=wilson(hits, count) if count else None,
                       f1=2 * hits / (count + predicted) if count + predicted else None)


def _rank(chances: npt.NDArray[np.floating], truth: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Rank of the true class (N,), from 0: the more probable classes, and equals with a lower index."""
    own = np.take_along_axis(chances, truth[:, None], axis=1)
    earlier = np.arange(chances.shape[1]) < truth[:, None]
    ahead: npt.NDArray[np.int64] = ((chances > own) | ((chances == own) & earlier)).sum(axis=1)
    return ahead


def _places(confidence: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """The bin (n,) of each confidence (n,): `BINS` of equal width, closed on the right."""
    edges = np.arange(1, BINS) / BINS
    return np.digitize(np.minimum(confidence, 1.0), edges, right=True).astype(np.int64)


def _reliability(places: npt.NDArray[np.int64], confidence: npt.NDArray[np.float64],
                 right: npt.NDArray[np.bool_]) -> tuple[ReliabilityBin, ...]:
    """Reliability diagram: pictures by the bin of their highest probability."""
    counts = np.bincount(places, minlength=BINS)
    confidences = np.bincount(places, weights=confidence, minlength=BINS)
    hits = np.bincount(places, weights=right, minlength=BINS)
    return tuple(
        ReliabilityBin(i / BINS, (i + 1) / BINS, int(n), float(confidences[i] / n) if n else None,
            float(hits[i] / n) if n else None)
        for i, n in enumerate(counts)
    )


def _surest(confidence: npt.NDArray[np.float64], right: npt.NDArray[np.bool_]) -> tuple[SurestPictures, ...]:
    """The risk-coverage curve at `COVERAGES`, without the points that equal probabilities make the same."""
    order = np.argsort(-confidence, kind="stable")
    rising, hits = -confidence[order], right[order].cumsum()
    n, found = len(order), {}
    for coverage in COVERAGES:
        threshold = -rising[max(1, ceil(coverage * n - ROUNDING)) - 1]
        count = int(np.searchsorted(rising, -threshold, side="right"))
        correct = int(hits[count - 1])
        found[count] = SurestPictures(count / n, float(threshold), count, correct / count, wilson(correct, count))
    return tuple(found.values())
