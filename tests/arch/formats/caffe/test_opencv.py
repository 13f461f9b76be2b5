"""Networks written as prototxt and caffemodel, run by OpenCV's reader of Caffe: the same numbers as ours.

OpenCV takes the k of an LRN for 1 whatever is written, so it is 1 here.
Small networks are run by the loops of `striate.arch.reference`, the famous ones by the torch module.
"""

import math
import re

import cv2
import numpy as np
import pytest

from striate.arch import (
    ELU,
    LRN,
    Add,
    BatchNorm,
    Concat,
    Conv,
    Deconv,
    Dense,
    Dropout,
    Flatten,
    GlobalPool,
    Input,
    LeakyReLU,
    Maximum,
    Multiply,
    Network,
    Pool,
    PReLU,
    ReLU,
    Reshape,
    Scale,
    Sigmoid,
    Slice,
    Softmax,
    Tanh,
)
from striate.arch.formats.caffe import read_caffe, read_caffemodel, write_caffe, write_caffemodel
from striate.arch.reference import forward
from tests.arch.formats.caffe.test_corpus import CORPUS

X = Input(3, 13, 11)


def branches(*merged):
    """Three convolutions of one volume, merged."""
    parts = [Conv(4, 3, padding=1)(X), Conv(4, 1)(X), Conv(4, (3, 1), padding=(1, 0))(X)]
    return merged[0](*parts)


def slices():
    x = Conv(6, 3)(X)
    first, second = Slice(0, 2)(x), Slice(3, 2)(x)
    return Concat()(second, ReLU()(first))


SMALL = {
    "lrn, across": LRN(5, 0.5, 0.75)(Conv(8, 3)(X)),
    "lrn, within": LRN(3, 0.9, 0.75, region="within")(Conv(8, 3)(X)),
    "grouped convolution": Conv(6, (3, 2), (2, 1), (1, 0), groups=3)(Conv(9, 1)(X)),
    "depthwise, dilated": Conv(5, 3, padding=2, dilation=2, groups=5)(Conv(5, 1)(X)),
    "max pooling, ceil": Pool(3, 2, rounding="ceil")(Pool((2, 3), 2, padding=(1, 1), rounding="ceil")(Conv(4, 2)(X))),
    "average pooling, ceil": Pool(3, 2, mode="average", rounding="ceil")(Conv(4, 2)(X)),
    "average pooling, padded": Pool(3, 2, padding=1, mode="average", rounding="ceil")(Conv(4, 3)(X)),
    "global pooling": Concat()(GlobalPool()(Conv(4, 2)(X)), GlobalPool("max")(Conv(4, 2)(X))),
    "batch norm, no weights": ReLU()(BatchNorm(1e-3, 0.001, scale=False, shift=False)(Conv(4, 3)(X))),
    "batch norm and scale": ReLU()(BatchNorm()(Conv(4, 3, bias=False)(X))),
    "batch norm, shift only": Sigmoid()(BatchNorm(scale=False)(Conv(4, 3, bias=False)(X))),
    "batch norm, scale only": Tanh()(BatchNorm(shift=False)(Conv(4, 3, bias=False)(X))),
    "scale": Scale()(Scale(bias=False)(Conv(4, 3)(X))),
    "prelu": PReLU()(Conv(4, 3)(X)),
    "activations": ELU(0.7)(LeakyReLU(0.2)(Conv(4, 3)(Sigmoid()(Conv(4, 1)(Tanh()(Conv(4, 1)(X))))))),
    "sum": branches(Add()),
    "sum, coefficients": branches(Add((1, -2, 0.5))),
    "product": branches(Multiply()),
    "maximum": branches(Maximum()),
    "slices": slices(),
    "deconvolution": Deconv(3, 4, stride=2, padding=1)(Conv(4, 3)(X)),
    "deconvolution, grouped": Deconv(4, (3, 2), stride=(2, 1), groups=4, bias=False)(Conv(4, 3)(X)),
    "dense": Softmax()(Dense(7)(Dropout(0.3)(ReLU()(Dense(12)(Flatten()(Pool(2)(Conv(4, 2, stride=2)(X)))))))),
    "reshape": Conv(2, 3)(Reshape((4, 6, -1))(Conv(6, 2)(X))),
}
LARGE = {"lenet": 28, "cifar10_quick": 32, "cifar10_full": 32, "bvlc_alexnet": 227, "bvlc_googlenet": 224,
         "resnet50": 224, "squeezenet_1.1": 227, "mobilenet": 224}


