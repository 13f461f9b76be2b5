"""tf.nn: activations, pooling, dropout and local response normalisation under TensorFlow's names."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from striate.arch.formats.keras.network_builder import ACTIVATIONS
from striate.arch.formats.momentum import complement
from striate.arch.formats.tf1.tensor import Tensor, apply_layer, channels, picture, refusal, refuse_given, tensor_of
from striate.arch.formats.tf1.unsupported_names import unsupported_getattr
from striate.arch.layers import ELU, LRN, Dropout, Layer, LeakyReLU, Pool, ReLU, Sigmoid, Softmax, Tanh
from striate.core.constraints import Integer, Real
from striate.core.humanize import join_words

__all__ = [
    "avg_pool", "dropout", "elu", "leaky_relu", "local_response_normalization", "lrn", "max_pool", "relu", "relu6",
    "sigmoid", "softmax", "tanh",
]
__getattr__ = unsupported_getattr("tf.nn", __all__)


def __dir__() -> list[str]:
    return __all__


def relu(features: Tensor, name: str | None = None) -> Tensor:
    """ReLU: max(0, a)."""
    return apply_layer(ReLU(name=name), tensor_of(features, "relu"))


def relu6(features: Tensor, name: str | None = None) -> Tensor:
    """ReLU6: max(0, a), at most 6."""
    return apply_layer(ReLU(6, name=name), tensor_of(features, "relu6"))


def elu(features: Tensor, name: str | None = None) -> Tensor:
    """ELU: a if positive, else exp(a) − 1."""
    return apply_layer(ELU(name=name), tensor_of(features, "elu"))


def leaky_relu(features: Tensor, alpha: float = 0.2, name: str | None = None) -> Tensor:
    """Leaky ReLU: a if positive, else alpha·a."""
    return apply_layer(LeakyReLU(alpha, name=name), tensor_of(features, "leaky_relu"))


def sigmoid(x: Tensor, name: str | None = None) -> Tensor:
    """Sigmoid: 1/(1 + exp(−a))."""
    return apply_layer(Sigmoid(name=name), tensor_of(x, "sigmoid"))


def tanh(x: Tensor, name: str | None = None) -> Tensor:
    """The hyperbolic tangent."""
    return apply_layer(Tanh(name=name), tensor_of(x, "tanh"))


def softmax(logits: Tensor, axis: int | None = None, name: str | None = None) -> Tensor:
    """Softmax along the channels, which are the last axis unless data_format is channels_first."""
    tensor = tensor_of(logits, "softmax")
    return apply_layer(Softmax(name=name), channels(tensor, -1 if axis is None else axis, "softmax"))


def max_pool(value: Tensor, ksize: list[int], strides: list[int], padding: str, data_format: str = "NHWC",
             name: str | None = None) -> Tensor:
    """Maximum pooling; windows and strides are [1, height, width, 1], padding is `SAME` or `VALID`.

    >>> from striate import tf
    >>> x = tf.placeholder(tf.float32, [None, 7, 7, 3])
    >>> str(tf.nn.max_pool(x, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME"))  # ⌈7/2⌉ = 4
    '3×4×4'
    """
    return _pooled("max_pool", "max", value, ksize, strides, padding, data_format, name)


def avg_pool(value: Tensor, ksize: list[int], strides: list[int], padding: str, data_format: str = "NHWC",
             name: str | None = None) -> Tensor:
    """Average pooling, with the arguments of `max_pool`: the mean of the picture's own pixels."""
    return _pooled("avg_pool", "average", value, ksize, strides, padding, data_format, name)


def _pooled(label: str, mode: str, value: Tensor, ksize: object, strides: object, padding: object, data_format: object,
            name: str | None) -> Tensor:
    words = {"NHWC": "channels_last", "NCHW": "channels_first"}
    if data_format not in ("NHWC", "NCHW"):
        raise refusal(label, "data_format", "'NHWC' or 'NCHW'", data_format)
    first = 1 if data_format == "NHWC" else 2
    sides = []
    for what, four in (("ksize", ksize), ("strides", strides)):
        if not isinstance(four, list | tuple) or len(four) != 4 or any(
                one != 1 for index, one in enumerate(four) if index not in (first, first + 1)):
            raise refusal(label, what, "[1, height, width, 1]" if first == 1 else "[1, 1, height, width]", four)
        sides.append(tuple(four[first:first + 2]))
    same = is_same(padding, label)
    layer = Pool(sides[0], sides[1], "same" if same else 0, mode,
                 count_padding=mode == "max" or not same, name=name)
    return apply_layer(layer, picture(value, words[str(data_format)], label))


def dropout(x: Tensor, keep_prob: float | None = None, noise_shape: None = None, seed: object = None,  # noqa: ARG001
            name: str | None = None, rate: float | None = None) -> Tensor:
    """Dropout of each value with probability 1 − `keep_prob`, or `rate`, in training.

    >>> from striate import Network, tf
    >>> Network(tf.nn.dropout(tf.placeholder(tf.float32, [None, 784]), keep_prob=0.7)).nodes[0].layer
    Dropout(rate=0.3)
    """
    label = name or "dropout"
    refuse_given(label, noise_shape=noise_shape)
    what, share = ("keep_prob", keep_prob) if rate is None else ("rate", rate)
    if rate is not None and keep_prob is not None:
        raise refusal(label, "keep_prob beside rate", "one of the two", keep_prob, "Leave keep_prob out")
    try:
        number = Real(0.001 if rate is None else 0.0, 1.0).read(share)
    except ValueError:
        raise refusal(label, what, f"a number from {0.001 if rate is None else 0:g} to 1", share,
                      f"Write the number here: {what}=0.5") from None
    return apply_layer(Dropout(complement(number) if rate is None else number, name=name), tensor_of(x, label))


def local_response_normalization(input: Tensor, depth_radius: int = 5, bias: float = 1, alpha: float = 1,  # noqa: A002
                                 beta: float = 0.5, name: str | None = None) -> Tensor:
    """Local response normalisation over 2·depth_radius + 1 channels; only ours divides alpha by that number.

    >>> from striate import Network, tf
    >>> x = tf.placeholder(tf.float32, [None, 27, 27, 96])
    >>> Network(tf.nn.lrn(x, 2, bias=2, alpha=1e-4, beta=0.75)).nodes[0].layer
    LRN(alpha=0.0005, k=2.0)
    """
    label = name or "lrn"
    try:
        size = 2 * Integer(0, 511).read(depth_radius) + 1
    except ValueError:
        raise refusal(label, "depth_radius", "a whole number from 0 to 511", depth_radius) from None
    try:
        ours = float(Decimal(repr(Real(0.0).read(alpha))) * size)  # in decimal, so that 1e-4 becomes 5e-4
    except ValueError:
        raise refusal(label, "alpha", "a finite number from 0", alpha) from None
    layer = LRN(size, ours, beta, bias, name=name)
    return apply_layer(layer, picture(input, "channels_last", label))


lrn = local_response_normalization


def is_same(padding: object, label: str) -> bool:
    """Whether padding is `same`, in upper or lower case; else it is `valid`."""
    if not isinstance(padding, str) or padding.lower() not in ("same", "valid"):
        raise refusal(label, "padding", "'valid' or 'same'", padding)
    return padding.lower() == "same"


FUNCTIONS: dict[Callable[..., Tensor], str] = {
    function: function.__name__ for function in (relu, relu6, elu, leaky_relu, sigmoid, tanh, softmax)}


def activate(tensor: Tensor, activation: object, name: str | None, label: str) -> Tensor:
    """The tensor behind a layer's own activation (None, a function of tf.nn or its name), a layer called name_relu."""
    word = FUNCTIONS.get(activation, activation) if callable(activation) else activation
    if word is None:
        return tensor
    if not isinstance(word, str) or word not in ACTIVATIONS:
        named = getattr(activation, "__name__", activation)
        raise refusal(label, "activation", join_words([f'tf.nn.{one}' for one in FUNCTIONS.values()]), named)
    layer: Layer | None = ACTIVATIONS[word]
    if layer is None:
        return tensor
    if word == "softmax":
        channels(tensor, -1, f"{label}: softmax")
    return apply_layer(type(layer)(**vars(layer) | {"name": f"{name}_{word}" if name else None}), tensor)
