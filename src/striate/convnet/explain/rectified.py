"""Layers behind a ReLU: those whose values are never below 0, and whose units can be dead."""

from __future__ import annotations

from striate.convnet.explain.explained_net import ExplainedNet

# Layers that make no negative value out of values that are not negative.
KEEP_SIGN = frozenset({"pool", "global_pool", "dropout", "lrn", "concat", "slice", "flatten", "reshape", "pad",
                       "maximum", "maxout"})


def is_rectified(model: ExplainedNet, layer: str) -> bool:
    """Whether the values of a layer are those of ReLUs, picked, pooled or joined, and so never below 0."""
    node = model.nodes.get(layer)
    if node is None:
        return False
    if node.layer.kind in KEEP_SIGN:
        return all(is_rectified(model, name) for name in node.inputs)
    return node.layer.kind == "relu"


def has_relu_behind(model: ExplainedNet, layer: str) -> bool:
    """Whether a unit of the layer that is never above 0 is dead: it is rectified, or nothing but ReLUs read it."""
    readers = [node for node in model.nodes.values() if layer in node.inputs]
    return is_rectified(model, layer) or (bool(readers) and all(node.layer.kind == "relu" for node in readers))
