"""Inversion: pictures whose activations are those of a given one."""

import numpy as np
import pytest
import torch

from striate import Conv, Dense, GlobalPool, Input, Network, ReLU
from striate.convnet.explain.invert import invert, total_variation
from striate.convnet.explain.target import Target
from tests.convnet.explain.nets import explained, picture


def smooth(channels: int, side: int = 16) -> np.ndarray:
    down, across = np.indices((side, side)) / side
    return np.stack([40 + 150 * down * across + 10 * i for i in range(channels)], 2).astype(np.uint8)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_layer_that_keeps_everything_gives_the_picture_back(channels: int) -> None:
    eye = torch.eye(channels)[:, :, None, None]
    model = explained(Network(Dense(2)(Conv(channels, 1, name="same")(Input(channels, 16, 16)))),
                      tensors={"same.weight": eye, "same.bias": torch.zeros(channels)})
    found = invert(model, smooth(channels), Target("same"), steps=400, variation=0)
    assert np.abs(found.array.astype(int) - smooth(channels).astype(int)).mean() < 5
    assert found.relative_error < 0.08


def test_the_error_told_is_that_of_the_bytes() -> None:
    model = explained(Network(Dense(3)(ReLU(name="relu")(Conv(6, 3, name="conv")(Input(3, 16, 16))))))
    found = invert(model, smooth(3), Target("relu"), steps=60, variation=1)
    with torch.no_grad():
        wanted, reached, grey = (model.activations(model.batch(one[None]), ["relu"])["relu"] for one in (
            smooth(3), found.array, np.full((16, 16, 3), 128, np.uint8)))
    assert found.relative_error == pytest.approx(float((reached - wanted).norm() / wanted.norm()), rel=1e-5)
    assert found.of_grey == pytest.approx(float((grey - wanted).norm() / wanted.norm()), rel=1e-5)
    assert found.relative_error < found.of_grey / 3


def test_what_a_layer_forgets_is_not_found_again() -> None:
    model = explained(Network(Dense(3)(GlobalPool(name="mean")(ReLU()(Conv(8, 3)(Input(1, 16, 16)))))))
    found = invert(model, picture(model), Target("mean"), steps=200, variation=0)
    likeness = np.corrcoef(found.array.ravel(), picture(model).ravel())[0, 1]
    assert found.relative_error < 0.05
    assert abs(likeness) < 0.3


def test_the_same_seed_gives_the_same_bytes_and_more_variation_a_smoother_picture() -> None:
    model = explained(Network(Dense(3)(ReLU(name="relu")(Conv(6, 3, 2)(Input(1, 16, 16))))))
    first, again, other = (invert(model, picture(model), Target("relu"), steps=20, seed=seed) for seed in (0, 0, 1))
    assert first.array.tobytes() == again.array.tobytes() != other.array.tobytes()
    rough, even = (total_variation(torch.from_numpy(
        invert(model, picture(model), Target("relu"), steps=50, variation=weight).array / 255.0).permute(2, 0, 1)[None])
        for weight in (0.0, 100.0))
    assert float(even) < float(rough) / 4


def test_one_unit_alone() -> None:
    model = explained(Network(Dense(3)(ReLU(name="relu")(Conv(6, 3, name="conv")(Input(3, 16, 16))))))
    found = invert(model, smooth(3), Target("conv", 2), steps=60)
    with torch.no_grad():
        wanted, reached = (model.activations(model.batch(one[None]), ["conv"])["conv"][:, 2]
                           for one in (smooth(3), found.array))
    assert (found.unit, found.relative_error) == ("2", pytest.approx(float((reached - wanted).norm() / wanted.norm())))
