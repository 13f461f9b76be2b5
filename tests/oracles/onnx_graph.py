"""A network as an ONNX graph, written from its description alone: another library can then run it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from striate.arch import Network
from striate.arch.network import Node

NORM = ("weight", "bias", "running_mean", "running_var")


def onnx_graph(network: Network, tensors: Mapping[str, np.ndarray]) -> bytes:
    """A model that reads (N, C, H, W) float32 called `input`; its output has the name of the last layer."""
    nodes, constants = [], [numpy_helper.from_array(np.ascontiguousarray(value), name)
                            for name, value in tensors.items()]
    by_name = {node.name: node for node in network.nodes}
    for node in network.trunk.nodes:
        before = [by_name[name].output if name in by_name else network.input for name in node.inputs]
        nodes.append(KINDS[node.layer.kind](node, before[0], constants))
    last = network.trunk.nodes[-1]
    ends = ["N", last.output.size] if last.layer.kind == "dense" else ["N", *_sides(last.output)]
    graph = helper.make_graph(
        [one for made in nodes for one in (made if isinstance(made, list) else [made])], network.name or "network",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", *_sides(network.input)])],
        [helper.make_tensor_value_info(last.name, TensorProto.FLOAT, ends)], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _sides(volume: Any) -> tuple[int, int, int]:
    return volume.channels, volume.height, volume.width


def _window(layer: Any, volume: Any) -> dict[str, list[int]]:
    (top, bottom), (left, right) = layer.window.pads(volume.height, volume.width)
    return {"pads": [top, left, bottom, right], "strides": list(layer.window.stride),
            "dilations": list(layer.window.dilation)}


def _conv(node: Node, volume: Any, constants: list[Any]) -> Any:
    names = [f"{node.name}.{name}" for name in ("weight", "bias") if name in node.tensors]
    return helper.make_node("Conv", [*node.inputs, *names], [node.name], group=node.layer.groups,
                            **_window(node.layer, volume))


def _norm(node: Node, volume: Any, constants: list[Any]) -> Any:
    return helper.make_node("BatchNormalization", [*node.inputs, *(f"{node.name}.{name}" for name in NORM)],
                            [node.name], epsilon=node.layer.epsilon)


def _relu(node: Node, volume: Any, constants: list[Any]) -> Any:
    limit = getattr(node.layer, "limit", None)
    if limit is None:
        return helper.make_node("Relu", node.inputs, [node.name])
    ends = [f"{node.name}.low", f"{node.name}.high"]
    constants += [numpy_helper.from_array(np.float32(value), name)
                  for value, name in zip((0, limit), ends, strict=True)]
    return helper.make_node("Clip", [*node.inputs, *ends], [node.name])


def _dense(node: Node, volume: Any, constants: list[Any]) -> Any:
    flat = f"{node.name}.flat"
    return [helper.make_node("Flatten", node.inputs, [flat]),
            helper.make_node("Gemm", [flat, f"{node.name}.weight", f"{node.name}.bias"], [node.name], transB=1)]


def _pool(node: Node, volume: Any, constants: list[Any]) -> Any:
    window = _window(node.layer, volume)
    return helper.make_node("MaxPool", node.inputs, [node.name], ceil_mode=int(node.layer.rounding == "ceil"),
                            kernel_shape=list(node.layer.window.kernel), **window)


def _plain(kind: str, **settings: Any) -> Callable[..., Any]:
    return lambda node, volume, constants: helper.make_node(kind, node.inputs, [node.name], **settings)


KINDS: dict[str, Callable[..., Any]] = {
    "conv": _conv, "batch_norm": _norm, "relu": _relu, "dense": _dense, "pool": _pool, "add": _plain("Add"),
    "concat": _plain("Concat", axis=1), "global_pool": _plain("GlobalAveragePool"), "dropout": _plain("Identity"),
}
