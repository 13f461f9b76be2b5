"""Keras' JSON read layer by layer and file by file."""

import json

import numpy as np
import pytest

from striate.arch import (
    Add,
    BatchNorm,
    Conv,
    Dense,
    Flatten,
    Initializer,
    Input,
    Network,
    Pool,
    ReLU,
    Reshape,
    Softmax,
    Volume,
    reference,
)
from striate.arch.formats.keras import keras_weights, lost_settings, read_keras, to_keras_weights, write_keras
from striate.errors import NetworkError
from tests.arch.formats.keras.files import (
    KERAS_2_FUNCTIONAL,
    KERAS_2_SEQUENTIAL,
    fed,
    functional,
    layer,
    sequential,
    text,
)
from tests.arch.formats.keras.real import arrays_of, build, build_keras_2, difference_in, keras_alone

GLOROT = Initializer("xavier", fan="average")


def test_a_sequential_model_of_keras_2():
    network = read_keras(KERAS_2_SEQUENTIAL)
    assert network.parameters == 1_199_882  # as Keras' own example says
    assert [node.name for node in network.nodes] == [
        "conv2d_1", "conv2d_1_relu", "conv2d_2", "conv2d_2_relu", "max_pooling2d_1", "dropout_1", "flatten_1",
        "dense_1", "dense_1_relu", "dense_2", "dense_2_softmax"]
    assert network.nodes[0].layer == Conv(32, 3, weight_filler=GLOROT)
    assert network.nodes[2].layer == Conv(64, 3, weight_filler=Initializer("gaussian", mean=0, std=0.02),
                                          bias_filler=Initializer("constant", value=0.1))
    assert network.nodes[-1].layer == Softmax()


def test_a_functional_model_of_keras_2_in_any_order_with_a_layer_called_twice():
    network = read_keras(KERAS_2_FUNCTIONAL)
    assert [(node.name, node.inputs) for node in network.nodes] == [
        ("conv", ("input",)), ("bn", ("conv",)), ("add_1", ("bn", "input")), ("relu", ("add_1",)), ("pool", ("relu",)),
        ("relu_2", ("pool",))]
    layers = {node.name: node.layer for node in network.nodes}
    assert layers["bn"] == BatchNorm(1e-3, 0.01)
    assert layers["pool"] == Pool(2, padding="same", mode="average", count_padding=False)
    assert network.output.shape == (4, 4, 5)


def test_keras_itself_reads_the_functional_file_alike():
    # Keras' torch backend copies the edge of a picture into uneven `same` averages, so the pooling is of maxima here.
    fixture = KERAS_2_FUNCTIONAL.replace("AveragePooling2D", "MaxPooling2D")
    model = build_keras_2(fixture)
    assert model.output_shape == (None, 4, 5, 4)
    network, apart = difference_in(model, text=fixture)
    assert network.output.shape == (4, 4, 5)
    assert apart < 1e-4


def test_sequential_before_keras_2_2_has_its_layers_as_config():
    network = read_keras(text({"class_name": "Sequential", "config": [
        layer("Dense", "a", units=4, batch_input_shape=[None, 7]), layer("Dense", "b", units=2)]}))
    assert (network.input.shape, network.parameters) == ((7, 1, 1), 42)  # (7 + 1)·4 + (4 + 1)·2


def test_channels_first_is_read_from_the_layers_that_say_it():
    entries = [layer("Activation", "a", activation="relu"), layer("Concatenate", "c", axis=1)]
    model = functional(fed(entries[0], "start"), fed(entries[1], "a", "start"), output="c")
    assert read_keras(text(model)).input.shape == (8, 9, 3)
    assert read_keras(text(sequential(entries[0]))).input.shape == (3, 8, 9)
    assert read_keras(text(sequential(entries[0], layer("Flatten", "f", data_format="channels_first")))
                      ).input.shape == (8, 9, 3)


