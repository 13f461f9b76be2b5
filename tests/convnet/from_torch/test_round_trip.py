"""`write_torch`, run, and read back: the same layers on the same inputs, for the zoo and for every kind of layer."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
import torch
from hypothesis import given
from torch import nn

from striate.arch import ZOO, Conv, Input, LeakyReLU, Network, load_network
from striate.arch.formats.torch.source_writer import class_name, write_torch
from striate.convnet.from_torch import from_torch, torch_weights
from striate.errors import NetworkError
from tests.arch.networks import networks
from tests.arch.table import TABLE, Row
from tests.convnet.from_torch.test_from_torch import answers, randomised
from tests.examples import examples

LEARNING = {"name", "weight_filler", "bias_filler", "filler", "lr_mult", "decay_mult"}  # no source text holds these


def run(network: Network) -> nn.Module:
    """The module that the written source text makes."""
    names: dict[str, Any] = {}
    exec(write_torch(network), names)
    return names[class_name(network.name or "network")]()


def said(network: Network) -> list[tuple[Any, ...]]:
    """What each layer computes and where its inputs come from, whatever it is called and however it is spelt.

    A flattening that only dense layers read is theirs; padding is its number of pixels; `exact` that fits is `floor`.
    """
    readers = {node.name: [other.layer.kind for other in network.nodes if node.name in other.inputs]
               for node in network.nodes}
    positions, found = {"input": 0}, []
    for node in network.nodes:
        layer, volume = node.layer, node.input_volumes[0]
        void = (layer.kind == "flatten" and (set(readers[node.name]) == {"dense"} or volume.shape[1:] == (1, 1))) or (
            layer.kind == "reshape" and node.output == volume)
        if void:
            positions[node.name] = positions[node.inputs[0]]
            continue
        values = {f.name: getattr(layer, f.name) for f in fields(layer) if f.name not in LEARNING}
        if layer.window:
            pads = layer.window.pads(volume.height, volume.width)
            values |= {"padding": pads, "stride": layer.window.stride, "kernel_size": layer.window.kernel}
            if values.get("rounding") == "exact":
                values["rounding"] = "floor"
            if values.get("mode") == "max" or not any(map(any, pads)):
                values["count_padding"] = True
        if layer.kind == "reshape":
            values["to"] = node.output.shape
        positions[node.name] = len(found) + 1
        found.append((layer.kind, tuple(values.items()), tuple(positions[name] for name in node.inputs)))
    return found


@pytest.mark.parametrize("name", ZOO)
def test_zoo(name: str) -> None:
    network = load_network(name)
    with torch.device("meta"):  # some have 140 million weights, and none of them is looked at
        module = run(network)
    again = from_torch(module, network.input)
    assert said(again) == said(network.trunk)
    assert again.parameters == network.trunk.parameters
    own = {node.name for node in network.trunk.nodes if node.tensors and node.name.isidentifier()}
    assert own - {"type"} <= {node.name for node in again.nodes} | {name for name in own if name in dir(nn.Module)}
    assert torch_weights(module, again).keys() == again.tensors.keys()


# Said by several calls of torch, which no single layer is read back from.
IN_SEVERAL_CALLS = {"average_pool(", "** 2", "torch.stack"}


@pytest.mark.parametrize("row", TABLE.values(), ids=list(TABLE))
def test_every_kind_of_layer(row: Row) -> None:
    start = Input(2, 11, 13)
    before = (Conv(volume.channels, 1)(start) for volume in row.inputs)
    network = Network(LeakyReLU(0.5)(row.layer(*before)), name="net")  # a softmax at the end would be left out
    module = randomised(run(network))
    if any(words in write_torch(network) for words in IN_SEVERAL_CALLS):
        with pytest.raises(NetworkError) as caught:
            from_torch(module, network.input)
        assert caught.value.code == "unsupported_layers"
        return
    expected, got = answers(module, from_torch(module, network.input))
    torch.testing.assert_close(got, expected, rtol=1e-5, atol=1e-5)


@examples(80)
@given(networks(side=9))
def test_random_networks_come_back(network: Network) -> None:
    source = write_torch(network)
    if any(words in source for words in IN_SEVERAL_CALLS) or network.nodes[-1].layer.kind == "softmax":
        return
    module = randomised(run(network))
    again = from_torch(module, network.input)
    expected, got = answers(module, again)
    torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-4, equal_nan=True)
    assert again.parameters == network.trunk.parameters
