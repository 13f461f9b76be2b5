"""TensorFlow 1 layers: lecture code of 2018 unchanged, and each function against the reader of Keras' files."""

import numpy as np
import pytest

from striate.arch import (
    Add,
    BatchNorm,
    Concat,
    Conv,
    Deconv,
    Dense,
    Flatten,
    GlobalPool,
    Initializer,
    Input,
    Network,
    Pool,
    ReLU,
    Softmax,
)
from striate.arch.formats import tf1
from striate.arch.formats.keras import read_keras
from striate.errors import NetworkError
from tests.arch.formats.keras.files import layer, sequential, text

GLOROT = Initializer("xavier", fan="average")


def cnn_model_fn(features, mode):
    """The network of the MNIST tutorial of TensorFlow 1, in the form everyone copied: layers by keyword."""
    input_layer = tf1.reshape(features["x"], [-1, 28, 28, 1])
    conv1 = tf1.layers.conv2d(
        inputs=input_layer,
        filters=32,
        kernel_size=[5, 5],
        padding="same",
        activation=tf1.nn.relu)
    pool1 = tf1.layers.max_pooling2d(inputs=conv1, pool_size=[2, 2], strides=2)
    conv2 = tf1.layers.conv2d(
        inputs=pool1,
        filters=64,
        kernel_size=[5, 5],
        padding="same",
        activation=tf1.nn.relu)
    pool2 = tf1.layers.max_pooling2d(inputs=conv2, pool_size=[2, 2], strides=2)
    pool2_flat = tf1.reshape(pool2, [-1, 7 * 7 * 64])
    dense = tf1.layers.dense(inputs=pool2_flat, units=1024, activation=tf1.nn.relu)
    dropout = tf1.layers.dropout(inputs=dense, rate=0.4, training=mode == tf1.estimator.ModeKeys.TRAIN)
    return tf1.layers.dense(inputs=dropout, units=10)


def network_of_the_tutorial():
    x = Input(1, 28, 28)
    x = Pool(2)(ReLU()(Conv(32, 5, padding="same", weight_filler=GLOROT)(x)))
    x = Pool(2)(ReLU()(Conv(64, 5, padding="same", weight_filler=GLOROT)(x)))
    from striate.arch import Dropout

    x = ReLU()(Dense(1024, weight_filler=GLOROT)(Flatten()(x)))
    return Network(Dense(10, weight_filler=GLOROT)(Dropout(0.4)(x)))


@pytest.mark.parametrize("shape", [[None, 784], [None, 28, 28, 1], [None, 28, 28], [100, 784]])
def test_the_mnist_tutorial(shape):
    network = Network(cnn_model_fn({"x": tf1.placeholder(tf1.float32, shape)}, tf1.estimator.ModeKeys.TRAIN))
    assert network == network_of_the_tutorial()
    assert network.parameters == 3_274_634


def test_channels_first_is_the_same_network():
    def build(f, shape, axis):
        x = tf1.placeholder(tf1.float32, shape)
        a = tf1.layers.conv2d(x, 4, 3, strides=(2, 1), padding="SAME", data_format=f, activation=tf1.nn.elu, name="a")
        b = tf1.layers.average_pooling2d(tf1.layers.conv2d(x, 2, 1, data_format=f), 3, (2, 1), "same", f)
        x = tf1.layers.batch_normalization(tf1.concat([a, b], axis), axis=axis, momentum=0.9, scale=False)
        x = tf1.layers.conv2d_transpose(x, 3, (4, 3), (2, 1), "same", f, activation=tf1.nn.leaky_relu)
        x = tf1.nn.softmax(tf1.layers.separable_conv2d(x, 5, 3, depth_multiplier=2, data_format=f, name="s"), axis=axis)
        return Network(tf1.layers.dense(tf1.layers.flatten(x, data_format=f), 7))

    last = build("channels_last", [None, 8, 9, 3], 3)
    assert last == build("channels_first", [None, 3, 8, 9], 1)
    assert last.input.shape == (3, 8, 9)
    layers = {node.name: node.layer for node in last.nodes}
    assert layers["a"] == Conv(4, 3, stride=(2, 1), padding="same", weight_filler=GLOROT)
    assert "a_elu" in layers
    assert layers["s_depthwise"].groups == 3
    assert layers["deconv1"] == Deconv(3, (4, 3), (2, 1), 1, weight_filler=GLOROT)
    assert layers["pool1"] == Pool(3, (2, 1), "same", "average", count_padding=False)
    assert layers["batch_norm1"] == BatchNorm(1e-3, 0.1, scale=False)


