"""Three rules of going back against loops in float64, on networks with branches, overlapping pools and all else."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from striate.arch import LRN, Add, BatchNorm, Concat, Conv, Dense, GlobalPool, Input, Network, Pool, ReLU, Slice
from striate.convnet.explain.backward import ForwardPass
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.rules import NOT_RELU, RULES
from striate.errors import StriateError
from tests.arch.networks import layers, networks
from tests.arch.table import TABLE, network_of
from tests.convnet.explain.nets import explained
from tests.convnet.explain.reference_rules import BACK, go_back
from tests.examples import examples
from tests.oracles.witness import weights_for


def in_float64(network: Network, weights: dict[str, np.ndarray]) -> ExplainedNet:
    model = explained(network)
    model.net.double().load_state_dict({name: torch.as_tensor(value) for name, value in weights.items()})
    return model


def agree(network: Network, rule: str, layer: str) -> None:
    weights = weights_for(network)
    random = np.random.default_rng(2)
    x, output = random.normal(size=tuple(network.input)), {node.name: node.output for node in network.nodes}
    seed = random.normal(size=tuple(output[layer]))
    expected = go_back(network, weights, x, layer, seed, rule)["input"]
    forward = ForwardPass.of(in_float64(network, weights), torch.as_tensor(x[None]), [layer], rule)
    found = forward.back(layer, torch.as_tensor(seed[None]))[0].numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9 * max(1.0, float(np.abs(expected).max())))


def branching() -> Network:
    """Overlapping pools, LRN, batch normalisation, a ReLU read twice, a ReLU6, branches, an add and a slice."""
    x = LRN(3, 0.5, 0.75, 1.0)(ReLU(name="first")(Conv(4, 3, stride=2, padding=((1, 0), (0, 1)))(Input(3, 13, 11))))
    x = Pool(3, 2, rounding="ceil", name="overlapping")(x)
    left = ReLU(6)(BatchNorm()(Conv(4, 3, padding=1, groups=2)(x)))
    right = ReLU()(Conv(4, (1, 3), padding="same", dilation=(1, 2))(x))
    x = ReLU(name="after_add")(Add()(left, right, Pool(3, 1, padding=1)(x)))
    x = Concat()(x, Slice(1, 2)(x), Pool(2, 1, ((0, 1), (1, 0)), mode="average")(right))
    return Network(Dense(5, name="scores")(ReLU()(Concat()(GlobalPool()(x), GlobalPool("max")(x)))))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("layer", ["scores", "after_add", "overlapping", "first"])
def test_branches_overlapping_pools_and_normalisation(rule: str, layer: str) -> None:
    agree(branching(), rule, layer)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("row", [name for name, row in TABLE.items() if row.layer.kind in BACK])
def test_each_kind_of_layer(row: str, rule: str) -> None:
    network = network_of(TABLE[row])
    agree(network, rule, network.nodes[-1].name)


@examples(60)
@given(networks(7, layers.filter(lambda layer: layer.kind in BACK)), st.sampled_from(list(RULES)))
def test_random_networks(network: Network, rule: str) -> None:
    agree(network, rule, network.nodes[-1].name)


def test_every_kind_of_layer_goes_back_or_is_no_relu() -> None:
    assert {row.layer.kind for row in TABLE.values()} == set(BACK) | NOT_RELU
    assert not set(BACK) & NOT_RELU


@pytest.mark.parametrize("row", [name for name, row in TABLE.items() if row.layer.kind in NOT_RELU - {"softmax"}])
def test_other_activations_have_a_gradient_and_no_other_rule(row: str) -> None:
    """By differences: (f(x + h) − f(x − h)) / 2h in a random direction."""
    network = network_of(TABLE[row])
    model, (layer,) = in_float64(network, weights_for(network)), [network.nodes[-1].name]
    random = np.random.default_rng(3)
    x, way = (torch.as_tensor(random.normal(size=(1, *network.input))) for _ in range(2))
    forward = ForwardPass.of(model, x, [layer])
    seed = torch.as_tensor(random.normal(size=forward.volumes[layer].shape))
    slope = (forward.back(layer, seed) * way).sum().item()
    values = [(model.activations(x + h * way, [layer])[layer] * seed).sum().item() for h in (1e-6, -1e-6)]
    assert slope == pytest.approx((values[0] - values[1]) / 2e-6, rel=1e-5)
    for rule in ("deconvnet", "guided"):
        with pytest.raises(StriateError) as caught:
            ForwardPass.of(model, x, [layer], rule)
        assert caught.value.code == "rule_undefined"
