"""One activation as its products: every layer kind, against loops, the network itself, and autograd."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

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
    Maxout,
    Multiply,
    Network,
    Pad,
    Pool,
    PReLU,
    ReLU,
    Reshape,
    Scale,
    Sigmoid,
    Slice,
    Softmax,
    TableConv,
    Tanh,
    Volume,
    load_network,
)
from striate.arch.layers import LAYERS
from striate.convnet.explain.dot_product import DotProduct, dot_product
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.linear_head import LinearHead
from striate.convnet.explain.taps import TAPS
from striate.convnet.explain.target import Target
from striate.convnet.explain.traced_layers import TRACED
from tests.convnet.explain.nets import explained, picture

SAME = ((1, 2), (0, 1))
# Layers whose output is one of their inputs, as it is.
CHOOSING = {"pool", "global_pool", "maxout", "maximum", "concat", "slice", "flatten", "reshape", "dropout", "pad"}


def net(*layers: object, volume: tuple[int, int, int] = (3, 13, 11)) -> Network:
    x: Volume = Input(*volume)
    for layer in layers:
        x = layer(x)  # type: ignore[operator]
    return Network(x)


def branches() -> Network:
    x = Conv(6, 3, padding=1, name="stem")(Input(3, 9, 7))
    left, right = ReLU(name="left")(Conv(6, 3, padding=1)(x)), Slice(2, 6, name="right")(Conv(8, 1)(x))
    both = Concat(name="both")(left, right)
    merged = Add(coefficients=(0.5, -2.0), name="merged")(left, right)
    most = Maximum(name="most")(merged, right)
    return Network(Dense(4)(Concat(name="all")(both, Multiply(name="times")(most, left))))


NETWORKS = {
    "stride and uneven padding": net(Conv(4, (3, 4), stride=(2, 1), padding=SAME), ReLU(limit=0.5), Dense(3)),
    "same padding": net(Conv(4, 4, stride=2, padding="same"), BatchNorm(), ReLU(), GlobalPool("max"), Dense(3)),
    "dilation and groups": net(Conv(6, 3), Conv(4, 3, dilation=2, groups=2, bias=False), ELU(), Dense(3)),
    "depthwise": net(Conv(6, 1), Conv(6, 3, groups=6, padding=1), BatchNorm(scale=False), Scale(), PReLU(), Dense(3)),
    "table": net(Conv(3, 3), TableConv(((0, 2), (1,), (0, 1, 2)), 3, padding=1), Tanh(1.7, 0.6), Dense(3)),
    "transposed": net(Conv(4, 3, stride=2), Deconv(6, (4, 3), stride=(2, 3), padding=((1, 0), (0, 2)), groups=2),
                      LeakyReLU(0.2), Dense(3)),
    "transposed and dilated": net(Deconv(2, 3, stride=2, dilation=2), BatchNorm(), Sigmoid(), Dense(3)),
    "overlapping pools": net(Conv(4, 3), Pool(3, 2, padding=1, rounding="ceil"), LRN(3, 0.3), Dense(3)),
    "means": net(Conv(4, 3), Pool(3, 2, 1, "average", "ceil"), LRN(3, 0.3, region="within"),
                 Pool(3, 2, 1, "average", count_padding=False), GlobalPool(), Dense(3)),
    "pads": net(Pad(SAME), Conv(4, 3, stride=2), Pad(1), Dropout(), Conv(4, 2, padding=1), Maxout(2), Dense(3)),
    "pixels of a dense layer": net(Flatten(), Dense(12), BatchNorm(), Reshape((3, 2, 2)), Conv(2, 2), Softmax(),
                                   Dense(3)),
    "normalised input": net(BatchNorm(), ReLU(), Dense(3)),
    "branches": branches(),
}


def some_places(model: ExplainedNet, layer: str) -> list[Target]:
    """Corners, and a few places within."""
    channels, height, width = model.volume(layer)
    draw = np.random.default_rng(3)
    inner = [tuple(map(int, draw.integers(0, (channels, height, width)))) for _ in range(3)]
    return [Target(layer, unit, (row, column)) for unit, row, column in
            {(0, 0, 0), (channels - 1, height - 1, width - 1), *inner}]


def agrees(found: DotProduct) -> bool:
    """Both sums are the network's own value, within a millionth of the sum of magnitudes (criterion A10)."""
    assert found.total is not None
    sums = [(found.total, found.array), *([(found.pixels.total, found.pixels.products)] if found.pixels else [])]
    # Where all inputs are zero, or there is none, the bias is what is rounded.
    return all(abs(total - found.computed) <= 1e-6 * (np.abs(products).sum() or abs(found.bias))
               for total, products in sums)


