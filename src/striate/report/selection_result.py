"""Typed result of model selection: what was tried, how long, how good, what was chosen, and why."""

from __future__ import annotations

from dataclasses import dataclass

from striate.core.result import Result
from striate.stats.metrics import Interval


@dataclass(frozen=True, kw_only=True)
class CandidateResult(Result):
    """One candidate of a model selection.

    Attributes:
        name: as `striate train --model` takes it.
        outcome: `chosen`, `member` (of the ensemble that was chosen), `beaten` (trained in full, and not chosen),
            `dropped` (given up after a first, short training), `not tried` or `failed`.
        why: the reason of the outcome, a sentence.
        accuracy: 0..1 on the `count` pictures that it was compared on, with its 95 % `interval`; None where it was not
            trained.
        trained_on: pictures of its last training; 0 where there was none.
        seconds: of all its trainings, predictions for the comparison included.
        expected: the accuracy that a full training was expected to reach, with the 95 % interval of that, where it was
            given up or extrapolated; else None.
        predict_seconds: for one picture, in batches; None where it was not measured.

    """

    name: str
    outcome: str
    why: str
    accuracy: float | None = None
    interval: Interval | None = None
    count: int = 0
    trained_on: int = 0
    seconds: float = 0.0
    expected: float | None = None
    expected_interval: Interval | None = None
    predict_seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class SelectionResult(Result):
    """The selection of a recogniser among candidates, on pictures that none of them was fitted on.

    Attributes:
        chosen: the name of the candidate, or `ensemble`.
        why: the reason, a sentence.
        candidates: in the order in which they were tried, those that were not tried last.
        basis: what they were compared on, in words, such as "1,500 pictures by cross-validation".
        budget_seconds: the time that was to be used; `proposed`: whether it was proposed, not given.
        outlook: what more time might bring, a sentence; "" where nothing is known of it.
        weights: by member, the weights of the ensemble, which sum to 1; empty where none was chosen.
        p_value: of the one-sided test that the ensemble is better than its best member; None where there was none.

    """

    chosen: str
    why: str
    candidates: tuple[CandidateResult, ...]
    basis: str
    budget_seconds: float
    proposed: bool
    outlook: str = ""
    weights: tuple[tuple[str, float], ...] = ()
    p_value: float | None = None
