"""The builders: lecture code of 2018 as it stands, and each builder against the reader of Keras' files."""

import numpy as np
import pytest

from striate.arch import (
    Add,
    BatchNorm,
    Concat,
    Conv,
    Deconv,
    Dense,
    Filler,
    Flatten,
    GlobalPool,
    Input,
    Network,
    Pool,
    ReLU,
    Softmax,
    tf,
)
from striate.arch.formats.keras import read_keras
from striate.errors import NetworkError
from tests.keras.files import layer, sequential, text

GLOROT = Filler("xavier", fan="average")


def cnn_model_fn(features, mode):
    """The network of the MNIST tutorial of TensorFlow 1, in the form everyone copied: layers by keyword."""
    input_layer = tf.reshape(features["x"], [-1, 28, 28, 1])
    conv1 = tf.layers.conv2d(
        inputs=input_layer,
        filters=32,
        kernel_size=[5, 5],
        padding="same",
        activation=tf.nn.relu)
    pool1 = tf.layers.max_pooling2d(inputs=conv1, pool_size=[2, 2], strides=2)
    conv2 = tf.layers.conv2d(
        inputs=pool1,
        filters=64,
        kernel_size=[5, 5],
        padding="same",
        activation=tf.nn.relu)
    pool2 = tf.layers.max_pooling2d(inputs=conv2, pool_size=[2, 2], strides=2)
    pool2_flat = tf.reshape(pool2, [-1, 7 * 7 * 64])
    dense = tf.layers.dense(inputs=pool2_flat, units=1024, activation=tf.nn.relu)
    dropout = tf.layers.dropout(inputs=dense, rate=0.4, training=mode == tf.estimator.ModeKeys.TRAIN)
    return tf.layers.dense(inputs=dropout, units=10)


def network_of_the_tutorial():
    x = Input(1, 28, 28)
    x = Pool(2)(ReLU()(Conv(32, 5, padding="same", weight_filler=GLOROT)(x)))
    x = Pool(2)(ReLU()(Conv(64, 5, padding="same", weight_filler=GLOROT)(x)))
    from striate.arch import Dropout

    x = ReLU()(Dense(1024, weight_filler=GLOROT)(Flatten()(x)))
    return Network(Dense(10, weight_filler=GLOROT)(Dropout(0.4)(x)))


@pytest.mark.parametrize("shape", [[None, 784], [None, 28, 28, 1], [None, 28, 28], [100, 784]])
def test_the_mnist_tutorial(shape):
    network = Network(cnn_model_fn({"x": tf.placeholder(tf.float32, shape)}, tf.estimator.ModeKeys.TRAIN))
    assert network == network_of_the_tutorial()
    assert network.parameters == 3_274_634


def test_channels_first_is_the_same_network():
    def build(f, shape, axis):
        x = tf.placeholder(tf.float32, shape)
        a = tf.layers.conv2d(x, 4, 3, strides=(2, 1), padding="SAME", data_format=f, activation=tf.nn.elu, name="a")
        b = tf.layers.average_pooling2d(tf.layers.conv2d(x, 2, 1, data_format=f), 3, (2, 1), "same", f)
        x = tf.layers.batch_normalization(tf.concat([a, b], axis), axis=axis, momentum=0.9, scale=False)
        x = tf.layers.conv2d_transpose(x, 3, (4, 3), (2, 1), "same", f, activation=tf.nn.leaky_relu)
        x = tf.nn.softmax(tf.layers.separable_conv2d(x, 5, 3, depth_multiplier=2, data_format=f, name="s"), axis=axis)
        return Network(tf.layers.dense(tf.layers.flatten(x, data_format=f), 7))

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
    "Conv2D": (lambda x: tf.layers.conv2d(x, 4, (2, 3), 2, dilation_rate=1, use_bias=False, name="one"),
               {"filters": 4, "kernel_size": [2, 3], "strides": 2, "use_bias": False}),
    "Conv2DTranspose": (lambda x: tf.layers.conv2d_transpose(x, 4, 5, 2, "same", name="one"),
                        {"filters": 4, "kernel_size": 5, "strides": 2, "padding": "same"}),
    "SeparableConv2D": (lambda x: tf.layers.separable_conv2d(x, 4, 3, padding="same", depth_multiplier=3, name="one"),
                        {"filters": 4, "kernel_size": 3, "padding": "same", "depth_multiplier": 3}),
    "MaxPooling2D": (lambda x: tf.layers.max_pooling2d(x, 3, 2, "same", name="one"),
                     {"pool_size": 3, "strides": 2, "padding": "same"}),
    "AveragePooling2D": (lambda x: tf.nn.avg_pool(x, [1, 3, 2, 1], [1, 2, 2, 1], "SAME", name="one"),
                         {"pool_size": [3, 2], "strides": 2, "padding": "same"}),
    "Dense": (lambda x: tf.layers.dense(x, 4, activation=tf.nn.relu6, name="one"), {"units": 4, "activation": "relu6"}),
    "BatchNormalization": (lambda x: tf.layers.batch_normalization(x, training=True, name="one"), {}),
    "Dropout": (lambda x: tf.layers.dropout(x, 0.3, seed=7, name="one"), {"rate": 0.3}),
    "Flatten": (lambda x: tf.layers.flatten(x, name="one"), {}),
    "Activation": (lambda x: tf.nn.tanh(x, name="one"), {"activation": "tanh"}),
    "ReLU": (lambda x: tf.nn.relu6(x, name="one"), {"max_value": 6}),
    "LeakyReLU": (lambda x: tf.nn.leaky_relu(x, 0.1, name="one"), {"negative_slope": 0.1}),
    "ELU": (lambda x: tf.nn.elu(x, name="one"), {}),
    "Softmax": (lambda x: tf.nn.softmax(x, name="one"), {}),
}


