"""A field that a file leaves out has Keras' own default: as published, and as the layers of real Keras say."""

import numpy as np
import pytest

from striate.arch import (
    ELU,
    BatchNorm,
    Concat,
    Conv,
    Deconv,
    Dense,
    Dropout,
    Flatten,
    GlobalPool,
    Initializer,
    LeakyReLU,
    Pad,
    Pool,
    PReLU,
    ReLU,
    Softmax,
)
from striate.arch.formats.keras import read_keras
from striate.arch.formats.keras.layer_table import READERS
from striate.arch.formats.keras.network_builder import ACTIVATIONS
from striate.errors import NetworkError
from tests.arch.formats.keras.files import fed, functional, layer, sequential, text
from tests.arch.formats.keras.real import keras, keras_alone

WINDOW = {"stride": 1, "padding": 0, "dilation": 1}
AVERAGE = {"stride": 2, "padding": 0, "mode": "average", "count_padding": True}

# class → what must be given, and the layers that are read of that alone, every default written out
LEFT_OUT = {
    "Conv2D": ({"filters": 4, "kernel_size": 3}, [Conv(4, 3, groups=1, bias=True, **WINDOW)]),
    "DepthwiseConv2D": ({"kernel_size": 3}, [Conv(3, 3, groups=3, bias=True, **WINDOW)]),
    "SeparableConv2D": ({"filters": 4, "kernel_size": 3},
                        [Conv(3, 3, groups=3, bias=False, **WINDOW), Conv(4, 1, bias=True)]),
    "Conv2DTranspose": ({"filters": 4, "kernel_size": 3}, [Deconv(4, 3, bias=True, **WINDOW)]),
    "Dense": ({"units": 4}, [Conv(4, 1, bias=True)]),
    "BatchNormalization": ({}, [BatchNorm(epsilon=1e-3, momentum=0.01, scale=True, shift=True)]),
    "PReLU": ({"shared_axes": [1, 2]}, [PReLU(filler=Initializer("constant", value=0))]),
    "MaxPooling2D": ({}, [Pool(2, stride=2, padding=0, mode="max")]),
    "AveragePooling2D": ({"pool_size": 2}, [Pool(2, **AVERAGE)]),
    "GlobalAveragePooling2D": ({}, [GlobalPool("average")]),
    "GlobalMaxPooling2D": ({}, [GlobalPool("max")]),
    "ZeroPadding2D": ({}, [Pad(1)]),
    "Flatten": ({}, [Flatten()]),
    "Dropout": ({"rate": 0.3}, [Dropout(0.3)]),
    "Activation": ({"activation": "relu"}, [ReLU(limit=None)]),
    "ReLU": ({}, [ReLU(limit=None)]),
    "LeakyReLU": ({}, [LeakyReLU(0.3)]),
    "ELU": ({}, [ELU(1.0)]),
    "Softmax": ({}, [Softmax()]),
}
SAME = {"Reshape", "Permute", "Add", "Subtract", "Average", "Multiply", "Maximum", "BatchNormalizationV1"}
"""Classes without a field that may be left out, and one by another name."""


def layers_of(class_name, config, shape=(None, 8, 9, 3)):
    return [node.layer for node in read_keras(text(sequential(layer(class_name, "one", **config), shape=shape))).nodes]


@pytest.mark.parametrize("class_name", LEFT_OUT)
def test_a_field_left_out_is_at_its_published_default(class_name):
    config, layers = LEFT_OUT[class_name]
    assert layers_of(class_name, config) == layers


@pytest.mark.parametrize("class_name", LEFT_OUT)
def test_a_field_left_out_is_at_the_default_of_real_keras(class_name):
    """Every field that Keras would write, but for initializers: ours are the defaults of our layers there."""
    config, layers = LEFT_OUT[class_name]
    with keras_alone():
        full = getattr(keras.layers, class_name)(**config, name="one").get_config()
    full = {key: value for key, value in full.items() if key not in ("name", "dtype")
            and (class_name == "PReLU" or not key.endswith("_initializer"))}
    assert set(READERS[class_name].keys.split()) - set(full) <= {
        "alpha", *(key for key in READERS[class_name].keys.split() if key.endswith("_initializer"))}
    assert layers_of(class_name, full) == layers


def test_every_class_has_its_row():
    assert set(READERS) == {*LEFT_OUT, *SAME, "Concatenate"}


