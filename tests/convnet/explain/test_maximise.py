"""Pictures that excite units: analytic optima, what reaches past them, dead units, and the same bytes twice."""

import numpy as np
import pytest
import torch

from striate import Add, Conv, ConvNet, Dense, Flatten, GlobalPool, Input, Network, Pool, ReLU, load_network
from striate.convnet.explain.ascent import before_relu, planned
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.maximise import maximise
from striate.convnet.explain.spectrum import descend
from striate.convnet.explain.target import Target
from striate.data import Data
from tests.convnet.explain.nets import explained

FILTER = torch.tensor([[-1.0, 2, -1], [1, -3, 1], [2, -2, 1]])


def test_one_filter_is_answered_by_its_sign() -> None:
    model = explained(Network(ReLU(name="relu")(Conv(1, 3, name="conv")(Input(1, 9, 9)))),
                      tensors={"conv.weight": FILTER[None, None], "conv.bias": [-0.1]})
    found = maximise(model, Target("relu"), steps=400)
    assert found.array.shape == (1, 3, 3, 1)  # what the unit sees, and no more
    assert np.array_equal(found.array[0, :, :, 0] > 127, (FILTER > 0).numpy())
    best = float(((torch.where(FILTER > 0, 255.0, 0.0) - 120) / 60 * FILTER).sum()) - 0.1
    assert 0.95 * best < found.reached[0] <= best
    assert found.ascended == "conv"


@pytest.mark.parametrize("channels", [1, 3])
def test_the_same_seed_gives_the_same_bytes(channels: int) -> None:
    model = explained(Network(Dense(3)(ReLU(name="relu")(Conv(5, 5, 2, name="conv")(Input(channels, 28, 28))))))
    first, again, other = (maximise(model, Target("relu"), steps=5, seed=seed) for seed in (0, 0, 1))
    assert first.array.tobytes() == again.array.tobytes() != other.array.tobytes()
    assert first.array.shape[1:] == (6, 6, channels)  # 5 pixels; 28 − 11·2 are left by whole strides
    assert (first.of_units, first.shown) == (5, (0, 1, 2, 3, 4))
    whole = maximise(model, Target("dense1", 1), steps=2)
    assert (whole.array.shape, whole.unit) == ((1, 28, 28, channels), "1")


def test_dead_units_are_named_and_get_no_picture() -> None:
    weights = torch.randn(3, 1, 3, 3, generator=torch.Generator().manual_seed(0))
    weights[1] = 0  # nothing moves it
    model = explained(Network(Dense(2)(ReLU(name="relu")(Conv(3, 3, name="conv")(Input(1, 8, 8))))),
                      tensors={"conv.weight": weights, "conv.bias": [0.0, 5.0, -1e4]})
    for layer in ("relu", "conv"):
        found = maximise(model, Target(layer), steps=10)
        assert (found.shown, found.silent, len(found.array), found.reached.shape) == ((0,), (1, 2), 1, (1,))


def test_a_unit_that_is_silent_for_noise_is_woken_from_before_its_relu() -> None:
    weights = torch.ones(1, 1, 3, 3)
    model = explained(Network(Dense(2)(ReLU(name="relu")(Conv(1, 3, name="conv")(Input(1, 8, 8))))),
                      tensors={"conv.weight": weights, "conv.bias": [-15.0]})
    with torch.no_grad():
        grey = model.activations(model.batch(np.full((1, 8, 8, 1), 128, np.uint8)), ["relu"])["relu"]
    assert float(grey.max()) == 0
    assert maximise(model, Target("relu")).reached[0] > 0


def test_units_behind_silent_relus_are_woken() -> None:
    x = Conv(2, 3, name="conv1")(Input(1, 8, 8))
    both = Add(name="add")(ReLU(name="relu1")(x), ReLU(name="relu2")(x))
    model = explained(Network(Dense(2)(both)), tensors={
        "conv1.weight": torch.ones(2, 1, 3, 3) * torch.tensor([1.0, 0.0])[:, None, None, None],
        "conv1.bias": [-4.0, -1.0]})
    found = maximise(model, Target("add"))
    assert (found.shown, found.silent) == ((0,), (1,))
    assert found.reached[0] > 0


