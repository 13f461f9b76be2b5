"""What a run computes is what its recipe says: the rate, the loss, the decay, the best epoch, the budget in minutes."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from striate import ConvNet, Input, Network
from striate.arch import BatchNorm, Conv, Dense, Pool, ReLU
from striate.convnet import losses as losses_room
from striate.convnet.build.net import build
from striate.convnet.build.normalise import InputNormalisation
from striate.convnet.optimisers import make_optimiser
from striate.convnet.recipe.recipe import Recipe
from striate.convnet.training import loop, step_timing, time_budget, validation_epoch
from striate.convnet.training.checkpoint import Checkpoints
from striate.convnet.training.training_context import StepRecord, TrainingContext
from striate.data import Data
from striate.model.preprocessing import InMemoryDataset


def network() -> Network:
    return Network(Dense(10)(Pool(2)(ReLU()(BatchNorm()(Conv(4, 3, padding=1)(Input(1, 8, 8)))))))


def quiet(**more: object) -> ConvNet:
    """Nothing random but weights and order."""
    settings = {"flip": False, "shift": 0.0, "rotate": 0.0, "zoom": 0.0, "precision": "float32", "seed": 1,
                "optimiser": "adamw"}
    return ConvNet(network(), **settings | more)  # type: ignore[arg-type]


def noted(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, note: Callable[..., None]) -> None:
    """Call `note` with the arguments of each call of `owner.name`, before it."""
    original = getattr(owner, name)
    monkeypatch.setattr(owner, name, lambda *args, **more: (note(*args, **more), original(*args, **more))[1])


def test_the_best_epoch_is_returned_and_not_the_last(digits: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    truth = torch.from_numpy(digits.validation.labels)
    weights: list[dict[str, torch.Tensor]] = []
    right = [30, 60, 150, 90, 120, 20]  # of the validation pictures, in each epoch

    def scripted(module: torch.nn.Module, *_: object, **__: object) -> torch.Tensor:
        answers = truth.clone()
        answers[right[len(weights)]:] = (answers[right[len(weights)]:] + 1) % 10
        weights.append({name: value.detach().clone() for name, value in module.state_dict().items()})
        return torch.nn.functional.one_hot(answers, 10).float()

    monkeypatch.setattr(validation_epoch, "logits_of", scripted)
    model = quiet(epochs=6, batch_size=256).fit(digits.train, validation=digits.validation)
    accuracies = [row["validation_accuracy"] for row in model.history_]
    assert accuracies == pytest.approx([count / len(truth) for count in right])
    assert model.best_epoch_ == np.argmax(accuracies) + 1 == 3
    learnt = model.module_.state_dict()
    same = [all(torch.equal(learnt[name], value) for name, value in epoch.items()) for epoch in weights]
    assert same == [False, False, True, False, False, False]


@pytest.mark.parametrize("optimiser", ["adamw", "sgd"])
@pytest.mark.parametrize("schedule", ["cosine", "linear", "constant"])
def test_every_step_is_taken_at_the_rate_of_the_recipe(digits: Data, monkeypatch: pytest.MonkeyPatch, optimiser: str,
                                                       schedule: str) -> None:
    rates: list[list[float]] = []
    kind = {"adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}[optimiser]
    noted(monkeypatch, kind, "step", lambda self, *_, **__: rates.append([group["lr"] for group in self.param_groups]))
    model = quiet(epochs=2, batch_size=256, optimiser=optimiser, schedule=schedule, warmup=0.3).fit(digits.train)
    assert len(rates) == model.recipe_.steps == 10
    assert rates == [[model.recipe_.rate_at(step)] * 2 for step in range(10)]
    assert len({rate for rate, _ in rates}) >= 3
    assert model.history_[-1]["learning_rate"] == rates[-1][0]


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_label_smoothing_reaches_the_loss(digits: Data, monkeypatch: pytest.MonkeyPatch, smoothing: float) -> None:
    calls: list[tuple[torch.Tensor, torch.Tensor]] = []
    noted(monkeypatch, losses_room, "cross_entropy", lambda scores, truth, **_: calls.append((scores.detach(), truth)))
    losses: list[float] = []
    quiet(epochs=1, batch_size=256, label_smoothing=smoothing).fit(
        digits.train, context=TrainingContext(lambda step: losses.append(step.loss)))
    assert len(losses) == len(calls) == 5
    for loss, (scores, truth) in zip(losses, calls, strict=True):
        chances = scores.log_softmax(1)
        one_hot = torch.nn.functional.one_hot(truth, 10) * (1 - smoothing) + smoothing / 10
        assert loss == pytest.approx(-(one_hot * chances).sum(1).mean().item(), rel=1e-6)


@pytest.mark.parametrize("optimiser", ["adamw", "sgd"])
def test_biases_and_norms_are_not_decayed(optimiser: str) -> None:
    module = build(network())
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.fill_(1.0)
            parameter.grad = torch.zeros_like(parameter)
    make_optimiser(module, Recipe(optimiser=optimiser, weight_decay=0.5, learning_rate=0.1)).step()
    decayed = {name for name, value in module.named_parameters() if not torch.equal(value, torch.ones_like(value))}
    assert decayed == {name for name, value in module.named_parameters() if value.ndim >= 2} != set()
    assert any(value.ndim == 1 for value in module.parameters())


def test_two_checkpoints_are_kept(digits: Data, tmp_path: Path) -> None:
    seen: list[list[str]] = []

    def look(_: StepRecord) -> None:
        seen.append(sorted(path.name for path in tmp_path.iterdir()))

    quiet(epochs=2, batch_size=256).fit(digits.train, context=TrainingContext(
        look, checkpoints=tmp_path, checkpoint_seconds=0))
    assert [len(names) for names in seen] == [1] + [2] * 9
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "step-000000000009.safetensors", "step-000000000010.safetensors"]
    assert Checkpoints(tmp_path).latest().facts["progress"]["step"] == 10  # type: ignore[union-attr]


@pytest.mark.parametrize("channels", [1, 3])
def test_mean_and_spread_are_those_of_the_training_pictures(channels: int) -> None:
    law = np.random.default_rng(3)
    pictures = law.integers(0, [50, 150, 250][:channels], (40, 6, 5, channels), dtype=np.uint8)
    model = ConvNet(epochs=1).fit(pictures, [0, 1] * 20, validation=(255 - pictures, [0, 1] * 20))
    prepared = model.preparation_
    exact = model.preparation_.apply(pictures).take(np.arange(40)).astype(np.float64)
    assert prepared.mean == pytest.approx(exact.mean(axis=(0, 1, 2)), rel=1e-6)
    assert prepared.std == pytest.approx(exact.std(axis=(0, 1, 2)), rel=1e-6)
    batch = prepared.batch(prepared.apply(pictures).take(np.arange(40))).numpy()
    assert batch.mean(axis=(0, 2, 3)) == pytest.approx(np.zeros(channels), abs=1e-5)
    assert batch.std(axis=(0, 2, 3)) == pytest.approx(np.ones(channels), abs=1e-5)


def test_a_constant_channel_has_spread_one() -> None:
    measured = InputNormalisation((2, 2), 1, "squash").measured(InMemoryDataset(np.full((3, 2, 2, 1), 9, np.uint8)))
    assert (measured.mean, measured.std) == ((9.0,), (1.0,))


@pytest.mark.parametrize("tick", [1.0, 7.0, 70.0])
def test_steps_that_are_long_beside_the_budget_end_it(digits: Data, monkeypatch: pytest.MonkeyPatch,
                                                      tick: float) -> None:
    """A step takes some three looks at the clock, so 2 %, a sixth and all of the two minutes and more."""
    now = 0.0

    def clock() -> float:
        nonlocal now
        now += tick
        return now

    for module in (time_budget, step_timing, loop):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=clock))
    model = quiet(minutes=2, batch_size=2048).fit(digits.train, validation=digits.validation)
    assert model.seconds_ < 125 + 20 * tick
    assert model.recipe_.steps < 120 / tick + 3


@pytest.mark.parametrize("slower", [1.0, 3.0, 0.4])  # what the machine makes of its speed halfway
def test_a_run_by_the_clock_ends_on_time(digits: Data, monkeypatch: pytest.MonkeyPatch, slower: float) -> None:
    now, tick, rates = 0.0, 0.125, list[float]()

    def clock() -> float:
        nonlocal now
        now += tick if now < 60 else tick * slower  # seconds from one look to the next
        return now

    for module in (time_budget, step_timing, loop):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=clock))
    noted(monkeypatch, loop, "set_rate", lambda _, rate: rates.append(rate))
    model = quiet(minutes=2, batch_size=256).fit(digits.train, validation=digits.validation)
    assert model.seconds_ == pytest.approx(120, rel=0.03)
    assert max(rates[-50:]) > min(rates[-50:]) > 0
    assert rates[-1] < 0.02 * max(rates)  # the schedule came to its end, too
    assert len(model.recipe_.plan) > 1 or slower == 1.0


def test_a_first_plan_that_is_far_off_is_soon_made_again(digits: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a cold machine the first steps take long; by them alone there would be time for nothing."""
    now, rates = 0.0, list[float]()

    def clock() -> float:
        nonlocal now
        now += 0.125
        return now

    for module in (time_budget, step_timing, loop):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=clock))
    monkeypatch.setattr(step_timing, "measure_step", lambda _: 50.0)
    noted(monkeypatch, loop, "set_rate", lambda _, rate: rates.append(rate))
    model = quiet(minutes=4, batch_size=256).fit(digits.train, validation=digits.validation)
    assert model.recipe_.plan[0] == (0, time_budget.LEAST)
    assert model.seconds_ == pytest.approx(240, rel=0.03)
    assert model.recipe_.steps > 100
    assert max(rates) == max(rates[10:]) > 2 * rates[len(rates) * 3 // 4] > 0  # the schedule was not spent before
