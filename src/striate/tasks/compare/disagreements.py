"""Pictures on which recognisers disagree, and the table of all answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from striate.data import Data
from striate.report.compare import Disagreement
from striate.stats.agreement import only_right
from striate.tasks.compare.plan import ComparisonPlan, TrainingPlan
from striate.tasks.compare.results import TrainingRecord
from striate.tasks.compare.statistics import ComparisonResults

EACH = 6  # pictures shown for a recogniser


def disagreements(
    plan: ComparisonPlan, data: Data, records: Mapping[TrainingPlan, TrainingRecord]
) -> list[Disagreement]:
    """Pictures that only one recogniser gets right, the most confident first, with all predictions."""
    results = ComparisonResults(plan, data, records)
    size = plan.largest
    ranking = sorted(plan.models, key=lambda one: -results.correct(one, size).mean())
    correct = [results.correct(model, size) for model in ranking]
    chances = [np.mean([one.probabilities for one in results.records(model, size)], axis=0) for model in ranking]
    keys, labels, shown = data.test.keys, results.labels, []
    for i, alone in enumerate(only_right(correct)):
        alone = alone[[all((chance[place].argmax() == labels[place]) == (j == i) for j, chance in enumerate(chances))
                       for place in alone.tolist()]] if len(alone) else alone  # so that the predictions shown agree
        sure = alone[np.argsort(-chances[i][alone, labels[alone]], kind="stable")][:EACH]
        for place, pixels in zip(sure, data.test.take(sure), strict=True):
            answers = [(results.names[model], int(chance[place].argmax()), float(chance[place].max()))
                       for model, chance in zip(ranking, chances, strict=True)]
            shown.append(Disagreement(results.names[ranking[i]], keys[place], pixels, int(labels[place]), answers))
    return shown


def table_of(plan: ComparisonPlan, data: Data, records: Mapping[TrainingPlan, TrainingRecord]) -> Iterator[list[Any]]:
    """Rows of `predictions.csv`: a heading, then each test picture with every training's answer and its probability."""
    results = ComparisonResults(plan, data, records)
    columns = [(results.names[model], seed, results.records(model, plan.largest)[seed])
               for model in plan.models for seed in range(plan.seeds)]
    yield ["picture", "class", *(f"{name} seed {seed}{what}" for name, seed, _ in columns
                                 for what in ("", " probability"))]
    answers = [one.probabilities.argmax(1) for *_, one in columns]
    for i, (key, label) in enumerate(zip(data.test.keys, results.labels.tolist(), strict=True)):
        row: list[Any] = [key, data.classes[label]]
        for answer, (*_, one) in zip(answers, columns, strict=True):
            row += [data.classes[answer[i]], f"{one.probabilities[i, answer[i]]:.6f}"]
        yield row
