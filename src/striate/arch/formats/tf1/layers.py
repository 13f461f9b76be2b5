"""tf.layers: the layers of TensorFlow 1 with its argument names and defaults.

`inputs` and results are tensors (N, H, W, C), or (N, C, H, W) with data_format channels_first. Regularizers,
constraints and `reuse` must stay None: weights do not exist yet. `training`, `trainable` and `seed` are accepted and
have no effect: the mode of dropout and batch normalisation is set by the training.
Kernels without an initializer are filled as TensorFlow does, by xavier with fan average (glorot_uniform).
"""

from __future__ import annotations

from typing import Any

from striate.arch.formats.keras.weighted_layers import same_cropping
from striate.arch.formats.momentum import complement
from striate.arch.formats.tensor_layout import KerasTensor
from striate.arch.formats.tf1.nn import activate, is_same
from striate.arch.formats.tf1.tensor import Tensor, apply_layer, channels, picture, refusal, refuse_given, tensor_of
from striate.arch.formats.tf1.unsupported_names import unsupported_getattr
from striate.arch.formats.tf1.variable_initializers import GLOROT
from striate.arch.initializer import ONE, ZERO, Initializer
from striate.arch.layer_params import HeightWidth, as_pair
from striate.arch.layers import BatchNorm, Conv, Deconv, Dense, Dropout, Flatten, Pool

Pair = int | tuple[int, int] | list[int]

__all__ = [
    "average_pooling2d", "batch_normalization", "conv2d", "conv2d_transpose", "dense", "dropout", "flatten",
    "max_pooling2d", "separable_conv2d",
]
__getattr__ = unsupported_getattr("tf.layers", __all__)


def __dir__() -> list[str]:
    return __all__


def conv2d(
    inputs: Tensor, filters: int, kernel_size: Pair, strides: Pair = (1, 1), padding: str = "valid",
    data_format: str = "channels_last", dilation_rate: Pair = (1, 1), activation: Any = None, use_bias: bool = True,
    kernel_initializer: Any = None, bias_initializer: Any = None, kernel_regularizer: None = None,
    bias_regularizer: None = None, activity_regularizer: None = None, kernel_constraint: None = None,
    bias_constraint: None = None, trainable: bool = True, name: str | None = None,  # noqa: ARG001 - TensorFlow's
    reuse: None = None,
) -> Tensor:
    """A convolution; (N, H, W, C) to (N, H', W', filters).

    >>> from striate import tf
    >>> x = tf.placeholder(tf.float32, [None, 28, 28, 1])
    >>> str(tf.layers.conv2d(inputs=x, filters=32, kernel_size=[5, 5], padding="same", activation=tf.nn.relu))
    '32×28×28'
    """
    label = name or "conv2d"
    refuse_given(label, kernel_regularizer=kernel_regularizer, bias_regularizer=bias_regularizer, reuse=reuse,
              activity_regularizer=activity_regularizer, kernel_constraint=kernel_constraint,
              bias_constraint=bias_constraint)
    layer = Conv(filters, kernel_size, strides, "same" if is_same(padding, label) else 0,  # type: ignore[arg-type]
                 dilation_rate, bias=use_bias, weight_filler=_filler(kernel_initializer, GLOROT),  # type: ignore[arg-type]
                 bias_filler=_filler(bias_initializer, ZERO), name=name)
    return activate(apply_layer(layer, picture(inputs, data_format, label)), activation, name, label)


