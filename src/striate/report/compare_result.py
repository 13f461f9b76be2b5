"""Typed result of `striate compare`: accuracies, differences with intervals and p-values, and costs.

Fractions are in 0..1, times in seconds; lists of recognisers are in the order of `Comparison.models`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from striate.core.result import Result
from striate.stats.metrics import Interval, ReliabilityBin


@dataclass(frozen=True)
class ComparisonSettings(Result):
    """Settings of a comparison: `threads` of each of `at_once` trainings, `sizes` in pictures per class."""

    seeds: int
    sizes: Sequence[int]
    minutes: float | None
    five_by_two: bool
    at_once: int
    threads: int


@dataclass(frozen=True)
class ComparedData(Result):
    """The pictures: `count` and `counts` (by class) of the test part, `learnable` of the others.

    `short`: classes with fewer pictures than the largest size; `leaked`: test pictures that are also training pictures.
    """

    name: str
    source: str
    classes: Sequence[str]
    count: int
    counts: Sequence[int]
    learnable: int
    skipped: int
    notes: Sequence[str]
    split: str
    leaked: int
    short: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class ComparedModel(Result):
    """One recogniser at the largest size; None for what it does not have.

    `seeds` are the accuracies of its trainings; `other_seeds` and `other_pictures` standard errors of the accuracy;
    `…_after` are after temperature scaling; `latency` is that of one picture, `throughput` pictures a second of 64 at
    once; `memory` bytes in training, `answer_memory` in answering; `timed`: whether it takes minutes.
    """

    name: str
    model: str
    hand_crafted: bool
    accuracy: float
    interval: Interval
    balanced: float
    seeds: Sequence[float]
    between_seeds: float | None
    other_seeds: float | None
    other_pictures: float
    nll: float
    ece: float
    temperature: float | None
    nll_after: float | None
    ece_after: float | None
    reliability: Sequence[ReliabilityBin]
    how: str
    learnt: int
    chosen: int
    timed: bool
    training: float
    features: float | None
    prediction: float
    memory: int
    answer_memory: float
    latency: float
    latency_range: Interval
    throughput: float
    bytes: int
    parameters: int
    macs: int | None


@dataclass(frozen=True)
class SeedDiscordance(Result):
    """The test pictures that only one of two trainings from one seed gets right, and McNemar's exact p."""

    only_first: int
    only_second: int
    p: float


@dataclass(frozen=True, kw_only=True)
class ComparedPair(Result):
    """Two recognisers: the difference of their accuracies with interval and p; `corrected` for all pairs (Holm)."""

    first: str
    second: str
    difference: float
    interval: Interval
    p: float
    only_first: float
    only_second: float
    effect: float
    bootstrap: Interval
    mcnemar: Sequence[SeedDiscordance]
    corrected: float = 1.0
    sure: bool = False


@dataclass(frozen=True)
class CurvePoint(Result):
    """The accuracy after learning from `size` pictures of a class, `pictures` in all."""

    size: int
    accuracy: float
    interval: Interval
    seeds: Sequence[float]
    pictures: int
    training: float


@dataclass(frozen=True)
class LearningCurve(Result):
    """The points of one recogniser, by rising size."""

    name: str
    hand_crafted: bool
    points: Sequence[CurvePoint]


@dataclass(frozen=True)
class SizeDifference(Result):
    """The difference between a learnt and a hand-crafted recogniser at one size."""

    size: int
    difference: float
    interval: Interval
    corrected: float
    sure: bool


@dataclass(frozen=True)
class CurveCrossing(Result):
    """The size from which `learnt` is ahead of `hand`, None for never, with the interval of the resamples."""

    hand: str
    learnt: str
    size: float | None
    interval: tuple[float | None, float | None]
    by_size: Sequence[SizeDifference] = ()


@dataclass(frozen=True)
class LearningCurves(Result):
    """Accuracy by pictures of a class, and where curves cross."""

    sizes: Sequence[int]
    rows: Sequence[LearningCurve]
    crossings: Sequence[CurveCrossing]


@dataclass(frozen=True)
class AgreementCounts(Result):
    """How often two recognisers agree (M, M); the pictures that `only` one, `all`, or `none` gets right."""

    alike: Sequence[Sequence[float | None]]
    only: Sequence[int]
    all: int
    none: int


@dataclass(frozen=True)
class ClassDifference(Result):
    """Recall of every recogniser on one class, and by how much the first two differ in it."""

    name: str = field(metadata={"key": "class"})
    count: int
    recalls: Sequence[float]
    difference: float
    interval: Interval
    p: float
    sure: bool = False


@dataclass(frozen=True)
class FiveByTwoPair(Result):
    """The 5×2 cv tests of two recognisers (Dietterich's t, Alpaydın's F); None where a statistic is infinite."""

    first: str
    second: str
    difference: float
    t: float | None
    t_p: float
    f: float | None
    p: float
    corrected: float


@dataclass(frozen=True, kw_only=True)
class Comparison(Result):
    """A comparison of recognisers on the same test pictures; `models` the most accurate first.

    `verdict` is one sentence without its stop; `others`: how much of the machine other programs used
    while predictions were timed; `fronts`: the names on the Pareto front of accuracy against each cost; `seconds` are
    those of this command, `computed_seconds` those of all trainings; `report` is the page.
    """

    striate: str
    title: str
    command: str
    created: str
    verdict: str
    asked: ComparisonSettings
    data: ComparedData
    models: Sequence[ComparedModel]
    pairs: Sequence[ComparedPair]
    curves: LearningCurves | None
    agreement: AgreementCounts
    classes: Sequence[ClassDifference]
    others: float
    fronts: Mapping[str, Sequence[str]]
    five_by_two: Sequence[FiveByTwoPair]
    environment: Mapping[str, str | int]
    seconds: float = 0.0
    computed_seconds: float = 0.0
    report: str = ""