def test_a_missing_data_format_is_that_of_the_layers_before():
    network = read_keras(text(sequential(
        layer("Conv2D", "a", filters=4, kernel_size=3, data_format="channels_first"),
        layer("MaxPooling2D", "b"), layer("Flatten", "c"), layer("Dense", "d", units=2), shape=(None, 3, 8, 9))))
    assert [str(node.output) for node in network.nodes] == ["4×6×7", "4×3×3", "36×1×1", "2×1×1"]


def test_the_input_given_takes_the_place_of_the_files():
    any_size = text(sequential(layer("Conv2D", "a", filters=4, kernel_size=3), shape=(None, None, None, 3)))
    assert read_keras(any_size, Input(3, 20, 30)).output.shape == (4, 18, 28)
    unbuilt = text({"class_name": "Sequential", "config": {"layers": [layer("Conv2D", "a", filters=4, kernel_size=3)]}})
    assert read_keras(unbuilt, Volume(1, 5, 7)).output.shape == (4, 3, 5)
    for model in (any_size, unbuilt):
        with pytest.raises(NetworkError):
            read_keras(model)


def test_names_become_ours_and_stay_apart():
    network = read_keras(text(sequential(
        layer("ReLU", "block 1/relu"), layer("ReLU", "input"), layer("ReLU", "a>b"), layer("ReLU", "a.b"),
        layer("ReLU", "a b"), layer("Conv2D", "c", filters=1, kernel_size=1, activation="relu"),
        layer("ReLU", "c_relu"), layer("ReLU", "x" * 199), layer("ReLU", "x" * 200))))
    names = [node.name for node in network.nodes]
    assert names == ["block_1/relu", "input_2", "a/b", "a_b", "a_b_2", "c", "c_relu_2", "c_relu", "x" * 100,
                     "x" * 90 + "_2"]


def test_a_name_with_a_slash_comes_back():
    network = Network(ReLU(name="inception/1x1")(Input(1, 5, 5)), "nets/one")
    assert '"inception>1x1"' in write_keras(network)
    again = read_keras(write_keras(network))
    assert again == network
    assert again.name == "nets/one"


@pytest.mark.parametrize(
    ("initializer", "filler"),
    [
        ("glorot_uniform", GLOROT),
        ("he_normal", Initializer("msra")),
        ("lecun_uniform", Initializer("xavier")),
        ("zeros", Initializer("constant")),
        ("Ones", Initializer("constant", value=1)),
        ({"class_name": "Constant", "config": {"value": 0.5}}, Initializer("constant", value=0.5)),
        ({"class_name": "RandomNormal", "config": {"mean": 1, "stddev": 2}}, Initializer("gaussian", mean=1, std=2)),
        (
            {"class_name": "RandomUniform", "config": {"minval": -1, "maxval": 2}},
            Initializer("uniform", low=-1, high=2),
        ),
        (
            {
                "class_name": "VarianceScaling",
                "config": {"scale": 2.0, "mode": "fan_out", "distribution": "untruncated_normal"},
            },
            Initializer("msra", fan="out"),
        ),
        # neither has a filler of ours: the default of our layer, not the nearest
        ("glorot_normal", Initializer("msra")),
        ("he_uniform", Initializer("msra")),
        (None, Initializer("msra")),
        (
            {"class_name": "VarianceScaling", "config": {"scale": 3.0, "mode": "fan_in", "distribution": "uniform"}},
            Initializer("msra"),
        ),
    ],
)
def test_initializers(initializer, filler):
    network = read_keras(text(sequential(layer("Conv2D", "a", filters=1, kernel_size=1,
                                               kernel_initializer=initializer))))
    assert network.nodes[0].layer.weight_filler == filler
    assert read_keras(write_keras(network)) == network


