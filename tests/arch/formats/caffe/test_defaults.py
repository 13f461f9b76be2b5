"""Defaults of omitted fields in Caffe 1.0, by its published caffe.proto, and rare settings."""

import re

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
    Initializer,
    Input,
    Network,
    Pool,
    PReLU,
    ReLU,
    Reshape,
    Scale,
)
from striate.arch.formats.caffe import read_caffe, write_caffe
from striate.errors import NetworkError
from tests.arch.formats.caffe.refusals import HEAD, layer

ONE, ZERO = Initializer("constant", value=1.0), Initializer("constant", value=0.0)
ONCE = {"lr_mult": (1.0, 1.0), "decay_mult": (1.0, 1.0)}
BARE = "num_output: 4 kernel_size: 3"


def convolution(weight: Initializer, made: type = Conv):
    return made(4, 3, stride=1, padding=0, dilation=1, groups=1, bias=True, weight_filler=weight, bias_filler=ZERO,
                **ONCE)


def filled(given: str) -> str:
    return f"convolution_param {{ {BARE} weight_filler {{ {given} }} }}"


# The layer's type and settings, and ours with nothing left to its own defaults.
DEFAULTS = {
    "convolution": ("Convolution", f"convolution_param {{ {BARE} }}", convolution(Initializer("msra"))),
    "deconvolution": ("Deconvolution", f"convolution_param {{ {BARE} }}", convolution(Initializer("msra"), Deconv)),
    "filler": ("Convolution", filled(""), convolution(ZERO)),
    "constant": ("Convolution", filled("type: 'constant'"), convolution(ZERO)),
    "uniform": ("Convolution", filled("type: 'uniform'"), convolution(Initializer("uniform", low=0.0, high=1.0))),
    "gaussian": (
        "Convolution",
        filled("type: 'gaussian'"),
        convolution(Initializer("gaussian", mean=0.0, std=1.0, sparse=0)),
    ),
    "xavier": ("Convolution", filled("type: 'xavier'"), convolution(Initializer("xavier", fan="in"))),
    "bias filler": (
        "Convolution",
        f"convolution_param {{ {BARE} bias_filler {{ }} }}",
        convolution(Initializer("msra")),
    ),
    "one side of a stride": (
        "Convolution",
        f"convolution_param {{ {BARE} stride_h: 2 pad_w: 1 }}",
        Conv(4, 3, stride=(2, 1), padding=(0, 1), **ONCE),
    ),
    "multipliers": (
        "Convolution",
        f"param {{ lr_mult: 3 }} param {{ decay_mult: 0 }} convolution_param {{ {BARE} }}",
        Conv(4, 3, lr_mult=(3.0, 1.0), decay_mult=(1.0, 0.0)),
    ),
    "pooling": ("Pooling", "pooling_param { kernel_size: 2 }", Pool(2, 1, 0, "max", "ceil")),
    "global pooling": ("Pooling", "pooling_param { global_pooling: true }", GlobalPool("max")),
    "inner product": (
        "InnerProduct",
        "inner_product_param { num_output: 5 }",
        Dense(5, bias=True, weight_filler=Initializer("msra"), bias_filler=ZERO, **ONCE),
    ),
    "relu": ("ReLU", "", ReLU(None)),
    "prelu": ("PReLU", "", PReLU(False, Initializer("constant", value=0.25), lr_mult=1.0, decay_mult=1.0)),
    "elu": ("ELU", "", ELU(1.0)),
    "dropout": ("Dropout", "", Dropout(0.5)),
    "lrn": ("LRN", "", LRN(5, 1.0, 0.75, 1.0, "across")),
    "lrn within": ("LRN", "lrn_param { norm_region: WITHIN_CHANNEL k: 7 }", LRN(5, 1.0, 0.75, 1.0, "within")),
    "batch norm": ("BatchNorm", "", BatchNorm(1e-5, 0.001, scale=False, shift=False)),
    "scale": ("Scale", "", Scale(False, ONE, ZERO, lr_mult=1.0, decay_mult=1.0)),
    "scale with a bias": ("Scale", "scale_param { bias_term: true }", Scale(True, ONE, ZERO, **ONCE)),
    "eltwise": ("Eltwise", "", Add(None)),
    "concat": ("Concat", "", Concat()),
    "flatten": ("Flatten", "", Flatten()),
    "reshape": ("Reshape", "reshape_param { shape { dim: 0 dim: 64 dim: -1 } }", Reshape((64, -1, 1))),
}


@pytest.mark.parametrize("case", DEFAULTS)
def test_a_field_left_out_is_caffes_default(case):
    type_, settings, wanted = DEFAULTS[case]
    bottoms = "data data" if type_ in ("Eltwise", "Concat") else "data"
    (node,) = read_caffe(HEAD + layer("made", type_, bottoms, more=settings)).nodes
    assert node.layer == wanted.with_name("made")


def test_a_concat_joins_channels_and_a_slice_parts_them():
    text = HEAD + layer("s", "Slice", top="a b c") + layer("cat", "Concat", "a c")
    assert [str(node.output) for node in read_caffe(text + layer("sum", "Silence", "b", " ")).nodes] == [
        "1×8×8", "1×8×8", "2×8×8"]


@pytest.mark.parametrize(("word", "rounding"), [
    ("ceil_mode: false", "floor"), ("ceil_mode: true", "ceil"), ("round_mode: FLOOR", "floor"),
    ("round_mode: CEIL", "ceil"), ("", "ceil")])
