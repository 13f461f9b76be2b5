"""The pixels that one unit sees, found by what a NaN in each of them reaches."""

from typing import cast

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from striate.arch import Concat, Conv, Input, Network, ReLU, load_network
from striate.arch.network import INPUT
from striate.arch.unit_field import pixels_seen
from striate.convnet.build.net import build
from tests.arch.networks import networks
from tests.arch.table import TABLE
from tests.examples import examples

# Layers that are followed from any to all of their inputs, though one unit reads some of them.
WIDER = {"flatten", "reshape", "table_conv"}
WINDOWED = {name: row for name, row in TABLE.items() if len(row.inputs) == 1}


def reached(network: Network, layer: str, mark: float = torch.nan) -> np.ndarray:
    """(H·W, C', H', W') bool: which units of `layer` change if each pixel of a picture of ones is set to `mark`."""
    net = build(network).double().eval()
    for tensor in net.state_dict().values():
        tensor.fill_(0.5)
    channels, height, width = network.input
    batch = torch.ones(height * width + 1, channels, height, width, dtype=torch.float64)
    every = torch.arange(height * width)
    batch[every, :, every // width, every % width] = mark
    with torch.no_grad():
        volumes = net.activations(batch, [layer]).volumes[layer]
        return cast(np.ndarray, (volumes[:-1] != volumes[-1]).numpy())


def spans(network: Network, seen: np.ndarray) -> tuple[range, range]:
    """The rows and columns from the first to the last pixel of (H·W,) bool."""
    places = seen.reshape(network.input.height, network.input.width)
    found = [np.flatnonzero(places.any(axis=1 - axis)) for axis in (0, 1)]
    rows, columns = (range(int(one[0]), int(one[-1]) + 1) if len(one) else range(0) for one in found)
    return rows, columns


def units(network: Network, layer: str) -> list[tuple[int, int, int]]:
    """(channel, row, column) at corners, borders and in the middle."""
    nodes = {node.name: node.output for node in network.nodes}
    channels, height, width = nodes[layer]
    return [(channel, row, column) for channel in {*range(min(channels, 4)), channels - 1}
            for row in {0, 1, height // 2, height - 1} if row < height
            for column in {0, 2, width // 2, width - 1} if column < width]


@pytest.mark.parametrize("name", WINDOWED)
def test_every_kind_of_layer(name: str) -> None:
    # Before it two branches whose fields overlap, so that channels must be followed through the layer.
    layer, start = WINDOWED[name].layer, Input(2, 12, 15)
    network = Network(layer(Concat()(Conv(3, (2, 5), padding=((0, 0), (0, 2)))(start),
                                     Conv(3, (2, 5), padding=((0, 0), (2, 0)))(start))))
    last = network.nodes[-1].name
    # Across channels torch multiplies by a band, whose zeros pass on a NaN.
    found = reached(network, last, 2.0 if name == "lrn" else torch.nan)
    for channel, row, column in units(network, last):
        wanted = spans(network, found[:, channel, row, column])
        seen = pixels_seen(network, last, (row, column), channel)
        if layer.kind in WIDER:
            assert set(wanted[0]) <= set(seen[0])
            assert set(wanted[1]) <= set(seen[1])
        else:
            assert seen == wanted


@given(networks(side=9), st.randoms(use_true_random=False))
@examples(60)
def test_random_networks(network: Network, random: object) -> None:
    inner = [node for node in network.nodes if node.output.size <= 20_000]
    node = random.choice(inner)  # type: ignore[attr-defined]
    found = reached(network, node.name)
    exact = not any(one.layer.kind in WIDER | {"lrn"} for one in network.nodes)
    for channel, row, column in units(network, node.name):
        wanted = spans(network, found[:, channel, row, column])
        seen = pixels_seen(network, node.name, (row, column), channel)
        if exact:
            assert seen == wanted
        elif not any(one.layer.kind == "lrn" for one in network.nodes):
            assert set(wanted[0]) <= set(seen[0])
            assert set(wanted[1]) <= set(seen[1])


@pytest.mark.parametrize(("name", "sizes"), [
    ("alexnet", {"conv1": 11, "conv2": 51, "conv3": 99, "conv4": 131, "conv5": 163, "pool5": 195}),
    ("vgg16", {"conv5_3": 196, "pool5": 212}), ("lenet5", {"c1": 5, "s2": 6, "c3": 14, "s4": 16})])
def test_known_sizes_in_the_middle(name: str, sizes: dict[str, int]) -> None:
    network = load_network(name)
    volumes = {node.name: node.output for node in network.nodes}
    for layer, size in sizes.items():
        _, height, width = volumes[layer]
        rows, columns = pixels_seen(network, layer, (height // 2, width // 2))
        assert (len(rows), len(columns)) == (size, size)


def test_a_branch_has_its_own_field() -> None:
    start = Input(3, 15, 15)
    branches = Concat(name="joined")(Conv(2, 1)(start), Conv(3, 5, padding=2)(start))
    network = Network(ReLU(name="relu")(branches))
    assert pixels_seen(network, "relu", (7, 7), 1) == (range(7, 8), range(7, 8))
    assert pixels_seen(network, "relu", (7, 0), 2) == (range(5, 10), range(3))
    assert pixels_seen(network, "relu", (7, 7)) == (range(5, 10), range(5, 10))
    assert pixels_seen(network, INPUT, (3, 4), 2) == (range(3, 4), range(4, 5))
