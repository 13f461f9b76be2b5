"""Section of a report on a model selection: a row for each candidate, drawn on one scale, and the time used."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from math import floor
from typing import Any

from striate.report.selection_result import CandidateResult, SelectionResult
from striate.report.train_result import TrainResult
from striate.stats.metrics import Evaluation, Interval
from striate.stats.verdict import p_value_text

IN_USE = ("chosen", "member")  # outcomes of what the saved recogniser is made of
SPENT = ("training", "evaluation")  # timings that a budget covers


@dataclass(frozen=True)
class Whisker:
    """A dot with its 95 % interval on the common scale; all in per cent of its width from the left."""

    dot: float
    left: float
    right: float


@dataclass(frozen=True)
class CandidateRow:
    """One candidate as it is drawn: what it reached, and what a full training was expected to reach."""

    candidate: CandidateResult
    kind: str  # best, other or none: how it stands out
    reached: Whisker | None
    expected: Whisker | None


@dataclass(frozen=True)
class AccuracyScale:
    """The common scale of accuracies in 0..1: from a tick up to 100 %, a tick at each 10 %, of a long one at each 20 %.

    >>> AccuracyScale.of([0.87, 0.93]).ticks, AccuracyScale.of([0.31, 0.93]).ticks
    ([80, 90, 100], [20, 40, 60, 80, 100])
    >>> AccuracyScale(80).place(0.9)
    50.0
    """

    start: int

    @classmethod
    def of(cls, values: Sequence[float]) -> AccuracyScale:
        """The scale that has room for `values`."""
        lowest = 100 * min(values, default=0.0)
        return cls(min(90, 10 * floor(lowest / 10)) if lowest >= 50 else 20 * floor(lowest / 20))

    @property
    def ticks(self) -> list[int]:
        """In per cent."""
        return list(range(self.start, 101, 10 if self.start >= 50 else 20))

    def place(self, value: float) -> float:
        """The place of an accuracy, in per cent of the width."""
        return round(100 * (100 * value - self.start) / (100 - self.start), 4)

    def whisker(self, accuracy: float | None, interval: Interval | None) -> Whisker | None:
        """The drawing of an accuracy; without an interval a dot alone."""
        if accuracy is None:
            return None
        low, high = interval or (accuracy, accuracy)
        return Whisker(self.place(accuracy), self.place(low), 100 - self.place(high))


def section(result: TrainResult) -> dict[str, Any]:
    """What the template draws; empty where nothing was selected."""
    selection = result.selection
    if selection is None:
        return {}
    candidates = with_ensemble(selection, result.validation).candidates
    scale = AccuracyScale.of([value for one in candidates for value in _values(one)])
    rows = [CandidateRow(one, _kind(one), scale.whisker(one.accuracy, one.interval),
                         scale.whisker(one.expected, one.expected_interval)) for one in candidates]
    accuracy = next((one.accuracy for one in candidates if one.name == selection.chosen), None)
    names = {one.name for one in candidates}
    return {
        "why": full_sentence(selection.why, names), "outlook": full_sentence(selection.outlook, names),
        "rows": rows, "ticks": scale.ticks if any(row.reached or row.expected for row in rows) else [],
        "step": 100 / (len(scale.ticks) - 1), "mark": None if accuracy is None else scale.place(accuracy),
        "time": time_used(result),
        "extrapolated": any(row.expected for row in rows),
        "test": None if selection.p_value is None else p_value_text(selection.p_value),
    }


def with_ensemble(selection: SelectionResult, validation: Evaluation | None) -> SelectionResult:
    """The selection with a row for the ensemble, if one was chosen, that has the accuracy of the `validation`.

    It takes the time of all its members to predict.
    """
    names = [one.name for one in selection.candidates]
    if not selection.weights or validation is None or selection.chosen in names:
        return selection
    members = [one.predict_seconds for one in selection.candidates if one.outcome == "member"]
    row = CandidateResult(
        name=selection.chosen, outcome="chosen", why="surely better than the best of its members",
        accuracy=validation.accuracy, interval=validation.interval, count=validation.count,
        predict_seconds=sum(one for one in members if one) if all(members) else None)
    return replace(selection, candidates=(row, *selection.candidates))


def time_used(result: TrainResult) -> float:
    """Seconds that count against the budget: training, and the predictions for the report."""
    spent = [result.timings[name] for name in SPENT if name in result.timings]
    return sum(spent) if spent else sum(one.seconds for one in result.selection.candidates) if result.selection else 0.0


def full_sentence(text: str, names: Collection[str]) -> str:
    """A sentence with a full stop, and a capital letter unless it begins with one of `names`; "" stays.

    >>> full_sentence("the best of both", ["knn"]), full_sentence("knn was selected", ["knn"])
    ('The best of both.', 'knn was selected.')
    """
    if not text:
        return ""
    first = text if text.split()[0].rstrip(",:;") in names else text[0].upper() + text[1:]
    return first if first[-1] in ".?!" else f"{first}."


def _kind(one: CandidateResult) -> str:
    """How its row stands out: it is used, it was trained, or it was not."""
    return "best" if one.outcome in IN_USE else "none" if one.accuracy is None else "other"


def _values(one: CandidateResult) -> list[float]:
    """All that is drawn of a candidate."""
    drawn = [(one.accuracy, one.interval), (one.expected, one.expected_interval)]
    return [value for middle, ends in drawn if middle is not None for value in (middle, *(ends or ()))]