def weights_of(network: Network, seed: int = 7) -> dict[str, np.ndarray]:
    """Random weights of a size that keeps activations near 1."""
    draw = np.random.default_rng(seed)
    weights = {}
    for name, tensor in network.tensors.items():
        values = draw.normal(size=tensor.shape)
        if name.endswith("running_var"):
            values = draw.uniform(0.5, 2, tensor.shape)
        elif len(tensor.shape) > 1:
            values *= math.sqrt(2 / tensor.fan_in)
        elif tensor.role == "weight":
            values = draw.uniform(0.5, 1.5, tensor.shape)
        else:
            values *= 0.1
        weights[name] = values.astype(np.float32)
    return weights


def by_opencv(network: Network, weights: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    # OpenCV has a word of its own for pooling that rounds down, and no other.
    text = write_caffe(network).replace("round_mode: FLOOR", "ceil_mode: false")
    model = write_caffemodel(network, weights)
    net = cv2.dnn.readNetFromCaffe(np.frombuffer(text.encode(), np.uint8), np.frombuffer(model, np.uint8))
    net.setPreferableBackend(cv2.dnn.DNN_BACKEND_OPENCV)
    net.setInput(x.astype(np.float32))
    return net.forward(re.findall('name: "(.*)"', text)[-1]).reshape(len(x), -1)


def differences(ours: np.ndarray, theirs: np.ndarray) -> tuple[float, float]:
    """The largest difference, and the same with both divided by the largest value."""
    most = np.abs(ours - theirs).max()
    return float(most), float(most / np.abs(ours).max())


def picture(network: Network, count: int = 1) -> np.ndarray:
    return np.random.default_rng(3).normal(size=(count, *network.input.shape)).astype(np.float32)


@pytest.mark.parametrize("name", SMALL)
def test_small_networks_give_opencvs_numbers(name):
    network = Network(SMALL[name])
    weights, x = weights_of(network), picture(network, 2)
    absolute, relative = differences(forward(network, weights, x), by_opencv(network, weights, x))
    assert absolute < 1e-4
    assert relative < 1e-4


@pytest.mark.parametrize("name", LARGE)
def test_famous_networks_give_opencvs_numbers(name):
    import torch

    from striate.convnet.build.net import build

    scores = CORPUS[name].split('layer {\n  name: "prob"')[0]  # a softmax of large scores would hide differences
    network = read_caffe(scores)
    assert network.nodes[-1].layer.kind != "softmax"
    weights, x = weights_of(network), picture(network)
    module = build(network)
    module.load_state_dict({key: torch.from_numpy(array) for key, array in weights.items()})
    with torch.inference_mode():
        ours = module.eval()(torch.from_numpy(x)).numpy()
    largest = np.abs(ours).max()
    assert ours.std() > 0.01 * largest  # they differ from each other
    _, relative = differences(ours, by_opencv(network, weights, x))
    assert relative < 1e-4


@pytest.mark.parametrize("name", SMALL)
def test_weights_come_back_as_they_were(name):
    network = Network(SMALL[name])
    weights = weights_of(network)
    again = read_caffemodel(write_caffemodel(network, weights), network)
    assert list(again) == list(weights)
    assert all(np.array_equal(again[key], array) and again[key].dtype == np.float32 for key, array in weights.items())
