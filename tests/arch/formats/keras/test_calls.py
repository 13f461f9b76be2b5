"""Calls and names of layers: arguments, names, and the Flatten before a Dense."""

import json
import time

import pytest

from striate.arch import ELU, Add, BatchNorm, Conv, Dense, Flatten, Input, Network, Pool, PReLU, ReLU, Softmax
from striate.arch.formats.keras import read_keras, write_keras
from striate.arch.formats.keras.network_builder import NetworkBuilder
from striate.errors import NetworkError
from tests.arch.formats.keras.files import fed, functional, layer, sequential, text
from tests.arch.formats.keras.real import difference_in, difference_out, keras, keras_alone

FOLLOWERS = {
    "softmax": lambda L: L.Softmax(name="softmax"),
    "bn": lambda L: L.BatchNormalization(name="bn"),
    "prelu": lambda L: L.PReLU(name="prelu"),
    "relu": lambda L: L.ReLU(name="relu"),
    "drop": lambda L: L.Dropout(0.5, name="drop"),
    "act": lambda L: L.Activation("softmax", name="act"),
    "reshape": lambda L: L.Reshape((-1,), name="reshape"),
}


@pytest.mark.parametrize("name", FOLLOWERS)
def test_a_flatten_named_after_any_follower_is_kept(name):
    layers = keras.layers
    with keras_alone():
        model = keras.Sequential([layers.Input((3, 4, 2)), layers.Conv2D(2, 2, name="c"),
                                  layers.Flatten(name=f"{name}_flatten"), FOLLOWERS[name](layers), layers.Dense(3)])
    network, apart = difference_in(model)
    assert apart < 1e-5
    assert network.nodes[1].layer == Flatten()
    assert network.nodes[2].output.shape == (12, 1, 1)


@pytest.mark.parametrize(("shape", "kinds"), [((None, 1, 1, 6), ["softmax"]), ((None, 1, 6, 1), ["flatten", "softmax"]),
                                              ((None, 6), ["softmax"])])
def test_a_flatten_of_what_is_flat_is_none_of_ours_if_it_is_named_after_its_follower(shape, kinds):
    network = read_keras(text(sequential(layer("Flatten", "s_flatten"), layer("Softmax", "s"), shape=shape)))
    assert [node.layer.kind for node in network.nodes] == kinds


@pytest.mark.parametrize(("flatten", "kept"), [("d_flatten", False), ("d_flatten2", False), ("d_flatten_2", True),
                                               ("flatten", True), ("e_flatten", True)])
def test_a_flatten_named_after_its_dense_layer_is_none_of_ours(flatten, kept):
    network = read_keras(text(sequential(layer("Flatten", flatten), layer("Dense", "d", units=2))))
    assert [node.layer for node in network.nodes] == [Flatten()] * kept + [Dense(2)]


def call(class_name, node, **config):
    """A layer called once by this node, behind a ReLU."""
    one = layer(class_name, "one", **config)
    return text(functional(fed(layer("ReLU", "a"), "start"), one | {"name": "one", "inbound_nodes": [node]},
                           output="one"))


TENSOR = {"class_name": "__keras_tensor__", "config": {"shape": [None, 8, 9, 3], "keras_history": ["a", 0, 0]}}
CALLED = [("Dropout", {"rate": 0.5}), ("BatchNormalization", {}), ("ReLU", {})]
ALLOWED = [
    {"args": [TENSOR]}, {"args": [[TENSOR]], "kwargs": {}}, {"args": [TENSOR], "kwargs": None},
    {"args": [], "kwargs": {"inputs": TENSOR}}, {"args": [TENSOR], "kwargs": {"training": None}},
    {"args": [TENSOR], "kwargs": {"training": False, "mask": None}}, {"args": [TENSOR, False]},
    {"args": [TENSOR, None]},
    [["a", 0, 0]], [["a", 0, 0, {}]], [["a", 0, 0, {"training": False}]], [["a", 0, 0, {"training": None}]],
    ["a", 0, 0],
]
REFUSED = [
    {"args": [TENSOR], "kwargs": {"training": True}}, {"args": [TENSOR], "kwargs": {"training": 0}},
    {"args": [TENSOR], "kwargs": {"training": 1}}, {"args": [TENSOR, True]}, {"args": [TENSOR, 0]},
    {"args": [TENSOR], "kwargs": {"mask": TENSOR}}, {"args": [TENSOR], "kwargs": {"mask": False}},
    {"args": [TENSOR], "kwargs": {"scale": None}}, {"args": [TENSOR], "kwargs": {"scale": False}},
    {"args": [TENSOR], "kwargs": {"training": TENSOR}}, {"args": [TENSOR], "kwargs": {"inputs": TENSOR}},
    {"args": [TENSOR], "kwargs": [True]}, {"args": {"x": TENSOR}}, {"args": [TENSOR, "x"]}, {"args": [TENSOR, TENSOR]},
    {"args": [[TENSOR, True]]},
    [["a", 0, 0, {"training": True}]], [["a", 0, 0, {"mask": 0}]], [["a", 0, 0, {"y": None}]], [["a", 0, 0, True]],
    [["a", 0, 0, {}, {"training": True}]], [["a", 0, 0, {"training": ["a", 0, 0]}]],
]


