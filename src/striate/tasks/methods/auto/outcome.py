"""Outcome of a selection, in numbers and sentences, for its report."""

from __future__ import annotations

from typing import Any

import numpy as np

from striate.core.humanize import duration_in_words, join_words
from striate.ensemble.held_out import in_common
from striate.report.selection_result import CandidateResult, SelectionResult
from striate.stats.metrics import wilson
from striate.tasks.methods.auto.budget import Clock
from striate.tasks.methods.auto.candidate_record import CandidateRecord
from striate.tasks.methods.auto.choice import standard_errors_ahead
from striate.tasks.methods.auto.model_selection import Selection
from striate.tasks.methods.auto.trial import Trial
from striate.tasks.methods.auto.trial_ensemble import TrialEnsemble


def selection_result(selection: Selection, chosen: Trial, pool: TrialEnsemble | None, clock: Clock, *,
                     proposed: bool) -> SelectionResult:
    """The selection as its report shows it; ends the records of what was trained in full."""
    labels = selection.labels
    weights = dict(zip(pool.model.members_, pool.model.weights_.tolist(), strict=True)) if pool else {}
    for name, record in selection.records.items():
        if record.full and name in weights:
            record.end("member", f"weight {weights[name]:.2f} in the ensemble")
        elif record.full and name == chosen.name:
            record.end("chosen", "the best of those that were trained")
        elif record.full:
            record.end("beaten", _beaten(record.full, chosen, labels))
    rows = [_row(name, record, labels) for name, record in selection.records.items()]
    rows.sort(key=lambda row: row.trained_on == 0)
    common: dict[str, Any] = {"candidates": tuple(rows), "budget_seconds": clock.seconds, "proposed": proposed,
              "outlook": _outlook(selection, clock)}
    if pool:
        positions, scores = in_common([(pool.positions, pool.weighting.held_out), chosen.held_out])
        right, alone = (one.argmax(axis=1) == labels[positions] for one in scores)
        return SelectionResult(
            chosen="ensemble", weights=tuple(weights.items()), p_value=pool.improvement.p_value,
            why=f"an ensemble of {join_words(list(weights), 'and')} was selected: {right.mean():.1%} of {len(right):,} "
                f"pictures right that it was not fitted on, {chosen.name} alone {alone.mean():.1%} "
                f"(p = {pool.improvement.p_value:.2g})",
            basis=f"{len(right):,} pictures that no member was fitted on", **common)
    right = chosen.right(labels)
    full = [trial for trial in selection.finished if trial is not chosen]
    second = max(full, key=lambda trial: trial.right(labels).mean(), default=None)
    beside = f"; {second.name} {second.right(labels).mean():.1%} of {len(second.positions):,}" if second else ""
    return SelectionResult(
        chosen=chosen.name,
        why=f"{chosen.name} was selected: {right.mean():.1%} of {len(right):,} pictures right that it was not fitted "
            f"on{beside}",
        basis=_basis(chosen), **common)


def _beaten(trial: Trial, chosen: Trial, labels: np.ndarray) -> str:
    positions, scores = in_common([trial.held_out, chosen.held_out])
    own, best = (one.argmax(axis=1) == labels[positions] for one in scores)
    difference = 100 * float(best.mean() - own.mean())
    if abs(standard_errors_ahead(best, own)) <= 1:
        return f"as good as {chosen.name} on {len(positions):,} pictures, within the error of the comparison"
    how = "worse" if difference > 0 else "better"
    return f"{abs(difference):.1f} points {how} than {chosen.name} on {len(positions):,} pictures"


def _row(name: str, record: CandidateRecord, labels: np.ndarray) -> CandidateResult:
    trial = record.full or record.first
    if trial is None:
        return CandidateResult(name=name, outcome=record.outcome, why=record.why)
    right = trial.right(labels)
    expects = record.expects if record.full is None else None
    seconds = sum(one.seconds for one in (record.first, record.full) if one)
    return CandidateResult(
        name=name, outcome=record.outcome, why=record.why, accuracy=float(right.mean()),
        interval=wilson(int(right.sum()), len(right)), count=len(right), trained_on=trial.trained_on, seconds=seconds,
        expected=expects.accuracy if expects else None, expected_interval=expects.interval if expects else None,
        predict_seconds=trial.predict_seconds)


def _basis(chosen: Trial) -> str:
    crossed = chosen.model.held_out_ is not None
    return f"{len(chosen.positions):,} pictures{' by cross-validation' if crossed else ' for validation'}"


def _outlook(selection: Selection, clock: Clock) -> str:
    """What more time might bring."""
    unfinished = [name for name, record in selection.records.items() if record.hurried]
    if unfinished:
        return (f"with more time ({' or '.join(unfinished)} {'was' if len(unfinished) == 1 else 'were'} left out for "
                f"want of it) it might be better: --minutes {max(2, round(4 * clock.seconds / 60))}")
    network = [trial for trial in selection.finished
               if getattr(getattr(trial.model, "recipe_", None), "minutes", None)]
    if network:
        return (f"{network[0].name} was still learning when the time was up: "
                f"--minutes {max(2, round(3 * clock.seconds / 60))}")
    return (f"everything that fits the data was trained to its end, in {duration_in_words(clock.spent)}; more pictures "
            "would help, not time")