def separable_conv2d(
    inputs: Tensor, filters: int, kernel_size: Pair, strides: Pair = (1, 1), padding: str = "valid",
    data_format: str = "channels_last", dilation_rate: Pair = (1, 1), depth_multiplier: int = 1,
    activation: Any = None, use_bias: bool = True, depthwise_initializer: Any = None,
    pointwise_initializer: Any = None, bias_initializer: Any = None, depthwise_regularizer: None = None,
    pointwise_regularizer: None = None, bias_regularizer: None = None, activity_regularizer: None = None,
    trainable: bool = True, name: str | None = None, reuse: None = None,  # noqa: ARG001 - TensorFlow's
) -> Tensor:
    """A convolution of each channel by itself, then one of 1×1 across them: two layers, name_depthwise and name."""
    label = name or "separable_conv2d"
    refuse_given(label, depthwise_regularizer=depthwise_regularizer, pointwise_regularizer=pointwise_regularizer,
              bias_regularizer=bias_regularizer, activity_regularizer=activity_regularizer, reuse=reuse)
    tensor = picture(inputs, data_format, label)
    if isinstance(depth_multiplier, bool) or not isinstance(depth_multiplier, int):
        raise refusal(label, "depth_multiplier", "a whole number from 1", depth_multiplier)
    first = Conv(tensor.channels * depth_multiplier, kernel_size, strides,  # type: ignore[arg-type]
                 "same" if is_same(padding, label) else 0, dilation_rate, tensor.channels,  # type: ignore[arg-type]
                 bias=False, weight_filler=_filler(depthwise_initializer, GLOROT),
                 name=f"{name}_depthwise" if name else None)
    second = Conv(filters, 1, bias=use_bias, weight_filler=_filler(pointwise_initializer, GLOROT),
                  bias_filler=_filler(bias_initializer, ZERO), name=name)
    return activate(apply_layer(second, apply_layer(first, tensor)), activation, name, label)


def conv2d_transpose(
    inputs: Tensor, filters: int, kernel_size: Pair, strides: Pair = (1, 1), padding: str = "valid",
    data_format: str = "channels_last", activation: Any = None, use_bias: bool = True,
    kernel_initializer: Any = None, bias_initializer: Any = None, kernel_regularizer: None = None,
    bias_regularizer: None = None, activity_regularizer: None = None, kernel_constraint: None = None,
    bias_constraint: None = None, trainable: bool = True, name: str | None = None,  # noqa: ARG001 - TensorFlow's
    reuse: None = None,
) -> Tensor:
    """A transposed convolution; `same` makes a side `strides` times as long.

    >>> from striate import tf
    >>> x = tf.placeholder(tf.float32, [None, 7, 7, 64])
    >>> str(tf.layers.conv2d_transpose(x, 32, 5, strides=2, padding="same"))
    '32×14×14'
    """
    label = name or "conv2d_transpose"
    refuse_given(label, kernel_regularizer=kernel_regularizer, bias_regularizer=bias_regularizer, reuse=reuse,
              activity_regularizer=activity_regularizer, kernel_constraint=kernel_constraint,
              bias_constraint=bias_constraint)
    kernel, stride = _sides(label, "kernel_size", kernel_size), _sides(label, "strides", strides)
    cut = same_cropping(label, kernel, stride)
    layer = Deconv(filters, kernel, stride, cut if is_same(padding, label) else 0, bias=use_bias,
                   weight_filler=_filler(kernel_initializer, GLOROT), bias_filler=_filler(bias_initializer, ZERO),
                   name=name)
    return activate(apply_layer(layer, picture(inputs, data_format, label)), activation, name, label)


def max_pooling2d(inputs: Tensor, pool_size: Pair, strides: Pair, padding: str = "valid",
                  data_format: str = "channels_last", name: str | None = None) -> Tensor:
    """The largest value of each window; (N, H, W, C) to (N, H', W', C)."""
    layer = Pool(pool_size, strides, "same" if is_same(padding, name or "max_pooling2d") else 0,  # type: ignore[arg-type]
                 name=name)
    return apply_layer(layer, picture(inputs, data_format, name or "max_pooling2d"))


def average_pooling2d(inputs: Tensor, pool_size: Pair, strides: Pair, padding: str = "valid",
                      data_format: str = "channels_last", name: str | None = None) -> Tensor:
    """The mean of each window; under `same` that of the picture's own pixels."""
    label = name or "average_pooling2d"
    same = is_same(padding, label)
    layer = Pool(pool_size, strides, "same" if same else 0, "average",  # type: ignore[arg-type]
                 count_padding=not same, name=name)
    return apply_layer(layer, picture(inputs, data_format, label))


