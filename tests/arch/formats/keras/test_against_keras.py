"""Real Keras models with random weights against the reference implementation, in both directions."""

import json

import numpy as np
import pytest

from striate.arch import (
    ELU,
    ZOO,
    Add,
    BatchNorm,
    Concat,
    Conv,
    Deconv,
    Dense,
    Dropout,
    Flatten,
    GlobalPool,
    Input,
    LeakyReLU,
    Maximum,
    Multiply,
    Network,
    Pad,
    Pool,
    PReLU,
    ReLU,
    Reshape,
    Scale,
    Sigmoid,
    Softmax,
    Tanh,
    load_network,
)
from striate.arch.formats.keras import keras_weights, read_keras, write_keras
from striate.errors import NetworkError
from tests.arch.formats.keras.models import MODELS
from tests.arch.formats.keras.real import (
    FIRST,
    LAST,
    arrays_of,
    build,
    difference_in,
    difference_out,
    keras,
    keras_alone,
)

LAYOUTS = [LAST, FIRST]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", MODELS)
def test_a_keras_model_and_what_is_read_from_it_answer_alike(name, layout):
    with keras_alone():
        model = MODELS[name](layout)
    last = model.output_shape
    network, apart = difference_in(model, layout, out=LAST if name == "dense_on_pictures" else layout)
    assert apart < 1e-4
    assert network.output.size == np.prod(last[1:])


def chain(x, *layers):
    for layer in layers:
        x = layer(x)
    return x


def residual():
    x = start = Input(4, 9, 11)
    x = ReLU()(BatchNorm()(Conv(6, 3, stride=2, padding=1, bias=False)(x)))
    x = Add()(Conv(6, 1, stride=2)(start), BatchNorm(scale=False)(Conv(6, 3, padding=1)(x)))
    return Network(Dense(3)(GlobalPool()(ReLU(6)(x))), "my-net/2")


def branches():
    x = Input(3, 8, 7)
    a, b = Conv(2, 1, name="in/1x1")(x), Pool(3, 1, padding=1)(x)
    c = Pool(3, 1, padding=1, mode="average", count_padding=False)(x)
    return Network(Softmax()(Concat()(a, b, c)))


def arithmetic():
    x = Input(3, 5, 6)
    a, b = Conv(3, 3, padding="same")(x), Conv(3, (1, 3), padding="same")(x)
    return Network(Maximum()(Add((1, -1))(a, b), Multiply()(a, x), Add((1 / 3, 1 / 3, 1 / 3))(a, b, x)))


def ranks():
    """Flat values and pictures of one pixel in one network."""
    x = Input(3, 5, 6)
    flat_one, picture = Dense(4)(x), Conv(4, (5, 6))(x)
    x = Add()(flat_one, picture)
    return Network(Concat()(Conv(2, 1)(Dropout()(x)), Dense(2)(x), GlobalPool("max")(Scale()(x))))


