"""Mapping of our layers to Caffe's: the Caffe layers of each node, with the tensors that each of them owns."""

from __future__ import annotations

from typing import Any, NamedTuple

from striate.arch.network import Network, Node


class CaffeLayer(NamedTuple):
    """A Caffe layer that owns tensors: its name and type, and the tensors by our full names in Caffe's order.

    `one` is BatchNorm's scale factor, a single 1; `ones` are weights of 1 that only Caffe has.
    """

    name: str
    type: str
    tensors: tuple[str, ...]


TYPES = {"conv": "Convolution", "deconv": "Deconvolution", "dense": "InnerProduct", "prelu": "PReLU", "scale": "Scale"}


def scale_names(network: Network) -> dict[str, str]:
    """Names of the Scale layers that Caffe needs after each BatchNorm with weights, by the node's name.

    >>> from striate.arch import BatchNorm, Input
    >>> scale_names(Network(BatchNorm(name="bn1")(Input(1, 5, 5))))
    {'bn1': 'bn1/scale'}
    """
    taken = {node.name for node in network.nodes}
    found = {}
    for node in network.nodes:
        layer: Any = node.layer
        if layer.kind == "batch_norm" and (layer.scale or layer.shift):
            stem = free = f"{node.name[:90]}/scale"
            number = 1
            while free in taken:
                number += 1
                free = f"{stem}_{number}"
            taken.add(free)
            found[node.name] = free
    return found


def _blobs_of(node: Node, scales: dict[str, str]) -> list[CaffeLayer]:
    """The Caffe layers with tensors of a node: none, one, or BatchNorm and Scale."""
    layer: Any = node.layer
    own = tuple(f"{node.name}.{tensor}" for tensor in node.tensors)
    if layer.kind == "batch_norm":
        norm = CaffeLayer(node.name, "BatchNorm", (f"{node.name}.running_mean", f"{node.name}.running_var", "one"))
        weight = f"{node.name}.weight" if layer.scale else "ones"
        bias = (f"{node.name}.bias",) if layer.shift else ()
        return [norm, *(CaffeLayer(scales[node.name], "Scale", (weight, *bias)) for _ in range(node.name in scales))]
    return [CaffeLayer(node.name, TYPES[layer.kind], own)] if own and layer.kind in TYPES else []


def caffe_layers(network: Network) -> list[CaffeLayer]:
    """All Caffe layers with tensors of a network, in order.

    >>> from striate.arch import BatchNorm, Conv, Input
    >>> for blobs in caffe_layers(Network(BatchNorm()(Conv(8, 3, bias=False)(Input(1, 5, 5))))):
    ...     print(*blobs)
    conv1 Convolution ('conv1.weight',)
    batch_norm1 BatchNorm ('batch_norm1.running_mean', 'batch_norm1.running_var', 'one')
    batch_norm1/scale Scale ('batch_norm1.weight', 'batch_norm1.bias')
    """
    scales = scale_names(network)
    return [blobs for node in network.nodes for blobs in _blobs_of(node, scales)]
