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
    average = node.layer.mode == "average"
    more = {"count_include_pad": int(node.layer.count_padding)} if average else {}
    return helper.make_node("AveragePool" if average else "MaxPool", node.inputs, [node.name],
                            ceil_mode=int(node.layer.rounding == "ceil"),
                            kernel_shape=list(node.layer.window.kernel), **window, **more)


def _lrn(node: Node, volume: Any, constants: list[Any]) -> Any:
    assert node.layer.region == "across"
    return helper.make_node("LRN", node.inputs, [node.name], size=node.layer.size, alpha=node.layer.alpha,
                            beta=node.layer.beta, bias=node.layer.k)


def _global_pool(node: Node, volume: Any, constants: list[Any]) -> Any:
    kind = "GlobalMaxPool" if node.layer.mode == "max" else "GlobalAveragePool"
    return helper.make_node(kind, node.inputs, [node.name])


def from_bytes(graph: bytes, mean: tuple[float, ...], std: tuple[float, ...]) -> bytes:
    """The same from pictures (N, H, W, C) uint8, normalised in the graph, to probabilities."""
    model = onnx.load_from_string(graph)
    inner, old = model.graph, model.graph.input[0]
    channels, height, width = (size.dim_value for size in old.type.tensor_type.shape.dim[1:])
    for name, values in (("mean", mean), ("std", std)):
        inner.initializer.append(numpy_helper.from_array(np.array(values, np.float32)[:, None, None], f"input.{name}"))
    last, outputs = inner.output[0].name, inner.output[0].type.tensor_type.shape.dim[1].dim_value
    before = [helper.make_node("Cast", ["pixels"], ["pixels.float"], to=TensorProto.FLOAT),
              helper.make_node("Transpose", ["pixels.float"], ["pixels.planes"], perm=[0, 3, 1, 2]),
              helper.make_node("Sub", ["pixels.planes", "input.mean"], ["pixels.centred"]),
              helper.make_node("Div", ["pixels.centred", "input.std"], [old.name])]
    nodes = [*before, *inner.node, helper.make_node("Softmax", [last], ["probabilities"], axis=1)]
    made = helper.make_graph(
        nodes, inner.name, [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["N", height, width, channels])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", outputs])], list(inner.initializer))
    whole = helper.make_model(made, opset_imports=model.opset_import, ir_version=model.ir_version)
    onnx.checker.check_model(whole)
    return bytes(whole.SerializeToString())


def _plain(kind: str, **settings: Any) -> Callable[..., Any]:
    return lambda node, volume, constants: helper.make_node(kind, node.inputs, [node.name], **settings)


KINDS: dict[str, Callable[..., Any]] = {
    "conv": _conv, "batch_norm": _norm, "relu": _relu, "dense": _dense, "pool": _pool, "add": _plain("Add"),
    "concat": _plain("Concat", axis=1), "global_pool": _global_pool, "lrn": _lrn, "dropout": _plain("Identity"),
}
