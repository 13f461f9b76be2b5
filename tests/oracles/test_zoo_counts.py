"""The counts of the zoo against two others: formulas on the plain data, and torch modules written by hand."""

import math

import pytest
import torch
from torch import nn

from striate.arch import ZOO, Volume, survey
from striate.arch.zoo import build
from striate.errors import NetworkError
from tests.oracles.recount import recount
from tests.oracles.witness import witness
from tests.oracles.zoo_in_torch import MODULES


@pytest.mark.parametrize("name", ZOO)
@pytest.mark.parametrize(("channels", "taller", "wider", "classes"), [(None, 0, 0, None), (1, 11, 2, 7), (5, 0, 37, 3)])
def test_totals_and_volumes_are_those_of_a_second_counter(name, channels, taller, wider, classes):
    entry = ZOO[name]
    channels_, height, width = entry.example
    network = build(name, Volume(channels or channels_, height + taller, width + wider), classes)
    facts, again = survey(network), recount(network.to_dict())
    assert {node.name: node.output.shape for node in network.nodes} == {
        key: shape for key, shape in again.shapes.items() if key != "input"}
    assert (facts.total("parameters"), facts.total("buffers"), facts.total("macs")) == again[1:]
    assert network.parameters == again.parameters


@pytest.mark.parametrize("name", MODULES)
def test_counts_are_those_of_a_torch_module_written_by_hand(name):
    """Without memory: torch's meta device knows shapes alone. Every output of a weighted sum is counted as it flows."""
    network = build(name)
    with torch.device("meta"):
        module = MODULES[name]().eval()
        macs = []
        for part in module.modules():
            if isinstance(part, nn.Conv2d | nn.Linear):
                part.register_forward_hook(lambda part, _, y: macs.append(y.numel() * math.prod(part.weight.shape[1:])))
        outputs = module(torch.zeros(1, *network.input))
    outputs = outputs if isinstance(outputs, list) else [outputs]
    assert sum(parameter.numel() for parameter in module.parameters()) == network.parameters
    buffers = sum(value.numel() for key, value in module.named_buffers() if "num_batches" not in key)
    assert buffers == survey(network).total("buffers")
    assert sum(macs) == survey(network).total("macs")
    assert [tuple(y.shape[1:]) for y in outputs] == [(1000,)] * (1 + len(network.auxiliary))
    shapes = sorted(tuple(parameter.shape) for parameter in module.parameters())
    assert shapes == sorted(tensor.shape for tensor in network.tensors.values() if tensor.role != "buffer")


@pytest.mark.parametrize("name", ["googlenet_bn", "resnet18", "resnet50", "mobilenet", "efficientnet_lite0"])
def test_outputs_are_those_of_a_torch_module_written_by_hand(name):
    """The same weights in the same order; so layers are connected alike, and nothing is left out between them."""
    network = build(name, Volume(3, 61, 70))
    torch.manual_seed(0)
    module = MODULES[name]().double().eval()
    state = {key: value for key, value in module.state_dict().items() if "num_batches" not in key}
    for key, value in state.items():
        if value.dim() == 1 and "bias" not in key:
            value.uniform_(0.5, 1.5)
    weights = dict(zip(network.tensors, state.values(), strict=True))
    assert {key: tensor.shape for key, tensor in network.tensors.items()} == {
        key: tuple(value.shape) for key, value in weights.items()}
    x = torch.randn(2, 3, 61, 70, dtype=torch.float64)
    values = {"input": x}
    with torch.no_grad():
        for node in network.nodes:
            own = {key: weights[f"{node.name}.{key}"] for key in node.tensors}
            values[node.name] = witness(node, own, *(values[source] for source in node.inputs))
        expected = module(x)
    assert expected.std() > 1e-3
    torch.testing.assert_close(values[network.nodes[-1].name].flatten(1), expected, rtol=1e-9, atol=1e-9)


def test_the_second_counter_sees_a_changed_layer():
    data = build("resnet50").to_dict()
    whole = recount(data)
    layer = next(item for item in data["layers"] if item.get("name") == "res4c_branch2b")
    layer["conv"] = layer["conv"] | {"padding": 0}
    with pytest.raises(AssertionError):
        assert recount(data) == whole


def test_a_refused_size_has_no_count():
    with pytest.raises(NetworkError):
        build("googlenet", Volume(3, 128, 128))
