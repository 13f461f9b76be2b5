"""Features of layers: which layers, and the pooled numbers, by loops."""

import numpy as np
import pytest
import torch

from striate.arch import Add, BatchNorm, Conv, Dense, Dropout, GlobalPool, Input, Network, Pool, ReLU
from striate.arch.volume import Volume
from striate.convnet.explain.layer_features import (
    WIDEST,
    features_of_layers,
    pooled,
    pooling_of,
    probed_layers,
    spaced,
)
from tests.convnet.explain.look_sets import noise
from tests.convnet.explain.nets import explained


def test_the_layers_are_the_ends_of_chains() -> None:
    x = ReLU(name="relu1")(BatchNorm(name="bn1")(Conv(4, 3, padding=1, name="conv1")(Input(3, 8, 8))))
    y = Add(name="sum")(x, BatchNorm(name="bn2")(Conv(4, 3, padding=1, name="conv2")(x)))
    y = Dropout(0.5, name="drop")(GlobalPool(name="pooled")(ReLU(name="relu2")(y)))
    model = explained(Network(Dense(2, name="scores")(y)))
    assert probed_layers(model, "scores") == ("input", "relu1", "bn2", "relu2", "pooled", "scores")
    assert probed_layers(model, "conv2") == ("input", "relu1", "conv2")


def test_of_many_layers_some_are_taken_with_the_first_and_the_last_two() -> None:
    names = [f"l{i}" for i in range(60)]
    found = spaced(names, 16)
    assert (len(found), found[0], found[-2:]) == (16, "l0", ("l58", "l59"))
    assert len(set(found)) == 16
    assert spaced(names[:16], 16) == tuple(names[:16])


@pytest.mark.parametrize("shape", [(3, 8, 8), (128, 7, 5), (300, 9, 3), (5, 1, 1), (2, 1, 6), (3, 5, 5)])
def test_pooled_numbers_are_those_of_loops(shape: tuple[int, int, int]) -> None:
    channels, height, width = shape
    volume = torch.from_numpy(np.random.default_rng(0).standard_normal((2, *shape)).astype(np.float32))
    side, words = pooling_of(Volume(*shape))
    found = pooled(volume).numpy()
    if side == 0:
        assert words == "as it is"
        assert (found == volume.flatten(1).numpy()).all()
        return
    assert f"{side}×{side}" in words or side == 1
    assert found.shape[1] == 2 * channels * side**2 <= WIDEST
    cells = [[(slice(i * height // side, -(-(i + 1) * height // side)), slice(j * width // side,
              -(-(j + 1) * width // side))) for j in range(side)] for i in range(side)]
    for measure, part in (("mean", found[:, : channels * side**2]), ("max", found[:, channels * side**2 :])):
        for picture in range(2):
            expected = [getattr(volume[picture, channel][cell], measure)().item()
                        for channel in range(channels) for row in cells for cell in row]
            assert part[picture] == pytest.approx(expected, abs=1e-6)


def test_one_pass_gives_the_features_of_every_layer() -> None:
    model = explained(Network(Dense(3, name="scores")(Pool(2, name="pool")(Conv(4, 3, name="conv")(Input(3, 10, 10))))))
    data = noise(40, 10)
    picked = np.array([3, 7, 39, 0])
    found = features_of_layers(model, ["input", "pool", "scores"], data, picked)
    with torch.no_grad():
        volumes = model.activations(model.batch(data.pictures.images[picked]), ["input", "pool", "scores"])
    assert found.keys() == volumes.keys()
    for layer, volume in volumes.items():
        assert found[layer] == pytest.approx(pooled(volume).numpy(), abs=1e-6)
