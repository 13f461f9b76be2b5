"""Stopped anywhere and taken up again, a run ends in the bits it would have ended in (R1 to R12, F8, F9, F13)."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from striate import ConvNet, Input, Network
from striate.arch import BatchNorm, Conv, Dense, Dropout, Pool, ReLU
from striate.convnet.training import loop, state_dict
from striate.convnet.training.checkpoint import Checkpoints, Snapshot
from striate.convnet.training.training_context import StepRecord, TrainingContext
from striate.data import Data
from striate.errors import Interrupted, RunError


def network() -> Network:
    x = Pool(2)(ReLU()(BatchNorm()(Conv(8, 3, padding=1)(Input(1, 8, 8)))))
    return Network(Dense(10)(Dropout(0.3)(x)))


def fresh(optimiser: str = "adamw") -> ConvNet:
    return ConvNet(network(), epochs=3, batch_size=256, optimiser=optimiser, rotate=10, seed=5)


RICH: dict[str, dict[str, object]] = {
    "muon": {"optimiser": "muon", "schedule": "trapezoid", "clip": 0.5},
    "average": {"optimiser": "sgd", "average": 0.9, "mixup": 0.4, "label_smoothing": 0.1},
    "cutmix": {"optimiser": "adamw", "cutmix": 1.0, "balance": True, "cutout": 0.3, "test_time": "shift"},
}


def learn(digits: Data, folder: Path | None, stop_after: int | None = None, optimiser: str = "adamw") -> ConvNet:
    """By the optimiser of that name, or by the recipe in `RICH`."""
    steps: list[StepRecord] = []
    model = fresh(optimiser) if optimiser not in RICH else ConvNet(
        network(), epochs=2, batch_size=256, seed=5, **RICH[optimiser])  # type: ignore[arg-type]
    return model.fit(digits.train, validation=digits.validation, context=TrainingContext(
        steps.append, checkpoints=folder, stop=lambda: stop_after is not None and len(steps) >= stop_after))


def bits(model: ConvNet, path: Path) -> bytes:
    return model.save(path).read_bytes()


@pytest.fixture(scope="module")
def whole(digits: Data, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], bytes]:
    """The bits of a run that nobody stopped, by the name of its optimiser or of its recipe in `RICH`."""
    folder = tmp_path_factory.mktemp("whole")

    @cache
    def of(name: str) -> bytes:
        return bits(learn(digits, folder / name, optimiser=name), folder / f"{name}.safetensors")

    return of


@pytest.mark.parametrize("optimiser", ["adamw", "sgd"])
def test_r01_same_seed_same_bits(digits: Data, tmp_path: Path, optimiser: str, whole: Callable[[str], bytes]) -> None:
    assert whole(optimiser) == bits(learn(digits, None, optimiser=optimiser), tmp_path / "b")


@pytest.mark.parametrize("optimiser", ["adamw", "sgd"])
@pytest.mark.parametrize("stop_after", [1, 2, 4, 5, 6, 9, 10, 14])  # 5 steps an epoch, 15 in all
def test_r02_resumed_run_ends_in_the_same_bits(digits: Data, tmp_path: Path, stop_after: int, optimiser: str,
                                               whole: Callable[[str], bytes]) -> None:
    with pytest.raises(Interrupted):
        learn(digits, tmp_path / "run", stop_after, optimiser)
    resumed = learn(digits, tmp_path / "run", optimiser=optimiser)
    assert bits(resumed, tmp_path / "b") == whole(optimiser)
    assert [row["epoch"] for row in resumed.history_] == [1, 2, 3]


@pytest.mark.parametrize("rich", RICH)
@pytest.mark.parametrize("stop_after", [1, 5, 7])
def test_r02_whatever_the_recipe_a_resumed_run_ends_in_the_same_bits(digits: Data, tmp_path: Path, stop_after: int,
                                                                     rich: str, whole: Callable[[str], bytes]) -> None:
    with pytest.raises(Interrupted):
        learn(digits, tmp_path / "run", stop_after, rich)
    assert bits(learn(digits, tmp_path / "run", optimiser=rich), tmp_path / "b") == whole(rich)


def test_an_epoch_that_ends_in_one_picture_is_learnt_from() -> None:
    """A single value per channel has no spread to be normalised by."""
    x = ReLU()(BatchNorm()(Conv(4, 8)(Input(1, 8, 8))))
    pictures = np.arange(3 * 64, dtype=np.uint8).reshape(3, 8, 8)
    model = ConvNet(Network(Dense(2)(x)), epochs=2, batch_size=2, optimiser="sgd").fit(pictures, [0, 1, 0])
    assert np.isfinite(model.predict_proba(pictures)).all()


def test_r04_no_picture_is_missed_or_repeated(digits: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[np.ndarray] = []
    original = loop.OptimiserStep.__call__
    monkeypatch.setattr(loop.OptimiserStep, "__call__",
                        lambda s, batch, *votes: (seen.append(batch.indices), original(s, batch, *votes))[1])
    learn(digits, None)
    whole, seen[:] = np.concatenate(seen), []
    with pytest.raises(Interrupted):
        learn(digits, tmp_path / "run", 7)
    learn(digits, tmp_path / "run")
    assert np.array_equal(np.concatenate(seen), whole)
    assert sorted(whole[: len(digits.train)]) == list(range(len(digits.train)))


def test_r07_saving_often_changes_nothing(digits: Data, tmp_path: Path) -> None:
    context = TrainingContext(checkpoints=tmp_path / "run", checkpoint_seconds=0)
    often = fresh().fit(digits.train, validation=digits.validation, context=context)
    assert bits(often, tmp_path / "a") == bits(learn(digits, None), tmp_path / "b")


def test_r12_a_lost_optimiser_state_is_noticed(digits: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                               whole: Callable[[str], bytes]) -> None:
    """The control: the test above can fail."""
    with pytest.raises(Interrupted):
        learn(digits, tmp_path / "run", 7)
    monkeypatch.setattr(state_dict, "restore_optimiser", lambda *_: None)
    assert bits(learn(digits, tmp_path / "run"), tmp_path / "b") != whole("adamw")


def damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_f08_damaged_checkpoint_is_passed_over_and_said_so(digits: Data, tmp_path: Path,
                                                           whole: Callable[[str], bytes]) -> None:
    with pytest.raises(Interrupted):
        learn(digits, tmp_path / "run", 7)
    paths = sorted((tmp_path / "run").iterdir())
    assert len(paths) == 2
    damage(paths[-1])
    resumed = learn(digits, tmp_path / "run")
    assert "passed over" in resumed.notes_[0]
    assert bits(resumed, tmp_path / "a") == whole("adamw")


def test_damaged_checkpoints_are_not_among_those_that_are_kept(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    for step in (1, 2, 3):
        checkpoints.save(step, {}, {"w": torch.ones(2)})
    damage(tmp_path / "step-000000000003.safetensors")
    assert checkpoints.latest() is not None
    checkpoints.save(2, {}, {"w": torch.ones(2)})
    checkpoints.save(3, {}, {"w": torch.ones(2)})
    damage(tmp_path / "step-000000000003.safetensors")
    assert checkpoints.latest() is not None


def test_f09_all_checkpoints_damaged_is_refused(digits: Data, tmp_path: Path) -> None:
    with pytest.raises(Interrupted):
        learn(digits, tmp_path / "run", 7)
    for path in (tmp_path / "run").iterdir():
        damage(path)
    with pytest.raises(RunError) as caught:
        learn(digits, tmp_path / "run")
    assert caught.value.code == "no_checkpoint"


def test_checkpoint_of_another_run_is_refused(digits: Data, tmp_path: Path) -> None:
    with pytest.raises(Interrupted):
        learn(digits, tmp_path / "run", 7)
    with pytest.raises(RunError, match="it has another recipe") as caught:
        learn(digits, tmp_path / "run", optimiser="sgd")
    assert caught.value.code == "other_run"
    with pytest.raises(RunError, match="it has another recipe"):  # which has no plan to go on with
        fresh().set_params(minutes=1).fit(digits.train, validation=digits.validation,
                                          context=TrainingContext(checkpoints=tmp_path / "run"))


def test_f13_infinite_loss_stops_the_run(digits: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = loop.loss_of
    calls = iter(range(1000))
    monkeypatch.setattr(loop, "loss_of",
                        lambda *a, **k: original(*a, **k) * (torch.nan if next(calls) == 6 else 1.0))
    with pytest.raises(RunError) as caught:
        fresh().fit(digits.train, context=TrainingContext(checkpoints=tmp_path / "run"))
    assert caught.value.code == "loss_not_finite"
    assert "step 7 of training" in str(caught.value)  # and the pictures by name, and what is kept
    assert "the weights of epoch 1 are kept" in str(caught.value)
    assert Checkpoints(tmp_path / "run").latest() is not None


def test_f13_weights_that_overflow_in_the_last_step_are_not_kept(digits: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its loss was finite, and nothing is predicted with them where there is no validation."""
    original = loop.loss_of
    calls = iter(range(1000))

    def overflowing(*given: Any, **more: Any) -> torch.Tensor:
        loss = original(*given, **more)
        if next(calls) == steps - 1:
            loss.register_hook(lambda gradient: gradient * torch.inf)
        return loss

    steps = fresh().fit(digits.train).recipe_.steps
    monkeypatch.setattr(loop, "loss_of", overflowing)
    model = fresh()
    with pytest.raises(RunError, match="its weights are not finite") as caught:
        model.fit(digits.train)
    assert caught.value.code == "loss_not_finite"
    assert all(bool(value.isfinite().all()) for value in model.module_.state_dict().values())


