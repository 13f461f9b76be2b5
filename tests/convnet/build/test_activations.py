"""Activations of named layers and the switches of max pooling, beside the slow reference and brute force."""

import gc
import weakref

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F  # noqa: N812

from striate.arch import (
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    GlobalPool,
    Input,
    Network,
    Pool,
    ReLU,
    Volume,
    load_network,
    reference,
)
from striate.convnet.build.net import Net, build
from striate.convnet.build.operations import max_pool_switches
from striate.convnet.from_torch import from_torch
from striate.errors import NetworkError
from tests.arch.networks import networks
from tests.convnet.build.switches import brute_force
from tests.oracles.witness import weights_for

SMALL = dict.fromkeys(("compact", "compact_deep", "resnet9", "resnet20"), (Input(3, 16, 16), 4))
ZOO = {"lenet5": (), "lenet_caffe": (), **SMALL}


def loaded(network: Network) -> tuple[Net, dict[str, np.ndarray]]:
    weights = weights_for(network)
    module = build(network).double()
    module.load_state_dict({name: torch.as_tensor(value) for name, value in weights.items()})
    return module, weights


def picture(network: Network, count: int = 2) -> torch.Tensor:
    return torch.as_tensor(np.random.default_rng(1).normal(size=(count, *network.input)))


def assert_all_as_reference(network: Network, tolerance: float) -> None:
    module, weights = loaded(network)
    x = picture(network)
    expected = reference.activations(network, weights, x.numpy())
    with torch.no_grad():
        found = module.train().activations(x, expected)
    assert list(found.volumes) == list(expected)
    assert found.switches == {}
    for name, value in expected.items():
        np.testing.assert_allclose(found.volumes[name].numpy(), value, rtol=tolerance, atol=tolerance, err_msg=name)


@pytest.mark.parametrize("name", ZOO)
def test_zoo_as_reference(name: str) -> None:
    assert_all_as_reference(load_network(name, *ZOO[name]), 1e-8)


@settings(max_examples=30, deadline=None)
@given(networks(side=9))
def test_random_networks_as_reference(network: Network) -> None:
    assert_all_as_reference(network, 1e-7)


def test_auxiliary_heads_and_layers_that_only_training_computes() -> None:
    x = Input(1, 9, 9)
    hidden = Dropout(0.5, name="dropped")(ReLU(name="hidden")(BatchNorm(name="norm")(Conv(3, 2, name="conv")(x))))
    network = Network(Dense(2)(hidden), auxiliary=[(Dense(2, name="head")(hidden), 0.3)])
    assert_all_as_reference(network, 1e-9)