@pytest.mark.parametrize(("class_name", "config"), CALLED)
def test_a_call_may_say_that_it_is_no_training(class_name, config):
    for node in ALLOWED:
        assert len(read_keras(call(class_name, node, **config)).nodes) == 2


@pytest.mark.parametrize("node", REFUSED, ids=json.dumps)
@pytest.mark.parametrize(("class_name", "config"), CALLED)
def test_any_other_argument_of_a_call_is_refused(class_name, config, node):
    with pytest.raises(NetworkError) as caught:
        read_keras(call(class_name, node, **config))
    assert caught.value.code == "bad_keras"
    assert str(caught.value).startswith("one: ")


@pytest.mark.parametrize("training", [True, False, None])
def test_what_keras_writes_of_a_training_call(training):
    layers = keras.layers
    with keras_alone():
        x = layers.Input((4, 4, 2))
        model = keras.Model(x, layers.Dropout(0.5, name="drop")(x, training=training)).to_json()
    if training:
        with pytest.raises(NetworkError, match="drop: "):
            read_keras(model)
    else:
        assert len(read_keras(model).nodes) == 1


def test_two_layers_of_one_name_are_refused_as_by_keras():
    twice = sequential(layer("Dense", "d", units=2), layer("Dense", "d", units=2))
    with keras_alone(), pytest.raises(ValueError, match="unique"):
        keras.Sequential([keras.layers.Dense(2, name="d"), keras.layers.Dense(2, name="d")])
    inside = sequential(layer("ReLU", "d"), twice | {"config": twice["config"] | {"name": "inner"}})
    other_names = functional(fed(layer("ReLU", "d"), "start") | {"name": "a"}, fed(layer("ReLU", "d"), "a") | {
        "name": "b"}, output="b")
    for model in (twice, inside, other_names):
        with pytest.raises(NetworkError, match='a name of its own for each layer is allowed; "d" was given'):
            read_keras(text(model))
    assert len(read_keras(text(sequential(layer("ReLU", "d"), sequential(layer("ReLU", "d"))))).nodes) == 2


@pytest.mark.parametrize("axes", [[1, 2, 9], [0], [1, 2, -1], [1, 2, 4], 0, [1, 2, True]])
def test_axes_that_a_tensor_has_not_are_not_shared(axes):
    with pytest.raises(NetworkError, match="one: shared_axes was asked for"):
        read_keras(text(sequential(layer("PReLU", "one", shared_axes=axes))))


def test_a_call_of_5_000_times_is_named_at_once():
    started = time.perf_counter()
    reading = NetworkBuilder([])
    names = [reading.free("r") for _ in range(20_000)]
    assert time.perf_counter() - started < 1
    assert names[:3] == ["r", "r_2", "r_3"]
    assert (len(set(names)), names[-1]) == (20_000, "r_20000")


def test_numbers_that_are_taken_are_passed_over():
    reading = NetworkBuilder([])
    long = "x" * 100
    assert [reading.free(name) for name in ("a_2", "a", "a", "a_3", "a", "input", long, long + "y", "x" * 90)] == [
        "a_2", "a", "a_3", "a_3_2", "a_4", "input_2", long, "x" * 90 + "_2", "x" * 90]


def test_10_000_calls_are_the_most():
    def called(times):
        nodes = [[[("start" if not i else "r"), max(0, i - 1), 0]] for i in range(times)]
        return text(functional(layer("Activation", "r", activation="linear") | {"name": "r", "inbound_nodes": nodes},
                               layer("ReLU", "s") | {"inbound_nodes": [[["r", times - 1, 0]]]}, output="s"))

    assert len(read_keras(called(9_998)).nodes) == 1
    with pytest.raises(NetworkError, match="up to 10,000 calls of Keras' layers are allowed; more were given"):
        read_keras(called(9_999))


@pytest.mark.parametrize("behind", [
    lambda x: ELU()(x), lambda x: Add((1, -1))(ReLU()(x), ReLU()(x)), lambda x: Add((-0.5, 0.5))(ReLU()(x), ReLU()(x)),
    lambda x: Add()(ReLU()(x), x), lambda x: BatchNorm()(ReLU()(x)), lambda x: PReLU()(ReLU()(x)),
    lambda x: Conv(2, 1)(ReLU()(x))])
