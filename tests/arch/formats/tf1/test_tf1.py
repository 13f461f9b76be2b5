"""Labels, shapes, operators, initializers and unsupported names in lecture code of 2018."""

import copy
import pickle

import numpy as np
import pytest

import striate
from striate.arch import LRN, Add, Conv, Dropout, GlobalPool, Initializer, Input, Network, Pad, ReLU
from striate.arch.formats import tf1
from striate.errors import NetworkError

GLOROT = Initializer("xavier", fan="average")


def picture(*sides):
    return tf1.placeholder(tf1.float32, [None, *sides])


def only(tensor):
    (node,) = Network(tensor).nodes
    return node.layer


@pytest.mark.parametrize(("dtype", "shape", "said"), [
    (tf1.int64, [None], "placeholder(int64, [?])"), (tf1.int32, [None, 10], "placeholder(int32, [?, 10])"),
    (tf1.bool, None, "placeholder(bool)"), (tf1.bool, [], "placeholder(bool, [])"),
    (tf1.float32, None, "placeholder(float32)"), (np.uint8, (None, 28, 28), "placeholder(uint8, [?, 28, 28])"),
    (tf1.float64, [None, 10], "placeholder(float64, [?, 10])"), ("float", [None], "placeholder(float32, [?])")])
def test_labels_are_inert(dtype, shape, said):
    labels = tf1.placeholder(dtype, shape, name="y")
    assert (repr(labels), labels.name) == (said, "y")
    for build in (lambda: tf1.layers.flatten(labels), lambda: tf1.nn.relu(labels), lambda: tf1.concat([labels] * 2, 1),
                  lambda: tf1.reshape(labels, [-1, 10]), lambda: picture(10) + labels, lambda: labels + picture(10),
                  lambda: Network(labels), lambda: ReLU()(labels)):
        with pytest.raises(NetworkError):
            build()


def test_labels_of_a_float_are_a_placeholder_that_the_network_does_not_see():
    x, _, training = picture(784), picture(10), tf1.placeholder(tf1.bool)
    assert len(Network(tf1.layers.dropout(tf1.layers.dense(x, 10), 0.4, training=training)).nodes) == 2


def test_plus_is_our_sum():
    x = picture(8, 8, 4)
    assert Network(tf1.nn.relu(x + tf1.layers.conv2d(x, 4, 3, padding="same"))).nodes[1].inputs == ("input", "conv1")
    mixed = Network(GlobalPool()(x) + tf1.reduce_mean(x, [1, 2], keepdims=True))
    assert (mixed.nodes[-1].layer, mixed.output.shape) == (Add(), (4, 1, 1))
    total = Network(tf1.add_n([tf1.nn.relu(x), tf1.nn.elu(x), tf1.nn.tanh(x)]))
    assert total.nodes[-1].inputs == ("relu1", "elu1", "tanh1")


def test_a_volume_of_ours_is_added_from_either_side():
    x = picture(8, 8, 4)
    left, right = ReLU(name="ours")(x), tf1.nn.elu(x, name="theirs")
    assert Network(left + right).nodes[-1].inputs == ("ours", "theirs")
    assert Network(right + left).nodes[-1].inputs == ("theirs", "ours")


@pytest.mark.parametrize("operator", [
    lambda x: x - x, lambda x: 2 * x, lambda x: x / 255, lambda x: x @ x, lambda x: -x, lambda x: x ** 2,
    lambda x: x[0], lambda x: x < 1, lambda x: abs(x), lambda x: np.ones(3) * x])
def test_other_operators_say_so(operator):
    with pytest.raises(NetworkError, match=r"the operator .* was asked for"):
        operator(picture(10))