def test_concatenate_is_along_the_last_axis():
    assert keras.layers.Concatenate().get_config()["axis"] == -1
    model = functional(fed(layer("ReLU", "a"), "start"), fed(layer("Concatenate", "c"), "a", "start"), output="c")
    assert [(node.layer, node.output.shape) for node in read_keras(text(model)).nodes][1] == (Concat(), (6, 8, 9))


def test_global_pooling_is_flat_by_default():
    with pytest.raises(NetworkError) as caught:
        read_keras(text(sequential(layer("GlobalMaxPooling2D", "g"), layer("MaxPooling2D", "p", pool_size=1))))
    assert caught.value.code == "keras_rank"


def test_strides_left_out_are_the_size_of_the_pooling():
    for class_name in ("MaxPooling2D", "AveragePooling2D"):
        for left_out in ({}, {"strides": None}):
            (pool,) = layers_of(class_name, {"pool_size": [2, 3], **left_out})
            assert pool.window.stride == (2, 3)
            assert pool.padding == 0
    assert layers_of("MaxPooling2D", {"strides": 1}) == [Pool(2, 1)]


@pytest.mark.parametrize("word", ACTIVATIONS)
def test_a_word_of_an_activation_is_what_keras_computes(word):
    points = np.array([[-3.0, -0.5, 0.0, 0.5, 2.0, 7.0]], "float32")
    with keras_alone():
        theirs = np.asarray(keras.activations.get(word)(keras.ops.convert_to_tensor(points)))
    fixed = ACTIVATIONS[word]
    formulas = {
        "linear": lambda x: x, "relu": lambda x: np.clip(x, 0, getattr(fixed, "limit", None) or np.inf),
        "leaky_relu": lambda x: np.where(x > 0, x, x * fixed.slope),
        "elu": lambda x: np.where(x > 0, x, fixed.alpha * np.expm1(x)), "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
        "tanh": lambda x: fixed.amplitude * np.tanh(fixed.slope * x),
        "softmax": lambda x: np.exp(x) / np.exp(x).sum(),
    }
    assert np.allclose(formulas[fixed.kind if fixed else "linear"](points), theirs, atol=1e-6)


def test_the_slope_of_a_leaky_relu_is_0_2_as_a_word_and_0_3_as_a_layer():
    assert layers_of("Activation", {"activation": "leaky_relu"}) == [LeakyReLU(0.2)]
    assert layers_of("Dense", {"units": 3, "activation": "leaky_relu"})[1] == LeakyReLU(0.2)
    assert layers_of("LeakyReLU", {}) == [LeakyReLU(0.3)]
    assert layers_of("LeakyReLU", {"alpha": 0.1}) == [LeakyReLU(0.1)]


INITIALIZERS = {
    "Constant": ({}, Initializer("constant", value=0)),
    "RandomNormal": ({}, Initializer("gaussian", mean=0, std=0.05)),
    "RandomUniform": ({}, Initializer("uniform", low=-0.05, high=0.05)),
    "VarianceScaling": ({"distribution": "uniform"}, Initializer("xavier", fan="in")),
    "VarianceScaling of scale 2": ({"scale": 2.0}, Initializer("msra", fan="in")),
    "VarianceScaling of scale 1": ({"scale": 1.0, "distribution": "truncated_normal"}, Initializer("gaussian", std=7)),
    "VarianceScaling of nothing": ({}, Initializer("gaussian", std=7)),
}


@pytest.mark.parametrize("name", INITIALIZERS)
def test_a_field_of_an_initializer_left_out_is_at_its_default(name):
    from striate.arch.formats.keras.initializers import read_filler

    config, filler = INITIALIZERS[name]
    class_name = name.split()[0]
    with keras_alone():
        full = getattr(keras.initializers, class_name)(**config).get_config()
    for given in (config, full):
        assert read_filler({"class_name": class_name, "config": given}, Initializer("gaussian", std=7)) == filler


def test_biases_and_slopes_start_at_0():
    assert keras.layers.Dense(1).get_config()["bias_initializer"]["class_name"] == "Zeros"
    assert layers_of("Dense", {"units": 2}, (None, 5)) == [Dense(2, bias_filler=Initializer("constant", value=0))]
    assert layers_of("Dense", {"units": 2, "activation": None}, (None, 5)) == [Dense(2)]
