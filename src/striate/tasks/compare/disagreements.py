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


def disagreements(asked: ComparisonPlan, data: Data, done: Mapping[TrainingPlan, TrainingRecord]) -> list[Disagreement]:
    """For each recogniser pictures that only it gets right, the surest first, with what the others say."""
    results = ComparisonResults(asked, data, done)
    size = asked.largest
    ranking = sorted(asked.models, key=lambda one: -results.rights(one, size).mean())
    rights = [results.rights(model, size) for model in ranking]
    chances = [np.mean([one.probabilities for one in results.cells(model, size)], axis=0) for model in ranking]
    keys, labels, shown = data.test.keys, results.labels, []
    for i, alone in enumerate(only_right(rights)):
        alone = alone[[all((chance[place].argmax() == labels[place]) == (j == i) for j, chance in enumerate(chances))
                       for place in alone.tolist()]] if len(alone) else alone  # so that the answers shown say the same
        sure = alone[np.argsort(-chances[i][alone, labels[alone]], kind="stable")][:EACH]
        for place, pixels in zip(sure, data.test.take(sure), strict=True):
            answers = [(results.names[model], int(chance[place].argmax()), float(chance[place].max()))
                       for model, chance in zip(ranking, chances, strict=True)]
            shown.append(Disagreement(results.names[ranking[i]], keys[place], pixels, int(labels[place]), answers))
    return shown


def table_of(asked: ComparisonPlan, data: Data, done: Mapping[TrainingPlan, TrainingRecord]) -> Iterator[list[Any]]:
    """Rows of `predictions.csv`: a heading, then each test picture with every training's answer and its probability."""
    results = ComparisonResults(asked, data, done)
    columns = [(results.names[model], seed, results.cells(model, asked.largest)[seed])
               for model in asked.models for seed in range(asked.seeds)]
    yield ["picture", "class", *(f"{name} seed {seed}{what}" for name, seed, _ in columns
                                 for what in ("", " probability"))]
    answers = [one.probabilities.argmax(1) for *_, one in columns]
    for i, (key, label) in enumerate(zip(data.test.keys, results.labels.tolist(), strict=True)):
        row: list[Any] = [key, data.classes[label]]
        for answer, (*_, one) in zip(answers, columns, strict=True):
            row += [data.classes[answer[i]], f"{one.probabilities[i, answer[i]]:.6f}"]
        yield row
