"""Three truths about each layer: the loops of `reference.py`, torch's functions, and the torch code we write."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from striate.arch import Add, Conv, Flatten, Input, Network, Pool, ReLU, load_network
from striate.arch.formats.torch.source_writer import RESERVED, write_torch
from striate.arch.reference import activations, apply, forward
from tests.arch.networks import networks
from tests.arch.table import TABLE, network_of
from tests.examples import examples
from tests.oracles.witness import weights_for, witness

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same'")  # torch says that it copies


def picture(network: Network, seed: int = 1, count: int = 2) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, *network.input))


def module_of(network: Network) -> torch.nn.Module:
    """The module of the written source, in float64, after training."""
    names: dict = {}
    exec(compile(write_torch(network), "net.py", "exec"), names)
    module = [value for value in names.values() if isinstance(value, type) and issubclass(value, torch.nn.Module)][-1]
    return module().double().eval()


def torch_output(network: Network, weights: dict, x: np.ndarray) -> np.ndarray:
    """The written module with our weights, which go over in order: a name may be spelt otherwise."""
    module = module_of(network)
    names = [name for name in module.state_dict() if not name.endswith("num_batches_tracked")]
    state = {name: torch.as_tensor(value) for name, value in zip(names, weights.values(), strict=True)}
    module.load_state_dict(state, strict=len(state) == len(module.state_dict()))
    with torch.no_grad():
        return module(torch.as_tensor(x)).flatten(1).numpy()


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)
def test_reference_agrees_with_torch(row):
    random = np.random.default_rng(7)
    inputs = [random.normal(size=(2, *volume)) for volume in row.inputs]
    own = {name: random.uniform(0.5, 2, tensor.shape) for name, tensor in row.layer.tensors(row.inputs).items()}
    node = type("Node", (), {"layer": row.layer})
    wanted = witness(node, {k: torch.as_tensor(v) for k, v in own.items()}, *map(torch.as_tensor, inputs)).numpy()
    got = apply(row.layer, own, *inputs)
    assert got.shape == wanted.shape == (2, *row.output)
    np.testing.assert_allclose(got, wanted, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)
def test_written_code_agrees_with_the_reference(row):
    network = network_of(row)
    weights, x = weights_for(network), picture(network)
    np.testing.assert_allclose(torch_output(network, weights, x), forward(network, weights, x), rtol=1e-9, atol=1e-10)


@examples(60)
@given(networks(side=9), st.integers(0, 99))
def test_three_truths_about_random_networks(network, seed):
    weights, x = weights_for(network, seed), picture(network, seed)
    values = {"input": torch.as_tensor(x)}
    for node in network.nodes:
        own = {name: torch.as_tensor(weights[f"{node.name}.{name}"]) for name in node.tensors}
        values[node.name] = witness(node, own, *(values[name] for name in node.inputs))
    by_loops = activations(network, weights, x)
    for node in network.nodes:
        assert by_loops[node.name].shape[1:] == node.output.shape
        np.testing.assert_allclose(by_loops[node.name], values[node.name].numpy(), rtol=1e-7, atol=1e-7)
    last = by_loops[network.nodes[-1].name].reshape(2, -1)
    np.testing.assert_allclose(torch_output(network, weights, x), last, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("name", ["lenet5", "compact"])
def test_written_code_of_the_zoo_computes_the_same(name):
    network = load_network(name, Input(3, 32, 32), 7)
    weights, x = weights_for(network), picture(network, count=1)
    np.testing.assert_allclose(torch_output(network, weights, x), forward(network, weights, x), rtol=1e-9)
    state = module_of(network).state_dict()
    assert {name: tuple(value.shape) for name, value in state.items() if "num_batches" not in name} == {
        name: tensor.shape for name, tensor in network.tensors.items()}


def test_written_code_with_names_that_python_or_torch_keeps_for_itself():
    x = start = Input(2, 5, 5)
    for name in ("lambda", "forward", "x", "7th", "a/b", "a_b", "type", "half", "picture", "self"):
        x = ReLU(name=f"{name}:")(Conv(2, 1, name=name)(x))
    network = Network(Pool(5, name="last")(Add(name="sum")(x, start)))
    weights, image = weights_for(network), picture(network)
    np.testing.assert_allclose(torch_output(network, weights, image), forward(network, weights, image), rtol=1e-9)


def test_every_attribute_of_a_module_is_reserved():
    public = {name for name in dir(torch.nn.Module()) if not name.startswith("_")}
    assert public - RESERVED == set()


def test_a_flattened_volume_goes_on_as_a_volume():
    network = Network(Conv(3, 1)(Flatten()(Input(2, 3, 5))))
    weights, x = weights_for(network), picture(network)
    np.testing.assert_allclose(torch_output(network, weights, x), forward(network, weights, x), rtol=1e-9)
