"""Selection of a recogniser: cheap evidence of every family first, full training of what may still be best.

In the manner of successive halving (Jamieson & Talwalkar, "Non-stochastic best arm identification and hyperparameter
optimization", AISTATS 2016), with unequal rungs: stagewise methods are tried on a sample, networks for a short time;
learning curves are extrapolated with their uncertainty (`striate.stats.power_law`), and a full training is made where
the chance that it is best is worth its time.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from striate.core.humanize import duration_in_words
from striate.errors import DataError, NetworkError, PictureError, RunError, StriateError, UsageError
from striate.stats.power_law import Extrapolation
from striate.tasks.methods.auto.candidate_record import CandidateRecord
from striate.tasks.methods.auto.candidates import candidates
from striate.tasks.methods.auto.choice import choose
from striate.tasks.methods.auto.expected_error import HOPELESS, chance_best, expected, finetuned, may_help, of_trial
from striate.tasks.methods.auto.families import FAMILIES, Facts
from striate.tasks.methods.auto.network_plan import finetuning_seconds, variant
from striate.tasks.methods.auto.trainer import TooSlow, Trainer
from striate.tasks.methods.auto.trial import Trial

SAMPLE = {True: 4.0, False: 2.4}  # pictures of a first trial for each second of the budget: small ones, photographs
LEAST, MOST, EACH = 400, 2_000, 5  # of them: at least, at most, and of a class, at least
FEW = {True: 2_000, False: 640}  # so few pictures are all used at once
CHEAP = 0.1  # of the budget: a full training that takes no more follows the first trial at once
SHARE = 0.6  # of the time left that one full training of a stagewise method may take
FIRST_SHARE, FIRST_LEAST, FIRST_MOST = 0.04, 3.0, 40.0  # of the budget, and seconds, of a network's first trial
PRICE = 0.5  # chance of being best that a full training must have, for each whole of the time left that it takes
ROUNDS = 2  # full trainings of networks: one by its epochs may leave time for another
UNFIT = DataError, NetworkError, UsageError  # refusals that are of one candidate, where another may take the pictures


class Selection:
    """Selection of a recogniser on one data set; `run` gives the full trials, among which to choose.

    `records`: by name of the candidate.
    """

    def __init__(self, trainer: Trainer) -> None:
        self.trainer, self.clock, self.say = trainer, trainer.clock, trainer.progress.message
        self.facts = Facts.of(trainer.data, flip=trainer.settings.recipe.get("flip"))
        self.labels: NDArray[np.int64] = trainer.data.pictures.labels
        made, missing = candidates(trainer.settings)
        self.methods = {name: method for name, (_, method) in made.items()}
        self.records = {family.name: CandidateRecord(family) for family in FAMILIES}
        for name, record in self.records.items():
            if reason := missing.get(name) or record.family.unfit(self.facts):
                record.end("not tried", reason)

    @property
    def finished(self) -> list[Trial]:
        """The full trials."""
        return [record.full for record in self.records.values() if record.full]

    def run(self) -> list[Trial]:
        """Try, drop and train the candidates; the full trials, at least one."""
        stagewise = [name for name, record in self.records.items() if record.open and not record.family.network]
        count = min(MOST, max(LEAST, round(SAMPLE[self.facts.small] * self.clock.seconds)))
        count = max(count, EACH * self.facts.classes)
        for name in stagewise:
            if self.facts.learnable > max(FEW[self.facts.small], count):
                self._sampled(name, count)
            if self._cost(name) <= CHEAP * self.clock.seconds:
                self._stagewise(name)
        self._first_network()
        for name in sorted(stagewise, key=lambda name: -self._chance(name)):
            if self.records[name].open:
                self._stagewise(name)
        for _ in range(ROUNDS):
            self._networks()
        if not self.finished:
            self._make_do()
        for record in self.records.values():
            if record.open:
                record.end("not tried", "the time was used up", hurried=True)
        return self.finished

    def _make_do(self) -> None:
        """Take the best first trial as a full one, where there was no time for any; a network if there is none.

        Raises `RunError` (`loss_not_finite`) where that network's loss diverges.
        """
        firsts = [record.first for record in self.records.values() if record.first]
        if firsts:
            best = choose(firsts, self.labels)
            self.records[best.name].full = replace(best, full=True)
            self.say(f"there is no time to train on all pictures: {best.name} stays as it is; --minutes gives more")
            return
        self.records["compact"].full = self.trainer.network("compact", minutes=FIRST_LEAST / 60, full=True,
                                                            **self._views("compact"))

    def _cost(self, name: str) -> float:
        """Seconds that a full trial of a stagewise method is expected to take; 0 where nothing is known of it."""
        first = self.records[name].first
        return first.seconds * self.facts.learnable / first.trained_on if first else 0.0

    def _expectation(self, name: str) -> Extrapolation | None:
        record = self.records[name]
        if record.full:
            return of_trial(record.full, self.labels)
        if name == "finetune" and record.open:
            frozen = self.records["transfer"].expects
            return finetuned(frozen) if frozen else None
        return record.expects if record.open else None

    def _others(self, name: str) -> list[Extrapolation]:
        found = (self._expectation(other) for other in self.records if other != name)
        return [one for one in found if one]

    def _chance(self, name: str) -> float:
        """The chance, at most, that the candidate turns out best; 1 where nothing is known of it."""
        own = self._expectation(name)
        return chance_best(own, self._others(name)) if own else 1.0

    def _told(self, name: str, trial: Trial) -> None:
        right = trial.right(self.labels)
        how = "" if trial.full else " at first"
        self.say(f"{name}: {right.mean():.1%} of {len(right):,} pictures right{how}, {trial.seconds:.0f} s")

    def _sampled(self, name: str, count: int) -> None:
        """A first trial on a sample."""
        record = self.records[name]
        try:
            trial = self.trainer.sample(name, self.methods[name], count, self._allowed())
        except TooSlow:
            record.end("dropped", f"a first trial on {count:,} pictures took too long", hurried=True)
            return
        except UNFIT as error:
            self._refused(record, error)
            return
        if trial is None:
            return
        record.first = trial
        record.expects = expected(trial, self.labels, self.facts.learnable, trial.trained_on,
                                  record.family.curve_for(self.facts))
        self._told(name, trial)

    def _stagewise(self, name: str) -> None:
        """A full trial of a stagewise method, if it is worth its time."""
        record, left = self.records[name], self.clock.left()
        if record.first:
            cost, chance = self._cost(name), self._chance(name)
            member = self._may_help(name, left - cost)
            if cost > SHARE * left and not member:
                record.end("dropped", f"training it on all pictures would take about {duration_in_words(cost)}",
                           hurried=True)
                return
            if chance < max(HOPELESS, PRICE * cost / left) and not member:
                record.end("dropped", f"the chance that it turns out best is {chance:.0%} at most, too small for the "
                                      f"{duration_in_words(cost)} it would take", hurried=chance >= HOPELESS)
                return
        elif self.finished and not self._worth_a_try(name):
            return
        allowed = self._allowed()
        try:
            record.full = self.trainer.stagewise(name, self.methods[name], allowed)
        except TooSlow:
            record.end("dropped", f"its training took longer than {duration_in_words(allowed)}", hurried=True)
            return
        except UNFIT as error:
            self._refused(record, error)
            return
        record.expects = of_trial(record.full, self.labels)
        self._told(name, record.full)

    def _refused(self, record: CandidateRecord, error: StriateError) -> None:
        """Give up a candidate that refuses the pictures, such as features of a larger window than they have."""
        if isinstance(error, PictureError):  # a picture that is gone or damaged is so for all
            raise error
        record.end("failed", str(error))
        self.say(f"{record.family.name} was left out: {error}")

    def _may_help(self, name: str, left: float) -> bool:
        """Whether it may be a member of an ensemble, with `left` seconds for predictions after its training."""
        record, others = self.records[name], self._others(name)
        if self.trainer.settings.single or not record.first or not record.expects or not others:
            return False
        predicting = self.facts.test * record.first.predict_seconds
        return may_help(record.expects, min(others, key=lambda one: one.mean)) and predicting < left

    def _allowed(self) -> float:
        """Seconds that a stagewise training may take; the first may take any time, so that there is a recogniser."""
        known = any(record.first or record.full for record in self.records.values())
        return SHARE * self.clock.left() if known else float("inf")

    def _worth_a_try(self, name: str) -> bool:
        if self.clock.left() > 0:
            return True
        self.records[name].end("not tried", "the time was used up", hurried=True)
        return False

    def _first_network(self) -> None:
        """A short training of `compact`: how fast it learns, and how far it comes."""
        record = self.records["compact"]
        seconds = min(FIRST_MOST, max(FIRST_LEAST, FIRST_SHARE * self.clock.seconds))
        if not record.open or self.clock.left() < 2 * seconds:
            return
        trial = self._trained("compact", record, minutes=seconds / 60, full=False)
        if trial is None:
            return
        record.first = trial
        final = max(self.clock.left(), trial.seconds)
        record.expects = expected(trial, self.labels, final, trial.seconds, record.family.curve_for(self.facts))
        self._told("compact", trial)

    def _networks(self) -> None:
        """The full training of the network that is likelier to be best, if any is worth the time that is left."""
        likely = {name: self._chance(name) for name, record in self.records.items()
                  if record.family.network and record.open}
        for name, chance in likely.items():
            if chance < HOPELESS:
                self.records[name].end("dropped", f"the chance that it turns out best is {chance:.1%} at most")
        able = [name for name in likely if self.records[name].open and self._affordable(name)]
        if not able:
            return
        name = max(able, key=lambda name: likely[name])
        record = self.records[name]
        seconds = self.clock.left() - self._predicting()
        model: str = name
        minutes: float | None = seconds / 60
        if name == "compact" and record.first:
            model, minutes = variant(record.family, self.facts, record.first.pictures_per_second, seconds)
        trial = self._trained(model, record, minutes=minutes, full=True)
        if trial is None:
            return
        if model != name:
            record.end("dropped", f"{model}, one convolution deeper, is better after so long a training")
            record = self.records[model] = CandidateRecord(record.family)
        record.full, record.expects = trial, of_trial(trial, self.labels)
        self._told(model, trial)

    def _affordable(self, name: str) -> bool:
        """Whether there is time to train a network; if not, it is given up."""
        record, seconds = self.records[name], self.clock.left() - self._predicting()
        if name == "finetune":
            frozen = self.records["transfer"].full or self.records["transfer"].first
            needed = finetuning_seconds(self.facts, frozen.predict_seconds) if frozen else float("inf")
            if seconds < needed:
                about = f": it takes about {duration_in_words(needed)}" if frozen else ""
                record.end("not tried", f"there is no time left for it{about}; give it with --minutes", hurried=True)
                return False
        elif seconds < (record.first.seconds if record.first else FIRST_LEAST):
            record.end("dropped" if record.first else "not tried", "there is no time left for it",
                       hurried=True)
            return False
        return True

    def _predicting(self) -> float:
        """Seconds that the test pictures will take, by all full trials together, as in an ensemble."""
        return self.facts.test * sum(trial.predict_seconds for trial in self.finished)

    def _trained(self, name: str, record: CandidateRecord, *, minutes: float | None, full: bool) -> Trial | None:
        """A trial of a network of the candidate `record`; None, and it failed, where its loss diverges."""
        try:
            return self.trainer.network(name, minutes=minutes, full=full, **self._views(name))
        except RunError as error:
            if error.code != "loss_not_finite":
                raise
            record.end("failed", "its loss diverged")
            return None
        except UNFIT as error:
            self._refused(record, error)
            return None

    def _views(self, name: str) -> dict[str, str]:
        """The field of a recipe by which a network predicts a picture and its mirror image, where both are alike."""
        return {"test_time": "flip"} if name != "finetune" and self.facts.flips else {}