@pytest.mark.parametrize(("name", "layer"), [
    ("resnet18", "layer2_0_conv1"), ("efficientnet_lite0", "blocks_3/expand/bn"),
    ("lenet_caffe", "conv2")])
def test_pictures_as_large_as_the_field_hold_all_that_the_unit_sees(name: str, layer: str) -> None:
    network = load_network(name)
    layer = layer if layer in {node.name for node in network.nodes} else network.nodes[8].name
    model = explained(network)
    found = planned(model, Target(layer))
    assert found.place is not None
    assert found.size < (network.input.height, network.input.width)
    small = torch.randn(1, network.input.channels, *found.size, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        values = []
        for fill in (0.0, 3.0):
            whole = torch.full((1, *network.input), fill)
            whole[:, :, : found.size[0], : found.size[1]] = small
            values.append(model.activations(whole, [found.layer])[found.layer][0, :, *found.place])
        own = model.activations(small, [found.layer])[found.layer][0, :, *found.place]
    assert torch.allclose(values[0], values[1], rtol=1e-4, atol=1e-5)
    assert torch.allclose(own, values[0], rtol=1e-4, atol=1e-5)


def test_what_is_before_the_relu() -> None:
    x = Pool(2, name="pool")(ReLU(name="relu")(Conv(4, 3, name="conv")(Input(1, 12, 12))))
    y = GlobalPool(name="mean")(ReLU(name="rect")(Conv(4, 3, name="more")(x)))
    model = explained(Network(Dense(3, name="fc")(Flatten()(y))))
    assert {layer: before_relu(model, layer) for layer in ("conv", "relu", "pool", "mean", "fc")} == {
        "conv": ("conv", False), "relu": ("conv", False), "pool": ("conv", False), "mean": ("more", True),
        "fc": ("fc", False)}
    assert planned(model, Target("mean")).place is None
    assert planned(model, Target("relu", 0, (7, 8))).place == (7, 8)
    assert planned(model, Target("relu", 0, (7, 8))).size == (12, 12)


def test_adam_is_torchs() -> None:
    start = torch.tensor([1.0, -2.0, 0.5])
    ours, theirs = start.clone().requires_grad_(), start.clone().requires_grad_()
    descend(ours, lambda step: (ours ** 4).sum() * step, 20)
    adam = torch.optim.Adam([theirs], lr=0.05)
    for step in range(1, 21):
        adam.zero_grad()
        ((theirs ** 4).sum() * step).backward()
        adam.step()
    assert torch.allclose(ours, theirs, rtol=1e-5)


def test_units_of_a_trained_net_are_excited_more_than_by_its_pictures(digits: Data) -> None:
    network = Network(Dense(10)(Pool(2)(ReLU(name="relu2")(Conv(16, 3, name="conv2")(
        ReLU(name="relu1")(Conv(8, 3, padding=1, name="conv1")(Input(1, 8, 8))))))))
    model = ExplainedNet.of(ConvNet(network, epochs=5, seed=0).fit(digits.train))
    pictures = model.preparation.apply(digits.train).take(np.arange(len(digits.train)))
    for layer in ("relu1", "relu2", model.scores):
        with torch.no_grad():
            largest = model.activations(model.batch(pictures), [layer])[layer].flatten(2).amax(2)
        live = (largest.amax(0) > 0).numpy()
        wanted = np.percentile(largest.numpy(), 99, axis=0)
        found = maximise(model, Target(layer), units=range(len(wanted)))
        reached = np.full(len(wanted), -np.inf)
        reached[list(found.shown)] = found.reached
        assert np.mean((reached >= wanted)[live]) >= 0.95, layer
