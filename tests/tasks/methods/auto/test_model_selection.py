"""Decisions of a selection, with trainings that are not made: what they would give is written down."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from striate.errors import PictureError, RunError, UsageError
from striate.tasks.methods.auto.choice import choose
from striate.tasks.methods.auto.model_selection import Selection
from striate.tasks.methods.auto.outcome import selection_result
from striate.tasks.methods.auto.trainer import TooSlow
from striate.tasks.methods.auto.trial import Trial
from striate.tasks.progress import Progress
from striate.tasks.settings import Settings

SLOW = {"compact": 0.002, "compact_deep": 0.003}  # seconds of a prediction, where it is not 0.001


@dataclass
class FakeClock:
    """A clock that trainings move."""

    seconds: float
    spent: float = 0.0

    def left(self) -> float:
        return max(0.0, self.seconds - self.spent)


@dataclass
class FakeTrainer:
    """A trainer of which (accuracy at first, accuracy in full, seconds in full) of each candidate is known."""

    data: Any
    known: dict[str, tuple[float, float, float]]
    clock: FakeClock
    settings: Settings = field(default_factory=lambda: Settings("pictures", "auto"))
    progress: Progress = field(default_factory=Progress)
    made: list[str] = field(default_factory=list)

    def sample(self, name: str, method: object, count: int, seconds: float) -> Trial:
        whole = len(self.data.split.train) + len(self.data.split.validation)
        return self._trial(name, self.known[name][0], self.known[name][2] * count / whole, count, full=False)

    def stagewise(self, name: str, method: object, seconds: float) -> Trial:
        if self.known[name][2] > seconds:
            self.clock.spent += seconds
            raise TooSlow
        return self._trial(name, self.known[name][1], self.known[name][2], len(self.data.train), full=True)

    def network(self, name: str, *, minutes: float | None, full: bool, **recipe: Any) -> Trial:
        first, last, seconds = self.known[name]
        if last < 0:
            raise RunError("loss_not_finite", "step 1 was run", given="the loss became nan", do="Start again")
        return self._trial(name, last if full else first, seconds if minutes is None else 60 * minutes,
                           len(self.data.train), full=full)

    def _trial(self, name: str, accuracy: float, seconds: float, trained_on: int, *, full: bool) -> Trial:
        self.clock.spent += seconds
        self.made.append(name if full else f"{name} at first")
        network = name in ("compact", "compact_deep", "finetune")
        every = np.arange(len(self.data.train) + len(self.data.validation))
        positions = self.data.split.validation if network else every
        labels = self.data.pictures.labels[positions]
        order = np.random.default_rng(len(self.made)).permutation(len(labels))
        wrong = order >= round(accuracy * len(labels))
        scores = np.zeros((len(labels), len(self.data.classes)))
        scores[np.arange(len(labels)), (labels + wrong) % len(self.data.classes)] = 1
        model: Any = SimpleNamespace(history_=[{"pictures_per_second": 3_000.0}], held_out_=None if network else (0, 0),
                                recipe_=SimpleNamespace(minutes=1.0))
        return Trial(name, model, full, positions, scores, trained_on, seconds, SLOW.get(name, 0.001))


def pictures(train: int, validation: int, classes: int = 10, side: int = 96, names: str = "name") -> Any:
    """As much of a `Data` as decisions are made by."""
    count = train + validation
    labels = np.arange(count) % classes
    rows = np.arange(train), np.arange(train, count)

    class Part(list):  # type: ignore[type-arg]
        @property
        def labels(self) -> Any:
            return labels[np.array(self, int)]

    return SimpleNamespace(
        train=Part(rows[0]), validation=Part(rows[1]), test=Part(range(200)),
        classes=[f"{names} {i}" for i in range(classes)],
        pictures=SimpleNamespace(labels=labels, images=np.empty((1, side, side, 3), np.uint8)),
        split=SimpleNamespace(train=rows[0], validation=rows[1]))


def selected(data: Any, known: dict[str, tuple[float, float, float]],
             seconds: float) -> tuple[str, Selection, FakeTrainer]:
    """The name of the chosen candidate, the selection and its trainer."""
    trainer = FakeTrainer(data, known, FakeClock(seconds))
    selection = Selection(trainer)  # type: ignore[arg-type]
    return choose(selection.run(), data.pictures.labels).name, selection, trainer


# Accuracies at first and in full, and seconds in full: about those of the data sets that are named.
CASES = {
    "few photographs": (pictures(220, 24, 2), 60, "transfer", {
        "transfer": (0, 0.96, 3), "knn": (0, 0.93, 1), "bow-fisher-quick": (0, 0.8, 25), "compact": (0.6, 0.78, 20),
        "finetune": (0, 0.96, 60)}),
    "digits": (pictures(1_259, 179, side=8), 30, "bow-fisher", {
        "transfer": (0, 0.958, 2), "knn": (0, 0.882, 1), "bow-fisher": (0, 0.996, 8), "compact": (0.922, 0.989, 14),
        "finetune": (0, 0.9, 60)}),
    "traffic signs": (pictures(20_000, 2_000, 43, side=32), 300, "compact", {
        "transfer": (0.6, 0.78, 90), "knn": (0.5, 0.6, 5), "bow-fisher": (0.8, 0.93, 120), "compact": (0.4, 0.96, 150),
        "compact_deep": (0.4, 0.96, 150), "finetune": (0, 0.9, 900)}),
    "clothes": (pictures(54_000, 6_000, side=28), 480, "compact_deep", {
        "transfer": (0.85, 0.9, 300), "knn": (0.8, 0.85, 5), "bow-fisher": (0.86, 0.93, 520),
        "compact": (0.9, 0.94, 300), "compact_deep": (0.9, 0.95, 300), "finetune": (0, 0.9, 9_000)}),
}


@pytest.mark.parametrize("case", CASES)
def test_the_best_is_selected_within_the_time(case: str) -> None:
    data, seconds, expected, known = CASES[case]
    name, _, trainer = selected(data, known, seconds)
    assert name.startswith(expected)
    assert trainer.clock.spent <= seconds


def test_what_cannot_win_is_given_up_and_it_is_said_why() -> None:
    data, seconds, _, known = CASES["few photographs"]
    _, selection, trainer = selected(data, known, seconds)
    assert "compact" not in trainer.made
    assert selection.records["compact"].outcome == "dropped"
    assert "the chance that it turns out best is" in selection.records["compact"].why


def test_a_diverging_network_fails_alone() -> None:
    data, seconds, _, known = CASES["digits"]
    name, selection, _ = selected(data, known | {"compact": (0.9, -1, 10)}, seconds)
    assert name == "bow-fisher"
    assert selection.records["compact"].outcome == "failed"


def test_a_method_that_takes_too_long_is_dropped_unless_it_is_the_first() -> None:
    data, _, _, known = CASES["few photographs"]
    slow = known | {"bow-fisher-quick": (0, 0.99, 500), "transfer": (0, 0.96, 70)}
    name, selection, _ = selected(data, slow, 60)
    assert name == "transfer"
    assert selection.records["bow-fisher-quick"].outcome in ("dropped", "not tried")


def test_finetune_needs_pictures_of_every_class() -> None:
    known = CASES["few photographs"][3]
    few = pictures(16, 4, 2)
    _, selection, _ = selected(few, known, 60)
    assert selection.records["finetune"].why == "the smallest class has 8 training pictures, 10 are needed"


def test_the_result_tells_of_every_candidate() -> None:
    data, seconds, _, known = CASES["traffic signs"]
    name, selection, trainer = selected(data, known, seconds)
    chosen = next(trial for trial in selection.finished if trial.name == name)
    found = selection_result(selection, chosen, None, trainer.clock, proposed=True)  # type: ignore[arg-type]
    rows = {row.name: row for row in found.candidates}
    assert rows[name].outcome == "chosen"
    assert rows[name].accuracy == pytest.approx(0.96)
    assert all(row.outcome and row.why for row in found.candidates)
    assert rows["knn"].expected is not None or rows["knn"].outcome == "beaten"


def outlook_of(selection: Selection, trainer: FakeTrainer) -> str:
    """What the result says that more time might bring."""
    best = choose(selection.finished, selection.labels)
    return selection_result(selection, best, None, trainer.clock, proposed=True).outlook  # type: ignore[arg-type]


def test_more_time_is_advised_for_what_the_time_left_out_and_for_nothing_else() -> None:
    data, seconds, _, known = CASES["few photographs"]
    _, selection, trainer = selected(data, known | {"finetune": (0, 0.96, 10)}, seconds)
    assert "time" in selection.records["bow-fisher"].why  # of how fast another family is: nobody left it out for time
    assert "bow-fisher" not in outlook_of(selection, trainer)
    _, selection, trainer = selected(data, known | {"transfer": (0, 0.96, 70)}, 60)
    assert selection.records["finetune"].hurried
    assert "finetune" in outlook_of(selection, trainer)


def test_where_the_last_resort_diverges_the_error_is_the_users() -> None:
    data, _, _, known = CASES["digits"]
    trainer = FakeTrainer(data, known | {"compact": (0.9, -1, 10)}, FakeClock(0))
    selection = Selection(trainer)  # type: ignore[arg-type]
    for name, record in selection.records.items():
        if name != "compact":
            record.end("not tried", "there is none")
    with pytest.raises(RunError, match="the loss became nan"):
        selection.run()


def trial_of(name: str, positions: list[int], right: list[int], each: float, labels: Any) -> Trial:
    """A full trial that recognised the pictures `right` among `positions`, in `each` seconds a picture."""
    scores = np.zeros((len(positions), 2))
    found = [labels[i] if i in right else 1 - labels[i] for i in positions]
    scores[np.arange(len(positions)), found] = 1
    return Trial(name, SimpleNamespace(held_out_=None), True, np.array(positions), scores, 4, 1.0, each)  # type: ignore[arg-type]


@pytest.mark.parametrize(("right", "expected"), [([0], "transfer"), ([0, 1], "transfer"), ([], "transfer")])
def test_a_cheaper_one_needs_more_than_a_few_pictures_to_be_as_good(right: list[int], expected: str) -> None:
    labels = np.array([0, 1, 0, 1])
    slow = trial_of("transfer", [0, 1, 2, 3], [0, 1, 2, 3], 0.002, labels)
    assert choose([slow, trial_of("compact", [0, 1], right, 0.001, labels)], labels).name == expected


def test_of_equals_on_the_same_few_pictures_the_cheaper_is_chosen_and_one_behind_is_not() -> None:
    labels, every = np.array([0, 1, 0, 1]), [0, 1, 2, 3]
    slow = trial_of("transfer", every, [0, 1, 2], 0.002, labels)
    assert choose([slow, trial_of("knn", every, [1, 2, 3], 0.001, labels)], labels).name == "knn"
    assert choose([slow, trial_of("knn", every, [1, 2], 0.001, labels)], labels).name == "transfer"


def test_a_candidate_that_refuses_the_pictures_is_left_out_and_says_why() -> None:
    data, seconds, _, known = CASES["digits"]

    class Refusing(FakeTrainer):
        def stagewise(self, name: str, method: object, seconds: float) -> Trial:
            if name == "bow-fisher":
                raise UsageError("too_small", "dense SIFT was asked for", given="1×1 was given", do="Give larger ones")
            return super().stagewise(name, method, seconds)

    selection = Selection(Refusing(data, known, FakeClock(seconds)))  # type: ignore[arg-type]
    assert "bow-fisher" not in [trial.name for trial in selection.run()]
    assert selection.records["bow-fisher"].outcome == "failed"
    assert selection.records["bow-fisher"].why.startswith("dense SIFT was asked for; 1×1 was given")


def test_a_picture_that_is_gone_stops_the_selection() -> None:
    data, seconds, _, known = CASES["digits"]

    class Gone(FakeTrainer):
        def stagewise(self, name: str, method: object, seconds: float) -> Trial:
            raise PictureError("image_empty", "a.png was read", given="it is empty", do="Take it out")

    with pytest.raises(PictureError, match="it is empty"):
        Selection(Gone(data, known, FakeClock(seconds))).run()  # type: ignore[arg-type]


def test_a_network_validated_on_a_few_pictures_has_to_be_far_ahead() -> None:
    data = pictures(236, 24, 6, side=28)
    trainer = FakeTrainer(data, {"transfer": (0, 0.75, 1), "compact": (0, 0.9, 1)}, FakeClock(60))
    frozen = trainer.stagewise("transfer", None, 60)
    lucky = trainer.network("compact", minutes=None, full=True)
    assert choose([frozen, lucky], data.pictures.labels).name == "transfer"
    better = FakeTrainer(data, {"compact": (0, 1.0, 1)}, FakeClock(60)).network("compact", minutes=None, full=True)
    worse = FakeTrainer(data, {"transfer": (0, 0.5, 1)}, FakeClock(60)).stagewise("transfer", None, 60)
    assert choose([worse, better], data.pictures.labels).name == "compact"


def test_a_deeper_network_that_diverges_fails_as_its_family() -> None:
    data, seconds, _, known = CASES["clothes"]
    name, selection, _ = selected(data, known | {"compact_deep": (0.9, -1, 300)}, seconds)
    assert name in ("transfer", "knn", "bow-fisher")
    assert (selection.records["compact"].outcome, selection.records["compact"].why) == ("failed", "its loss diverged")