@pytest.mark.parametrize("name", ["shape", "get_shape"])
def test_shapes_as_tensorflow_shows_them(name):
    def shape(tensor):
        return tensor.get_shape() if name == "get_shape" else tensor.shape

    x = shape(picture(28, 20, 1))
    assert (str(x), x.as_list(), len(x), x.ndims) == ("(?, 28, 20, 1)", [None, 28, 20, 1], 4, 4)
    assert (x[1], x[-1].value, int(x[2]), x[0].value) == (28, 1, 20, None)
    assert (np.prod(x[1:]), x[1:].num_elements(), x[1:4].as_list(), x.num_elements()) == (560, 560, [28, 20, 1], None)
    assert shape(tf1.layers.flatten(picture(28, 20, 3))).as_list() == [None, 1680]
    assert shape(picture(28, 20)).as_list() == [None, 28, 20]
    first = tf1.layers.conv2d(picture(3, 8, 9), 4, 3, data_format="channels_first")
    assert shape(first).as_list() == [None, 4, 6, 7]
    for again in (copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert (again.as_list(), tuple(again)[1:]) == (x.as_list(), tuple(x)[1:])


def test_flattening_by_the_shape():
    x = tf1.nn.relu(picture(7, 5, 3))
    flat = tf1.reshape(x, [-1, int(np.prod(x.get_shape()[1:]))])
    assert flat.shape.as_list() == [None, 105]
    _, height, width, channels = x.get_shape().as_list()
    assert tf1.reshape(x, [-1, height * width * channels]) == flat


def test_layers_of_ours_take_the_tensors_all_the_same():
    x = picture(28, 20, 1)
    assert tuple(x) == x.bare().shape == (1, 28, 20)
    assert x.shape.as_list() == [None, 28, 20, 1]
    assert ReLU()(x).shape == Add()(x, tf1.nn.relu(x)).shape == (1, 28, 20)
    assert (str(x), x == Input(1, 28, 20), hash(x) == hash(picture(28, 20, 1))) == ("1×28×20", True, True)


@pytest.mark.parametrize("keep", [{"keepdims": True}, {"keep_dims": True}, {}])
@pytest.mark.parametrize(("reduce", "mode"), [(tf1.reduce_mean, "average"), (tf1.reduce_max, "max")])
def test_means_and_maxima_of_maps(reduce, mode, keep):
    made = reduce(picture(7, 6, 5), [1, 2], name="pooled", **keep)
    assert only(made) == GlobalPool(mode)
    assert made.shape.as_list() == ([None, 1, 1, 5] if keep else [None, 5])
    assert Network(made).nodes[0].name == "pooled"
    first = reduce(picture(5, 7, 6), reduction_indices=(-2, -1), **keep)
    assert Network(first).input.shape == (5, 7, 6)
    assert first.shape.as_list() == ([None, 5, 1, 1] if keep else [None, 5])


def test_pooled_maps_meet_a_dense_layer():
    network = Network(tf1.layers.dense(tf1.reduce_mean(tf1.nn.relu(picture(7, 6, 5)), axis=[1, 2]), 10))
    assert [node.layer.kind for node in network.nodes] == ["relu", "global_pool", "dense"]


def test_dropout_by_what_is_kept():
    assert only(tf1.nn.dropout(picture(9), 0.9)) == Dropout(0.1)
    assert only(tf1.nn.dropout(picture(9), keep_prob=1)) == Dropout(0)
    assert only(tf1.nn.dropout(picture(9), rate=0.2)) == Dropout(0.2)


def test_local_response_normalization():
    assert only(tf1.nn.lrn(picture(7, 7, 9), 4, bias=1.0, alpha=0.001 / 9.0, beta=0.75)).alpha == pytest.approx(0.001)
    assert only(tf1.nn.lrn(picture(7, 7, 9), depth_radius=2, bias=2, alpha=1e-4, beta=0.75)) == LRN(5, 5e-4, 0.75, 2)
    assert only(tf1.nn.local_response_normalization(picture(7, 7, 9))) == LRN(11, 11, 0.5, 1)


def test_lrn_computes_what_tensorflow_documents():
    from striate.arch.reference import FORWARD

    x = np.random.default_rng(0).normal(size=(1, 6, 2, 3))
    layer = only(tf1.nn.lrn(picture(2, 3, 6), 2, 1.5, 0.3, 0.6))
    squares = np.stack([(x[:, max(0, d - 2):d + 3] ** 2).sum(1) for d in range(6)], 1)
    np.testing.assert_allclose(FORWARD["lrn"](layer, {}, x), x / (1.5 + 0.3 * squares) ** 0.6)


def test_pad():
    assert only(tf1.pad(picture(7, 8, 3), [[0, 0], [1, 2], [3, 4], [0, 0]], "constant")) == Pad(((1, 2), (3, 4)))
    first = Network(tf1.pad(picture(3, 7, 8), ((0, 0), (0, 0), (1, 2), (3, 4)), name="p"))
    assert (first.input.shape, first.output.shape, first.nodes[0].name) == ((3, 7, 8), (3, 10, 15), "p")
    x = tf1.nn.relu(picture(7, 8, 3))
    assert tf1.pad(x, [[0, 0]] * 4) is x


@pytest.mark.parametrize(("initializer", "filler"), [
    (tf1.truncated_normal_initializer(stddev=0.1, dtype=tf1.float32), Initializer("gaussian", std=0.1)),
    (tf1.variance_scaling_initializer(), Initializer("xavier")),
    (tf1.variance_scaling_initializer(2.0, "fan_out"), Initializer("msra", fan="out")),
    (tf1.variance_scaling_initializer(1.0, "fan_avg", "uniform"), GLOROT),
    (tf1.variance_scaling_initializer(0.3), GLOROT),
    (tf1.glorot_uniform_initializer(), GLOROT), (tf1.glorot_normal_initializer(seed=1), GLOROT),
    (tf1.contrib.layers.xavier_initializer(), GLOROT), (tf1.contrib.layers.xavier_initializer_conv2d(False), GLOROT),
    (tf1.contrib.layers.variance_scaling_initializer(), Initializer("msra"))])
def test_initializers(initializer, filler):
    layer = only(tf1.layers.conv2d(picture(7, 7, 3), 4, 3, kernel_initializer=initializer))
    assert layer == Conv(4, 3, weight_filler=filler)


@pytest.mark.parametrize(
    ("module", "name", "there"),
    [
        (tf1, "Session", "tf.layers"),
        (tf1, "Variable", "placeholder"),
        (tf1, "train", "reshape"),
        (tf1, "keras", "concat"),
        (tf1.layers, "Conv2D", "conv2d"),
        (tf1.nn, "conv2d", "max_pool"),
        (tf1.estimator, "Estimator", "ModeKeys"),
        (tf1.contrib, "slim", "layers"),
        (tf1.contrib.layers, "l2_regularizer", "xavier_initializer"),
    ],
)
def test_what_is_not_here_says_what_is(module, name, there):
    assert not hasattr(module, name)
    with pytest.raises(AttributeError) as caught:
        getattr(module, name)
    said = str(caught.value)
    assert f".{name} was asked for" in said
    assert there in said
    assert "`striate train` or ConvNet" in said


def test_names_are_listed_and_exist():
    assert "Pool" not in dir(tf1.layers)
    for module in (tf1, tf1.layers, tf1.nn):
        assert sorted(module.__all__) == sorted(dir(module))
    for module in (tf1, tf1.layers, tf1.nn, tf1.contrib, tf1.estimator):
        assert all(hasattr(module, name) for name in dir(module))
    assert striate.tf is tf1
