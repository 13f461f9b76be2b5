"""Training method `auto`: the recogniser that is selected on validation pictures and by cross-validation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from striate.core.humanize import duration_in_words
from striate.data import Data
from striate.errors import UsageError, shown
from striate.model.recogniser import Recogniser
from striate.stats import metrics
from striate.stats.metrics import Evaluation
from striate.tasks.methods.auto.budget import Clock, proposed_seconds
from striate.tasks.methods.auto.candidates import candidates, method_of
from striate.tasks.methods.auto.choice import choose
from striate.tasks.methods.auto.families import Facts
from striate.tasks.methods.auto.model_selection import Selection
from striate.tasks.methods.auto.outcome import selection_result
from striate.tasks.methods.auto.trainer import Trainer
from striate.tasks.methods.auto.trial import Trial, TrialFolder
from striate.tasks.methods.auto.trial_ensemble import sure_ensemble
from striate.tasks.methods.method import TrainingMethod
from striate.tasks.progress import Progress
from striate.tasks.run_folder import RunFolder
from striate.tasks.settings import Settings

NAME = "auto"
FIELDS = ("minutes", "seed", "flip", "precision")


class AutoMethod(TrainingMethod[Recogniser]):
    """Selection among the families of `FAMILIES`, within `minutes`, or a time that is proposed."""

    PRETRAINED = True

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        if settings.sharded:
            raise UsageError("option_without_use", f"{shown(NAME)} was to be trained with --sharded",
                             allowed="a network that is named can be divided among processes",
                             given="--sharded was given", do="Leave it out, or name a network with --model")
        useless = [name for name in settings.recipe if name not in FIELDS]
        if useless:
            raise UsageError("option_without_use", f"a recogniser was to be selected with {useless[0]}",
                             allowed="minutes, seed, size, resize, flip and precision are allowed where no --model is "
                                     "named: the others mean something for one kind of it only",
                             given=f"{useless[0]} {shown(str(settings.recipe[useless[0]]))} was given",
                             do="Leave it out, or name the network, such as --model compact")
        candidates(settings)  # refuses what is missing before any picture is read

    @classmethod
    def matches(cls, settings: Settings) -> bool:
        """By name."""
        return settings.model == NAME

    @property
    def pack_arguments(self) -> dict[str, Any]:
        """Those of `compact`: small pictures stay as they are."""
        return {"size": self.settings.size, "channels": None}

    def input_size(self, data: Data) -> tuple[int, int]:
        """The packed size; each candidate has its own."""
        height, width = data.pictures.images.shape[1:3]
        return height, width

    def train(self, data: Data, folder: RunFolder, progress: Progress, stop: Callable[[], bool]) -> Recogniser:
        """The candidate that is best on pictures that it was not fitted on."""
        trials = TrialFolder(folder.checkpoints / NAME, data.pictures.fingerprint)
        given = self.settings.recipe.get("minutes")
        facts = Facts.of(data)
        count = facts.learnable + facts.test
        seconds = 60 * given if given else proposed_seconds(count, facts.small)
        state = trials.state
        self.clock = Clock(seconds, state.get("spent", 0.0), state.get("readings", ()))
        progress.message(f"the best recogniser for these pictures, in about {duration_in_words(seconds)}"
                         + ("" if given else "; --minutes sets another time, --model names one recogniser"))
        self.trainer = Trainer(self.settings, data, folder, progress, stop, self.clock, trials)
        self.selection = Selection(self.trainer)
        finished = self.selection.run()
        labels, seed = data.pictures.labels, self.settings.recipe.get("seed", 0)
        self.best = choose(finished, labels)
        self.pool = None if self.settings.single else sure_ensemble(finished, self.best, labels, seed)
        self.result = selection_result(self.selection, self.best, self.pool, self.clock, proposed=given is None)
        positions, scores = ((self.pool.positions, self.pool.weighting.held_out) if self.pool else
                             (self.best.positions, self.best.probabilities))
        self.validation = metrics.evaluate(labels[positions], scores, data.classes)
        self.methods = {trial.name: self._ready(trial) for trial in self.members}
        if self.pool is not None:
            return self.pool.model
        if history := getattr(self.best.model, "history_", None):
            folder.write_log(history)
        chosen: Recogniser = self.best.model
        return chosen

    @property
    def members(self) -> tuple[Trial, ...]:
        """The trials of what was chosen: one, or the members of the ensemble."""
        return self.pool.members if self.pool else (self.best,)

    def _ready(self, trial: Trial) -> TrainingMethod[Any]:
        """The method of a trial, with all that its report needs."""
        method = method_of(trial.name, self.settings)
        method.input_size(self.trainer.data_of(method))
        return method

    def prepared(self, data: Data) -> Data:  # noqa: ARG002 - that of the selection is not that of the recogniser
        """The pictures as the recogniser reads them."""
        if self.pool is None:
            return self.trainer.data_of(self.methods[self.best.name])
        preparation = self.pool.model.preparation_
        return self.trainer.packed({"size": preparation.size, "channels": preparation.channels})

    def validate(self, model: Recogniser, data: Data) -> Evaluation:  # noqa: ARG002 - it was measured in the selection
        """Evaluation on the pictures that the chosen recogniser was not fitted on."""
        return self.validation

    def recipe(self, model: Recogniser) -> dict[str, Any]:  # noqa: ARG002 - of an ensemble, that of each member
        """That of what was chosen; of an ensemble by member."""
        recipes = {trial.name: self.methods[trial.name].recipe(trial.model) for trial in self.members}
        return recipes if self.pool else recipes[self.best.name]

    def report_fields(self, model: Recogniser) -> dict[str, Any]:
        """Those of what was chosen, and the selection; of an ensemble the seed, the recipes and the machine."""
        best = self.methods[self.best.name].report_fields(self.best.model)
        if self.pool:
            best = {"seed": best["seed"], "recipe": self.recipe(model), "environment": best["environment"]}
        return best | {"selection": self.result, "reasons": (self.result.why, *best.get("reasons", ()))}

    def finish(self) -> None:
        """Remove the trials."""
        self.trainer.trials.remove()
