"""The module that trains against the slow reference, row by row of the table of layers; gradients by differences."""

import numpy as np
import pytest
import torch
from hypothesis import given

from striate.arch import BatchNorm, Conv, Dense, Dropout, Input, Network, Pool, ReLU, Softmax, load_network
from striate.arch.reference import forward
from striate.convnet.build.initialise import fill
from striate.convnet.build.net import Net, build
from striate.convnet.build.operations import OPERATIONS
from tests.arch.networks import networks
from tests.arch.table import TABLE, network_of
from tests.examples import examples
from tests.oracles.witness import weights_for

UNROUNDED = {"rtol": 1e-9, "atol": 1e-9}


def loaded(network: Network, weights: dict[str, np.ndarray]) -> Net:
    module = build(network).double().eval()
    module.load_state_dict({name: torch.as_tensor(value) for name, value in weights.items()})
    return module


def picture(network: Network, count: int = 2) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(count, *network.input))


def scores(module: Net, x: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return module(torch.as_tensor(x)).numpy()


def test_every_kind_of_layer_has_an_operation() -> None:
    assert {row.layer.kind for row in TABLE.values()} == set(OPERATIONS)


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize("row", [row for row in TABLE.values() if row.layer.kind != "softmax"],
                         ids=[name for name, row in TABLE.items() if row.layer.kind != "softmax"])
def test_layer(row) -> None:
    network = network_of(row)
    weights, x = weights_for(network), picture(network)
    np.testing.assert_allclose(scores(loaded(network, weights), x), forward(network, weights, x), **UNROUNDED)


@examples(60)
@given(networks(side=9))
def test_random_networks(network: Network) -> None:
    if network.nodes[-1].layer.kind == "softmax":
        return
    weights, x = weights_for(network), picture(network)
    np.testing.assert_allclose(scores(loaded(network, weights), x), forward(network, weights, x), rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("name", ["lenet5", "compact"])
def test_zoo_in_float32_as_it_is_used(name: str) -> None:
    network = load_network(name, Input(3, 32, 32), 7)
    module = build(network).eval()
    fill(module, 0)
    weights = {key: value.double().numpy() for key, value in module.state_dict().items()}
    x = picture(network)
    with torch.no_grad():
        got = module.to(memory_format=torch.channels_last)(torch.as_tensor(x, dtype=torch.float32)).numpy()
    np.testing.assert_allclose(got, forward(network, weights, x), rtol=1e-3, atol=1e-4)


def test_final_softmax_is_left_to_the_loss() -> None:
    scores_only = Network(Dense(3)(Input(2, 2, 2)))
    with_softmax = Network(Softmax()(Dense(3)(Input(2, 2, 2))))
    weights, x = weights_for(scores_only), picture(scores_only)
    np.testing.assert_allclose(scores(loaded(with_softmax, weights), x), forward(scores_only, weights, x), **UNROUNDED)


def test_gradients_by_differences() -> None:
    """∂(Σ scores²)/∂w ≈ (f(w + h) − f(w − h)) / 2h, a few weights of every tensor."""
    network = load_network("lenet5", classes=3)
    weights, x = weights_for(network), picture(network, 1)
    weights = {name: value * 0.1 for name, value in weights.items()}
    module = loaded(network, weights)
    (module(torch.as_tensor(x)) ** 2).sum().backward()
    random, h = np.random.default_rng(0), 1e-5
    for name, parameter in module.named_parameters():
        place = tuple(int(random.integers(side)) for side in parameter.shape)
        value = parameter.data[place].item()
        sums = []
        for step in (h, -h):
            parameter.data[place] = value + step
            sums.append((scores(module, x) ** 2).sum())
        parameter.data[place] = value
        assert parameter.grad is not None
        assert parameter.grad[place].item() == pytest.approx((sums[0] - sums[1]) / (2 * h), rel=1e-4, abs=1e-7), name


def test_batch_normalisation_while_training() -> None:
    """Normalised by the batch; the running values move by `momentum` (torch divides the variance by n − 1)."""
    network = Network(BatchNorm(momentum=0.3)(Input(2, 3, 5)))
    module = build(network).double()
    fill(module, 0)
    x = np.random.default_rng(0).normal(3, 2, (7, 2, 3, 5))
    got = module.train()(torch.as_tensor(x)).detach().numpy().reshape(x.shape)
    np.testing.assert_allclose(got.mean((0, 2, 3)), 0, atol=1e-9)
    np.testing.assert_allclose(got.std((0, 2, 3)), 1, atol=1e-4)
    state = module.state_dict()
    np.testing.assert_allclose(state["batch_norm1.running_mean"], 0.3 * x.mean((0, 2, 3)), rtol=1e-6)
    variance = x.var((0, 2, 3), ddof=1)
    np.testing.assert_allclose(state["batch_norm1.running_var"], 0.7 + 0.3 * variance, rtol=1e-6)


def test_dropout_while_training_keeps_the_mean() -> None:
    module = build(Network(Dropout(0.25)(Input(1, 100, 100)))).train()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        got = module(torch.ones(1, 1, 100, 100))
    np.testing.assert_allclose(got.unique(), [0, 4 / 3], rtol=1e-6)
    assert 0.72 < (got > 0).float().mean() < 0.78


def test_names_that_torch_keeps_for_itself() -> None:
    x = Input(1, 6, 6)
    for name in ("type", "half", "nodes", "a/b", "forward"):
        x = ReLU(name=f"{name}_")(Conv(2, 1, name=name)(x))
    network = Network(Dense(2)(Pool(2)(x)))
    weights, image = weights_for(network), picture(network)
    np.testing.assert_allclose(scores(loaded(network, weights), image), forward(network, weights, image), **UNROUNDED)


@pytest.mark.parametrize(("filler", "low", "high", "spread"), [
    ({"kind": "xavier"}, -0.1, 0.1, 0.1 / 3**0.5), ({"kind": "msra"}, -1, 1, (2 / 300) ** 0.5),
    ({"kind": "uniform", "low": 2.0, "high": 3.0}, 2, 3, 1 / 12**0.5), ({"kind": "constant", "value": 7.0}, 7, 7, 0),
    ({"kind": "gaussian", "mean": 5.0, "std": 2.0}, -9, 19, 2),
])
def test_fillers_draw_what_they_say(filler: dict[str, float | str], low: float, high: float, spread: float) -> None:
    from striate.arch import Initializer

    network = Network(Dense(100, weight_filler=Initializer(**filler))(Input(3, 10, 10)))  # type: ignore[arg-type]
    module = build(network)
    fill(module, 0)
    weight = module.state_dict()["dense1.weight"]
    assert low <= weight.min() <= weight.max() <= high
    assert weight.std().item() == pytest.approx(spread, rel=0.03)
    again, other = build(network), build(network)
    fill(again, 0)
    fill(other, 1)
    assert torch.equal(again.state_dict()["dense1.weight"], weight)
    assert filler["kind"] == "constant" or not torch.equal(other.state_dict()["dense1.weight"], weight)
