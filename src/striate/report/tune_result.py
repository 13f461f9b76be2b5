"""Typed result of `striate train --try`: candidate optimisers and learning rates with their accuracy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from striate.core.result import Result
from striate.stats.metrics import Interval

if TYPE_CHECKING:
    from striate.convnet.training.lr_finder import RangeTest


@dataclass(frozen=True)
class TuningData(Result):
    """Data of a tuning run: `counts` pictures of each part were used, `of` all that there are."""

    name: str
    classes: int
    counts: Mapping[str, int]
    of: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class TriedSettings(Result):
    """A candidate: an optimiser with one learning rate, and its result on validation pictures.

    `why` this rate was tried: `given`, `preset`, `÷ 3`, `× 3` or `found`; `failed` is a sentence or None, and with it
    everything measured is None. `nll` is in nats, `seconds` the time that it took.
    """

    optimiser: str
    learning_rate: float | None
    why: str
    failed: str | None = None
    accuracy: float | None = None
    interval: Interval | None = None
    nll: float | None = None
    epochs: int | None = None
    steps: int | None = None
    seconds: float


@dataclass(frozen=True, eq=False, kw_only=True)
class TuneResult(Result):
    """A search for optimiser and learning rate: the `candidates`, best first, each trained for `each` seconds.

    `alike`: how many others are within the interval of the best; `ranges`: the range test of each
    optimiser; `stopped`: whether it was ended before all had been tried; `next`: the command that trains with the best;
    `report` and `picture` are files.
    """

    striate: str
    title: str
    command: str
    created: str
    model: str
    data: TuningData
    each: float
    candidates: Sequence[TriedSettings]
    alike: int
    ranges: Mapping[str, RangeTest]
    next: str
    seconds: float
    stopped: bool
    report: str
    picture: str
