"""Tuning of optimiser and learning rate: each candidate is trained for a short time, on some of the pictures.

For each optimiser a range test (`convnet.training.lr_finder`), then its preset rate, a third and three times of it, and
the rate that was found. Measured on validation pictures; test pictures are not used.

Limits: what is best in half a minute on a part of the pictures need not be best in the whole run; and what follows from
the number of pictures, such as augmentation, follows from that part's.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from striate._version import __version__
from striate.convnet.recipe.recipe import BUDGETS
from striate.convnet.recipe.validation import OPTIMISERS
from striate.convnet.recogniser import ConvNet
from striate.convnet.training.lr_finder import RangeTest, range_test
from striate.convnet.training.seeding import generator
from striate.convnet.training.training_context import TrainingContext
from striate.core.constraints import Real
from striate.core.params import Refusal, checked
from striate.data import Data, Dataset
from striate.errors import Interrupted, RunError, UsageError, shown
from striate.report.tune import write_tuning
from striate.report.tune_result import TriedSettings, TuneResult, TuningData
from striate.stats.metrics import evaluate
from striate.tasks.methods import method_for
from striate.tasks.methods.convnet import ConvNetMethod
from striate.tasks.open_data import open_data
from striate.tasks.progress import Progress
from striate.tasks.run_folder import RUNS, RunFolder, run_name
from striate.tasks.settings import Settings, settings_for
from striate.tasks.training_data import announce

SECONDS, SHORTEST = 30.0, 0.6  # of training for each candidate
NETWORK = "compact"  # where no model is named
MOST = 10_000  # pictures of either part
FACTOR = 3.0  # between the rates around the preset one
NEAR = 1.2  # rates closer than this factor are one rate
TRIED = ("optimiser", "learning_rate")
BAD_SECONDS = Refusal("bad_seconds", "{name} of each trial were asked for", "Leave {name} out for 30")


@dataclass
class TuningTrial:
    """The search of one command: a training method, `train` and `validation` pictures, `seconds` a candidate."""

    method: ConvNetMethod
    train: Dataset
    validation: Dataset
    seconds: float
    progress: Progress
    stop: Callable[[], bool] = bool
    rows: list[TriedSettings] = field(default_factory=list)
    ranges: dict[str, RangeTest] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        """The settings of the run."""
        return self.method.settings

    def model(self, **recipe: Any) -> ConvNet:
        """The network, untrained, with the settings that were given and those of `recipe`."""
        given = {name: value for name, value in self.settings.recipe.items() if name not in (*TRIED, *BUDGETS)}
        return self.method.untrained(given | recipe)

    def context(self) -> TrainingContext:
        """The services of one training."""
        return TrainingContext(self.progress.on_step, stop=self.stop, feature_cache=self.method.feature_cache)

    def run(self) -> None:
        """Try each optimiser, or only the given one, adding to `rows` and `ranges`."""
        asked = self.settings.recipe.get("optimiser")
        for optimiser in (asked,) if asked else OPTIMISERS:
            self.progress.message(f"{optimiser}: range test")
            self.ranges[optimiser] = test = range_test(self.model(optimiser=optimiser), self.train,
                                                           context=self.context())
            first = self.candidate(optimiser, self.settings.recipe.get("learning_rate"),
                                   "given" if "learning_rate" in self.settings.recipe else "preset")
            for rate, why in nearby_rates(first, test.steepest):
                self.candidate(optimiser, rate, why)

    def candidate(self, optimiser: str, rate: float | None, why: str) -> float | None:
        """Train with one learning rate, None for the preset one; adds a row and returns the rate, if it is known."""
        started = time.monotonic()
        model = self.model(optimiser=optimiser, learning_rate=rate, minutes=max(self.seconds, SHORTEST) / 60)
        row = TriedSettings(optimiser=optimiser, learning_rate=rate, why=why, seconds=0.0)
        try:
            model.fit(self.train, validation=self.validation, context=self.context())
        except RunError as error:
            if error.code != "loss_not_finite":
                raise
            row = replace(row, failed="the loss diverged")
        else:
            found = evaluate(self.validation.labels, model.predict_proba(self.validation), self.validation.classes)
            rate = model.recipe_.learning_rate
            row = replace(row, learning_rate=rate, accuracy=found.accuracy, interval=found.interval, nll=found.nll,
                          epochs=int(model.history_[-1]["epoch"] or 0), steps=model.recipe_.steps)
        self.rows.append(replace(row, seconds=time.monotonic() - started))
        outcome = row.failed or f"validation {row.accuracy:.1%}"
        chosen = "preset" if rate is None else f"{rate:.3g}"
        self.progress.message(f"{optimiser}, learning rate {chosen} ({why}): {outcome}")
        return rate


def tune(data: str | Path, *, seconds: float = SECONDS, out: str | Path | None = None, again: Sequence[str] = (),
         progress: Progress | None = None, **options: Any) -> TuneResult:
    """Try optimisers and learning rates on a network for `seconds` each; the command `striate train --try`.

    `data` and `options` are those of `striate.train`, but without `model` and `weights` the network is `compact`; `out`
    is the folder of the page, None for `runs/DATA-MODEL-try`; `again` the command that trains, to which the best
    settings are added; `progress` are callbacks, None is none.
    Raises `UsageError` (`nothing_to_try`) for what is not trained by epochs, `Interrupted` when it is stopped before
    anything was measured.

        striate.tune("digits", model="lenet5", seconds=10).candidates[0].learning_rate
    """
    if not options.get("model") and not options.get("weights"):
        options["model"], again = NETWORK, [*again, "--model", NETWORK] if again else again
    settings = settings_for(data, **options)
    folder = try_folder(out, settings.data, settings.model)
    return try_settings(settings, folder, progress or Progress(), again=again, seconds=seconds)


def try_settings(settings: Settings, folder: RunFolder, progress: Progress, *, again: Sequence[str] = (),
                 seconds: float = SECONDS) -> TuneResult:
    """See `tune`; writes `report.html`, `report.json` and `try.png` into `folder`."""
    seconds = checked("seconds", seconds, Real(0), BAD_SECONDS)
    method = method_for(settings)
    if not isinstance(method, ConvNetMethod):
        raise UsageError("nothing_to_try", "optimisers and learning rates were to be tried",
                         allowed="a network is allowed", given=f"{shown(settings.model)} has stages, not epochs",
                         do="Leave out --try, or name a network with --model")
    folder.keep_out_of(settings.data)
    started = time.monotonic()
    data = open_data(settings, method.pack_arguments, None, progress)
    data.require_trainable()
    size = method.input_size(data)
    seed = settings.recipe.get("seed", 0)
    train, validation = (share_of(part, MOST, seed) for part in (data.train, data.validation))
    with folder.locked():
        announce(data, size, method, progress)
        with progress.interruptible() as stop:
            trial = TuningTrial(method, train, validation, seconds, progress, stop)
            try:
                trial.run()
            except Interrupted:
                if not trial.rows:
                    raise
            stopped = stop()
        result = replace(result_of(trial, data, again), seconds=time.monotonic() - started, stopped=stopped,
                         report=str(folder.path / "report.html"), picture=str(folder.path / "try.png"))
        best = result.candidates[0]
        chosen = {name: getattr(best, name) for name in TRIED} if best.accuracy is not None else {}
        replace(settings, planned=settings.recipe | chosen).save(folder.recipe)
        write_tuning(folder.path, result)
    return result


def result_of(trial: TuningTrial, data: Data, again: Sequence[str]) -> TuneResult:
    """The result, best first: by accuracy, of equals by likelihood."""
    rows = sorted(trial.rows, key=lambda row: (row.accuracy is None, -(row.accuracy or 0), row.nll or 0))
    best = rows[0]
    chosen, alike = [], 0
    if best.interval is not None:
        chosen = ["--optimiser", best.optimiser, "--learning-rate", f"{best.learning_rate:g}"]
        alike = sum(row.accuracy >= best.interval[0] for row in rows[1:] if row.accuracy is not None)
    parts = {"train": (trial.train, data.train), "validation": (trial.validation, data.validation)}
    return TuneResult(
        striate=__version__,
        title=f"Settings tried: {trial.settings.model} on {data.name}",
        command=trial.settings.command,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        model=trial.settings.model,
        data=TuningData(data.name, len(data.classes), {name: len(used) for name, (used, _) in parts.items()},
                        {name: len(whole) for name, (_, whole) in parts.items()}),
        each=trial.seconds,
        candidates=tuple(rows),
        alike=alike,
        ranges=trial.ranges,
        next=shlex.join([*again, *chosen]) if chosen and again else "",
        seconds=0.0, stopped=False, report="", picture="",
    )


def nearby_rates(rate: float | None, found: float | None) -> Iterator[tuple[float, str]]:
    """The other rates to try, each with the reason, none of them twice.

    >>> list(nearby_rates(0.03, 0.0041)), list(nearby_rates(0.03, 0.031)), list(nearby_rates(None, 0.0041))
    ([(0.01, '÷ 3'), (0.09, '× 3'), (0.0041, 'found')], [(0.01, '÷ 3'), (0.09, '× 3')], [(0.0041, 'found')])
    """
    rates = [] if rate is None else [rate, rate / FACTOR, rate * FACTOR]
    for one, why in zip(rates[1:], (f"÷ {FACTOR:g}", f"× {FACTOR:g}"), strict=False):
        yield rounded(one), why
    if found is not None and all(max(one / found, found / one) > NEAR for one in rates):
        yield rounded(found), "found"


def rounded(rate: float) -> float:
    """A rate with two significant digits, short enough to type."""
    return float(f"{rate:.2g}")


def share_of(part: Dataset, most: int, seed: int) -> Dataset:
    """A random subset of at most `most` pictures of `part`, stratified by class, in their order.

    >>> from striate import load_data
    >>> np.bincount(share_of(load_data("digits").train, 100, 0).labels).tolist()
    [10, 10, 10, 10, 10, 10, 10, 10, 10, 10]
    """
    if len(part) <= most:
        return part
    labels, places = part.labels, np.empty(len(part))
    order = generator(seed, "share").permutation(len(part))
    for label in np.unique(labels):
        own = order[labels[order] == label]
        places[own] = np.arange(len(own)) / len(own)
    return Dataset(part.pictures, part.indices[np.sort(np.argsort(places, kind="stable")[:most])])


def try_folder(out: str | Path | None, data: str, model: str) -> RunFolder:
    """A folder for what is tried: `out`, or the next free `runs/DATA-MODEL-try`; refuses as `RunFolder.fresh`."""
    if out is not None:
        return RunFolder.fresh(out, data, model)
    name = f"{run_name(data, model)}-try"
    return next(folder for number in count(1)
                if not (folder := RunFolder(RUNS / (name if number == 1 else f"{name}-{number}"))).taken)