def test_rounding_of_a_pool_in_every_word_for_it(word, rounding):
    settings = f"pooling_param {{ kernel_size: 3 stride: 2 {word} }}"
    (node,) = read_caffe(HEAD + layer("p", "Pooling", more=settings)).nodes
    assert (node.layer.rounding, str(node.output)) == (rounding, "3×3×3" if rounding == "floor" else "3×4×4")


def test_a_pool_of_2013_keeps_its_padding():
    text = HEAD + """layers { layer { name: "p" type: "pool" pool: AVE kernelsize: 3 stride: 2 pad: 1 }
                              bottom: "data" top: "p" }"""
    (node,) = read_caffe(text).nodes
    assert node.layer == Pool(3, 2, 1, "average", "ceil", name="p")


@pytest.mark.parametrize(("means", "channels"), [("", 3), ("mean_value: 9", 3), ("mean_value: [1, 2]", 2),
                                                 ("mean_value: [1, 2, 3]", 3), ("mean_value: 9 force_gray: true", 1)])
def test_one_mean_is_for_any_number_of_channels(means, channels):
    data = layer("d", "Data", "", "data", f"transform_param {{ crop_size: 8 {means} }}")
    assert read_caffe(data + layer("r", "ReLU")).input.shape == (channels, 8, 8)


@pytest.mark.parametrize(("state", "rule", "there"), [
    ("", "min_level: 0", True), ("", "min_level: 1", False), ("level: 2", "min_level: 2", True),
    ("level: 2", "min_level: 3", False), ("level: 2", "max_level: 2", True), ("level: 2", "max_level: 1", False),
    ("level: -1", "max_level: 0", True), ("level: -1", "min_level: 0", False),
    ("stage: 'a'", "stage: 'a'", True), ("stage: 'a'", "stage: 'a' stage: 'b'", False), ("", "stage: 'a'", False),
    ("stage: 'a' stage: 'b'", "stage: 'b'", True), ("", "not_stage: 'a'", True),
    ("stage: 'a'", "not_stage: 'a'", False),
    ("stage: 'a'", "not_stage: 'b' not_stage: 'a'", False), ("stage: 'a'", "not_stage: 'b'", True),
    ("stage: 'a' stage: 'b'", "stage: 'a' not_stage: 'b'", False), ("", "phase: TEST", True),
    ("", "phase: TRAIN", False), ("level: 2 stage: 'a'", "phase: TEST min_level: 1 max_level: 3 stage: 'a'", True)])
def test_rules_of_level_and_stage(state, rule, there):
    text = HEAD + f"state {{ {state} }} " + layer("first", "ReLU")
    for word in ("include", "exclude"):
        network = read_caffe(text + layer("second", "TanH", "first", more=f"{word} {{ {rule} }}"))
        names = [node.name for node in network.nodes]
        assert ("second" in names) == (there == (word == "include")), word


def heads(*weights: str) -> Network:
    """Two losses, on `a` and on `b`."""
    return read_caffe(HEAD + layer("r", "ReLU") + "".join(
        layer(name, "InnerProduct", "r", more="inner_product_param { num_output: 5 }")
        + layer(f"{name}/loss", "SoftmaxWithLoss", f"{name} label", more=weight)
        for name, weight in zip("ab", weights, strict=True)))


@pytest.mark.parametrize(("first", "second", "output", "auxiliary"), [
    ("loss_weight: 0.6", "loss_weight: 2", "b", {"a": 0.3}),
    ("loss_weight: 4", "loss_weight: 1", "a", {"b": 0.25}),
    ("", "loss_weight: 0.5", "a", {"b": 0.5}),
    ("", "", "b", {"a": 1.0}),  # of equal ones the last is the main one
    ("loss_weight: 3", "loss_weight: 3", "b", {"a": 1.0}),
])
def test_heads_are_weighted_relative_to_the_main_loss(first, second, output, auxiliary):
    network = heads(first, second)
    assert (network.nodes[-1].name, network.auxiliary) == (output, auxiliary)


def test_nothing_is_written_over_a_blob_that_a_head_or_its_loss_reads():
    x = Conv(4, 3, name="c")(Input(3, 8, 8))
    network = Network(Dense(2, name="out")(ReLU(name="r")(x)), auxiliary=[(Dense(3, name="h")(x), 0.5)])
    assert re.findall('top: "(.*)"', write_caffe(network, "train_val")).count("c") == 1
    network = Network(Dense(2, name="out")(ReLU(name="r")(x)), auxiliary=[(Dropout(0.5, name="h")(x), 0.5)])
    text = write_caffe(network, "train_val")
    assert re.findall('top: "(.*)"', text).count("c") == 1
    assert read_caffe(text) == network


def test_batch_statistics_are_for_training_only():
    norm = layer("bn", "BatchNorm", more="batch_norm_param { use_global_stats: false }")
    assert read_caffe(HEAD + norm, phase="TRAIN").nodes[0].layer.kind == "batch_norm"
    with pytest.raises(NetworkError, match="use_global_stats: false in phase TEST"):
        read_caffe(HEAD + norm)
    for more in ("", "batch_norm_param { use_global_stats: true }",
                 "phase: TRAIN batch_norm_param { use_global_stats: false }"):  # a layer's own phase comes first
        assert read_caffe(HEAD + layer("bn", "BatchNorm", more=more)) == read_caffe(HEAD + norm, phase="TRAIN")
