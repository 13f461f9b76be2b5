"""Receptive fields against what moves: the pixels whose gradient is not zero for one unit."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from striate.arch import Add, Concat, Conv, Deconv, Input, Network, Pool, Volume, survey
from tests.examples import examples
from tests.oracles.witness import witness

SIDE = 97


@st.composite
def deep(draw: st.DrawFn) -> Network:
    """Convolutions and average pools, with a branch of the same stride now and then."""
    x = Input(1, SIDE, SIDE + 14)
    for _ in range(draw(st.integers(1, 4))):
        kernel, stride = draw(st.integers(1, 5)), draw(st.integers(1, 2))
        if draw(st.booleans()):
            x = Pool(max(kernel, stride), stride, mode="average")(x)
        else:
            x = Conv(1, (kernel, 3), stride=stride, padding=draw(st.sampled_from(["same", 0, 2])),
                     dilation=draw(st.integers(1, 2)))(x)
        if draw(st.integers(0, 2)) == 0:
            x = branch(x, draw(st.sampled_from([1, 3, 5, 7])), draw(st.sampled_from([Add(), Concat()])))
    return Network(x)


def branch(x: Volume, kernel: int, merge: Add | Concat) -> Volume:
    return Conv(1, 1)(merge(x, Conv(x.channels, kernel, padding="same")(x)))


def seen(network: Network, row: int, column: int) -> list[tuple[int, int]]:
    """(first, last) row and column that reach the unit at (row, column), by torch's gradients with positive weights."""
    x = torch.ones(1, *network.input, dtype=torch.float64, requires_grad=True)
    values = {"input": x}
    for node in network.nodes:
        own = {name: torch.ones(tensor.shape, dtype=torch.float64) for name, tensor in node.tensors.items()}
        values[node.name] = witness(node, own, *(values[name] for name in node.inputs))
    values[network.nodes[-1].name][0, 0, row, column].backward()
    rows, columns = x.grad[0, 0].numpy().nonzero()
    return [(rows.min(), rows.max()), (columns.min(), columns.max())]


@examples(40)
@given(deep())
def test_fields_are_the_pixels_that_matter(network):
    row = survey(network).rows[-1]
    middle = (network.output.height // 2, network.output.width // 2)
    found_here, sides = seen(network, *middle), network.input.shape[1:]
    for field, index, found, side in zip(row.fields, middle, found_here, sides, strict=True):
        first, last = field.first + index * field.stride, field.last + index * field.stride
        assert found == (max(0, first), min(side - 1, last))
        assert np.isclose(field.offset, (field.first + field.last) / 2)
        assert field.least <= field.size


@examples(40)
@given(st.integers(1, 7), st.integers(1, 4), st.integers(0, 2), st.integers(1, 3), st.integers(1, 3))
def test_fields_behind_a_transposed_convolution(kernel, stride, padding, before, stride_before):
    """They differ from unit to unit; the widest is as large as said, and the narrowest, and they are centred so."""
    padding = min(padding, kernel - 1)
    x = Conv(1, before, stride=stride_before)(Input(1, 61, 61))
    network = Network(Deconv(1, kernel, stride=stride, padding=padding)(x))
    vertical, _ = survey(network).rows[-1].fields
    middle = network.output.height // 2
    found = [seen(network, middle + i, middle)[0] for i in range(stride) if kernel >= stride]
    sizes = [last - first + 1 for first, last in found]
    if sizes:
        assert (min(sizes), max(sizes)) == (vertical.least, vertical.size)
        centres = [(first + last) / 2 - (middle + i) * float(vertical.stride) for i, (first, last) in enumerate(found)]
        assert abs(np.mean(centres) - vertical.offset) < 1e-9 + float(stride_before) / 2
