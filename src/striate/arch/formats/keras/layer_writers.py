"""Writers of Keras' layers, one row for each of ours."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from striate.arch.formats.keras.initializers import write_filler
from striate.arch.formats.keras.model_builder import ModelBuilder, ModelEntry, UnsupportedByKeras
from striate.arch.formats.keras.network_builder import keras_name
from striate.arch.formats.keras.padding import conv_padding, pool_padding, refuse_strided_dilation
from striate.arch.formats.momentum import complement
from striate.arch.formats.tensor_layout import KerasTensor, order_of
from striate.arch.initializer import Initializer
from striate.arch.layer_params import as_pads, as_pair
from striate.arch.network import Node

LayerWriter = Callable[[ModelBuilder, Node, Any], ModelEntry]


def _initializers(**fillers: Initializer) -> dict[str, Any]:
    """Keras' initializers; its default if it has none for ours (see `lost_settings`)."""
    written = {key: write_filler(filler) for key, filler in fillers.items()}
    return {key: entry for key, entry in written.items() if entry}


def _put(writing: ModelBuilder, node: Node, class_name: str, config: dict[str, Any], *sources: ModelEntry,
         rank: int = 3) -> ModelEntry:
    return writing.put(class_name, keras_name(node.name), config, sources, node.output, rank)


def conv(writing: ModelBuilder, node: Node, layer: Any) -> ModelEntry:
    """Conv2D, or DepthwiseConv2D if every channel is a group."""
    refuse_strided_dilation(layer.stride, layer.dilation)
    entry, padding = conv_padding(writing, node)
    config = {"kernel_size": list(as_pair(layer.kernel_size)), "strides": list(as_pair(layer.stride)),
              "padding": padding, **writing.data_format, "dilation_rate": list(as_pair(layer.dilation)),
              "use_bias": layer.bias, **_initializers(bias_initializer=layer.bias_filler)}
    channels = node.input_volumes[0].channels
    if layer.groups == channels > 1:
        return _put(writing, node, "DepthwiseConv2D", {
            "depth_multiplier": layer.filters // channels, **config,
            **_initializers(depthwise_initializer=layer.weight_filler)}, entry)
    return _put(writing, node, "Conv2D", {"filters": layer.filters, "groups": layer.groups, **config,
                                          **_initializers(kernel_initializer=layer.weight_filler)}, entry)