def test_zeros_could_win_a_maximum_over_values_that_may_be_negative(behind):
    network = Network(Pool(3, 1, padding=((2, 0), (0, 2)))(behind(Input(2, 6, 6))))
    with pytest.raises(NetworkError, match="a maximum over values that may be negative"):
        write_keras(network)


@pytest.mark.parametrize("behind", [
    lambda x: ReLU()(x), lambda x: Add()(ReLU()(x), ReLU()(x)), lambda x: Add((0.5, 0.5))(ReLU()(x), Softmax()(x))])
def test_zeros_lose_a_maximum_over_values_that_are_none_below_0(behind):
    network = Network(Pool(3, 1, padding=((2, 0), (0, 2)))(behind(Input(2, 6, 6))))
    _, apart = difference_out(network)
    assert apart < 1e-5


def written_pooling(**settings):
    network = Network(Pool(3, 1, padding=1, mode="average", **settings)(Input(2, 6, 7)))
    return network, {entry["class_name"]: entry["config"] for entry in
                     json.loads(write_keras(network))["config"]["layers"]}


def test_an_average_that_counts_its_padding_is_not_written_as_same():
    network, layers = written_pooling(count_padding=True)
    assert layers["ZeroPadding2D"]["padding"] == [[1, 1], [1, 1]]
    assert layers["AveragePooling2D"]["padding"] == "valid"
    _, apart = difference_out(network)
    assert apart < 1e-5


def test_an_average_that_leaves_its_padding_out_is_written_as_same():
    _, layers = written_pooling(count_padding=False)
    assert "ZeroPadding2D" not in layers
    assert layers["AveragePooling2D"]["padding"] == "same"


LOST = {
    "batch_shape": ([layer("ReLU", "one")], [None, "8", 8, 3]),
    "batch_shape true": ([layer("ReLU", "one")], [None, True, 8, 3]),
    "Constant": ([layer("Dense", "one", units=1, kernel_initializer={
        "class_name": "Constant", "config": {"value": "abc"}})], None),
    "scale": ([layer("Dense", "one", units=1, kernel_initializer={
        "class_name": "VarianceScaling", "config": {"scale": []}})], None),
    "mode": ([layer("Dense", "one", units=1, kernel_initializer={
        "class_name": "VarianceScaling", "config": {"mode": {}}})], None),
    "distribution": ([layer("Dense", "one", units=1, kernel_initializer={
        "class_name": "VarianceScaling", "config": {"distribution": "cauchy"}})], None),
    "stddev": ([layer("Dense", "one", units=1, bias_initializer={
        "class_name": "RandomNormal", "config": {"stddev": -1}})], None),
    "minval": ([layer("Dense", "one", units=1, bias_initializer={
        "class_name": "RandomUniform", "config": {"minval": 1}})], None),
    "max_value": ([layer("ReLU", "one", max_value=0)], None),
    "max_value null": ([layer("ReLU", "one", max_value=[])], None),
    "momentum": ([layer("BatchNormalization", "one", momentum=-5)], None),
    "epsilon": ([layer("BatchNormalization", "one", epsilon=0)], None),
    "rate": ([layer("Dropout", "one", rate=1.5)], None),
    "rate left out": ([layer("Dropout", "one")], None),
    "kernel_size": ([layer("Conv2D", "one", filters=1, kernel_size=2_000)], None),
    "pool_size": ([layer("MaxPooling2D", "one", pool_size=2_000)], None),
    "depth_multiplier": ([layer("DepthwiseConv2D", "one", kernel_size=1, depth_multiplier=60_000)], None),
    "depth_multiplier separable": ([layer("SeparableConv2D", "one", filters=1, kernel_size=1,
                                          depth_multiplier=60_000)], None),
    "alpha": ([layer("ELU", "one", alpha="x")], None),
    "negative_slope": ([layer("LeakyReLU", "one", negative_slope=None)], None),
}


@pytest.mark.parametrize("case", LOST)
def test_a_refusal_names_the_layer_and_the_field_of_keras(case):
    layers, shape = LOST[case]
    with pytest.raises(NetworkError) as caught:
        read_keras(text(sequential(*layers, shape=shape or (None, 8, 9, 3))))
    field = {"batch_shape": "an input", "Constant": "value of kernel_initializer", "scale": "scale of kernel_initia",
             "mode": "mode of kernel_init", "distribution": "distribution of kernel_init",
             "stddev": "stddev of bias_init", "minval": "minval of bias_init"}.get(case.split()[0], case.split()[0])
    assert str(caught.value).startswith("start: " if "batch" in case else f"one: {field}")
    assert field in str(caught.value)


