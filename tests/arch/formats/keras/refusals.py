"""Every refusal of the Keras reader and writer and of the TensorFlow builders, one row each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from striate.arch import (
    LRN,
    Add,
    Conv,
    Deconv,
    Dense,
    Input,
    LeakyReLU,
    Maxout,
    Network,
    Pool,
    ReLU,
    Slice,
    TableConv,
    Tanh,
    Volume,
)
from striate.arch.formats import tf1
from striate.arch.formats.keras import keras_weights, read_keras, to_keras_weights, write_keras
from tests.arch.formats.keras.files import fed, functional, layer, sequential, text

X = Input(6, 7, 7)
CONV = {"filters": 4, "kernel_size": 3}


def reads(*layers: dict[str, Any], shape: Any = (None, 8, 9, 3)) -> object:
    return read_keras(text(sequential(*layers, shape=shape)))


def joins(*layers: dict[str, Any], output: str, shape: Any = (None, 8, 9, 3)) -> object:
    return read_keras(text(functional(*layers, output=output, shape=shape)))


def one(class_name: str, **config: Any) -> object:
    return reads(layer(class_name, "one", **config))


def many_unknown() -> object:
    return reads(*(layer("Activation", f"act{i}", activation="silu") for i in range(40)), layer("Lambda", "l"))


def nested(depth: int) -> object:
    inner = layer("ReLU", "r")
    for _ in range(depth):
        inner = {"class_name": "Sequential", "config": {"name": "m" * 200, "layers": [inner]}}
    return reads(inner)


def placeholder(*sides: int | None) -> tf1.Tensor:
    return tf1.placeholder(tf1.float32, [None, *sides])


def fillers(model: dict[str, Any], arrays: dict[str, Any]) -> object:
    network = read_keras(text(model))
    return keras_weights(network, text(model), arrays)


DENSE = sequential(layer("Dense", "d", units=2), shape=(None, 3))
LARGE = Network(Dense(2)(Dense(3)(Input(4, 1, 1))))

REFUSALS: dict[str, Callable[[Path], object]] = {
    # the text
    "text: 17 MiB": lambda _: read_keras(" " * (17 << 20)),
    "text: nothing": lambda _: read_keras(""),
    "text: unclosed": lambda _: read_keras('{"class_name": "Sequential", '),
    "text: 100,000 levels (M27)": lambda _: read_keras("[" * 100_000 + "]" * 100_000),
    "text: 500,000 values": lambda _: read_keras("[" + "0," * 500_000 + "0]"),
    "text: a key twice (M27)": lambda _: read_keras(
        text(DENSE).replace('"units": 2', '"units": 2, "units": 3')),
    "text: NaN (M27)": lambda _: read_keras(text(DENSE).replace('"units"', '"seed": NaN, "units"')),
    "text: 1e999 (M32)": lambda _: read_keras(text(DENSE).replace('"units"', '"seed": 1e999, "units"')),
    "text: a number above 2^63 (M32)": lambda _: read_keras('{"units": 9223372036854775809}'),
    "text: a number of 5,000 digits (M32)": lambda _: read_keras('{"units": ' + "9" * 5_000 + "}"),
    # the structure
    "model: a list": lambda _: read_keras("[]"),
    "model: a class that is none": lambda _: read_keras('{"class_name": "Conv2D", "config": {}}'),
    "model: no config": lambda _: read_keras('{"class_name": "Sequential"}'),
    "model: no layers": lambda _: read_keras('{"class_name": "Sequential", "config": {"layers": []}}'),
    "model: a layer that is a number": lambda _: read_keras('{"class_name": "Sequential", "config": {"layers": [1]}}'),
    "model: a layer without class": lambda _: reads({"config": {}}),
    "model: a layer without config": lambda _: reads({"class_name": "ReLU"}),
    "model: 10,001 layers": lambda _: reads(*(layer("ReLU", f"r{i}") for i in range(10_001))),
    "model: no input": lambda _: reads(layer("ReLU", "r"), shape=None),
    "model: an input of any size": lambda _: reads(layer("ReLU", "r"), shape=(None, None, None, 3)),
    "model: an input of four axes": lambda _: reads(layer("ReLU", "r"), shape=(None, 2, 3, 4, 5)),
    "model: an input of 10^12": lambda _: reads(layer("ReLU", "r"), shape=(None, 10**12, 3, 4)),
    "model: a volume where values are asked for": lambda _: read_keras(text(DENSE), Input(3, 2, 2)),
    "model: two outputs": lambda _: read_keras(text({"class_name": "Functional", "config": {
        "layers": [fed(layer("InputLayer", "start", batch_shape=[None, 3]))], "input_layers": ["start", 0, 0],
        "output_layers": [["a", 0, 0], ["b", 0, 0]]}})),
    "model: no output": lambda _: read_keras(text({"class_name": "Functional", "config": {
        "layers": [fed(layer("InputLayer", "start", batch_shape=[None, 3]))], "input_layers": ["start", 0, 0]}})),
    "model: an output that is not there": lambda _: joins(fed(layer("ReLU", "a"), "start"), output="b"),
    "model: a name twice": lambda _: joins(fed(layer("ReLU", "a"), "start"), fed(layer("ReLU", "a"), "a"), output="a"),
    "model: fed from nowhere": lambda _: joins(fed(layer("ReLU", "a"), "b"), output="a"),
    "model: a cycle": lambda _: joins(fed(layer("ReLU", "a"), "b"), fed(layer("ReLU", "b"), "a"), output="b"),
    "model: a second output of a layer": lambda _: joins(fed(layer("ReLU", "a"), ["start", 0, 1]), output="a"),
    "model: a number as argument": lambda _: joins(fed(layer("ReLU", "a"), ["start", 0, 0, {"y": 1}]), output="a"),
    "model: called as in a training": lambda _: joins(
        fed(layer("Dropout", "a", rate=0.5), ["start", 0, 0, {"training": True}]), output="a"),
    "model: a name twice in a Sequential": lambda _: reads(layer("ReLU", "a"), layer("ReLU", "a")),
    "model: a name of 201 letters": lambda _: reads(layer("ReLU", "a" * 201)),
    "model: models in one another of 1,201 letters": lambda _: nested(6),
    "model: 10,001 calls": lambda _: joins(
        layer("Activation", "a", activation="linear") | {"inbound_nodes": [[["start", 0, 0]]] * 10_001}, output="a"),
    "model: an input of words": lambda _: reads(layer("ReLU", "r"), shape=(None, "8", 8, 3)),
    "model: nodes that are no list": lambda _: joins(layer("ReLU", "a") | {"inbound_nodes": 1}, output="a"),
    "model: a node that is no list": lambda _: joins(layer("ReLU", "a") | {"inbound_nodes": [1]}, output="a"),
    "model: a layer that nothing feeds": lambda _: joins(fed(layer("ReLU", "a")), output="a"),
    "model: two feed one": lambda _: joins(fed(layer("ReLU", "a"), "start", "start"), output="a"),
    "model: one feeds a sum": lambda _: joins(fed(layer("Add", "a"), "start"), output="a"),
    "model: three feed a difference": lambda _: joins(fed(layer("Subtract", "a"), *["start"] * 3), output="a"),
    "model: called twice inside another": lambda _: joins(
        sequential(layer("ReLU", "r")) | {"name": "inner", "inbound_nodes": [[["start", 0, 0]], [["inner", 0, 0]]]},
        output="inner"),
    # what cannot be said
    "unsupported: Lambda (M27)": lambda _: one("Lambda", function={"class_name": "__lambda__"}),
    "unsupported: TFOpLambda (M27)": lambda _: one("TFOpLambda", function="math.add"),
    "unsupported: 41 layers": lambda _: many_unknown(),
    "unsupported: a module (M27)": lambda _: reads(layer("Conv2D", "c", **CONV) | {"module": "os"}),
    "unsupported: a registered object (M27)": lambda _: reads(
        layer("Conv2D", "c", **CONV) | {"module": None, "registered_name": "mine>Conv2D"}),
    "unsupported: an activation": lambda _: one("Conv2D", activation="gelu", **CONV),
    "unsupported: an activation that is an object (M27)": lambda _: one(
        "Dense", units=1, activation={"module": "builtins", "class_name": "function", "config": "system"}),
    "unsupported: an initializer of another module (M27)": lambda _: one(
        "Dense", units=1, kernel_initializer={"module": "os", "class_name": "system", "config": {"command": "id"}}),
    "unsupported: a field": lambda _: one("Conv2D", spectral=True, **CONV),
    "unsupported: noise_shape": lambda _: one("Dropout", rate=0.5, noise_shape=[None, 1, 1, 3]),
    "unsupported: shared weights": lambda _: joins(
        layer("Conv2D", "c", **CONV, padding="same") | {"inbound_nodes": [[["start", 0, 0]], [["c", 0, 0]]]},
        output="c"),
    # fields
    "field: no filters": lambda _: one("Conv2D", kernel_size=3),
    "field: kernel of three sides": lambda _: one("Conv2D", filters=1, kernel_size=[3, 3, 3]),
    "field: padding full": lambda _: one("Conv2D", padding="full", **CONV),
    "field: data_format": lambda _: one("Conv2D", data_format="NHWC", **CONV),
    "field: use_bias": lambda _: one("Conv2D", use_bias=1, **CONV),
    "field: an unknown initializer": lambda _: one("Conv2D", kernel_initializer="fancy", **CONV),
    "field: a rate that is a word": lambda _: one("Dropout", rate="half"),
    "field: no rate": lambda _: one("Dropout"),
    "field: a constant that is a word": lambda _: one(
        "Conv2D", kernel_initializer={"class_name": "Constant", "config": {"value": "abc"}}, **CONV),
    "field: a scale that is a list": lambda _: one(
        "Conv2D", kernel_initializer={"class_name": "VarianceScaling", "config": {"scale": []}}, **CONV),
    "field: a range from 1 to 0.05": lambda _: one(
        "Conv2D", bias_initializer={"class_name": "RandomUniform", "config": {"minval": 1}}, **CONV),
    "field: a limit of 0": lambda _: one("ReLU", max_value=0),
    "field: a momentum below 0": lambda _: one("BatchNormalization", momentum=-5),
    "field: a depthwise layer of 90,000 filters": lambda _: one("DepthwiseConv2D", kernel_size=3,
                                                                depth_multiplier=30_000),
    "field: a pad of words": lambda _: one("ZeroPadding2D", padding=["a", "b"]),
    "field: an axis that is a word": lambda _: one("Softmax", axis="c"),
    "field: a limit and a slope": lambda _: one("ReLU", max_value=6, negative_slope=0.1),
    "field: another flattening": lambda _: reads(
        layer("Conv2D", "c", data_format="channels_last", **CONV), layer("Flatten", "f", data_format="channels_first")),
    "field: a reshape to other values": lambda _: one("Reshape", target_shape=[7, 9, 3]),
    "field: a reshape to two unknowns": lambda _: one("Reshape", target_shape=[-1, -1, 3]),
    "field: a permutation of rows and columns": lambda _: one("Permute", dims=[2, 1, 3]),
    # layouts
    "layout: channels_first after channels_last": lambda _: reads(
        layer("Conv2D", "a", data_format="channels_last", **CONV),
        layer("Conv2D", "b", data_format="channels_first", **CONV)),
    "layout: Conv2D after Dense": lambda _: reads(layer("Flatten", "f"), layer("Dense", "d", units=5),
                                                  layer("Conv2D", "c", **CONV)),
    "layout: softmax along the width": lambda _: one("Softmax", axis=2),
    "layout: softmax of channels_first": lambda _: one("Conv2D", activation="softmax", data_format="channels_first",
                                                       **CONV),
    "layout: Dense on a grey picture": lambda _: reads(layer("Dense", "d", units=5), shape=(None, 8, 9)),
    "layout: a reshape that mixes channels and positions": lambda _: one("Reshape", target_shape=[24, 9, 1]),
    "layout: flat and not": lambda _: joins(fed(layer("Flatten", "f"), "start"), fed(layer("Add", "a"), "f", "start"),
                                            output="a"),
    "layout: flat values in two orders": lambda _: joins(
        fed(layer("Flatten", "f"), "start"), fed(layer("Dense", "d", units=216), "f"), fed(layer("Add", "a"), "f", "d"),
        output="a"),
    "layout: flattened and joined 300 times": lambda _: joins(
        fed(layer("Flatten", "f"), "start"), fed(layer("Concatenate", "c"), *["f"] * 300), output="c",
        shape=(None, 2, 2, 2)),
    "layer: slopes for every pixel": lambda _: one("PReLU"),
    "layer: slopes shared along an axis that is none": lambda _: one("PReLU", shared_axes=[1, 2, 9]),
    "layer: a transposed stride of 4 over a filter of 3": lambda _: one("Conv2DTranspose", strides=4, **CONV),
    # arrays
    "weights: missing, too many, of another shape": lambda _: fillers(
        sequential(layer("Dense", "d", units=2), layer("Dense", "e", units=2), shape=(None, 3)),
        {"e": [np.zeros((2, 3))], "f": [np.zeros(3)]}),
    "weights: of another text": lambda _: keras_weights(LARGE, text(DENSE), {}),
    "weights: tensors missing": lambda _: to_keras_weights(LARGE, write_keras(LARGE), {"dense1.bias": np.zeros(4)}),
    # writing
    "write: data_format": lambda _: write_keras(LARGE, "NCHW"),
    "write: auxiliary heads": lambda _: write_keras(
        Network(Dense(2)(ReLU(name="r")(X)), auxiliary=[(Dense(2)(X), 0.3)])),
    "write: what Keras has no layer for": lambda _: write_keras(Network(Slice(0, 2)(
        Maxout()(LRN()(TableConv(((0, 1), (1, 2, 5), (3,), (4,)), 3)(X)))))),
    "write: fields that Keras has not": lambda _: write_keras(Network(
        Add((2, 1))(Tanh(1.7159, 2 / 3)(X), LeakyReLU(-1)(Conv(6, 3, stride=1, dilation=1, padding="same")(X))))),
    "write: stride and dilation": lambda _: write_keras(Network(Conv(6, 3, stride=2, dilation=2)(X))),
    "write: poolings": lambda _: write_keras(Network(Pool(3, 2, padding=1, mode="average", count_padding=False)(
        Pool(3, 2, rounding="ceil")(Pool(3, 2, padding=1)(Input(2, 56, 57)))))),
    "write: a maximum that zeros could win": lambda _: write_keras(Network(Pool(3, 2, padding=1)(Input(2, 56, 56)))),
    "write: transposed": lambda _: write_keras(Network(Deconv(2, 5, padding=1)(Deconv(6, 4, 2, groups=2)(
        Deconv(6, 2, 3)(X))))),
    "write: channels_first that nothing says": lambda _: write_keras(Network(Dense(2)(ReLU()(X))), "channels_first"),
    # tf
    "tf: padding full": lambda _: tf1.layers.conv2d(placeholder(28, 28, 1), 32, 5, padding="full"),
    "tf: data_format": lambda _: tf1.layers.max_pooling2d(placeholder(28, 28, 1), 2, 2, data_format="NHWC"),
    "tf: an activation of none of ours": lambda _: tf1.layers.dense(placeholder(784), 10, activation=np.sin),
    "tf: a regularizer": lambda _: tf1.layers.dense(placeholder(784), 10, kernel_regularizer="l2"),
    "tf: filters of none": lambda _: tf1.layers.conv2d(placeholder(28, 28, 1), None, 5),  # type: ignore[arg-type]
    "tf: no tensor": lambda _: tf1.layers.flatten([1, 2]),  # type: ignore[arg-type]
    "tf: an Input of ours": lambda _: tf1.layers.conv2d(Volume(1, 28, 28), 32, 5),  # type: ignore[arg-type]
    "tf: a convolution of flat values": lambda _: tf1.layers.conv2d(placeholder(784), 32, 5),
    "tf: two data formats": lambda _: tf1.layers.conv2d(
        tf1.layers.conv2d(placeholder(28, 28, 1), 32, 5), 32, 5, data_format="channels_first"),
    "tf: a placeholder of nothing": lambda _: tf1.layers.flatten(tf1.placeholder(tf1.float32)),
    "tf: a placeholder of int32": lambda _: tf1.layers.conv2d(tf1.placeholder("int32", [None, 28, 28, 1]), 32, 5),
    "tf: a placeholder of no type": lambda _: tf1.placeholder(7, [None, 28, 28, 1]),
    "tf: labels of −1 classes": lambda _: tf1.placeholder(tf1.int64, [None, -1]),
    "tf: labels in a layer": lambda _: tf1.layers.dense(tf1.placeholder(tf1.int64, [None]), 10),
    "tf: labels added": lambda _: placeholder(10) + tf1.placeholder(tf1.int32, [None, 10]),
    "tf: a number added": lambda _: 1 + placeholder(10),
    "tf: tensors multiplied": lambda _: placeholder(10) * placeholder(10),
    "tf: a tensor from an array": lambda _: np.ones(10) - placeholder(10),
    "tf: a part of a tensor": lambda _: placeholder(28, 28, 3)[:, 1:],
    "tf: the mean of everything": lambda _: tf1.reduce_mean(placeholder(7, 7, 3)),
    "tf: the mean along the channels": lambda _: tf1.reduce_mean(placeholder(7, 7, 3), axis=[3]),
    "tf: the mean of flat values": lambda _: tf1.reduce_mean(placeholder(7), axis=[1, 2]),
    "tf: keepdims of a word": lambda _: tf1.reduce_max(placeholder(7, 7, 3), [1, 2], "yes"),  # type: ignore[arg-type]
    "tf: keep_prob from a placeholder": lambda _: tf1.nn.dropout(placeholder(7), tf1.placeholder(tf1.float32)),
    "tf: keep_prob and rate": lambda _: tf1.nn.dropout(placeholder(7), 0.5, rate=0.5),
    "tf: keep_prob 0": lambda _: tf1.nn.dropout(placeholder(7), 0),
    "tf: half a depth_radius": lambda _: tf1.nn.lrn(placeholder(7, 7, 3), 2.5),  # type: ignore[arg-type]
    "tf: alpha below 0": lambda _: tf1.nn.lrn(placeholder(7, 7, 3), alpha=-1),
    "tf: channels padded": lambda _: tf1.pad(tf1.nn.relu(placeholder(7, 7, 3)), [[0, 0], [1, 1], [1, 1], [1, 1]]),
    "tf: two paddings": lambda _: tf1.pad(placeholder(7, 7, 3), [[1, 1], [1, 1]]),
    "tf: padding that reflects": lambda _: tf1.pad(placeholder(7, 7, 3), [[0, 0]] * 4, "REFLECT"),
    "tf: padding by ones": lambda _: tf1.pad(placeholder(7, 7, 3), [[0, 0]] * 4, constant_values=1),
    "tf: a scale of nothing": lambda _: tf1.variance_scaling_initializer(0),
    "tf: a mode of none": lambda _: tf1.variance_scaling_initializer(mode="fan"),
    "tf: a distribution of none": lambda _: tf1.variance_scaling_initializer(distribution="cauchy"),
    "tf: a session": lambda _: tf1.Session(),
    "tf: layers.conv3d": lambda _: tf1.layers.conv3d,
    "tf: nn.conv2d": lambda _: tf1.nn.conv2d,
    "tf: estimator.Estimator": lambda _: tf1.estimator.Estimator,
    "tf: contrib.slim": lambda _: tf1.contrib.slim,
    "tf: a placeholder of any size": lambda _: placeholder(None, None, 3),
    "tf: a reshape to other values": lambda _: tf1.reshape(placeholder(784), [-1, 7 * 7 * 64]),
    "tf: a reshape without batch": lambda _: tf1.reshape(placeholder(784), [28, 28, 1]),
    "tf: a reshape that mixes": lambda _: tf1.reshape(tf1.nn.relu(placeholder(4, 4, 3)), [-1, 4, 12, 1]),
    "tf: concat along the width": lambda _: tf1.concat([placeholder(4, 4, 3)] * 2, axis=2),
    "tf: concat of one": lambda _: tf1.concat([placeholder(4, 4, 3)], axis=3),
    "tf: a sum of flat values and pictures": lambda _: tf1.add(placeholder(4, 4, 3), placeholder(48)),
    "tf: softmax along the width": lambda _: tf1.nn.softmax(placeholder(4, 4, 3), axis=2),
    "tf: ksize of two": lambda _: tf1.nn.max_pool(placeholder(4, 4, 3), [2, 2], [1, 2, 2, 1], "SAME"),
    "tf: NHCW": lambda _: tf1.nn.max_pool(placeholder(4, 4, 3), [1, 2, 2, 1], [1, 2, 2, 1], "SAME", "NHCW"),
    "tf: gamma of another start": lambda _: tf1.layers.batch_normalization(placeholder(4, 4, 3),
                                                                          gamma_initializer=tf1.zeros_initializer()),
    "tf: momentum": lambda _: tf1.layers.batch_normalization(placeholder(4, 4, 3), momentum="high"),  # type: ignore[arg-type]
    "tf: depth_multiplier": lambda _: tf1.layers.separable_conv2d(placeholder(4, 4, 3), 2, 3, depth_multiplier=0.5),  # type: ignore[arg-type]
    "tf: strides of three": lambda _: tf1.layers.conv2d_transpose(placeholder(4, 4, 3), 2, 3, strides=(1, 2, 3)),  # type: ignore[arg-type]
}
