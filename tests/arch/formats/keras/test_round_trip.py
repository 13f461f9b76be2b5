"""Round trips of random networks through Keras' JSON: equal, or computing the same if rewritten."""

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given

from striate.arch import Network, reference
from striate.arch.formats.keras import keras_weights, read_keras, to_keras_weights, write_keras
from striate.errors import NetworkError
from tests.arch.formats.keras.networks import exact, networks, rewritten
from tests.arch.formats.keras.real import FIRST, LAST, NothingProvedError, difference_out
from tests.examples import examples


def written(network: Network, layout: str) -> str:
    """The text, where Keras can say the network; what it cannot is refused in a tidy way."""
    try:
        return write_keras(network, layout)
    except NetworkError as error:
        assume(error.code not in ("keras_unsayable", "keras_data_format"))
        raise


def read_back_equal(network: Network) -> None:
    text = written(network, LAST)
    again = read_keras(text)
    assert again == network
    assert again.name == network.name
    assert write_keras(again) == text
    assert read_keras(written(network, FIRST)) == network


def computes_the_same(network: Network) -> None:
    for layout in (LAST, FIRST):
        text = written(network, layout)
        again = read_keras(text)
        rng = np.random.default_rng(0)
        weights = {name: rng.uniform(0.5, 2, tensor.shape) for name, tensor in network.tensors.items()}
        arrays = to_keras_weights(network, text, weights)
        back = keras_weights(network, text, arrays)
        assert all(np.array_equal(back[name], weights[name]) for name in weights)
        x = rng.normal(size=(2, *network.input))
        with np.errstate(all="ignore"):  # a few layers of products and exponentials may overflow, in both alike
            ours = reference.forward(network, weights, x)
            theirs = reference.forward(again, keras_weights(again, text, arrays), x)
        assert np.allclose(ours, theirs, equal_nan=True)


quiet = {"suppress_health_check": [HealthCheck.filter_too_much, HealthCheck.too_slow]}


@examples(100, **quiet)
@given(networks(exact))
def test_read_back_equal(network):
    read_back_equal(network)


@pytest.mark.slow
@examples(500, **quiet)
@given(networks(exact, depth=14))
def test_read_back_equal_500(network):
    read_back_equal(network)


@examples(60, **quiet)
@given(networks(exact + rewritten * 2))
def test_rewritten_computes_the_same(network):
    computes_the_same(network)


@pytest.mark.slow
@examples(500, **quiet)
@given(networks(exact + rewritten * 2))
def test_rewritten_computes_the_same_500(network):
    computes_the_same(network)


@pytest.mark.slow
@examples(150, **quiet)
@given(networks(exact + rewritten * 2, side=7))
def test_keras_computes_the_same(network):
    text = written(network, LAST)
    # Keras' torch backend copies the edge of a picture into uneven `same` averages; TensorFlow leaves it out, as we do.
    assume(not ('"AveragePooling2D"' in text and '"same"' in text))
    try:
        with np.errstate(all="ignore"):
            _, apart = difference_out(network)
    except NothingProvedError:
        assume(False)
    assert apart < 1e-4
