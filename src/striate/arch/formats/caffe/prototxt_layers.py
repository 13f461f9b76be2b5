"""Writers of Caffe's layers, one row each: Caffe's type and the lines of its settings, or `UnsupportedField`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from striate.arch.axis import Axis
from striate.arch.formats.caffe.field_conversion import UnsupportedField
from striate.arch.formats.caffe.prototxt_style import block, filler, number, params, sides
from striate.arch.formats.momentum import complement
from striate.arch.layer_params import as_pads
from striate.arch.network import Node

Written = tuple[str, list[str]]


def _padding(node: Node) -> int | tuple[int, int]:
    """Padding as a number, or (height, width); refused if opposite sides differ."""
    layer: Any = node.layer
    pads = layer.window.pads(*node.input_volumes[0].shape[1:]) if layer.window else as_pads(layer.padding)
    (top, bottom), (left, right) = pads
    if top != bottom or left != right:
        raise UnsupportedField(f"padding {top} above, {bottom} below, {left} left, {right} right")
    return top if top == left else (top, left)


def _convolution(node: Node) -> list[str]:
    layer: Any = node.layer
    fillers = [filler("weight_filler", layer.weight_filler)]
    fillers += [filler("bias_filler", layer.bias_filler)] if layer.bias else ["bias_term: false"]
    dilation = layer.dilation if isinstance(layer.dilation, tuple) else (layer.dilation,)
    return params(layer, 1 + layer.bias) + block("convolution_param", [
        f"num_output: {layer.filters}", *sides("kernel_size", "kernel", layer.kernel_size),
        *sides("stride", "stride", layer.stride, 1), *sides("pad", "pad", _padding(node), 0),
        *([f"dilation: {side}" for side in dilation] if dilation != (1,) else []),
        *([f"group: {layer.groups}"] if layer.groups != 1 else []), *fillers])


def _pool(node: Node) -> Written:
    layer: Any = node.layer
    padding = _padding(node)
    if layer.mode == "average" and not layer.count_padding and padding != 0:
        raise UnsupportedField("padding that an average does not count")
    rounding = layer.rounding if layer.rounding != "exact" else "ceil"  # equal if the windows tile
    for axis in layer.window.axes(*node.input_volumes[0].shape[1:]):
        if rounding == "ceil" and padding == 0 and _caffe_count(axis) != axis.count("ceil"):
            raise UnsupportedField("a last window beyond the picture")
    return "Pooling", block("pooling_param", [
        f"pool: {'MAX' if layer.mode == 'max' else 'AVE'}", *sides("kernel_size", "kernel", layer.kernel_size),
        *sides("stride", "stride", layer.kernel_size if layer.stride is None else layer.stride),
        *sides("pad", "pad", padding, 0), *(["round_mode: FLOOR"] if rounding == "floor" else [])])


def _caffe_count(axis: Axis) -> int:
    """The number of windows in Caffe without padding."""
    return -(-axis.travel // axis.stride) + 1


def _dense(node: Node) -> Written:
    layer: Any = node.layer
    fillers = [filler("weight_filler", layer.weight_filler)]
    fillers += [filler("bias_filler", layer.bias_filler)] if layer.bias else ["bias_term: false"]
    return "InnerProduct", params(layer, 1 + layer.bias) + block(
        "inner_product_param", [f"num_output: {layer.units}", *fillers])


def _relu(node: Node) -> Written:
    layer: Any = node.layer
    if layer.limit is not None:
        raise UnsupportedField(f"limit {layer.limit:g}")
    return "ReLU", []


def _prelu(node: Node) -> Written:
    layer: Any = node.layer
    return "PReLU", params(layer, 1) + block("prelu_param", [
        *(["channel_shared: true"] if layer.shared else []), filler("filler", layer.filler)])


def _tanh(node: Node) -> Written:
    layer: Any = node.layer
    if (layer.amplitude, layer.slope) != (1, 1):
        raise UnsupportedField(f"amplitude {layer.amplitude:g} and slope {layer.slope:g}")
    return "TanH", []


def _lrn(node: Node) -> Written:
    layer: Any = node.layer
    within = layer.region == "within"
    if within and layer.k != 1:
        raise UnsupportedField(f"k {layer.k:g} within channels")
    return "LRN", block("lrn_param", [
        f"local_size: {layer.size}", f"alpha: {number(layer.alpha)}", f"beta: {number(layer.beta)}",
        "norm_region: WITHIN_CHANNEL" if within else f"k: {number(layer.k)}"])


def _batch_norm(node: Node) -> Written:
    layer: Any = node.layer
    return "BatchNorm", ["param { lr_mult: 0 decay_mult: 0 }"] * 3 + block("batch_norm_param", [
        f"moving_average_fraction: {number(complement(layer.momentum))}", f"eps: {number(layer.epsilon)}"])


def batch_norm_scale(layer: Any) -> list[str]:
    """The settings of the Scale that follows a BatchNorm with weights."""
    lines = params(layer, 1 + layer.shift)
    if not layer.scale:  # fixed weights of 1
        lines[0] = "param { lr_mult: 0 decay_mult: 0 }"
    return lines + block("scale_param", ["bias_term: true"] if layer.shift else ["bias_term: false"])


def _scale(node: Node) -> Written:
    layer: Any = node.layer
    bias = ["bias_term: true", filler("bias_filler", layer.bias_filler)] if layer.bias else ["bias_term: false"]
    return "Scale", params(layer, 1 + layer.bias) + block("scale_param", [filler("filler", layer.weight_filler), *bias])


def _add(node: Node) -> Written:
    layer: Any = node.layer
    return "Eltwise", block("eltwise_param", [
        "operation: SUM", *(f"coeff: {number(value)}" for value in layer.coefficients or ())])


def _reshape(node: Node) -> Written:
    layer: Any = node.layer
    dims = " ".join(f"dim: {side}" for side in (0, *layer.to))
    return "Reshape", block("reshape_param", [f"shape {{ {dims} }}"])


WRITERS: dict[str, Callable[[Any], Written]] = {
    "conv": lambda node: ("Convolution", _convolution(node)),
    "deconv": lambda node: ("Deconvolution", _convolution(node)),
    "pool": _pool,
    "global_pool": lambda node: ("Pooling", block("pooling_param", [
        f"pool: {'MAX' if node.layer.mode == 'max' else 'AVE'}", "global_pooling: true"])),
    "dense": _dense,
    "relu": _relu,
    "leaky_relu": lambda node: ("ReLU", block("relu_param", [f"negative_slope: {number(node.layer.slope)}"])),
    "prelu": _prelu,
    "elu": lambda node: ("ELU", block("elu_param", [f"alpha: {number(node.layer.alpha)}"])),
    "sigmoid": lambda _: ("Sigmoid", []),
    "tanh": _tanh,
    "softmax": lambda _: ("Softmax", []),
    "dropout": lambda node: ("Dropout", block("dropout_param", [f"dropout_ratio: {number(node.layer.rate)}"])),
    "lrn": _lrn,
    "batch_norm": _batch_norm,
    "scale": _scale,
    "add": _add,
    "multiply": lambda _: ("Eltwise", block("eltwise_param", ["operation: PROD"])),
    "maximum": lambda _: ("Eltwise", block("eltwise_param", ["operation: MAX"])),
    "concat": lambda _: ("Concat", []),
    "flatten": lambda _: ("Flatten", []),
    "reshape": _reshape,
}