def test_the_lectures_filter_has_75_products_and_a_bias() -> None:
    model = explained(net(Conv(10, 5), volume=(3, 32, 32)), mean=100.0, std=50.0)
    pixels = picture(model)
    found = dot_product(model, pixels, Target("conv1", 7, (11, 3)))
    weights = model.net.state_dict()["conv1.weight"].double().numpy()
    total = float(model.net.state_dict()["conv1.bias"][7])
    raw, means = 0.0, 0.0
    for c in range(3):
        for i in range(5):
            for j in range(5):
                weight, byte = weights[7, c, i, j], float(pixels[11 + i, 3 + j, c])
                total += weight * (byte - 100) / 50
                raw += weight / 50 * byte
                means += weight * 100 / 50
    assert found.array.shape == (3, 5, 5)
    assert len(found.rows) == 75
    assert found.total == pytest.approx(total, abs=1e-6)
    assert found.pixels is not None
    assert found.pixels.products.sum() == pytest.approx(raw, abs=1e-9)
    assert found.pixels.bias == pytest.approx(found.bias - means, abs=1e-9)
    assert agrees(found)
    row = found.rows[31]  # 31 = 1·25 + 1·5 + 1
    assert (row.source, row.channel, row.row, row.column, row.padding) == ("input", 1, 12, 4, False)
    assert (row.pixel_value, row.weight) == (pixels[12, 4, 1], weights[7, 1, 1, 1])
    assert row.product == row.weight * row.value
    assert sum(one.value for one in found.terms) + found.bias == pytest.approx(found.total)
    assert found.sentence.startswith("75 products sum to ")


@pytest.mark.parametrize("name", NETWORKS)
def test_products_and_bias_are_the_pre_activation_at_every_layer(name: str) -> None:
    model = explained(NETWORKS[name])
    pixels = picture(model)
    volumes = model.activations(model.batch(pixels[None]), ["input", *model.layers])
    for layer in model.layers:
        for target in some_places(model, layer):
            found = dot_product(model, pixels, target)
            assert agrees(found), (target, found.steps)
            assert found.activation == float(volumes[layer][(0, target.unit, *target.at)])  # type: ignore[misc]
            for row in found.rows:
                expected = 0.0 if row.padding else float(volumes[row.source][0, row.channel, row.row, row.column])
                assert (row.value, row.product) == (expected, row.weight * row.value)
            layers = [step.split(":")[0] for step in found.steps]
            passed = layers[layers.index(found.summed) + 1:]
            if {model.nodes[one].layer.kind for one in passed} <= CHOOSING:
                assert found.computed == found.activation, (target, found.steps)


@pytest.mark.parametrize("name", NETWORKS)
def test_weights_are_the_derivatives_of_the_sum(name: str) -> None:
    model = explained(NETWORKS[name])
    pixels = picture(model)
    for layer in model.layers:
        found = dot_product(model, pixels, some_places(model, layer)[1])
        if found.summed in ("input", "pad1", "pad2") or len(found.sources) > 1:
            continue
        with torch.enable_grad():
            volumes = model.activations(model.batch(pixels[None]).requires_grad_(), [*model.layers, "input"])
            value = volumes[found.summed][(0, *found.summed_place)]
            (slopes,) = torch.autograd.grad(value, volumes[found.sources[0]])
        for row in found.rows:
            if not row.padding:
                slopes[0, row.channel, row.row, row.column] -= row.weight
        assert float(slopes.abs().max()) < 1e-6, (layer, found.steps)


def test_every_layer_kind_is_a_sum_or_is_passed() -> None:
    assert set(TAPS) | set(TRACED) == set(LAYERS)
    assert {node.layer.kind for network in NETWORKS.values() for node in network.nodes} == set(LAYERS)


