"""Equivalence of networks: whether they compute the same, by their windows and not by their fields.

A `Pad` that feeds one window belongs to that window, a `Scale` behind a BatchNorm without weights to it, and a
flattening before a dense layer, which flattens anyway, is dropped.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from striate.arch.initializer import ONE, TensorSpec
from striate.arch.layer_params import as_pads, as_pair
from striate.arch.network import Network, Node

Pads = tuple[tuple[int, int], tuple[int, int]]
WINDOWED = ("conv", "table_conv", "pool")
KEEP_SIGN = ("pool", "global_pool", "pad", "dropout", "flatten", "reshape", "slice", "concat", "multiply")
EDGE = 2_048  # windows at each end that padding can reach: a kernel has 1,024 pixels at most


@dataclass(frozen=True)
class LayerGroup:
    """A layer with the layers that belong to it: zero padding before it, a Scale behind it.

    `inputs` skip these; `positive`: whether its input is known to be 0 or more.
    """

    node: Node
    inputs: tuple[str, ...]
    pads: Pads = ((0, 0), (0, 0))
    scale: Node | None = None
    positive: bool = False


def layer_groups(network: Network, known: set[str]) -> tuple[dict[str, LayerGroup], Counter[str], dict[str, str]]:
    """Groups of a network by name, counts of the layers that joined others by kind, and the group of each layer.

    Layers with one of the `known` names, those of the other network, are groups of their own.
    """
    readers: dict[str, list[Node]] = {}
    for node in network.nodes:
        for name in node.inputs:
            readers.setdefault(name, []).append(node)
    ends = {*network.auxiliary, network.nodes[-1].name}
    found: dict[str, LayerGroup] = {}
    folded: Counter[str] = Counter()
    stands = {"input": "input"}
    pads: dict[str, Pads] = {}
    positive = {"input": False}
    for node in network.nodes:
        layer: Any = node.layer
        own = [reader.layer.kind for reader in readers.get(node.name, [])]
        inside = bool(own) and node.name not in ends and node.name not in known
        before = found.get(stands[node.inputs[0]])
        positive[node.name] = _positive(node, positive)
        if inside and layer.kind == "pad" and len(own) == 1 and own[0] in WINDOWED:
            pads[node.name] = as_pads(layer.padding)
        elif (inside and layer.kind in ("flatten", "reshape")
              and (set(own) <= {"dense"} or node.output.shape == node.input_volumes[0].shape)):
            pass
        elif (layer.kind == "scale" and node.name not in known and before is not None and before.scale is None
              and before.node.name == node.inputs[0] and _without_affine(before.node) and before.node.name not in ends
              and len(readers[node.inputs[0]]) == 1):
            found[before.node.name] = replace(before, scale=node)
        else:
            zeros = pads.get(node.inputs[0], ((0, 0), (0, 0)))
            found[node.name] = LayerGroup(node, tuple(stands[name] for name in node.inputs), zeros,
                                    positive=positive[node.inputs[0]])
            stands[node.name] = node.name
            continue
        folded[layer.kind] += 1
        stands[node.name] = stands[node.inputs[0]]
    return found, folded, stands


def _without_affine(node: Node) -> bool:
    layer: Any = node.layer
    return layer.kind == "batch_norm" and not layer.scale and not layer.shift


def _positive(node: Node, positive: dict[str, bool]) -> bool:
    kind = node.layer.kind
    return kind in ("relu", "sigmoid", "softmax") or (kind in KEEP_SIGN and all(positive[name] for name in node.inputs))


def window_pixels(part: LayerGroup) -> object:
    """Pixels that the windows of a group read and divide by, in a form that is equal if they are the same.

    >>> from striate.arch import Conv, Input, Network, Pad
    >>> x = Input(1, 8, 8)
    >>> same, padded = Network(Conv(2, 3, padding="same")(x)), Network(Conv(2, 3)(Pad(1)(x)))
    >>> window_pixels(layer_groups(same, set())[0]["conv1"]) == window_pixels(layer_groups(padded, set())[0]["conv1"])
    True
    """
    layer: Any = part.node.layer
    if layer.kind == "deconv":
        return as_pair(layer.kernel_size), as_pair(layer.stride), as_pads(layer.padding), as_pair(layer.dilation)
    if layer.kind not in WINDOWED:
        return None
    volume = part.node.input_volumes[0]
    found = []
    for axis, zeros in zip(layer.window.axes(volume.height, volume.width), part.pads, strict=True):
        count = axis.count(layer.rounding)
        read: list[object] = [axis.kernel, axis.dilation, axis.pads[0] + zeros[0], count]
        read += [axis.stride] if count > 1 else []
        if layer.kind == "pool" and layer.mode == "max" and not part.positive:
            read.append(zeros)  # a zero may win
        if layer.kind == "pool" and layer.mode == "average":
            positions = sorted({*range(min(count, EDGE)), *range(max(0, count - EDGE), count)})
            read.append([axis.divisor(position, layer.count_padding) for position in positions])
        found.append(read)
    return found


def trainable(part: LayerGroup) -> dict[str, TensorSpec]:
    """The trainable tensors of a group, without fixed weights of 1."""
    tensors = part.scale.tensors if part.scale else part.node.tensors
    return {name: tensor for name, tensor in tensors.items() if tensor.role != "buffer"
            and not (part.node.layer.kind == "batch_norm" and tensor.filler == ONE and tensor.lr_mult == 0)}


def is_pixelwise(part: LayerGroup) -> bool:
    """Whether a group is a depthwise convolution of one pixel, which is a scale in Keras."""
    layer: Any = part.node.layer
    return (layer.kind == "conv" and as_pair(layer.kernel_size) == (1, 1) == as_pair(layer.stride)
            and layer.groups == layer.filters == part.node.input_volumes[0].channels
            and part.node.output.shape == part.node.input_volumes[0].shape)
