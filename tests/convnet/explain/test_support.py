"""What comes back from one unit lies in its receptive field, and with positive weights fills exactly that square."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from striate.arch import Input, Network, Volume
from striate.arch.zoo import build
from striate.convnet.explain.backward import ForwardPass, seed_of
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.rules import NOT_RELU, RULES
from striate.convnet.explain.target import Target
from tests.arch.networks import layers, networks
from tests.convnet.explain.nets import explained
from tests.examples import examples

FIELDS = {
    "alexnet": {"conv1": 11, "conv2": 51, "conv3": 99, "conv4": 131, "conv5": 163, "pool5": 195},
    "vgg16": {"conv5_3": 196, "pool5": 212},
    "lenet_caffe": {"conv1": 5, "pool1": 6, "conv2": 14, "pool2": 16},
}
UNPLACED = NOT_RELU | {"reshape"}  # its outputs have positions that are none of the picture
STRIDES = {("alexnet", "pool5"): 32, ("vgg16", "pool5"): 32, ("lenet_caffe", "pool2"): 4}


def thin(name: str, last: str) -> Network:
    """A network up to `last` with one filter a convolution, and means for maxima, on a picture that holds a field.

    A maximum goes back to one pixel of its window; a mean, of the same window, to all.
    """
    x: Volume = Input(1, 447, 479)
    for node in build(name).nodes:  # a chain
        changes = {"conv": {"filters": 1, "groups": 1}, "pool": {"mode": "average"}}.get(node.layer.kind, {})
        x = replace(node.layer, name=node.name, **changes)(x)
        if node.name == last:
            break
    return Network(x)


def footprint(model: ExplainedNet, layer: str, rule: str, at: tuple[int, int]) -> torch.Tensor:
    """What comes back from 1 at one position, (H, W), of a picture in which every unit is excited."""
    forward = ForwardPass.of(model, torch.ones(1, *model.network.input, dtype=torch.float64), [layer], rule)
    return forward.back(layer, seed_of(forward.volumes[layer], Target(layer, 0, at)))[0, 0]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(("name", "layer"), [(name, layer) for name, fields in FIELDS.items() for layer in fields])
def test_positive_weights_fill_the_receptive_field_and_nothing_else(name: str, layer: str, rule: str) -> None:
    network = thin(name, layer)
    model = explained(network)
    model.net.double()
    for key, tensor in model.net.state_dict().items():
        tensor.fill_(0 if key.endswith("bias") else 1 / tensor.numel())
    _, height, width = network.output
    row, column = height // 2, width // 2
    found = [(footprint(model, layer, rule, (row + down, column)) > 0).numpy() for down in (0, 1)]
    rows, columns = (np.flatnonzero(found[0].any(axis)) for axis in (1, 0))
    size = FIELDS[name][layer]
    assert (len(rows), len(columns)) == (size, size)
    assert found[0][rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1].all()
    assert found[0].sum() == size * size
    fields = model.survey.rows[-1].fields
    assert [(field.size, field.first + place * field.stride) for field, place in zip(fields, (row, column), strict=True)
            ] == [(size, rows[0]), (size, columns[0])]
    assert np.flatnonzero(found[1].any(1))[0] - rows[0] == STRIDES.get((name, layer), fields[0].stride)


@examples(60)
@given(networks(11, layers.filter(lambda layer: layer.kind not in UNPLACED)), st.sampled_from(list(RULES)), st.data())
def test_nothing_comes_back_from_outside_the_receptive_field(network: Network, rule: str, data: st.DataObject) -> None:
    model = explained(network)
    channels, height, width = network.output
    at = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    layer = network.nodes[-1].name
    forward = ForwardPass.of(model, torch.randn(1, *network.input, generator=torch.Generator().manual_seed(0)),
                             [layer], rule)
    unit = data.draw(st.integers(0, channels - 1))
    found = forward.back(layer, seed_of(forward.volumes[layer], Target(layer, unit, at)))[0].abs().sum(0).numpy()
    for axis, (field, place) in enumerate(zip(model.survey.rows[-1].fields, at, strict=True)):
        touched = np.flatnonzero(found.any(1 - axis))
        first = field.first + place * field.stride
        assert all(first <= pixel < first + field.size for pixel in touched)


