"""Real Keras on the torch backend, and the conversion between its models and our networks.

Keras warns on import and when it meets newer NumPy versions; that is silenced around Keras' own calls and nowhere else.
"""

from __future__ import annotations

import json
import os
import warnings
from contextlib import contextmanager

import numpy as np

os.environ["KERAS_BACKEND"] = "torch"


@contextmanager
def keras_alone():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


with keras_alone():
    import keras

from striate.arch import Network, reference  # noqa: E402
from striate.arch.formats.keras import keras_weights, read_keras, to_keras_weights, write_keras  # noqa: E402

LAST, FIRST = "channels_last", "channels_first"


def leaves(model, path=""):
    """Every layer that is no model, by its path."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from leaves(layer, f"{path}{layer.name}/")
        else:
            yield f"{path}{layer.name}", layer


def arrays_of(model):
    with keras_alone():
        return {path: layer.get_weights() for path, layer in leaves(model)}


def randomise(model, seed=0):
    """Other weights than those of the start: none of them is 0 or 1, variances are positive."""
    rng = np.random.default_rng(seed)
    with keras_alone():
        for _, layer in leaves(model):
            positive = {index for index, weight in enumerate(layer.weights) if weight.name == "moving_variance"}
            layer.set_weights([
                rng.uniform(0.5, 2, array.shape) if index in positive else rng.normal(0, 0.5, array.shape)
                for index, array in enumerate(layer.get_weights())])


def answers(model, pictures, layout):
    """The model's output (N, values) on pictures (N, C, H, W), which Keras gets in the layout of its input."""
    shape = model.input_shape[1:]
    x = pictures.transpose(0, 2, 3, 1) if len(shape) == 3 and layout == LAST else pictures
    with keras_alone():
        return np.asarray(model(x.reshape(-1, *shape).astype("float32"), training=False).detach())


def flat(y, layout):
    """Keras' output in our order."""
    y = y.transpose(0, 3, 1, 2) if y.ndim == 4 and layout == LAST else y
    return y.reshape(len(y), -1)


def build_keras_2(text):
    """What Keras 3 still makes of a functional file of Keras 2."""
    from keras.src.legacy.saving import saving_utils

    with keras_alone():
        return saving_utils.model_from_config(json.loads(text))


def build(text):
    with keras_alone():
        return keras.models.model_from_json(text)


def difference_in(model, layout=LAST, seed=0, text=None, out=None):
    """Keras to us: how far our network's outputs are from those of the model it was read from."""
    with keras_alone():
        text = text or model.to_json()
    randomise(model, seed)
    network = read_keras(text)
    weights = keras_weights(network, text, arrays_of(model))
    assert sum(array.size for array in weights.values()) == model.count_params()
    pictures = np.random.default_rng(seed + 1).normal(0, 1, (2, *network.input))
    return network, apart(reference.forward(network, weights, pictures),
                          flat(answers(model, pictures, layout), out or layout))


def difference_out(network: Network, layout=LAST, seed=0):
    """Us to Keras: how far the model's outputs are from those of the network it was written from."""
    rng = np.random.default_rng(seed)
    weights = {name: rng.uniform(0.5, 2, tensor.shape) if name.endswith("running_var") else
               rng.normal(0, 0.5, tensor.shape) for name, tensor in network.tensors.items()}
    text = write_keras(network, layout)
    model = build(text)
    with keras_alone():
        for name, arrays in to_keras_weights(network, text, weights).items():
            model.get_layer(name).set_weights(arrays)
    assert model.count_params() == sum(tensor.size for tensor in network.tensors.values())
    back = keras_weights(network, text, arrays_of(model))
    assert all(np.allclose(back[name], weights[name], atol=1e-6) for name in weights)
    pictures = rng.normal(0, 1, (2, *network.input))
    return model, apart(reference.forward(network, weights, pictures), flat(answers(model, pictures, layout), layout))


class NothingProvedError(AssertionError):
    """The network answers everything alike, or with numbers too large."""


def apart(ours, theirs):
    """The largest difference, as a share of the largest value where that is above 1; shapes must agree."""
    assert ours.shape == theirs.shape
    if not (np.isfinite(ours).all() and np.ptp(ours) > 1e-3):
        raise NothingProvedError
    return np.abs(ours - theirs).max() / max(1, np.abs(ours).max())