def test_batch_norm_and_scale_behind_a_convolution_are_folded_and_said_so() -> None:
    model = explained(NETWORKS["depthwise"])
    found = dot_product(model, picture(model), Target("prelu1", 2, (0, 5)))
    assert (found.summed, found.sources, found.array.shape) == ("scale1", ("conv1",), (1, 3, 3))
    assert int((~found.inside).sum()) == 3
    assert [step.split(":")[0] for step in found.steps] == ["conv2", "batch_norm1", "scale1", "prelu1"]
    assert "3 of which are zeros of the padding" in found.steps[0]
    assert found.steps[1].startswith("batch_norm1: folded into conv2: weights and bias times ")


def test_maxima_lead_to_the_pixel_that_won_the_first_of_equals() -> None:
    model = explained(net(Conv(1, 1, bias=False), Pool(3, 2), volume=(1, 5, 5)), mean=0.0, std=1.0,
                      tensors={"conv1.weight": torch.ones(1, 1, 1, 1)})
    pixels = np.zeros((5, 5, 1), np.uint8)
    pixels[2, 2] = pixels[4, 4] = 200
    at = [dot_product(model, pixels, Target("pool1", 0, place)) for place in ((0, 0), (1, 1))]
    assert [one.summed_place for one in at] == [(0, 2, 2), (0, 2, 2)]
    assert at[0].steps == ("conv1: channel 0 at 2,2 is the sum of 1 input of input, times weight, plus the bias",
                           "pool1: the largest of a 3×3 window, 200, is at 2,2")


def test_steps_say_what_each_layer_did() -> None:
    model = explained(branches())
    found = dot_product(model, picture(model), Target("all", 7, (2, 3)))
    assert found.steps[1:] == ("right: channel 1 is channel 3 of conv3", "both: channel 7 is channel 1 of right",
                               "all: channel 7 is channel 7 of both")
    sums = dot_product(model, picture(model), Target("merged", 1, (2, 3)))
    assert [(row.source, row.weight) for row in sums.rows] == [("left", 0.5), ("right", -2.0)]
    assert [one.name for one in sums.terms] == ["left", "right"]


def test_a_place_in_the_padding_is_a_zero_without_weights() -> None:
    model = explained(NETWORKS["pads"])
    found = dot_product(model, picture(model), Target("pad1", 1, (0, 0)))
    assert (found.total, found.activation, found.bias) == (0, 0, 0)
    assert [row.padding for row in found.rows] == [True]
    assert found.steps == ("pad1: 0,0 is a zero of the padding",)


def test_without_unit_and_position_it_is_the_strongest_of_the_layer() -> None:
    model = explained(NETWORKS["same padding"])
    pixels = picture(model)
    volume = model.activations(model.batch(pixels[None]), ["relu1"])["relu1"][0]
    assert dot_product(model, pixels, Target("relu1")).activation == float(volume.max())
    assert dot_product(model, pixels, Target("relu1", 2)).activation == float(volume[2].max())
    assert dot_product(model, pixels, Target("relu1", at=(1, 2))).activation == float(volume[:, 1, 2].max())


def test_the_head_of_a_transfer_is_a_sum_over_its_features() -> None:
    base = explained(net(Conv(5, 3), ReLU(), GlobalPool()))
    numbers = np.random.default_rng(0).standard_normal
    head = LinearHead(torch.tensor(numbers((2, 5)), dtype=torch.float32), torch.tensor([0.5, -0.5]),
                      torch.tensor(numbers(5), dtype=torch.float32))
    model = replace(base, classes=("cat", "dog"), head=head)
    found = dot_product(model, picture(model), Target("head", 1))
    assert (found.summed, found.unit, found.bias, len(found.rows)) == ("head", "dog", -0.5, 5)
    assert agrees(found)
    assert "divided by" in found.steps[0]


def test_it_is_json() -> None:
    model = explained(NETWORKS["same padding"])
    found = dot_product(model, picture(model), Target("relu1", 1, (0, 0)))
    values = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert np.sum(values["array"]) + values["bias"] == pytest.approx(values["total"])
    assert np.sum(values["pixels"]["products"]) + values["pixels"]["bias"] == pytest.approx(values["pixels"]["total"])
    assert (np.shape(values["weights"]), values["summed"]) == ((3, 4, 4), "batch_norm1")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["alexnet", "googlenet", "resnet18", "efficientnet_lite0", "vgg16"])
def test_all_layers_of_large_networks(name: str) -> None:
    model = explained(load_network(name))
    pixels = picture(model)
    for layer in model.layers:
        found = dot_product(model, pixels, Target(layer))
        assert agrees(found), (layer, found.steps)