def test_leftovers_of_a_killed_writer_are_swept(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(3, {"step": 3}, {"w": torch.ones(2)})
    (tmp_path / ".striate-0.tmp").write_bytes(b"half")
    (tmp_path / "mine.tmp").write_bytes(b"not ours")
    snapshot = checkpoints.latest()
    assert isinstance(snapshot, Snapshot)
    assert snapshot.facts == {"step": 3}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.tmp", "step-000000000003.safetensors"]


def test_a_run_by_the_clock_is_repeated_from_its_plan(digits: Data, tmp_path: Path) -> None:
    """Stopped and resumed, planned again as it goes: the recipe it leaves gives the same weights without a clock."""
    steps: list[StepRecord] = []
    clocked = {"batch_size": 64, "seed": 5, "optimiser": "adamw", "minutes": 0.15}
    with pytest.raises(Interrupted):
        ConvNet(network(), **clocked).fit(digits.train, context=TrainingContext(
            steps.append, checkpoints=tmp_path / "run", stop=lambda: len(steps) >= 8))
    model = ConvNet(network(), **clocked).fit(
        digits.train, context=TrainingContext(checkpoints=tmp_path / "run"))
    recipe = model.recipe_
    assert recipe.plan[-1][1] == recipe.steps
    assert len(recipe.plan) > 2
    again = ConvNet(network(), **clocked, steps=recipe.steps, plan=recipe.plan).fit(digits.train)
    assert bits(again, tmp_path / "a") == bits(model, tmp_path / "b")
