"""Trainer of the candidates of a selection: every training it makes is stored, and read again by a resumed run."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.convnet.distributed import ProcessGroup
from striate.data import Data, Dataset
from striate.errors import Interrupted
from striate.model.recogniser import Recogniser
from striate.tasks.methods.auto.budget import Clock
from striate.tasks.methods.auto.candidates import method_of
from striate.tasks.methods.auto.sampling import sampled, stratified
from striate.tasks.methods.auto.trial import Trial, TrialFolder
from striate.tasks.methods.method import TrainingMethod, learnable
from striate.tasks.open_data import open_data
from striate.tasks.progress import Progress
from striate.tasks.run_folder import RunFolder
from striate.tasks.settings import Settings

TIMED = 64  # pictures that the time of a prediction is measured on
FIRST = "-first"  # at the end of the label of a first trial


class TooSlow(Exception):  # noqa: N818 - a verdict
    """A training took longer than it was allowed to."""


@dataclass
class Trainer:
    """Trainer of candidates.

    Attributes:
        settings: of the run; data: its pictures, small ones in their own size; folder: of the run, with its split.
        progress, stop: of the run.
        clock: of the selection; trials: the folder of its trials.

    """

    settings: Settings
    data: Data
    folder: RunFolder
    progress: Progress
    stop: Callable[[], bool]
    clock: Clock
    trials: TrialFolder
    _opened: dict[str, Data] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # What is said of trials is enough; and the other processes wait: rank 0 trains alone.
        self._silent = replace(self.progress, message=lambda _: None, group=ProcessGroup())
        self._place = {key: i for i, key in enumerate(self.data.pictures.keys)}

    def data_of(self, method: TrainingMethod[Any]) -> Data:
        """The pictures as `method` reads them, split as those of the run."""
        return self.packed(method.pack_arguments)

    def packed(self, arguments: Mapping[str, Any]) -> Data:
        """The pictures packed with these arguments of `striate.data.load_data`, split as those of the run."""
        key = repr(sorted(arguments.items()))
        if key not in self._opened:
            self._opened[key] = open_data(self.settings, arguments, self.folder.split, self._silent)
        return self._opened[key]

    def _done(self, name: str, *, full: bool) -> Trial | None:
        """The trial that was made before the run was stopped; None where there is none of these pictures."""
        trial, pack = self.trials.load(name if full else name + FIRST), self.data.pictures
        fitting = trial is not None and (trial.name, trial.full) == (name, full)
        return trial if trial and fitting and trial.fits(tuple(pack.classes), len(pack.labels)) else None

    def sample(self, name: str, method: TrainingMethod[Any], count: int,
               seconds: float) -> Trial | None:
        """A first trial of a stagewise method, on a sample of the learnable pictures, in `seconds` at most.

        None where no sample can be read; raises `TooSlow`.
        """
        if done := self._done(name, full=False):
            return done
        every = learnable(self.data)
        chosen = every.indices[stratified(every.labels, count, self.settings.recipe.get("seed", 0))]
        some = sampled(self.data, chosen, method.pack_arguments, self.settings.resize)
        if some is None:
            return None
        method.input_size(some)
        return self._stagewise(name, method, some, full=False, seconds=seconds)

    def stagewise(self, name: str, method: TrainingMethod[Any], seconds: float) -> Trial:
        """A full trial of a stagewise method, in `seconds` at most: more raise `TooSlow`."""
        if done := self._done(name, full=True):
            return done
        whole = self.data_of(method)
        method.input_size(whole)
        return self._stagewise(name, method, whole, full=True, seconds=seconds)

    def network(self, name: str, *, minutes: float | None, full: bool, **recipe: Any) -> Trial:
        """A trial of a network by `minutes`, or by the epochs of its preset where they are None."""
        label = name if full else name + FIRST
        if done := self._done(name, full=full):
            return done
        granted = self.trials.state.setdefault("granted", {})
        if label not in granted:  # a run that is resumed has to train for as long as it was begun with
            granted = granted | {label: minutes}
            self._keep(granted=granted)
        given = {} if granted[label] is None else {"minutes": granted[label]}
        method = method_of(name, self.settings, **recipe, **given)
        whole = self.data_of(method)
        method.input_size(whole)
        shown = whole if full else replace(whole, split=replace(whole.split, test=whole.split.test[:0]))
        started = time.monotonic()
        model = method.train(shown, RunFolder(self.trials.of(label)), self._silent, self.stop)
        predicting = time.monotonic()
        scores = model.predict_proba(whole.validation)
        each = (time.monotonic() - predicting) / len(whole.validation)
        return self._stored(label, Trial(
            name, model, full, self._positions(whole.validation), scores, len(whole.train),
            time.monotonic() - started, each))

    def _stagewise(self, name: str, method: TrainingMethod[Any], data: Data, *, full: bool, seconds: float) -> Trial:
        label = name if full else name + FIRST
        if label in self.trials.state.get("slow", ()):
            raise TooSlow
        started = time.monotonic()

        def late() -> bool:
            return self.stop() or time.monotonic() - started > seconds

        try:
            model = method.train(data, RunFolder(self.trials.of(label)), self._silent, late)
        except Interrupted:
            if self.stop():
                raise
            self._keep(slow=[*self.trials.state.get("slow", ()), label])
            raise TooSlow from None
        every = learnable(data)
        indices, scores = model.held_out_
        trained = time.monotonic() - started
        each = seconds_per_picture(model, every)
        return self._stored(label, Trial(name, model, full, self._positions(every)[indices], scores, len(every),
                                         trained, each))

    def _positions(self, part: Dataset) -> NDArray[np.int64]:
        """Where the pictures of another pack are in that of the selection."""
        return np.array([self._place[key] for key in part.keys], np.int64)

    def _keep(self, **values: Any) -> None:
        """Save the state of the selection, what the clock has said included."""
        self.trials.update(spent=self.clock.spent, readings=self.clock.readings, **values)

    def _stored(self, label: str, trial: Trial) -> Trial:
        self.trials.save(label, trial)
        self._keep()
        if self.stop():
            raise Interrupted("interrupted", "training was stopped between two candidates")
        return trial


def seconds_per_picture(model: Recogniser, part: Dataset) -> float:
    """Seconds that `model` takes to predict one of the pictures of `part`, in a batch."""
    some = part.take(np.arange(min(TIMED, len(part))))
    started = time.monotonic()
    model.predict_proba(some)
    return (time.monotonic() - started) / len(some)