def deconv(writing: ModelBuilder, node: Node, layer: Any) -> ModelEntry:
    """Conv2DTranspose with the padding of `valid` or `same`."""
    refuse_strided_dilation(layer.stride, layer.dilation)
    over = [axis.span - axis.stride for axis in layer.spread]
    if layer.groups > 1 or min(over) < 0:
        raise UnsupportedByKeras("groups" if layer.groups > 1 else "a stride longer than the filter")
    pads = as_pads(layer.padding)
    same = tuple((cut // 2, cut - cut // 2) for cut in over)
    if any(map(any, pads)) and pads != same:
        raise UnsupportedByKeras(f"padding {layer.padding}")
    return _put(writing, node, "Conv2DTranspose", {
        "filters": layer.filters, "kernel_size": list(as_pair(layer.kernel_size)),
        "strides": list(as_pair(layer.stride)), "padding": "same" if any(map(any, pads)) else "valid",
        **writing.data_format, "dilation_rate": list(as_pair(layer.dilation)), "use_bias": layer.bias,
        **_initializers(kernel_initializer=layer.weight_filler, bias_initializer=layer.bias_filler)},
                writing.source(node, 3))


def dense(writing: ModelBuilder, node: Node, layer: Any) -> ModelEntry:
    """Dense, behind a Flatten if its input is a picture."""
    return _put(writing, node, "Dense", {
        "units": layer.units, "use_bias": layer.bias, **_initializers(kernel_initializer=layer.weight_filler,
                                                              bias_initializer=layer.bias_filler)},
                writing.source(node, 1), rank=1)


def scale(writing: ModelBuilder, node: Node, layer: Any) -> ModelEntry:
    """DepthwiseConv2D with filters of one pixel: a weight, and a bias, per channel."""
    return _put(writing, node, "DepthwiseConv2D", {
        "kernel_size": [1, 1], **writing.data_format, "use_bias": layer.bias,
        **_initializers(depthwise_initializer=layer.weight_filler, bias_initializer=layer.bias_filler)},
                writing.source(node, 3))


def pool(writing: ModelBuilder, node: Node, layer: Any) -> ModelEntry:
    """MaxPooling2D or AveragePooling2D."""
    entry, padding = pool_padding(writing, node)
    return _put(writing, node, "MaxPooling2D" if layer.mode == "max" else "AveragePooling2D", {
        "pool_size": list(layer.window.kernel), "strides": list(layer.window.stride), "padding": padding,
        **writing.data_format}, entry)


def global_pool(writing: ModelBuilder, node: Node, layer: Any) -> ModelEntry:
    """GlobalMaxPooling2D or GlobalAveragePooling2D, flat unless all its readers need a picture."""
    readers = writing.readers[node.name]
    keep = bool(readers) and all(reader.layer.kind in ("conv", "deconv", "pool", "pad", "scale") for reader in readers)
    return _put(writing, node, f"Global{'Max' if layer.mode == 'max' else 'Average'}Pooling2D",
                {**writing.data_format, "keepdims": keep}, writing.source(node, 3), rank=3 if keep else 1)


def pad(writing: ModelBuilder, node: Node, layer: Any) -> ModelEntry:
    """ZeroPadding2D."""
    pads = [list(side) for side in as_pads(layer.padding)]
    return _put(writing, node, "ZeroPadding2D", {"padding": pads, **writing.data_format}, writing.source(node, 3))


def flatten(writing: ModelBuilder, node: Node, layer: Any) -> ModelEntry:  # noqa: ARG001 - as every layer
    """Flatten, in Keras' order if only dense layers follow, else in ours, channels first."""
    entry = writing.source(node)
    flow = entry.flow
    if flow.rank == 3 and len(flow.flat_order) and flow.flat_order[0][1] > 1 and not writing.flat_is_private[node.name]:
        entry = writing.permuted(node, entry)
    return _put(writing, node, "Flatten", {"data_format": "channels_last"}, entry, rank=1)


def reshape(writing: ModelBuilder, node: Node, layer: Any) -> ModelEntry:
    """Reshape, between two Permutes if the order of Keras' axes would give another picture."""
    entry = writing.source(node)
    rank = 1 if node.output.size == node.output.channels and -1 not in layer.to[1:] else 3
    sides = [side or now for side, now in zip(layer.to, node.input_volumes[0], strict=True)]
    order = order_of(node.output, writing.layout if rank == 3 else "chw")
    if entry.flow.flat_order == order or (rank == 1 and writing.flat_is_private[node.name]):
        return _put(writing, node, "Reshape", {"target_shape": _target(sides, rank, writing.layout)}, entry, rank=rank)
    if entry.flow.rank == 1:
        entry = writing.as_picture(entry, f"{keras_name(node.name)}_permute_reshape")
    turned = writing.permuted(node, entry)
    made = writing.put("Reshape", keras_name(node.name), {"target_shape": _target(sides, rank, "chw")}, (turned,),
                       node.output, rank, "chw")
    return made if rank == 1 else writing.permuted(node, made)


def _target(sides: list[int], rank: int, layout: str) -> list[int]:
    channels, height, width = sides
    if rank == 1:
        return [channels]
    return [height, width, channels] if layout == "hwc" else [channels, height, width]


def batch_norm(writing: ModelBuilder, node: Node, layer: Any) -> ModelEntry:
    """BatchNormalization; Keras' momentum is the share of the old average."""
    entry = writing.source(node)
    return _put(writing, node, "BatchNormalization", {
        "axis": writing.channel_axis if entry.flow.rank == 3 else -1,
        "momentum": complement(layer.momentum), "epsilon": layer.epsilon, "center": layer.shift,
        "scale": layer.scale}, entry, rank=entry.flow.rank)


def prelu(writing: ModelBuilder, node: Node, layer: Any) -> ModelEntry:
    """PReLU; `shared_axes` are those of shared slopes."""
    entry = writing.source(node)
    if entry.flow.rank == 1:
        shared = [1] if layer.shared else None
    else:
        shared = [1, 2, 3] if layer.shared else [1, 2] if writing.layout == "hwc" else [2, 3]
    return _put(writing, node, "PReLU", {"shared_axes": shared, **_initializers(alpha_initializer=layer.filler)}, entry,
                rank=entry.flow.rank)


def value_by_value(class_name: str, config: Callable[[ModelBuilder, Any, KerasTensor], dict[str, Any]]) -> LayerWriter:
    """Writer of a layer that leaves the shape as it is."""
    def write(writing: ModelBuilder, node: Node, layer: Any) -> ModelEntry:
        entry = writing.source(node)
        return _put(writing, node, class_name, config(writing, layer, entry.flow), entry, rank=entry.flow.rank)

    return write


def tanh(writing: ModelBuilder, node: Node, layer: Any) -> ModelEntry:
    """Activation, of the plain tanh only."""
    if (layer.amplitude, layer.slope) != (1, 1):
        raise UnsupportedByKeras(f"amplitude {layer.amplitude:g} and slope {layer.slope:g}")
    return value_by_value("Activation", lambda _w, _l, _f: {"activation": "tanh"})(writing, node, layer)


def leaky_relu(writing: ModelBuilder, node: Node, layer: Any) -> ModelEntry:
    """LeakyReLU; Keras has no negative slopes."""
    if layer.slope < 0:
        raise UnsupportedByKeras(f"slope {layer.slope:g}")
    return value_by_value("LeakyReLU", lambda _w, one, _f: {"negative_slope": one.slope})(writing, node, layer)


def merge(writing: ModelBuilder, node: Node, layer: Any) -> ModelEntry:
    """Add, Subtract, Average, Multiply, Maximum or Concatenate."""
    count = len(node.inputs)
    class_name = {"add": "Add", "multiply": "Multiply", "maximum": "Maximum", "concat": "Concatenate"}[layer.kind]
    coefficients = getattr(layer, "coefficients", None)
    if coefficients == (1, -1):
        class_name = "Subtract"
    elif coefficients and all(math.isclose(one, 1 / count, rel_tol=1e-12) for one in coefficients):
        class_name = "Average"
    elif coefficients:
        raise UnsupportedByKeras("coefficients")
    ranks = {writing.found[name].flow.rank for name in node.inputs}
    rank = ranks.pop() if len(ranks) == 1 else 3
    entries = [writing.source(node, rank, which) for which in range(count)]
    axis = {"axis": writing.channel_axis if rank == 3 else -1} if layer.kind == "concat" else {}
    return _put(writing, node, class_name, axis, *entries, rank=rank)


WRITERS: dict[str, LayerWriter] = {
    "conv": conv, "deconv": deconv, "dense": dense, "scale": scale, "pool": pool, "global_pool": global_pool,
    "pad": pad, "flatten": flatten, "reshape": reshape, "batch_norm": batch_norm, "prelu": prelu, "tanh": tanh,
    "leaky_relu": leaky_relu, "add": merge, "multiply": merge, "maximum": merge, "concat": merge,
    "relu": value_by_value("ReLU", lambda _w, layer, _f: {"max_value": layer.limit}),
    "elu": value_by_value("ELU", lambda _w, layer, _f: {"alpha": layer.alpha}),
    "sigmoid": value_by_value("Activation", lambda _w, _l, _f: {"activation": "sigmoid"}),
    "softmax": value_by_value("Softmax", lambda w, _l, flow: {"axis": w.channel_axis if flow.rank == 3 else -1}),
    "dropout": value_by_value("Dropout", lambda _w, layer, _f: {"rate": layer.rate}),
}