@pytest.mark.parametrize("fan", ["in", "out", "average"])
@pytest.mark.parametrize("kind", ["xavier", "msra"])
def test_what_is_written_fills_as_ours_does(kind, fan):
    """The spread of ten thousand values drawn by Keras is that of our law."""
    network = Network(Dense(50, weight_filler=Initializer(kind, fan=fan))(Input(200, 1, 1)))
    with keras_alone():
        (kernel, _) = arrays_of(build(write_keras(network)))["dense1"]
    tensor = network.tensors["dense1.weight"]
    law = tensor.filler.distribution(tensor.fan_in, tensor.fan_out)
    std = law.b if law.name == "normal" else law.b / np.sqrt(3)
    assert kernel.std() == pytest.approx(std, rel=0.03)
    largest = abs(kernel).max()
    assert largest <= law.b if law.name == "uniform" else largest > 3 * std  # not cut off at two


def test_what_only_a_training_would_miss_is_listed():
    x = Conv(4, 3, rounding="exact", weight_filler=Initializer("gaussian", sparse=5), lr_mult=(1, 2))(Input(1, 5, 5))
    network = Network(Dense(2, decay_mult=0)(ReLU()(x)))
    assert lost_settings(network) == ("conv1: lr_mult, weight_filler, rounding exact", "dense1: decay_mult")
    assert lost_settings(read_keras(write_keras(network))) == ()


def test_flattened_values_are_permuted_through_what_does_not_mix_them():
    """Flatten, PReLU, BatchNorm, concatenation with other flat values, Dense: against arithmetic by hand."""
    model = functional(
        fed(layer("Flatten", "f"), "start"), fed(layer("PReLU", "p"), "f"),
        fed(layer("GlobalMaxPooling2D", "g"), "start"),
        fed(layer("Concatenate", "c", axis=-1), "p", "g"), fed(layer("Dense", "d", units=1, use_bias=False), "c"),
        output="d", shape=(None, 2, 3, 5))
    network = read_keras(text(model))
    rng = np.random.default_rng(0)
    slopes, kernel, x = rng.normal(size=30), rng.normal(size=(35, 1)), rng.normal(size=(4, 2, 3, 5))
    values = x.reshape(4, 30)
    by_hand = np.hstack([np.where(values > 0, values, values * slopes), x.max(axis=(1, 2))]) @ kernel
    weights = keras_weights(network, text(model), {"p": [slopes], "d": [kernel]})
    ours = reference.forward(network, weights, x.transpose(0, 3, 1, 2))
    assert np.allclose(ours, by_hand)
    back = to_keras_weights(network, text(model), weights)
    assert np.array_equal(back["d"][0], kernel)
    assert np.array_equal(back["p"][0], slopes)


def test_a_reshape_that_means_the_same_is_ours():
    network = read_keras(text(sequential(layer("Reshape", "r", target_shape=[9, 8, 3]),
                                         layer("Flatten", "f"), layer("Reshape", "s", target_shape=[-1, 8, 3]))))
    assert [node.layer for node in network.nodes] == [Reshape((3, 9, 8)), Flatten(), Reshape((3, -1, 8))]


def test_a_subtraction_and_an_average_have_coefficients():
    model = functional(fed(layer("ReLU", "a"), "start"), fed(layer("Subtract", "s"), "start", "a"),
                       fed(layer("Average", "m"), "s", "a", "start"), output="m")
    layers = {node.name: node.layer for node in read_keras(text(model)).nodes}
    assert (layers["s"], layers["m"]) == (Add((1, -1)), Add((1 / 3,) * 3))


def test_layers_that_lead_nowhere_are_left_out_but_must_be_known():
    model = functional(fed(layer("ReLU", "a"), "start"), fed(layer("ReLU", "b"), "start"), output="a")
    assert [node.name for node in read_keras(text(model)).nodes] == ["a"]


def test_compile_config_is_not_read():
    model = sequential(layer("ReLU", "a")) | {"compile_config": {"loss": {"module": "__main__", "class_name": "mine"}}}
    assert len(read_keras(json.dumps(model)).nodes) == 1
