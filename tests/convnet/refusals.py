"""What training and loading a network say no to."""

from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch

import striate
from striate import ConvNet, Dense, Input, Network, Recipe
from striate.convnet.build.net import build
from striate.convnet.distributed import ProcessGroup
from striate.convnet.distributed.rank import RankInfo
from striate.convnet.distributed.rank_failure import rank_lost
from striate.convnet.distributed.rendezvous import ranks_missing
from striate.convnet.recogniser import refuse_unsharded
from striate.convnet.training.checkpoint import Checkpoints
from striate.convnet.training.lr_finder import range_test
from striate.convnet.training.training_context import TrainingContext
from striate.core import model_file
from striate.errors import StriateError

PICTURES = np.arange(4 * 64, dtype=np.uint8).reshape(4, 8, 8)
LABELS = [0, 1, 0, 1]
HUGE = Network(Dense(2)(Dense(6_000)(Dense(65_536)(Input(1, 8, 8)))), name="huge")  # never built
SMALL = Network(Dense(2)(Input(1, 8, 8)), name="small")


def overgrown(_: Path) -> object:
    """Finite weights whose scores are not."""
    model = ConvNet(SMALL, epochs=1).fit(PICTURES, LABELS)
    for tensor in model.module_.parameters():
        tensor.data.fill_(3e38)
    return model.predict_proba(PICTURES)


def fit(network: Network = SMALL, labels: object = LABELS, **more: object) -> object:
    context = TrainingContext(checkpoints=more.pop("checkpoints", None), stop=more.pop("stop", bool))  # type: ignore[arg-type]
    return ConvNet(network, **{"epochs": 2} | more).fit(PICTURES, labels, context=context)  # type: ignore[arg-type]


def interrupted(folder: Path, **more: object) -> object:
    return fit(checkpoints=folder, stop=lambda: True, **more)


def other_run(folder: Path) -> object:
    try:
        interrupted(folder)
    except StriateError:
        return fit(checkpoints=folder, seed=1)
    raise AssertionError("the first run was to be interrupted")


def damaged(folder: Path) -> object:
    (folder / "step-000000000001.safetensors").write_bytes(b"")
    return Checkpoints(folder).latest()


def loaded(folder: Path, *, manifest: dict[str, object] | None = None, drop: str = "") -> object:
    fit().save(folder / "m")  # type: ignore[attr-defined]
    file = model_file.load(folder / "m")
    arrays = {name: array for name, array in file.arrays.items() if name != drop}
    return striate.load(model_file.save(folder / "n", "convnet", file.manifest | (manifest or {}), arrays))


def differing(_: Path) -> object:
    """The second of two processes has another list."""
    group = ProcessGroup(RankInfo(0, 2, 0, 2))

    def gathered(all_: torch.Tensor, own: torch.Tensor) -> None:
        all_.copy_(torch.cat([own, own + 1]))

    with patch.object(ProcessGroup, "barrier"), patch("torch.distributed.all_gather_single", gathered):
        return group.assert_same(pictures=["a"])


def raised(error: StriateError) -> object:
    raise error


REFUSALS: dict[str, Callable[[Path], object]] = {
    "impossible_value": lambda _: Recipe(epochs=0),
    "unknown_choice": lambda _: Recipe(optimiser="adam"),
    "number_of_another_schedule": lambda _: Recipe(schedule="linear", gamma=0.1),
    "number_that_is_missing": lambda _: Recipe(schedule="step", gamma=0.1),
    "plan_with_another_end": lambda _: Recipe(steps=10, plan=((0, 9),)),
    "two_budgets": lambda _: Recipe(epochs=1, minutes=1),
    "unknown_key": lambda _: Recipe.from_dict({"learning_rat": 1}),
    "no_confidence": lambda _: ConvNet(SMALL, epochs=1).fit(PICTURES, LABELS).predict_with_confidence(PICTURES),
    "one_class": lambda _: fit(labels=[1, 1, 1, 1]),
    "class_count": lambda _: fit(Network(Dense(3)(Input(1, 8, 8)), name="three")),
    "input_volume": lambda _: fit(size=(9, 9)),
    "layer called training": lambda _: build(Network(Dense(2, name="training")(Input(1, 8, 8)))),
    "unknown_layer": lambda _: build(SMALL).activations(torch.zeros(1, 1, 8, 8), ["dense2"]),
    "interrupted": interrupted,
    "other_run": other_run,
    "all_checkpoints_damaged": damaged,
    "checkpoint_too_large": lambda folder: fit(HUGE, checkpoints=folder / "none"),
    "loss_not_finite": lambda _: fit(learning_rate=1e6, optimiser="sgd", epochs=60, batch_size=2),
    "weights_not_finite": lambda _: fit(learning_rate=1e6, optimiser="sgd", epochs=60),
    "scores_not_finite": overgrown,
    "bad_range": lambda _: range_test(ConvNet(SMALL), PICTURES, LABELS, low=1.0, high=0.1),
    "bad_ranks": lambda _: RankInfo.read({"RANK": "2", "WORLD_SIZE": "2"}),
    "ranks_missing": lambda _: raised(ranks_missing(RankInfo(0, 2, 0, 1))),
    "ranks_differ": differing,
    "rank_lost": lambda _: raised(rank_lost("Connection closed by peer")),
    "not_sharded": lambda _: refuse_unsharded(Recipe(optimiser="muon", minutes=1), 2),
    "bad_manifest": lambda folder: loaded(folder, manifest={"classes": ["a"]}),
    "tensors_differ": lambda folder: loaded(folder, drop="dense1.bias"),
}