def dense(
    inputs: Tensor, units: int, activation: Any = None, use_bias: bool = True, kernel_initializer: Any = None,
    bias_initializer: Any = None, kernel_regularizer: None = None, bias_regularizer: None = None,
    activity_regularizer: None = None, kernel_constraint: None = None, bias_constraint: None = None,
    trainable: bool = True, name: str | None = None, reuse: None = None,  # noqa: ARG001 - TensorFlow's
) -> Tensor:
    """A dense layer on flat values (N, values); on (N, H, W, C) the same units at each position, a 1×1 convolution."""
    label = name or "dense"
    refuse_given(label, kernel_regularizer=kernel_regularizer, bias_regularizer=bias_regularizer, reuse=reuse,
              activity_regularizer=activity_regularizer, kernel_constraint=kernel_constraint,
              bias_constraint=bias_constraint)
    tensor = tensor_of(inputs, label)
    weights, biases = _filler(kernel_initializer, GLOROT), _filler(bias_initializer, ZERO)
    if tensor.rank == 1:
        made = apply_layer(Dense(units, use_bias, weights, biases, name=name), tensor, order=((units, 1),))
    else:
        layer = Conv(units, 1, bias=use_bias, weight_filler=weights, bias_filler=biases, name=name)
        made = apply_layer(layer, channels(tensor, -1, label))
    return activate(made, activation, name, label)


def dropout(inputs: Tensor, rate: float = 0.5, noise_shape: None = None, seed: object = None,  # noqa: ARG001
            training: object = False, name: str | None = None) -> Tensor:  # noqa: ARG001 - TensorFlow's
    """Dropout of each value with probability `rate` in training; `rate` is the share that is dropped."""
    label = name or "dropout"
    refuse_given(label, noise_shape=noise_shape)
    return apply_layer(Dropout(rate, name=name), tensor_of(inputs, label))


def flatten(inputs: Tensor, name: str | None = None, data_format: str = "channels_last") -> Tensor:
    """Flattening of a picture; a flat tensor stays as it is."""
    tensor = tensor_of(inputs, name or "flatten")
    if tensor.rank == 1:
        return tensor
    if tensor.rank == 3:
        tensor = picture(tensor, data_format, name or "flatten")
        order = KerasTensor(tensor, "hwc").flat_order  # channels_first are moved last before they are flattened
    else:
        order = tensor.flow.flat_order
    return apply_layer(Flatten(name=name), tensor, rank=1, order=order)


def batch_normalization(
    inputs: Tensor, axis: int = -1, momentum: float = 0.99, epsilon: float = 1e-3, center: bool = True,
    scale: bool = True, beta_initializer: Any = None, gamma_initializer: Any = None,
    moving_mean_initializer: Any = None, moving_variance_initializer: Any = None, beta_regularizer: None = None,
    gamma_regularizer: None = None, beta_constraint: None = None, gamma_constraint: None = None,
    training: object = False, trainable: bool = True, name: str | None = None,  # noqa: ARG001 - TensorFlow's
    reuse: None = None, renorm: bool = False, fused: object = None,  # noqa: ARG001 - TensorFlow's
) -> Tensor:
    """Batch normalisation per channel. Momentum is TensorFlow's share of the old average; ours is 1 − momentum."""
    label = name or "batch_normalization"
    refuse_given(label, beta_regularizer=beta_regularizer, gamma_regularizer=gamma_regularizer, reuse=reuse,
              beta_constraint=beta_constraint, gamma_constraint=gamma_constraint, renorm=renorm or None)
    for what, filler, own in (("beta_initializer", beta_initializer, ZERO),
                              ("gamma_initializer", gamma_initializer, ONE),
                              ("moving_mean_initializer", moving_mean_initializer, ZERO),
                              ("moving_variance_initializer", moving_variance_initializer, ONE)):
        if filler is not None and _filler(filler, own) != own:
            raise refusal(label, what, f"a constant of {own.value:g}", filler, f"Leave {what} out")
    if isinstance(momentum, bool) or not isinstance(momentum, int | float):
        raise refusal(label, "momentum", "a number from 0 to 1", momentum)
    tensor = channels(tensor_of(inputs, label), axis, label)
    return apply_layer(BatchNorm(epsilon, complement(momentum), scale, center, name=name), tensor)


def _filler(initializer: Any, default: Initializer) -> Any:
    """The initialiser given, which the layer checks, or the default."""
    return default if initializer is None else initializer


def _sides(label: str, what: str, value: object) -> tuple[int, int]:
    rule = HeightWidth(1, 1_024)
    try:
        return as_pair(rule.read(value))  # type: ignore[arg-type]
    except (ValueError, TypeError):
        raise refusal(label, what, rule.allowed.removesuffix(" is allowed"), value) from None
