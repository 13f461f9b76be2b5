"""Readers of Caffe's layer types, one row each: each returns our layer, or raises `UnsupportedField`.

Checks that depend on the input volume are in `blob_graph.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from striate.arch.formats.caffe.field_conversion import UnsupportedField, filler, multipliers, on_channels, pair
from striate.arch.formats.caffe.layer_names import PASSING
from striate.arch.formats.caffe.phase import TEST
from striate.arch.formats.momentum import complement
from striate.arch.initializer import MSRA, ONE, ZERO, Initializer
from striate.arch.layers import (
    ELU,
    LRN,
    Add,
    BatchNorm,
    Concat,
    Conv,
    Deconv,
    Dense,
    Dropout,
    Flatten,
    GlobalPool,
    Layer,
    LeakyReLU,
    Maximum,
    Multiply,
    Pool,
    PReLU,
    ReLU,
    Reshape,
    Scale,
    Sigmoid,
    Softmax,
    Tanh,
)


def _convolution(layer: Any) -> dict[str, Any]:
    """The fields that convolutions and their transposes share."""
    given = layer.convolution_param
    on_channels(given)
    bias = given.bias_term if given.HasField("bias_term") else True
    return {
        "filters": given.num_output, "kernel_size": pair(given, "kernel_size", "kernel", None),
        "stride": pair(given, "stride", "stride", 1), "padding": pair(given, "pad", "pad", 0),
        "dilation": pair(given, "dilation", "", 1), "groups": given.group if given.HasField("group") else 1,
        "bias": bias, "weight_filler": filler(given, "weight_filler", MSRA),
        "bias_filler": filler(given, "bias_filler", ZERO), **multipliers(layer, 1 + bias),
    }


def _depthwise(layer: Any) -> Layer:
    fields = _convolution(layer)
    return Conv(**fields | {"groups": fields["filters"] if fields["groups"] == 1 else fields["groups"]})


def _pooling(layer: Any) -> Layer:
    given = layer.pooling_param
    if given.pool == 2:
        raise UnsupportedField("pool: STOCHASTIC")
    mode = "average" if given.pool else "max"
    if given.global_pooling:
        return GlobalPool(mode)
    floor = given.round_mode == 1 or (given.HasField("ceil_mode") and not given.ceil_mode)
    return Pool(pair(given, "kernel_size", "kernel", None), pair(given, "stride", "stride", 1),
                pair(given, "pad", "pad", 0), mode, "floor" if floor else "ceil")


def _inner_product(layer: Any) -> Layer:
    given = layer.inner_product_param
    on_channels(given)
    if given.transpose:
        raise UnsupportedField("transpose: true")
    bias = given.bias_term if given.HasField("bias_term") else True
    return Dense(given.num_output, bias, filler(given, "weight_filler", MSRA), filler(given, "bias_filler", ZERO),
                 **multipliers(layer, 1 + bias))


def _relu(layer: Any) -> Layer:
    slope = layer.relu_param.negative_slope
    return LeakyReLU(slope) if slope else ReLU()


def _prelu(layer: Any) -> Layer:
    given = layer.prelu_param
    return PReLU(given.channel_shared, filler(given, "filler", Initializer("constant", value=0.25)),
                 **multipliers(layer, 1))


def _dropout(layer: Any) -> Layer:
    given = layer.dropout_param
    if given.HasField("scale_train") and not given.scale_train:
        raise UnsupportedField("scale_train: false")
    return Dropout(given.dropout_ratio if given.HasField("dropout_ratio") else 0.5)


def _lrn(layer: Any) -> Layer:
    given = layer.lrn_param
    within = given.norm_region == 1
    return LRN(given.local_size if given.HasField("local_size") else 5,
               given.alpha if given.HasField("alpha") else 1.0, given.beta if given.HasField("beta") else 0.75,
               given.k if given.HasField("k") and not within else 1.0, "within" if within else "across")


def _batch_norm(layer: Any) -> Layer:
    given = layer.batch_norm_param
    kept = given.moving_average_fraction if given.HasField("moving_average_fraction") else 0.999
    if not 0 <= kept <= 1:
        raise UnsupportedField(f"moving_average_fraction: {kept:g}")
    if given.HasField("use_global_stats") and not given.use_global_stats and layer.phase == TEST:
        raise UnsupportedField("use_global_stats: false in phase TEST")
    return BatchNorm(given.eps if given.HasField("eps") else 1e-5, complement(kept), scale=False, shift=False)


def _scale(layer: Any) -> Layer:
    given = layer.scale_param
    if len(layer.bottom) > 1:
        raise UnsupportedField("a second bottom")
    on_channels(given, last=True)
    if given.HasField("num_axes") and given.num_axes != 1:
        raise UnsupportedField(f"num_axes: {given.num_axes}")
    return Scale(given.bias_term, filler(given, "filler", ONE), filler(given, "bias_filler", ZERO),
                 **multipliers(layer, 1 + given.bias_term))


def _eltwise(layer: Any) -> Layer:
    given = layer.eltwise_param
    operation = given.operation if given.HasField("operation") else 1
    if given.coeff and operation != 1:
        raise UnsupportedField("coeff without SUM")
    if given.coeff and len(given.coeff) != len(layer.bottom):
        raise UnsupportedField(f"{len(given.coeff)} coeff for {len(layer.bottom)} bottoms")
    return (Multiply(), Add(tuple(given.coeff) or None), Maximum())[operation]


def _concat(layer: Any) -> Layer:
    on_channels(layer.concat_param, "concat_dim", last=True)
    return Concat()


def _flatten(layer: Any) -> Layer:
    given = layer.flatten_param
    on_channels(given)
    if given.HasField("end_axis") and given.end_axis not in (-1, 3):
        raise UnsupportedField(f"end_axis: {given.end_axis}")
    return Flatten()


def _reshape(layer: Any) -> Layer:
    given = layer.reshape_param
    dims = list(given.shape.dim)
    if given.axis not in (0, 1) or (given.HasField("num_axes") and given.num_axes != -1):
        raise UnsupportedField("an axis other than 0 or 1, or num_axes")
    if given.axis == 0:
        if not dims or dims[0] == 0 or (dims[0] == -1 and -1 not in dims[1:]):
            dims = dims[1:]
        else:
            raise UnsupportedField(f"dim: {dims[0]} for the batch")
    if not 1 <= len(dims) <= 3 or dims.count(-1) > 1 or min(dims) < -1:
        raise UnsupportedField("a shape other than channels, height and width")
    return Reshape((*dims, *(1,) * (3 - len(dims))))


def _softmax(layer: Any) -> Layer:
    on_channels(layer.softmax_param, last=True)
    return Softmax()


READERS: dict[str, Callable[[Any], Layer]] = {
    "Convolution": lambda layer: Conv(**_convolution(layer)),
    "ConvolutionDepthwise": _depthwise,  # in forks of Caffe, like the next and ReLU6
    "DepthwiseConvolution": _depthwise,
    "Deconvolution": lambda layer: Deconv(**_convolution(layer)),
    "Pooling": _pooling,
    "InnerProduct": _inner_product,
    "ReLU": _relu,
    "ReLU6": lambda _: ReLU(6.0),
    "PReLU": _prelu,
    "ELU": lambda layer: ELU(layer.elu_param.alpha if layer.elu_param.HasField("alpha") else 1.0),
    "Sigmoid": lambda _: Sigmoid(),
    "TanH": lambda _: Tanh(),
    "Dropout": _dropout,
    "LRN": _lrn,
    "BatchNorm": _batch_norm,
    "Scale": _scale,
    "Eltwise": _eltwise,
    "Concat": _concat,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Softmax": _softmax,
}
KNOWN = {*READERS, *PASSING, "Slice"}