NETWORKS = {
    "lenet": lambda: Network(chain(Input(1, 14, 16), Conv(4, 5), Pool(2), Conv(6, 3), Pool(2), Dense(7), ReLU(),
                                   Dropout(0.3), Dense(3))),
    "same, stride 2, odd": lambda: Network(chain(Input(3, 11, 14), Conv(4, 3, stride=2, padding="same"), Tanh(),
                                                 Pool(3, 2, padding="same"), Conv(3, (2, 3), padding="same"))),
    "explicit padding": lambda: Network(chain(
        Input(3, 8, 9), Conv(4, 3, padding=1), Conv(4, 3, stride=2, padding=1), ReLU(), Pool(3, 2, padding=1),
        Conv(2, 3, padding=((2, 0), (1, 3))), Pool(2, padding=1, mode="average"))),
    "ceil pooling": lambda: Network(chain(
        Input(3, 12, 14), Pool(3, 2, rounding="ceil"), Conv(4, 2), Pool(2, rounding="ceil"))),
    "residual": residual,
    "branches": branches,
    "arithmetic": arithmetic,
    "ranks": ranks,
    "depthwise": lambda: Network(chain(Input(3, 8, 9), Conv(6, 3, groups=3, padding=1), BatchNorm(0.02, shift=False),
                                       ReLU(6), Conv(4, 1), Conv(4, 3, groups=2), GlobalPool(), Conv(3, 1))),
    "transposed": lambda: Network(chain(Input(3, 4, 5), Deconv(4, 4, stride=2, padding=1), LeakyReLU(0.1),
                                        Deconv(2, (3, 5), stride=(3, 2)), Deconv(3, 3, padding=1))),
    "prelu and scale": lambda: Network(chain(Input(3, 6, 7), Conv(4, 3), PReLU(), BatchNorm(scale=False, shift=False),
                                             Scale(), PReLU(shared=True), Scale(bias=False), Dense(4), PReLU(),
                                             ELU(0.5))),
    "flatten and back": lambda: Network(chain(Input(3, 4, 5), Conv(4, 2), Flatten(), Sigmoid(), Reshape((6, 2, 4)),
                                              Conv(3, 2), Reshape((0, -1, 1)), Flatten(), Conv(4, 1), Flatten())),
    "flatten for dense": lambda: Network(chain(Input(3, 4, 5), Conv(4, 2), Flatten(), BatchNorm(), PReLU(), Dense(4))),
    "padding alone": lambda: Network(chain(Input(2, 5, 6), Pad(((0, 1), (2, 0))), Pool(2, 1), Pad(1), Conv(2, 3))),
    "values": lambda: Network(chain(Input(24, 1, 1), Reshape((2, 3, 4)), Conv(3, 2), Dense(3), Softmax())),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_and_the_keras_model_written_from_it_answer_alike(name, layout):
    network = NETWORKS[name]()
    model, apart = difference_out(network, layout)
    assert apart < 1e-4
    again = read_keras(write_keras(network, layout))
    assert again.tensors.keys() == network.tensors.keys()
    assert again.name == network.name
    with keras_alone():
        through = read_keras(model.to_json())  # and through Keras' own hands
    assert {node.name: node for node in through.nodes} == {node.name: node for node in again.nodes}


def test_what_needs_no_rewriting_is_read_back_equal():
    for name in ("lenet", "same, stride 2, odd", "arithmetic", "ranks", "flatten for dense", "values"):
        network = NETWORKS[name]()
        if name == "ranks":  # but for the scale, which becomes a convolution
            assert len(read_keras(write_keras(network)).nodes) == len(network.nodes)
        else:
            assert read_keras(write_keras(network)) == network


# VGG-16, MobileNet, ResNet-50 and the others as keras.applications builds them; count_params has the buffers too.
APPLICATIONS = ["VGG16", "MobileNet", "MobileNetV2", "ResNet50", "Xception", "InceptionV3", "DenseNet121"]


@pytest.mark.parametrize("name", APPLICATIONS)
def test_the_counts_of_keras_applications(name):
    with keras_alone():
        model = getattr(keras.applications, name)(weights=None)
        text = model.to_json()
    network = read_keras(text)
    assert sum(tensor.size for tensor in network.tensors.values()) == model.count_params()
    assert network.parameters == sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    assert network.output.shape == (1000, 1, 1)
    shapes = {layer.name: layer.output.shape[1:] for layer in model.layers}
    for node in network.nodes:  # every volume on the way, not only the last
        shape = shapes.get(node.name)
        if shape is not None and len(shape) == 3:
            assert (shape[2], *shape[:2]) == node.output.shape
    again = read_keras(write_keras(network))
    assert sum(tensor.size for tensor in again.tensors.values()) == model.count_params()


def test_efficientnet_is_refused_with_all_that_is_wrong():
    with keras_alone():
        text = keras.applications.EfficientNetB0(weights=None).to_json()
    with pytest.raises(ValueError, match="Rescaling") as caught:
        read_keras(text)
    layers = json.loads(text)["config"]["layers"]
    wrong = [layer["config"]["name"] for layer in layers if layer["class_name"] in ("Rescaling", "Normalization")
             or layer["config"].get("activation") == "silu" or layer["config"].get("noise_shape")]
    assert len(wrong) == 60
    (note,) = caught.value.__notes__
    assert all(name in note for name in wrong)


UNSAYABLE = ("table_conv", "maxout", "lrn", "slice")


@pytest.mark.parametrize("name", ZOO)
def test_the_zoo_in_keras(name):
    """What is written has the same tensors, or is refused for what Keras has no word for."""
    network = load_network(name).trunk
    if any(node.layer.kind in UNSAYABLE or vars(node.layer).get("amplitude", 1) != 1
           or vars(node.layer).get("coefficients") for node in network.nodes):
        with pytest.raises(NetworkError):
            write_keras(network)
        return
    text = write_keras(network)
    again = read_keras(text)
    assert {name: tensor.size for name, tensor in again.tensors.items()} == {
        name: tensor.size for name, tensor in network.tensors.items()}
    if len(network.nodes) < 100:
        assert build(text).count_params() == sum(tensor.size for tensor in network.tensors.values())


def test_arrays_keep_their_type():
    network = NETWORKS["lenet"]()
    text = write_keras(network)
    model = build(text)
    assert {array.dtype for array in keras_weights(network, text, arrays_of(model)).values()} == {np.dtype("float32")}
