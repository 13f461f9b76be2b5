"""From the answers of all trainings to the facts of the page: the statistics of `striate.stats`, arranged."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate._version import __version__
from striate.data import Data
from striate.stats import metrics
from striate.stats.agreement import agreement, mostly, only_one
from striate.stats.bootstrap import bootstrap
from striate.stats.five_by_two_cv import REPEATS, five_by_two
from striate.stats.holm import holm
from striate.stats.intervals import share
from striate.stats.learning_curves import crossing
from striate.stats.paired_tests import PairedDifference, exact, pair
from striate.stats.pareto import front
from striate.stats.temperature_scaling import temperature, tempered
from striate.stats.variance_components import chance
from striate.stats.verdict import Verdict, sure, verdict
from striate.tasks.compare.plan import ComparisonPlan, TrainingPlan, cores
from striate.tasks.compare.results import TrainingRecord
from striate.tasks.compare.subsets import drawn, halves
from striate.tasks.environment import environment
from striate.tasks.methods.method import learnable

COSTS = ("training", "latency", "throughput", "bytes", "parameters", "macs", "memory")
Rights = NDArray[np.bool_]


class ComparisonResults:
    """What each model answered at each size: (S, n) arrays over trainings and test pictures."""

    def __init__(self, asked: ComparisonPlan, data: Data, done: Mapping[TrainingPlan, TrainingRecord]) -> None:
        self.asked, self.data, self.done, self.labels = asked, data, done, data.test.labels
        self.names = {model: name_of(model, asked.models) for model in asked.models}

    def cells(self, model: str, size: int | None) -> list[TrainingRecord]:
        """The trainings of `model` on `size` pictures of a class, by seed."""
        return [self.done[TrainingPlan(model, size, seed)] for seed in range(self.asked.seeds)]

    def answers(self, model: str, size: int | None) -> NDArray[np.int64]:
        """(S, n): the classes answered."""
        return np.stack([one.probabilities.argmax(1) for one in self.cells(model, size)])

    def rights(self, model: str, size: int | None) -> Rights:
        """(S, n): whether the answer is right."""
        return np.asarray(self.answers(model, size) == self.labels)


def facts_of(
    asked: ComparisonPlan,
    data: Data,
    done: Mapping[TrainingPlan, TrainingRecord],
    costs: Mapping[str, Mapping[str, float]],
) -> dict[str, Any]:
    """The facts of the page, JSON values; see `striate.report.compare`. `costs`: by model, what it takes to answer."""
    results = ComparisonResults(asked, data, done)
    ranking = sorted(asked.models, key=lambda one: -results.rights(one, asked.largest).mean())
    models = [model_facts(results, model, costs[model]) for model in ranking]
    pairs = pair_facts(results, ranking)
    found = [Verdict(one["first"], one["second"], one["difference"], tuple(one["interval"]), one["corrected"])
             for one in pairs]
    crossed = [best for by_hand in (True, False)
               if (best := next((one["name"] for one in models if one["hand_crafted"] is by_hand), None))]
    count = len(data.test)
    return {
        "striate": __version__,
        "title": f"{', '.join(results.names[model] for model in asked.models)} on {data.name}",
        "command": asked.command,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "verdict": verdict([one["name"] for one in models], found, count, crossed if len(crossed) == 2 else ()),
        "asked": {"seeds": asked.seeds, "sizes": list(asked.sizes), "minutes": asked.minutes,
                  "five_by_two": asked.five_by_two, "at_once": len(asked.slots()), "threads": len(asked.slots()[0])},
        "data": {"name": data.name, "source": asked.data, "classes": list(data.classes), "count": count,
                 "counts": np.bincount(results.labels, minlength=len(data.classes)).tolist(),
                 "learnable": len(data.train) + len(data.validation), "skipped": len(data.skipped),
                 "notes": list(data.notes), "split": data.split.kind, "leaked": data.leaked(data.test),
                 "short": short_classes(asked, data)},
        "models": models,
        "pairs": pairs,
        "curves": curve_facts(results, ranking),
        "agreement": agreement_facts(results, ranking),
        "classes": class_facts(results, ranking),
        "others": max(cost["others"] for cost in costs.values()),
        "fronts": {name: front_of(models, name) for name in COSTS},
        "five_by_two": five_by_two_facts(results, ranking) if asked.five_by_two else [],
        "environment": environment(len(cores()), "") | {"cores": len(cores())},
    }


def model_facts(results: ComparisonResults, model: str, cost: Mapping[str, float]) -> dict[str, Any]:
    """Accuracy, calibration and costs of one recogniser at the largest size."""
    size, labels, classes = results.asked.largest, results.labels, results.data.classes
    cells, rights = results.cells(model, size), results.rights(model, size)
    figures = [metrics.evaluate(labels, one.probabilities, classes) for one in cells]
    found, varies = share(rights), chance(rights)
    scaled = []
    for one in cells:
        if len(one.held) and (one.held.argmax(1) != one.held_labels).any():  # all right would be likeliest at T = 0
            t = temperature(one.held_labels, one.held)
            scaled.append((t, metrics.evaluate(labels, tempered(one.probabilities, t), classes)))
    facts = cells[0].facts
    mean = np.mean
    return {
        "name": results.names[model], "model": model, "hand_crafted": facts["hand_crafted"],
        "accuracy": found.value, "interval": list(found.interval),
        "balanced": float(mean([one.balanced_accuracy for one in figures])),
        "seeds": [float(one.mean()) for one in rights],
        "between_seeds": float(np.std(rights.mean(axis=1), ddof=1)) if len(rights) > 1 else None,
        "other_seeds": varies.trainings ** 0.5 if len(rights) > 1 else None,
        "other_pictures": varies.pictures ** 0.5,
        "nll": float(mean([one.nll for one in figures])), "ece": float(mean([one.ece for one in figures])),
        "temperature": float(mean([t for t, _ in scaled])) if scaled else None,
        "nll_after": float(mean([one.nll for _, one in scaled])) if scaled else None,
        "ece_after": float(mean([one.ece for _, one in scaled])) if scaled else None,
        "reliability": [asdict(one) for one in figures[0].reliability],
        "how": facts["how"], "learnt": facts["learnt"], "chosen": facts["chosen"], "timed": facts["timed"],
        "training": float(np.median([one.facts["training"] for one in cells])),
        "features": facts["features"], "prediction": facts["prediction"],
        "memory": max(one.facts["memory"] for one in cells), "answer_memory": cost["memory"],
        "latency": cost["latency"], "latency_range": [cost["latency_low"], cost["latency_high"]],
        "throughput": cost["throughput"],
        **{name: facts[name] for name in ("bytes", "parameters", "macs")},
    }


def pair_facts(results: ComparisonResults, ranking: list[str]) -> list[dict[str, Any]]:
    """Every two recognisers at the largest size, the more accurate first; p-values corrected for all pairs."""
    rights = {model: results.rights(model, results.asked.largest) for model in ranking}
    rows: list[dict[str, Any]] = []
    for first, second in itertools.combinations(ranking, 2):
        found = pair(rights[first], rights[second])
        by_seed = []
        for one, two in zip(rights[first], rights[second], strict=True):
            counts = int((one & ~two).sum()), int((two & ~one).sum())
            by_seed.append({"only_first": counts[0], "only_second": counts[1], "p": exact(*counts)})
        rows.append({
            "first": results.names[first], "second": results.names[second], "difference": found.difference,
            "interval": list(found.interval), "p": found.p, "only_first": found.only_first,
            "only_second": found.only_second, "effect": found.effect,
            "bootstrap": list(bootstrap(rights[first], rights[second])), "mcnemar": by_seed,
        })
    for row, corrected in zip(rows, holm([row["p"] for row in rows]), strict=True):
        row["corrected"] = corrected
        row["sure"] = sure(row["interval"], corrected)
    return rows


def curve_facts(results: ComparisonResults, ranking: list[str]) -> dict[str, Any] | None:
    """Accuracy by size, and where each learnt recogniser overtakes each hand-crafted one."""
    sizes = sorted(results.asked.sizes)
    if len(sizes) < 2:
        return None
    rows, rights = [], {model: [results.rights(model, size) for size in sizes] for model in ranking}
    for model in ranking:
        points = []
        for size, right in zip(sizes, rights[model], strict=True):
            found = share(right)
            one = results.cells(model, size)[0].facts
            points.append({"size": size, "accuracy": found.value, "interval": list(found.interval),
                           "seeds": [float(each.mean()) for each in right], "pictures": one["learnt"] + one["chosen"],
                           "training": float(np.median([c.facts["training"] for c in results.cells(model, size)]))})
        by_hand = results.cells(model, sizes[0])[0].facts["hand_crafted"]
        rows.append({"name": results.names[model], "hand_crafted": by_hand, "points": points})
    crossings: list[dict[str, Any]] = []
    tests: list[PairedDifference] = []
    kinds: tuple[list[str], list[str]] = ([], [])
    for model, row in zip(ranking, rows, strict=True):
        kinds[0 if row["hand_crafted"] else 1].append(model)
    for hand, learnt in itertools.product(*kinds):
        at = crossing(sizes, rights[hand], rights[learnt])
        found_pairs = [pair(two, one) for one, two in zip(rights[hand], rights[learnt], strict=True)]
        tests += found_pairs
        crossings.append({"hand": results.names[hand], "learnt": results.names[learnt],
                          "size": at.size if at.size < np.inf else None,
                          "interval": [end if end < np.inf else None for end in at.interval]})
    corrected = holm([one.p for one in tests])
    for i, row in enumerate(crossings):
        row["by_size"] = []
        for j, size in enumerate(sizes):
            test, p = tests[i * len(sizes) + j], corrected[i * len(sizes) + j]
            row["by_size"].append({"size": size, "difference": test.difference, "interval": list(test.interval),
                                   "corrected": p, "sure": sure(test.interval, p)})
    return {"sizes": sizes, "rows": rows, "crossings": crossings}


def agreement_facts(results: ComparisonResults, ranking: list[str]) -> dict[str, Any]:
    """How often two answer alike, and how many pictures only one gets right."""
    size = results.asked.largest
    rights = [results.rights(model, size) for model in ranking]
    table = np.stack([mostly(one) for one in rights])
    return {"alike": agreement([results.answers(model, size) for model in ranking]),
            "only": [len(one) for one in only_one(rights)],
            "all": int(table.all(axis=0).sum()), "none": int((~table).all(axis=0).sum())}


def class_facts(results: ComparisonResults, ranking: list[str]) -> list[dict[str, Any]]:
    """Recall of every recogniser by class, and by how much the first two of the ranking differ in it."""
    rights = [results.rights(model, results.asked.largest) for model in ranking]
    rows: list[dict[str, Any]] = []
    for label, name in enumerate(results.data.classes):
        own = results.labels == label
        if not own.any():
            continue
        found = pair(rights[0][:, own], rights[1][:, own])
        rows.append({"class": name, "count": int(own.sum()), "recalls": [float(one[:, own].mean()) for one in rights],
                     "difference": found.difference, "interval": list(found.interval), "p": found.p})
    for row, corrected in zip(rows, holm([row["p"] for row in rows]), strict=True):
        row["sure"] = sure(row["interval"], corrected)
    return rows


def five_by_two_facts(results: ComparisonResults, ranking: list[str]) -> list[dict[str, Any]]:
    """Dietterich's test for every two recognisers, corrected for all pairs."""
    data, accuracy = results.data, dict[str, NDArray[np.float64]]()
    for model in ranking:
        found = np.empty((REPEATS, 2))
        for repeat, half in itertools.product(range(REPEATS), (0, 1)):
            labels = data.pictures.labels[halves(data.split, data.pictures, repeat, half).test]
            answers = results.done[TrainingPlan(model, None, repeat, half)].probabilities.argmax(1)
            found[repeat, half] = (answers == labels).mean()
        accuracy[model] = found
    rows = [{"first": results.names[one], "second": results.names[two],
             **asdict(five_by_two(accuracy[one] - accuracy[two]))} for one, two in itertools.combinations(ranking, 2)]
    for row, corrected in zip(rows, holm([row["p"] for row in rows]), strict=True):
        row["corrected"] = corrected
        row |= {name: None if not np.isfinite(row[name]) else row[name] for name in ("t", "f")}
    return rows


def front_of(models: list[dict[str, Any]], name: str) -> list[str]:
    """Who is on the front of accuracy against a cost; throughput is the better the more."""
    known = [one for one in models if one[name] is not None]
    sign = -1 if name == "throughput" else 1
    return [known[i]["name"] for i in front([one["accuracy"] for one in known], [sign * one[name] for one in known])]


def short_classes(asked: ComparisonPlan, data: Data) -> list[str]:
    """The classes that have fewer pictures than the largest size asks for."""
    if asked.largest is None:
        return []
    part = replace(data, split=drawn(data.split, data.pictures, asked.largest, 0))
    counts = np.bincount(learnable(part).labels, minlength=len(data.classes))
    return [name for name, count in zip(data.classes, counts, strict=True) if count < asked.largest]


def name_of(model: str, models: tuple[str, ...]) -> str:
    """A model as people call it: the name of its file, in full where another has the same."""
    own = Path(model).name
    return own if sum(Path(one).name == own for one in models) == 1 else model
