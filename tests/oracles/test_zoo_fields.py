"""Receptive fields of the zoo against what moves: which pixels of the picture change a unit of the last pooling.

One channel is enough: every filter sees every position of its window. So each convolution is done with one filter of
equal weights, maximum pooling as average pooling (whose window is the same), branches are averaged, and what works on
single values is left out. The gradient of one unit is then positive on all pixels it sees and zero on all others.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch.nn import functional as F  # noqa: N812 - torch's own custom

from striate.arch import Network, survey
from striate.arch.axis import Pair
from striate.arch.zoo import build

# The last pooling, or the last layer that one of everything (or the answer) follows.
LAST = {
    "lenet5": "s4_pool", "lenet_caffe": "pool2", "alexnet": "pool5", "caffenet": "pool5", "alexnet_one_tower": "pool5",
    "zfnet": "pool5", "vgg11": "pool5", "vgg13": "pool5", "vgg16": "pool5", "vgg19": "pool5",
    "googlenet": "pool5/7x7_s1", "googlenet_bn": "inception_5b/output", "resnet18": "res5b_relu",
    "resnet34": "res5c_relu", "resnet50": "res5c_relu", "resnet101": "res5c_relu", "resnet152": "res5c_relu",
    "resnet20": "res4c_relu", "resnet9": "layer3/add", "squeezenet": "relu_conv10", "mobilenet": "relu6/sep",
    "efficientnet_lite0": "head/relu6", "efficientnet_lite4": "head/relu6",
}
KNOWN = {"alexnet": 195, "alexnet_one_tower": 195, "vgg16": 212, "vgg19": 268, "resnet50": 427}
Merge = Callable[[list[torch.Tensor]], torch.Tensor]


def trunk(name: str, height: int, width: int) -> Network:
    """The network up to its last pooling on one channel of a picture large enough to hold a whole field."""
    network = build(name).trunk
    data, count = network.to_dict(), 1 + [node.name for node in network.nodes].index(LAST[name])
    return Network.from_dict(data | {"input": [1, height, width], "layers": data["layers"][:count]})


def run(network: Network, x: torch.Tensor, merge: Merge) -> torch.Tensor:
    """The last layer's single channel, by torch alone."""
    values = {"input": x}
    for node in network.nodes:
        layer, inputs = node.layer, [values[name] for name in node.inputs]
        if layer.kind in ("conv", "table_conv", "pool"):
            window = layer.window
            (top, bottom), (left, right) = padding(layer, inputs[0].shape[2:])
            x = F.pad(inputs[0], (left, right, top, bottom))
            if layer.kind == "pool":
                values[node.name] = F.avg_pool2d(x, window.kernel, window.stride, ceil_mode=layer.rounding == "ceil")
            else:
                weight = torch.full((1, 1, *window.kernel), 1 / (window.kernel[0] * window.kernel[1]), dtype=x.dtype)
                values[node.name] = F.conv2d(x, weight, None, window.stride, 0, window.dilation)
        elif layer.merges:
            values[node.name] = merge(inputs)
        else:
            assert layer.kind in ("relu", "tanh", "batch_norm", "scale", "lrn", "dropout"), layer.kind
            values[node.name] = inputs[0]
    return values[network.nodes[-1].name]


def padding(layer, sides: torch.Size) -> tuple[Pair, Pair]:
    """Padding as ((top, bottom), (left, right)), TensorFlow's rule for `same` written out."""
    if layer.padding != "same":
        pads = (layer.padding, layer.padding) if isinstance(layer.padding, int) else layer.padding
        return (pads[0], pads[0]), (pads[1], pads[1])
    pairs = []
    for side, kernel, stride in zip(sides, layer.window.kernel, layer.window.stride, strict=True):
        total = max((side + stride - 1) // stride * stride - stride + kernel - side, 0)
        pairs.append((total // 2, total - total // 2))
    return pairs[0], pairs[1]


def seen(y: torch.Tensor, x: torch.Tensor, row: int, column: int) -> tuple[Pair, Pair]:
    """(first, last) row and column of the pixels that one unit's gradient is positive on."""
    (gradient,) = torch.autograd.grad(y[0, 0, row, column], x, retain_graph=True)
    rows, columns = gradient[0, 0].nonzero(as_tuple=True)
    return (int(rows.min()), int(rows.max())), (int(columns.min()), int(columns.max()))


def picture(network: Network) -> torch.Tensor:
    return torch.ones(1, 1, network.input.height, network.input.width, dtype=torch.float64, requires_grad=True)


def canvas(name: str) -> tuple[int, int]:
    """A height and a width, different, with room for a whole field around the middle."""
    (row,) = (row for row in survey(build(name).trunk).rows if row.name == LAST[name])
    needed = int(row.fields[0].size) + 4 * int(row.fields[0].stride)
    return needed, needed + 2 * int(row.fields[0].stride) + 3


@pytest.mark.parametrize("name", LAST)
def test_widest_field(name):
    network = trunk(name, *canvas(name))
    row = survey(network).rows[-1]
    x = picture(network)
    y = run(network, x, lambda inputs: torch.stack(inputs).mean(0))
    assert tuple(y.shape[2:]) == (network.output.height, network.output.width)
    middle = (network.output.height // 2, network.output.width // 2)
    found = seen(y, x, *middle)
    for field, index, (first, last), side in zip(row.fields, middle, found, network.input.shape[1:], strict=True):
        assert 0 < first < last < side - 1  # all of it is inside
        assert (first, last) == (field.first + index * field.stride, field.last + index * field.stride)
        assert last - first + 1 == field.size == KNOWN.get(name, field.size)
        assert field.offset == (field.first + field.last) / 2
    shifted = seen(y, x, middle[0] - 1, middle[1] + 1)
    for field, here, there, way in zip(row.fields, found, shifted, (-1, 1), strict=True):
        assert there[0] - here[0] == way * field.stride


@pytest.mark.parametrize("name", [
    "googlenet", "googlenet_bn", "resnet18", "resnet50", "resnet20", "resnet9", "squeezenet", "efficientnet_lite0"])
def test_narrowest_field(name):
    """Where branches meet, only the one that sees least (by its gradients) goes on."""
    network = trunk(name, *canvas(name))
    x = picture(network)

    def narrowest(inputs: list[torch.Tensor]) -> torch.Tensor:
        def extent(y: torch.Tensor) -> int:
            first, last = seen(y, x, y.shape[2] // 2, y.shape[3] // 2)[0]
            return last - first
        return min(inputs, key=extent)

    y = run(network, x, narrowest)
    (top, bottom), (left, right) = seen(y, x, y.shape[2] // 2, y.shape[3] // 2)
    vertical, horizontal = survey(network).rows[-1].fields
    assert (bottom - top + 1, right - left + 1) == (vertical.least, horizontal.least)
    assert vertical.least < vertical.size
