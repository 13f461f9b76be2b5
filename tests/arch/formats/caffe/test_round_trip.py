"""Round trips through prototxt: lossless for what Caffe has; the rest is refused, all at once."""

import dataclasses
import re

import pytest
from hypothesis import HealthCheck, given

from striate.arch import (
    Add,
    BatchNorm,
    Conv,
    Dense,
    Input,
    Maxout,
    Network,
    Pad,
    Pool,
    ReLU,
    Slice,
    TableConv,
    Tanh,
)
from striate.arch.formats.caffe import read_caffe, write_caffe
from striate.errors import NetworkError
from tests.arch import networks as any_networks
from tests.arch.formats.caffe import networks as caffe_networks
from tests.examples import examples

X = Input(3, 12, 12)


def comes_back(network: Network) -> None:
    deploy, training = write_caffe(network), write_caffe(network, "train_val")
    assert read_caffe(deploy) == network.trunk
    for phase in ("TRAIN", "TEST"):
        again = read_caffe(training, phase=phase)
        assert again == network
        assert again.name == network.name
        assert again.auxiliary == network.auxiliary
        assert write_caffe(again, "train_val") == training


QUIET = {"suppress_health_check": [HealthCheck.too_slow]}


@examples(120, **QUIET)
@given(caffe_networks.networks())
def test_random_networks_come_back(network):
    comes_back(network)


@pytest.mark.slow
@examples(600, **QUIET)
@given(caffe_networks.networks())
def test_many_random_networks_come_back(network):
    comes_back(network)


@examples(100, **QUIET)
@given(any_networks.networks())
def test_any_network_is_written_and_comes_back_alike_or_is_refused(network):
    try:
        text = write_caffe(network)
    except NetworkError as error:
        if error.code != "unsupported_layers":
            raise
        return
    again = read_caffe(text)
    assert [node.output for node in again.nodes][-1] == network.trunk.nodes[-1].output
    assert again.parameters == network.trunk.parameters + sum(
        node.output.channels for node in network.trunk.nodes
        if node.layer.kind == "batch_norm" and node.layer.shift and not node.layer.scale)
    assert write_caffe(again) == write_caffe(read_caffe(write_caffe(again)))


def test_batch_norm_with_weights_becomes_two_layers():
    network = Network(ReLU()(BatchNorm(name="bn", lr_mult=(2, 3))(Conv(4, 3, bias=False)(X))))
    again = read_caffe(write_caffe(network))
    assert [node.name for node in again.nodes] == ["conv1", "bn", "bn/scale", "relu1"]
    norm, scale = again.nodes[1].layer, again.nodes[2].layer
    assert (norm.scale, norm.shift, norm.momentum, scale.bias, scale.lr_mult) == (False, False, 0.1, True, (2, 3))
    assert again.parameters == network.parameters


def test_same_padding_that_is_even_becomes_its_number():
    network = Network(Conv(4, 3, padding="same")(X))
    assert read_caffe(write_caffe(network)).nodes[0].layer == dataclasses.replace(network.nodes[0].layer, padding=1)


def test_exact_rounding_becomes_what_it_comes_to():
    network = Network(Conv(4, 3, 3, rounding="exact")(X))
    assert read_caffe(write_caffe(network)).nodes[0].layer.rounding == "floor"
    network = Network(Pool(3, 3, rounding="exact")(X))
    assert read_caffe(write_caffe(network)).nodes[0].layer.rounding == "ceil"


def test_everything_that_caffe_lacks_is_listed_at_once():
    x = Maxout(2)(TableConv(((0, 1), (2,), (0,), (1,)), 3, name="table")(Pad(1)(X)))
    x = ReLU(6.0)(Tanh(1.7159, 2 / 3)(Conv(4, 2, padding="same", name="lopsided")(x)))
    x = Conv(2, 1, name="late")(Dense(5)(x))
    x = Pool(1, 2, rounding="floor")(x)
    with pytest.raises(NetworkError) as caught:
        write_caffe(Network(x))
    for word in ("pad1 (pad", "table (table_conv", "maxout1", "lopsided", "tanh1", "relu1", "late (conv: after dense1"):
        assert word in str(caught.value)


def test_an_average_that_leaves_padding_out_is_refused_only_with_padding():
    assert "AVE" in write_caffe(Network(Pool(2, mode="average", count_padding=False)(X)))
    with pytest.raises(NetworkError, match="does not count"):
        write_caffe(Network(Pool(3, 1, 1, "average", count_padding=False)(X)))


def test_layers_write_in_place_only_where_nothing_else_reads():
    x = Conv(4, 3, name="c")(X)
    text = write_caffe(Network(Conv(1, 1)(ReLU(name="r")(x))))
    assert re.findall('top: "(.*)"', text) == ["data", "c", "c", "conv2"]
    text = write_caffe(Network(Add()(ReLU(name="r")(x), x)))
    assert re.findall('top: "(.*)"', text) == ["data", "c", "r", "add1"]


def test_what_a_slice_leaves_is_silenced():
    text = write_caffe(Network(Slice(2, 3, name="middle")(Conv(9, 3)(X))))
    assert re.findall("slice_point: (.*)", text) == ["2", "5"]
    assert 'type: "Silence"' in text
    (node,) = [node for node in read_caffe(text).nodes if node.layer.kind == "slice"]
    assert (node.name, node.layer) == ("middle", Slice(2, 3))


def test_the_last_axis_is_that_of_the_channels_only_behind_a_dense_layer():
    dense = 'layer { name: "ip" type: "InnerProduct" bottom: "x" top: "ip" inner_product_param { num_output: 4 } }'
    soft = 'layer { name: "s" type: "Softmax" bottom: "%s" top: "s" softmax_param { axis: -1 } }'
    head = 'input: "x" input_dim: [1, 2, 1, 1] '
    assert [node.name for node in read_caffe(head + dense + soft % "ip").nodes] == ["ip", "s"]
    with pytest.raises(NetworkError, match="axis: -1 of four"):
        read_caffe(head + soft % "x")