class Reused(nn.Module):
    """A pooling that is called twice, and functional ReLUs."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.pool, self.out = nn.Conv2d(2, 2, 3, padding=1), nn.MaxPool2d(3, 2), nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.pool(F.relu(self.conv(x)))
        return self.out(self.pool(F.relu(x)).flatten(1))


def test_a_pooling_that_is_called_twice_has_two_names_and_two_switches() -> None:
    network = from_torch(Reused(), Volume(2, 11, 12))
    names = [node.name for node in network.nodes if node.layer.kind == "pool"]
    assert len(names) == 2
    assert_all_as_reference(network, 1e-9)
    module, _ = loaded(network)
    found = module.activations(picture(network), names, switches=True)
    assert [tuple(found.switches[name].shape[2:]) for name in names] == [(5, 5), (2, 2)]


def test_only_what_is_asked_for_is_computed_and_returned() -> None:
    network = load_network("lenet5")
    module, _ = loaded(network)
    first = network.nodes[0].name
    module._modules[network.nodes[-1].name] = None  # what is behind the layer is not needed
    found = module.activations(picture(network), [first, first, "input"], switches=True)
    assert list(found.volumes) == [first, "input"]


@pytest.mark.parametrize(("wrong", "near"), [("pool_1", "pool1"), ("relu", "relu1"), ("inputs", "input"), ("?", "")])
def test_an_unknown_layer_is_refused_with_the_nearest(wrong: str, near: str) -> None:
    module, _ = loaded(load_network("lenet_caffe"))
    with pytest.raises(NetworkError) as caught:
        module.activations(torch.zeros(1, 1, 28, 28).double(), ["conv1", wrong])
    assert caught.value.code == "unknown_layer"
    assert near in caught.value.do


# Overlapping, with padding on all sides, on one side only, more of it than torch's own pooling takes, hanging over.
POOLINGS = {
    "plain": Pool(2), "overlapping": Pool(3, stride=2), "padded": Pool(3, stride=2, padding=1),
    "ceil": Pool(3, stride=2, rounding="ceil"), "same": Pool(2, stride=2, padding="same"),
    "same, 3": Pool(3, stride=2, padding="same"), "one side": Pool(2, padding=((0, 1), (1, 0))),
    "wide": Pool(3, stride=1, padding=((2, 2), (0, 1)), rounding="ceil"), "oblong": Pool((3, 2), stride=(1, 2)),
    "global": GlobalPool("max"),
}


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("side", [(7, 8), (9, 5)])
@pytest.mark.parametrize("name", POOLINGS)
def test_switches_are_those_of_brute_force(name: str, side: tuple[int, int], ties: bool) -> None:
    layer, generator = POOLINGS[name], torch.Generator().manual_seed(3)
    x = torch.randn(2, 3, *side, generator=generator)
    x = x.mul(2).round() if ties else x
    for batch in (x, x.contiguous(memory_format=torch.channels_last)):
        values, switches = max_pool_switches(layer, batch)
        np.testing.assert_array_equal(switches.numpy(), brute_force(layer, x.numpy()))
        won = x.flatten(2).gather(2, switches.flatten(2)).reshape(values.shape)
        assert torch.equal(won, values)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 4), st.integers(1, 3), st.sampled_from(["floor", "ceil"]), st.integers(5, 9), st.integers(0, 99))
def test_switches_of_random_poolings(kernel: int, stride: int, rounding: str, side: int, seed: int) -> None:
    layer = Pool(kernel, stride=stride, padding=min(1, kernel - 1), rounding=rounding)
    x = torch.randn(1, 2, side, side + 1, generator=torch.Generator().manual_seed(seed))
    np.testing.assert_array_equal(max_pool_switches(layer, x)[1].numpy(), brute_force(layer, x.numpy()))


def test_switches_only_of_max_poolings_and_volumes_unchanged_by_them() -> None:
    x = Input(2, 12, 12)
    network = Network(Dense(2)(GlobalPool("max", name="top")(Pool(2, mode="average", name="mean")(
        Pool(3, stride=2, padding="same", name="first")(Conv(4, 3, name="conv")(x))))))
    module, _ = loaded(network)
    names = [node.name for node in network.nodes]
    plain, switched = (module.activations(picture(network), names, switches=flag) for flag in (False, True))
    assert set(switched.switches) == {"first", "top"}
    assert all(torch.equal(plain.volumes[name], switched.volumes[name]) for name in names)


def test_nothing_is_left_in_the_module() -> None:
    network = load_network("compact", Input(3, 16, 16), 4)
    module = build(network).train()

    def snapshot() -> list[object]:
        return [(name, part.training, {key: (id(value), value.clone() if isinstance(value, torch.Tensor) else value)
                                       for key, value in {**vars(part), **part._parameters, **part._buffers}.items()
                                       if not isinstance(value, dict)})
                for name, part in module.named_modules()]

    before = snapshot()
    names = [node.name for node in network.nodes]
    found = module.activations(torch.randn(2, 3, 16, 16), names, switches=True)
    after = snapshot()
    assert str(before) == str(after)
    held = [weakref.ref(value) for value in (*found.volumes.values(), *found.switches.values())]
    del found
    gc.collect()
    assert all(one() is None for one in held)


def test_gradients_go_through_to_a_volume() -> None:
    """The gradient of a score by a volume on its way, as a class activation map needs it."""
    network = load_network("lenet5", classes=3)
    module, _ = loaded(network)
    first, last = network.nodes[0].name, network.nodes[-1].name
    found = module.activations(picture(network), [first, last])
    (gradient,) = torch.autograd.grad(found.volumes[last][:, 1].sum(), found.volumes[first])
    assert gradient.shape == found.volumes[first].shape
    assert bool(gradient.abs().sum() > 0)
