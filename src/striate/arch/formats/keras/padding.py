"""Padding and rounding in Keras, whose windows have `valid` or `same` and round down.

    no padding, or none that a window reads                valid
    what `same` would put on these sides                   same
    other zeros around a convolution                       ZeroPadding2D, then valid
    zeros that an average counts                           ZeroPadding2D, then valid
    padding that never wins a maximum                      the same, where the input is known to be 0 or more
    a `ceil` window over the edge                          same, if that puts it in the same place

Anything else is refused.
"""

from __future__ import annotations

from dataclasses import replace

from striate.arch.formats.keras.model_builder import ModelBuilder, ModelEntry, UnsupportedByKeras
from striate.arch.layer_params import as_pair
from striate.arch.layers import Conv, Pool
from striate.arch.network import Node
from striate.arch.volume import Volume
from striate.arch.window import Window


def conv_padding(writing: ModelBuilder, node: Node) -> tuple[ModelEntry, str]:
    """The input entry of a convolution, zero padded if necessary, and the word of its padding."""
    layer, volume = node.layer, node.input_volumes[0]
    assert isinstance(layer, Conv)
    assert layer.window is not None
    entry = writing.source(node, 3)
    size = volume.height, volume.width
    if layer.padding == "same":
        return entry, "same"
    pads = layer.window.pads(*size)
    if not any(map(any, pads)):
        return entry, "valid"
    if pads == replace(layer.window, padding="same").pads(*size):
        return entry, "same"
    return zeros(writing, node, entry, pads), "valid"


def pool_padding(writing: ModelBuilder, node: Node) -> tuple[ModelEntry, str]:
    """The input entry of a pooling layer, zero padded if necessary, and the word of its padding."""
    layer, volume = node.layer, node.input_volumes[0]
    assert isinstance(layer, Pool)
    size, wanted = (volume.height, volume.width), (node.output.height, node.output.width)
    pads = layer.window.pads(*size)
    padded = any(map(any, pads))
    counts = padded and layer.mode == "average" and layer.count_padding
    entry = writing.source(node, 3)
    words = ["same", "valid"] if layer.padding == "same" else ["valid", "same"]
    for word in words:
        window = replace(layer.window, padding="same" if word == "same" else (0, 0), rounding="floor")
        starts_alike = [pad[0] for pad in window.pads(*size)] == [pad[0] for pad in pads]
        if starts_alike and _counts(window, size) == wanted and (word == "valid" or not counts):
            return entry, word
    if _counts(replace(layer.window, rounding="floor"), size) != wanted:
        raise UnsupportedByKeras(f"{layer.rounding} rounding on {volume}")
    if layer.mode == "average" and not counts:
        raise UnsupportedByKeras(f"padding {layer.padding} that an average leaves out")
    if layer.mode == "max" and not writing.positive[node.inputs[0]]:
        raise UnsupportedByKeras(f"padding {layer.padding} of a maximum over values that may be negative")
    return zeros(writing, node, entry, pads), "valid"


def zeros(writing: ModelBuilder, node: Node, entry: ModelEntry,
          pads: tuple[tuple[int, int], tuple[int, int]]) -> ModelEntry:
    """ZeroPadding2D before a layer."""
    (top, bottom), (left, right) = pads
    channels, height, width = entry.flow.volume
    return writing.put("ZeroPadding2D", writing.inserted_name(node, "pad"),
                       {"padding": [[top, bottom], [left, right]], **writing.data_format}, (entry,),
                       Volume(channels, height + top + bottom, width + left + right))


def refuse_strided_dilation(stride: object, dilation: object) -> None:
    """Refuse a stride together with a dilation, which Keras has no layer for."""
    if max(as_pair(stride)) > 1 and max(as_pair(dilation)) > 1:  # type: ignore[arg-type]
        raise UnsupportedByKeras("a stride and a dilation at once")


def _counts(window: Window, size: tuple[int, int]) -> tuple[int, int]:
    down, across = window.axes(*size)
    return down.count("floor"), across.count("floor")
