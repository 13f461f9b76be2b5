"""Page of a training run: HTML from a typed result and pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import floor
from typing import Any

from markupsafe import Markup

from striate.report import formatting, selection, tables, training_text
from striate.report.embedded_images import Misclassified, SamplePicture, show
from striate.report.page_environment import MOST_ROWS, environment
from striate.report.train_result import EpochResult, TrainingData, TrainResult
from striate.stats.metrics import ClassResult, Evaluation

MOST_SAMPLES, MOST_MISTAKES = 40, 24  # pictures on the page: some 200 kB at the packed 96×96
MOST_PAIRS = 12
SMALL = 40  # pixels on the longer side: such pictures are shown in threes


def render(result: TrainResult, samples: Sequence[SamplePicture], mistakes: Sequence[Misclassified]) -> str:
    """The page as text; what `result` lacks leaves its section out."""
    part = "test" if result.test else "validation"
    measured, data = result.test or result.validation, result.data
    chosen_on = result.validation or result.test  # a threshold may be chosen on what is not the test
    history = result.history or ()
    return environment().get_template("report.html.j2").render(vars(result) | {
        "network": result.network.as_dict() if result.network else None,
        "choice": selection.section(result),
        "history": history,
        "reasons": result.reasons or (),
        "part": part,
        "result": measured,
        "base": formatting.commonest(measured) if measured else None,
        "pairs": tables.confused(measured, MOST_PAIRS) if measured else [],
        "unseen": part == "test" and _unseen(data),
        "surest": chosen_on.surest if chosen_on and len(chosen_on.surest) > 1 else (),
        "surest_part": "validation" if result.validation else part,
        "steps": formatting.next_steps(result),
        "training_rows": training_text.settings_rows(result),
        "gallery": _gallery(samples, data.classes),
        "wrong": _worst(mistakes, data.classes),
        "strip": _strip(measured.per_class) if measured else None,
        "charts": _charts(history, result.best_epoch, measured),
    })


def _unseen(data: TrainingData) -> bool:
    """Whether no test picture is also one to learn from: our own split ensures it, an existing one may not."""
    if data.leaked is not None:
        return data.leaked == 0
    return data.split is not None and data.split.kind in ("stratified", "file")


def _gallery(samples: Sequence[SamplePicture], classes: Sequence[str]) -> list[dict[str, Any]]:
    """For each class its first samples, for as many classes as fit on the page."""
    chosen: dict[int, list[SamplePicture]] = {}
    for sample in samples:
        if sample.label in chosen or len(chosen) < MOST_SAMPLES:
            chosen.setdefault(sample.label, []).append(sample)
    few = len(chosen) <= MOST_ROWS
    cards = []
    for label in sorted(chosen):
        small = max(chosen[label][0].pixels.shape) <= SMALL
        each, side = (3, 56) if small and few and len(chosen[label]) > 1 else (1, 96 if few else 64)
        cards.append({"name": classes[label],
                      "pictures": [(show(one.pixels, side), one.key) for one in chosen[label][:each]]})
    return cards


def _worst(mistakes: Sequence[Misclassified], classes: Sequence[str]) -> list[dict[str, Any]]:
    """The most confident mistakes."""
    worst = sorted(mistakes, key=lambda one: (-one.probability, one.key))[:MOST_MISTAKES]
    return [{"shown": show(one.pixels, 112), "key": one.key, "actual": classes[one.actual],
             "predicted": classes[one.predicted], "probability": one.probability} for one in worst]


def _strip(rows: Sequence[ClassResult]) -> Mapping[str, float]:
    """The common scale of the intervals, from a multiple of 10 % below the lowest to 100 %."""
    start = floor(10 * min((row.interval[0] for row in rows if row.interval), default=0)) / 10
    return {"start": start, "scale": 100 / (1 - start)}


def _charts(history: Sequence[EpochResult], best: int | None, measured: Evaluation | None) -> dict[str, Markup]:
    """Our own SVG, which holds numbers and fixed words only: safe as it is."""
    from striate.report import figures  # here, because it loads matplotlib

    charts = {}
    if len(history) > 1:
        charts["loss"] = figures.loss_curve(history, best)
    if len(history) > 1 and any(row.validation_accuracy is not None for row in history):
        charts["accuracy"] = figures.accuracy_curve(history, best)
    for key, draw in (("learning_rate", figures.rate_curve), ("pictures_per_second", figures.speed_curve)):
        if sum(getattr(row, key) is not None for row in history) > 1:
            charts[key] = draw(history)
    if measured and measured.reliability:
        charts["reliability"] = figures.reliability(measured.reliability)
    return {name: Markup(svg) for name, svg in charts.items()}  # noqa: S704 - see above
