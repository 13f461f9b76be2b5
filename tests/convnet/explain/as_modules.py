"""A network of the zoo with a torch module of its own for every layer, as libraries that hang hooks on modules need."""

from typing import Any

import torch
from torch import nn

from striate.arch.network import INPUT, Network, Node


def module_of(node: Node) -> nn.Module:
    """The module of a layer that calculates; the others are computed in `AsModules.forward`."""
    layer: Any = node.layer
    inside, outside = node.input_volumes[0].channels, node.output.channels
    match layer.kind:
        case "conv":
            return nn.Conv2d(inside, outside, layer.window.kernel, layer.window.stride, even(node), groups=layer.groups,
                             bias=layer.bias)
        case "dense":
            return nn.Sequential(nn.Flatten(), nn.Linear(node.input_volumes[0].size, outside, layer.bias))
        case "relu":
            return nn.ReLU() if layer.limit is None else nn.ReLU6()
        case "pool":
            kind = nn.MaxPool2d if layer.mode == "max" else nn.AvgPool2d
            return kind(layer.window.kernel, layer.window.stride, even(node), ceil_mode=layer.rounding == "ceil")
        case "global_pool":
            return nn.AdaptiveAvgPool2d(1)
        case "lrn":
            return nn.LocalResponseNorm(layer.size, layer.alpha, layer.beta, layer.k)
        case "batch_norm":
            return nn.BatchNorm2d(outside, layer.epsilon)
        case "dropout" | "add" | "concat" | "flatten":
            return nn.Identity()
    raise AssertionError(layer.kind)


def even(node: Node) -> tuple[int, int]:
    _, height, width = node.input_volumes[0]
    (top, bottom), (left, right) = node.layer.window.pads(height, width)  # type: ignore[union-attr]
    assert (top, left) == (bottom, right)
    return top, left


class AsModules(nn.Module):
    """`network` up to its scores, computed from (N, C, H, W) to (N, K)."""

    def __init__(self, network: Network, tensors: dict[str, torch.Tensor]) -> None:
        super().__init__()
        self.nodes = [node for node in network.trunk.nodes if node.layer.kind != "softmax"]
        self.units = nn.ModuleList(module_of(node) for node in self.nodes)
        for node, unit in zip(self.nodes, self.units, strict=True):
            unit.to(next(iter(tensors.values())).dtype)
            for name, parameter in unit.state_dict().items():
                if not name.endswith("num_batches_tracked"):
                    parameter.copy_(tensors[f"{node.name}.{name.removeprefix('1.')}"])
        self.eval()

    def unit(self, layer: str) -> nn.Module:
        return self.units[[node.name for node in self.nodes].index(layer)]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        values = {INPUT: x}
        for node, unit in zip(self.nodes, self.units, strict=True):
            inputs = [values[name] for name in node.inputs]
            if node.layer.kind == "add":
                values[node.name] = unit(sum(inputs[1:], inputs[0]))
            else:
                values[node.name] = unit(torch.cat(inputs, 1) if node.layer.kind == "concat" else inputs[0])
        return values[self.nodes[-1].name]
