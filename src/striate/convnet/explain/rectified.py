"""Layers behind a ReLU: those whose values are never below 0, and whose units can be dead."""

from __future__ import annotations

from typing import cast

from striate.arch import ReLU
from striate.arch.layer_traits import KEEPS_SIGN
from striate.convnet.explain.explained_net import ExplainedNet


def is_rectified(model: ExplainedNet, layer: str) -> bool:
    """Whether the values of a layer are those of ReLUs, picked, pooled or joined, and so never below 0."""
    node = model.nodes.get(layer)
    if node is None:
        return False
    return node.layer.kind == "relu" or (
        node.layer.kind in KEEPS_SIGN and all(is_rectified(model, name) for name in node.inputs))


def limited_relu(model: ExplainedNet, layer: str) -> tuple[str, float] | None:
    """The layer that goes into a ReLU with a limit, such as ReLU6, and the limit; None if `layer` is none.

    Many of its units reach the limit in many pictures; what goes into it has an order of them.
    """
    node = model.nodes.get(layer)
    if node is None or node.layer.kind != "relu":
        return None
    limit = cast(ReLU, node.layer).limit
    return None if limit is None else (node.inputs[0], limit)


def has_relu_behind(model: ExplainedNet, layer: str) -> bool:
    """Whether a unit of the layer that is never above 0 is dead: it is rectified, or nothing but ReLUs read it."""
    readers = [node for node in model.nodes.values() if layer in node.inputs]
    return is_rectified(model, layer) or (bool(readers) and all(node.layer.kind == "relu" for node in readers))