BUILT = {
    "Conv2D": (
        lambda x: tf1.layers.conv2d(x, 4, (2, 3), 2, dilation_rate=1, use_bias=False, name="one"),
        {"filters": 4, "kernel_size": [2, 3], "strides": 2, "use_bias": False},
    ),
    "Conv2DTranspose": (
        lambda x: tf1.layers.conv2d_transpose(x, 4, 5, 2, "same", name="one"),
        {"filters": 4, "kernel_size": 5, "strides": 2, "padding": "same"},
    ),
    "SeparableConv2D": (
        lambda x: tf1.layers.separable_conv2d(x, 4, 3, padding="same", depth_multiplier=3, name="one"),
        {"filters": 4, "kernel_size": 3, "padding": "same", "depth_multiplier": 3},
    ),
    "MaxPooling2D": (
        lambda x: tf1.layers.max_pooling2d(x, 3, 2, "same", name="one"),
        {"pool_size": 3, "strides": 2, "padding": "same"},
    ),
    "AveragePooling2D": (
        lambda x: tf1.nn.avg_pool(x, [1, 3, 2, 1], [1, 2, 2, 1], "SAME", name="one"),
        {"pool_size": [3, 2], "strides": 2, "padding": "same"},
    ),
    "Dense": (
        lambda x: tf1.layers.dense(x, 4, activation=tf1.nn.relu6, name="one"),
        {"units": 4, "activation": "relu6"},
    ),
    "BatchNormalization": (lambda x: tf1.layers.batch_normalization(x, training=True, name="one"), {}),
    "Dropout": (lambda x: tf1.layers.dropout(x, 0.3, seed=7, name="one"), {"rate": 0.3}),
    "Flatten": (lambda x: tf1.layers.flatten(x, name="one"), {}),
    "Activation": (lambda x: tf1.nn.tanh(x, name="one"), {"activation": "tanh"}),
    "ReLU": (lambda x: tf1.nn.relu6(x, name="one"), {"max_value": 6}),
    "LeakyReLU": (lambda x: tf1.nn.leaky_relu(x, 0.1, name="one"), {"negative_slope": 0.1}),
    "ELU": (lambda x: tf1.nn.elu(x, name="one"), {}),
    "Softmax": (lambda x: tf1.nn.softmax(x, name="one"), {}),
}


@pytest.mark.parametrize("name", BUILT)
def test_a_builder_makes_what_the_keras_layer_is_read_as(name):
    builder, config = BUILT[name]
    glorot = {key: "glorot_uniform" for key in ("kernel_initializer", "depthwise_initializer", "pointwise_initializer")
              if {"k": ("Conv2D", "Conv2DTranspose", "Dense"), "d": ("SeparableConv2D",), "p": ("SeparableConv2D",)}[
                  key[0]].count(name)}
    read = read_keras(text(sequential(layer(name, "one", **config, **glorot))))
    assert Network(builder(tf1.placeholder(tf1.float32, [None, 8, 9, 3]))) == read


def test_a_residual_unit_and_identity():
    x = tf1.placeholder(tf1.float32, [None, 8, 8, 4])
    network = Network(tf1.nn.relu(tf1.add(tf1.layers.conv2d(x, 4, 3, padding="same"), tf1.identity(x), name="sum")))
    assert [(node.name, node.inputs) for node in network.nodes] == [
        ("conv1", ("input",)), ("sum", ("conv1", "input")), ("relu1", ("sum",))]


def test_flat_tensors_join_and_layers_of_ours_mix_in():
    x = tf1.placeholder(tf1.float32, [None, 8, 8, 4])
    pooled = GlobalPool()(x)
    flat = tf1.concat([tf1.layers.flatten(x), tf1.reshape(pooled, [-1, 4])], axis=-1)
    assert Network(tf1.layers.dense(flat, 2)).nodes[2].layer == Concat()
    assert Network(Add()(pooled, GlobalPool("max")(x))).output.shape == (4, 1, 1)


def test_dense_on_a_picture_is_a_convolution_as_in_tensorflow():
    network = Network(tf1.layers.dense(tf1.placeholder(tf1.float32, [None, 5, 6, 3]), 7))
    assert network.nodes[0].layer == Conv(7, 1, weight_filler=GLOROT)


def test_initializers_are_fillers():
    x = tf1.placeholder(tf1.float32, [None, 784])
    x = tf1.layers.dense(x, 5, kernel_initializer=tf1.random_normal_initializer(stddev=0.1),
                        bias_initializer=tf1.constant_initializer(0.1))
    x = tf1.layers.dense(x, 5, kernel_initializer=tf1.random_uniform_initializer(-0.1, 0.1),
                        bias_initializer=tf1.ones_initializer())
    layers = [node.layer for node in Network(tf1.layers.dense(x, 5, kernel_initializer=tf1.glorot_uniform_initializer(),
                                                             bias_initializer=tf1.zeros_initializer())).nodes]
    assert [one.weight_filler for one in layers] == [
        Initializer("gaussian", std=0.1),
        Initializer("uniform", low=-0.1, high=0.1),
        GLOROT,
    ]
    assert [one.bias_filler.value for one in layers] == [0.1, 1, 0]


@pytest.mark.parametrize("activation", [None, "linear", tf1.nn.relu, "relu", tf1.tanh, tf1.sigmoid, tf1.nn.softmax])
def test_activations(activation):
    network = Network(tf1.layers.dense(tf1.placeholder(tf1.float32, [None, 9]), 3, activation=activation))
    assert len(network.nodes) == 1 + (activation not in (None, "linear"))


@pytest.mark.parametrize("f", [np.tanh, print, lambda x: x, "swish", 1])
def test_activations_that_are_none_of_ours(f):
    with pytest.raises(NetworkError, match="activation was asked for"):
        tf1.layers.dense(tf1.placeholder(tf1.float32, [None, 9]), 3, activation=f)


def test_a_placeholder_in_two_shapes_is_two_inputs():
    x = tf1.placeholder(tf1.float32, [None, 784])
    picture = tf1.reshape(x, [-1, 28, 28, 1])
    assert picture is tf1.reshape(x, [-1, 28, 28, 1])
    both = tf1.concat([tf1.layers.dense(x, 3), tf1.layers.dense(tf1.layers.flatten(picture), 3)], 1)
    with pytest.raises(NetworkError) as caught:
        Network(both)
    assert caught.value.code == "many_inputs"


def test_softmax_stands_behind_its_layer():
    network = Network(
        tf1.layers.dense(tf1.placeholder(tf1.float32, [None, 9]), 3, activation=tf1.nn.softmax, name="top")
    )
    assert (network.nodes[1].name, network.nodes[1].layer) == ("top_softmax", Softmax())
