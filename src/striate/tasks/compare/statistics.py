"""Statistics of a comparison: from the predictions of all trainings to the typed result."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from striate._version import __version__
from striate.classifiers.temperature_scaling import log_probabilities, temperature, tempered
from striate.data import Data
from striate.report.compare_result import (
    AgreementCounts,
    ClassDifference,
    ComparedData,
    ComparedModel,
    ComparedPair,
    Comparison,
    ComparisonSettings,
    CurveCrossing,
    CurvePoint,
    FiveByTwoPair,
    LearningCurve,
    LearningCurves,
    SeedDiscordance,
    SizeDifference,
)
from striate.stats import metrics
from striate.stats.agreement import agreement, majority_right, only_right
from striate.stats.bootstrap import bootstrap
from striate.stats.five_by_two_cv import REPEATS, five_by_two
from striate.stats.holm import holm
from striate.stats.intervals import accuracy_interval
from striate.stats.learning_curves import crossing
from striate.stats.paired_tests import PairedDifference, mcnemar, paired_difference
from striate.stats.pareto import pareto_front
from striate.stats.variance_components import mean_variance
from striate.stats.verdict import Verdict, sure, verdict
from striate.tasks.compare.plan import ComparisonPlan, TrainingPlan, cores
from striate.tasks.compare.results import TrainingRecord
from striate.tasks.compare.subsets import halves, subset
from striate.tasks.environment import environment
from striate.tasks.methods.method import learnable

COSTS = ("training", "latency", "throughput", "bytes", "parameters", "macs", "memory")
Correct = NDArray[np.bool_]


class ComparisonResults:
    """Predictions of each model at each size: (S, n) arrays over trainings and test pictures."""

    def __init__(self, plan: ComparisonPlan, data: Data, records: Mapping[TrainingPlan, TrainingRecord]) -> None:
        self.plan, self.data, self.done, self.labels = plan, data, records, data.test.labels
        self.names = {model: display_name(model, plan.models) for model in plan.models}

    def records(self, model: str, size: int | None) -> list[TrainingRecord]:
        """The records of `model` on `size` pictures per class, by seed."""
        return [self.done[TrainingPlan(model, size, seed)] for seed in range(self.plan.seeds)]

    def answers(self, model: str, size: int | None) -> NDArray[np.int64]:
        """(S, n): the predicted classes."""
        return np.stack([one.probabilities.argmax(1) for one in self.records(model, size)])

    def correct(self, model: str, size: int | None) -> Correct:
        """(S, n): whether the prediction is correct."""
        return np.asarray(self.answers(model, size) == self.labels)


def comparison_of(plan: ComparisonPlan, data: Data, records: Mapping[TrainingPlan, TrainingRecord],
                  costs: Mapping[str, Mapping[str, float]]) -> Comparison:
    """The result, without its own time and place. `costs`: those of a prediction, by model."""
    results = ComparisonResults(plan, data, records)
    ranking = sorted(plan.models, key=lambda one: -results.correct(one, plan.largest).mean())
    models = [compared_model(results, model, costs[model]) for model in ranking]
    pairs = compared_pairs(results, ranking)
    found = [Verdict(one.first, one.second, one.difference, one.interval, one.corrected) for one in pairs]
    crossed = [best for by_hand in (True, False)
               if (best := next((one.name for one in models if one.hand_crafted is by_hand), None))]
    count = len(data.test)
    return Comparison(
        striate=__version__,
        title=f"{', '.join(results.names[model] for model in plan.models)} on {data.name}",
        command=plan.command,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        verdict=verdict([one.name for one in models], found, count, crossed if len(crossed) == 2 else ()),
        asked=ComparisonSettings(plan.seeds, plan.sizes, plan.minutes, plan.five_by_two, len(plan.core_groups()),
                                 len(plan.core_groups()[0])),
        data=ComparedData(
            data.name, plan.data, data.classes, count,
            np.bincount(results.labels, minlength=len(data.classes)).tolist(),
            len(data.train) + len(data.validation), len(data.skipped), data.notes, data.split.kind,
            data.leaked(data.test), short_classes(plan, data)),
        models=models,
        pairs=pairs,
        curves=learning_curves(results, ranking),
        agreement=agreement_counts(results, ranking),
        classes=class_differences(results, ranking),
        others=max(cost["others"] for cost in costs.values()),
        fronts={name: front_of(models, name) for name in COSTS},
        five_by_two=five_by_two_pairs(results, ranking) if plan.five_by_two else [],
        environment=environment(len(cores()), "") | {"cores": len(cores())},
    )


def compared_model(results: ComparisonResults, model: str, cost: Mapping[str, float]) -> ComparedModel:
    """Accuracy, calibration and costs of one recogniser at the largest size."""
    size, labels, classes = results.plan.largest, results.labels, results.data.classes
    records, correct = results.records(model, size), results.correct(model, size)
    figures = [metrics.evaluate(labels, one.probabilities, classes) for one in records]
    found, varies = accuracy_interval(correct), mean_variance(correct)
    scaled = []
    for one in records:
        if len(one.held):
            t = temperature(one.held_labels, log_probabilities(one.held))
            scaled.append((t, metrics.evaluate(labels, tempered(one.probabilities, t), classes)))
    facts = records[0].facts
    mean = np.mean
    return ComparedModel(
        name=results.names[model], model=model, hand_crafted=facts["hand_crafted"],
        accuracy=found.value, interval=found.interval,
        balanced=float(mean([one.balanced_accuracy for one in figures])),
        seeds=[float(one.mean()) for one in correct],
        between_seeds=float(np.std(correct.mean(axis=1), ddof=1)) if len(correct) > 1 else None,
        other_seeds=varies.trainings ** 0.5 if len(correct) > 1 else None,
        other_pictures=varies.pictures ** 0.5,
        nll=float(mean([one.nll for one in figures])), ece=float(mean([one.ece for one in figures])),
        temperature=float(mean([t for t, _ in scaled])) if scaled else None,
        nll_after=float(mean([one.nll for _, one in scaled])) if scaled else None,
        ece_after=float(mean([one.ece for _, one in scaled])) if scaled else None,
        reliability=figures[0].reliability,
        how=facts["how"], learnt=facts["learnt"], chosen=facts["chosen"], timed=facts["timed"],
        training=float(np.median([one.facts["training"] for one in records])),
        features=facts["features"], prediction=facts["prediction"],
        memory=max(one.facts["memory"] for one in records), answer_memory=cost["memory"],
        latency=cost["latency"], latency_range=(cost["latency_low"], cost["latency_high"]),
        throughput=cost["throughput"], bytes=facts["bytes"], parameters=facts["parameters"], macs=facts["macs"],
    )


def compared_pairs(results: ComparisonResults, ranking: list[str]) -> list[ComparedPair]:
    """Every two recognisers at the largest size, the more accurate first; p-values corrected for all pairs."""
    correct = {model: results.correct(model, results.plan.largest) for model in ranking}
    rows = []
    for first, second in itertools.combinations(ranking, 2):
        found = paired_difference(correct[first], correct[second])
        by_seed = []
        for one, two in zip(correct[first], correct[second], strict=True):
            counts = int((one & ~two).sum()), int((two & ~one).sum())
            by_seed.append(SeedDiscordance(*counts, mcnemar(*counts)))
        rows.append(ComparedPair(
            first=results.names[first], second=results.names[second], difference=found.difference,
            interval=found.interval, p=found.p, only_first=found.only_first, only_second=found.only_second,
            effect=found.effect, bootstrap=bootstrap(correct[first], correct[second]), mcnemar=by_seed))
    return [replace(row, corrected=p, sure=sure(row.interval, p))
            for row, p in zip(rows, holm([row.p for row in rows]), strict=True)]


def learning_curves(results: ComparisonResults, ranking: list[str]) -> LearningCurves | None:
    """Accuracy by size, and where each learnt recogniser overtakes each hand-crafted one."""
    sizes = sorted(results.plan.sizes)
    if len(sizes) < 2:
        return None
    rows, correct = [], {model: [results.correct(model, size) for size in sizes] for model in ranking}
    for model in ranking:
        points = []
        for size, right in zip(sizes, correct[model], strict=True):
            found = accuracy_interval(right)
            one = results.records(model, size)[0].facts
            points.append(CurvePoint(size, found.value, found.interval, [float(each.mean()) for each in right],
                                     one["learnt"] + one["chosen"],
                                     float(np.median([c.facts["training"] for c in results.records(model, size)]))))
        by_hand = results.records(model, sizes[0])[0].facts["hand_crafted"]
        rows.append(LearningCurve(results.names[model], by_hand, points))
    crossings: list[CurveCrossing] = []
    tests: list[PairedDifference] = []
    kinds: tuple[list[str], list[str]] = ([], [])
    for model, row in zip(ranking, rows, strict=True):
        kinds[0 if row.hand_crafted else 1].append(model)
    for hand, learnt in itertools.product(*kinds):
        at = crossing(sizes, correct[hand], correct[learnt])
        tests += [paired_difference(two, one) for one, two in zip(correct[hand], correct[learnt], strict=True)]
        low, high = (end if end < np.inf else None for end in at.interval)
        crossings.append(CurveCrossing(results.names[hand], results.names[learnt],
                                       at.size if at.size < np.inf else None, (low, high)))
    corrected = holm([one.p for one in tests])
    differences = [SizeDifference(size, test.difference, test.interval, p, sure(test.interval, p))
                   for size, test, p in zip(itertools.cycle(sizes), tests, corrected, strict=False)]
    crossings = [replace(row, by_size=differences[i * len(sizes) : (i + 1) * len(sizes)])
                 for i, row in enumerate(crossings)]
    return LearningCurves(sizes, rows, crossings)


def agreement_counts(results: ComparisonResults, ranking: list[str]) -> AgreementCounts:
    """How often two recognisers agree, and how many pictures only one gets right."""
    size = results.plan.largest
    correct = [results.correct(model, size) for model in ranking]
    table = np.stack([majority_right(one) for one in correct])
    return AgreementCounts(agreement([results.answers(model, size) for model in ranking]),
                           [len(one) for one in only_right(correct)],
                           int(table.all(axis=0).sum()), int((~table).all(axis=0).sum()))


def class_differences(results: ComparisonResults, ranking: list[str]) -> list[ClassDifference]:
    """Recall of every recogniser by class, and by how much the first two of the ranking differ in it."""
    correct = [results.correct(model, results.plan.largest) for model in ranking]
    rows = []
    for label, name in enumerate(results.data.classes):
        own = results.labels == label
        if not own.any():
            continue
        found = paired_difference(correct[0][:, own], correct[1][:, own])
        rows.append(ClassDifference(name, int(own.sum()), [float(one[:, own].mean()) for one in correct],
                                    found.difference, found.interval, found.p))
    return [replace(row, sure=sure(row.interval, corrected))
            for row, corrected in zip(rows, holm([row.p for row in rows]), strict=True)]


def five_by_two_pairs(results: ComparisonResults, ranking: list[str]) -> list[FiveByTwoPair]:
    """Dietterich's test for every two recognisers, corrected for all pairs."""
    data, accuracy = results.data, dict[str, NDArray[np.float64]]()
    for model in ranking:
        found = np.empty((REPEATS, 2))
        for repeat, half in itertools.product(range(REPEATS), (0, 1)):
            labels = data.pictures.labels[halves(data.split, data.pictures, repeat, half).test]
            answers = results.done[TrainingPlan(model, None, repeat, half)].probabilities.argmax(1)
            found[repeat, half] = (answers == labels).mean()
        accuracy[model] = found
    pairs = list(itertools.combinations(ranking, 2))
    tests = [five_by_two(accuracy[one] - accuracy[two]) for one, two in pairs]
    return [FiveByTwoPair(results.names[one], results.names[two], test.difference, finite(test.t), test.t_p,
                          finite(test.f), test.p, corrected)
            for (one, two), test, corrected in zip(pairs, tests, holm([test.p for test in tests]), strict=True)]


def finite(value: float) -> float | None:
    """`value`, or None if it is infinite."""
    return value if np.isfinite(value) else None


def front_of(models: Sequence[ComparedModel], name: str) -> list[str]:
    """The names on the Pareto front of accuracy against a cost; of throughput, more is better."""
    known = [one for one in models if getattr(one, name) is not None]
    sign = -1 if name == "throughput" else 1
    costs = [sign * getattr(one, name) for one in known]
    return [known[i].name for i in pareto_front([one.accuracy for one in known], costs)]


def short_classes(plan: ComparisonPlan, data: Data) -> list[str]:
    """The classes with fewer pictures than the largest size."""
    if plan.largest is None:
        return []
    part = replace(data, split=subset(data.split, data.pictures, plan.largest, 0))
    counts = np.bincount(learnable(part).labels, minlength=len(data.classes))
    return [name for name, count in zip(data.classes, counts, strict=True) if count < plan.largest]


def display_name(model: str, models: Sequence[str]) -> str:
    """The display name of a model: that of its file, the full path where another has the same."""
    own = Path(model).name
    return own if sum(Path(one).name == own for one in models) == 1 else model
