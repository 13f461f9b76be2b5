"""Typed result of `striate train`: data, recipe, history and metrics; the report is made from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from striate.arch.survey import Survey
from striate.core.result import Result, json_values
from striate.data.source import Skipped
from striate.report.selection_result import SelectionResult
from striate.stats.metrics import Evaluation


@dataclass(frozen=True)
class SplitOrigin(Result):
    """How the pictures were split: `divided`: an existing split, `stratified` from a seed, or from a `file`."""

    kind: str
    seed: int | None


@dataclass(frozen=True)
class TrainingData(Result):
    """The pictures of a run: K classes, the counts of each part by class, and what was left out.

    `source` is their name on the command line; `size` (height, width, channels) of the input; `leaked` counts test
    pictures that are also training pictures, None where they were not counted; `notes` are sentences.
    """

    source: str | None = None
    name: str = ""
    classes: Sequence[str] = ()
    counts: Mapping[str, Sequence[int]] = field(default_factory=dict)
    size: Sequence[int] | None = None
    resize: str | None = field(default=None, metadata={"key": "fit"})
    skipped: Sequence[Skipped] = ()
    notes: Sequence[str] = ()
    split: SplitOrigin | None = None
    leaked: int | None = None
    fingerprint: str | None = None


@dataclass(frozen=True)
class EpochResult(Result):
    """One epoch: losses in nats, accuracy in 0..1, seconds; None for what was not measured."""

    epoch: int
    loss: float | None = None
    validation_loss: float | None = None
    validation_accuracy: float | None = None
    learning_rate: float | None = None
    seconds: float | None = None
    pictures_per_second: float | None = None


@dataclass(frozen=True)
class StageResult(Result):
    """One stage of a hand-crafted recogniser: its result in a sentence, and whether it was cached."""

    stage: str
    what: str
    seconds: float
    cached: bool


@dataclass(frozen=True)
class StagesResult(Result):
    """The stages of a hand-crafted recogniser, in the order of the data, and their settings."""

    name: str
    settings: Mapping[str, object]
    rows: Sequence[StageResult]


@dataclass(frozen=True, eq=False, kw_only=True)
class TrainResult(Result):
    """A training run. Of a run in many processes, rank 0 has all of it, the others have only the `data`.

    `validation` and `test` are the metrics; `cross_validated`: whether `validation` is by cross-validation on training
    and validation pictures. `recipe` is the whole recipe as planned, `asked` the settings that were given, `reasons`
    the reasons for what was planned, `began` the options of pretrained weights, `weights` what those are.
    `selection` says among which candidates the recogniser was selected; None where it was not.
    `history` has a row per epoch, of which `best_epoch` was used. `network`, `reasons`, `history` and `stages` are None
    where the training method has none. `timings` and `seconds` are in seconds; `created` is a time of ISO 8601.
    """

    data: TrainingData
    striate: str | None = None
    title: str = "Report"
    command: str | None = None
    created: str | None = None
    model: str | None = None
    report: str | None = None
    seconds: float | None = None
    timings: Mapping[str, float] = field(default_factory=dict)
    validation: Evaluation | None = None
    cross_validated: bool = False
    test: Evaluation | None = None
    notes: Sequence[str] = ()
    seed: int | None = None
    network: Survey | None = None
    weights: str | None = None
    began: Mapping[str, str] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)
    asked: Mapping[str, Any] | None = None
    reasons: Sequence[str] | None = None
    history: Sequence[EpochResult] | None = None
    best_epoch: int | None = None
    stages: StagesResult | None = None
    selection: SelectionResult | None = None
    environment: Mapping[str, str | int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The same as JSON values, without what the training method does not have."""
        absent = {name for name in ("network", "reasons", "stages", "selection") if getattr(self, name) is None}
        absent |= {"weights", "began", "asked", "history", "best_epoch"} if self.history is None else set()
        return {name: json_values(value) for name, value in vars(self).items() if name not in absent}