@pytest.mark.parametrize("name", BUILT)
def test_a_builder_makes_what_the_keras_layer_is_read_as(name):
    builder, config = BUILT[name]
    glorot = {key: "glorot_uniform" for key in ("kernel_initializer", "depthwise_initializer", "pointwise_initializer")
              if {"k": ("Conv2D", "Conv2DTranspose", "Dense"), "d": ("SeparableConv2D",), "p": ("SeparableConv2D",)}[
                  key[0]].count(name)}
    read = read_keras(text(sequential(layer(name, "one", **config, **glorot))))
    assert Network(builder(tf.placeholder(tf.float32, [None, 8, 9, 3]))) == read


def test_a_residual_unit_and_identity():
    x = tf.placeholder(tf.float32, [None, 8, 8, 4])
    network = Network(tf.nn.relu(tf.add(tf.layers.conv2d(x, 4, 3, padding="same"), tf.identity(x), name="sum")))
    assert [(node.name, node.inputs) for node in network.nodes] == [
        ("conv1", ("input",)), ("sum", ("conv1", "input")), ("relu1", ("sum",))]


def test_flat_tensors_join_and_layers_of_ours_mix_in():
    x = tf.placeholder(tf.float32, [None, 8, 8, 4])
    pooled = GlobalPool()(x)
    flat = tf.concat([tf.layers.flatten(x), tf.reshape(pooled, [-1, 4])], axis=-1)
    assert Network(tf.layers.dense(flat, 2)).nodes[2].layer == Concat()
    assert Network(Add()(pooled, GlobalPool("max")(x))).output.shape == (4, 1, 1)


def test_dense_on_a_picture_is_a_convolution_as_in_tensorflow():
    network = Network(tf.layers.dense(tf.placeholder(tf.float32, [None, 5, 6, 3]), 7))
    assert network.nodes[0].layer == Conv(7, 1, weight_filler=GLOROT)


def test_initializers_are_fillers():
    x = tf.placeholder(tf.float32, [None, 784])
    x = tf.layers.dense(x, 5, kernel_initializer=tf.random_normal_initializer(stddev=0.1),
                        bias_initializer=tf.constant_initializer(0.1))
    x = tf.layers.dense(x, 5, kernel_initializer=tf.random_uniform_initializer(-0.1, 0.1),
                        bias_initializer=tf.ones_initializer())
    layers = [node.layer for node in Network(tf.layers.dense(x, 5, kernel_initializer=tf.glorot_uniform_initializer(),
                                                             bias_initializer=tf.zeros_initializer())).nodes]
    assert [one.weight_filler for one in layers] == [Filler("gaussian", std=0.1), Filler("uniform", low=-0.1, high=0.1),
                                                     GLOROT]
    assert [one.bias_filler.value for one in layers] == [0.1, 1, 0]


@pytest.mark.parametrize("activation", [None, "linear", tf.nn.relu, "relu", tf.tanh, tf.sigmoid, tf.nn.softmax])
def test_activations(activation):
    network = Network(tf.layers.dense(tf.placeholder(tf.float32, [None, 9]), 3, activation=activation))
    assert len(network.nodes) == 1 + (activation not in (None, "linear"))


@pytest.mark.parametrize("f", [np.tanh, print, lambda x: x, "swish", 1])
def test_activations_that_are_none_of_ours(f):
    with pytest.raises(NetworkError, match="activation was asked for"):
        tf.layers.dense(tf.placeholder(tf.float32, [None, 9]), 3, activation=f)


def test_a_placeholder_in_two_shapes_is_two_inputs():
    x = tf.placeholder(tf.float32, [None, 784])
    picture = tf.reshape(x, [-1, 28, 28, 1])
    assert picture is tf.reshape(x, [-1, 28, 28, 1])
    both = tf.concat([tf.layers.dense(x, 3), tf.layers.dense(tf.layers.flatten(picture), 3)], 1)
    with pytest.raises(NetworkError) as caught:
        Network(both)
    assert caught.value.code == "many_inputs"


def test_softmax_stands_behind_its_layer():
    network = Network(tf.layers.dense(tf.placeholder(tf.float32, [None, 9]), 3, activation=tf.nn.softmax, name="top"))
    assert (network.nodes[1].name, network.nodes[1].layer) == ("top_softmax", Softmax())
