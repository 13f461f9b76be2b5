"""Each layer as torch computes it, written apart from the code that striate generates or runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - torch's own custom

from striate.arch import Network, Node


def weights_for(network: Network, seed: int = 0) -> dict[str, np.ndarray]:
    """Random float64 weights; running variances are positive."""
    random = np.random.default_rng(seed)
    return {name: random.uniform(0.5, 2, tensor.shape) if name.endswith("running_var")
            else random.normal(size=tensor.shape) for name, tensor in network.tensors.items()}


def witness(node: Node, own: dict[str, torch.Tensor], *inputs: torch.Tensor) -> torch.Tensor:
    """The output (N, C, H, W) of one node by torch's functions, after training."""
    layer: Any = node.layer
    x = inputs[0]
    weight, bias = own.get("weight"), own.get("bias")
    match layer.kind:
        case "conv":
            padding = layer.padding
            if padding == "same" and layer.stride != 1:
                x, padding = tensorflow_same(x, layer), 0
            return F.conv2d(x, weight, bias, layer.stride, padding, layer.dilation, layer.groups)
        case "table_conv":
            if layer.padding == "same":
                x, padding = tensorflow_same(x, layer), 0
            else:
                padding = layer.padding
            parts, first = [], 0
            for maps in layer.table:
                kernels = weight[first:first + len(maps)][None]
                parts.append(F.conv2d(x[:, list(maps)], kernels, None, layer.stride, padding))
                first += len(maps)
            return torch.cat(parts, 1) + (0 if bias is None else bias[:, None, None])
        case "pool":
            function = F.max_pool2d if layer.mode == "max" else F.avg_pool2d
            return function(x, layer.kernel_size, layer.stride, layer.padding, ceil_mode=layer.rounding == "ceil")
        case "global_pool":
            return F.adaptive_max_pool2d(x, 1) if layer.mode == "max" else F.adaptive_avg_pool2d(x, 1)
        case "dense":
            return F.linear(x.flatten(1), weight, bias)[..., None, None]
        case "flatten":
            return x.flatten(1)[..., None, None]
        case "tanh":
            return layer.amplitude * F.tanh(layer.slope * x)
        case "sigmoid" | "relu":
            return getattr(torch, layer.kind)(x)
        case "leaky_relu":
            return F.leaky_relu(x, layer.slope)
        case "elu":
            return F.elu(x, layer.alpha)
        case "maxout":
            return F.max_pool3d(x[:, None], (layer.pieces, 1, 1))[:, 0]
        case "softmax":
            return F.softmax(x, 1)
        case "lrn":
            return F.local_response_norm(x, layer.size, layer.alpha, layer.beta, layer.k)
        case "batch_norm":
            return F.batch_norm(x, own["running_mean"], own["running_var"], weight, bias, eps=layer.epsilon)
        case "scale":
            return F.conv2d(x, weight[:, None, None, None], bias, groups=len(weight))
        case "dropout":
            return F.dropout(x, layer.rate, training=False)
        case "add":
            return torch.stack(inputs).sum(0)
        case "concat":
            return torch.cat(inputs, 1)
    raise NotImplementedError(layer.kind)


def tensorflow_same(x: torch.Tensor, layer: Any) -> torch.Tensor:
    """Pad as TensorFlow documents `SAME`: max((⌈W/S⌉ − 1)·S + F − W, 0) in all, the smaller half before."""
    pads: list[int] = []
    for side, kernel, stride, dilation in zip(x.shape[2:], layer.window.kernel, layer.window.stride,
                                              layer.window.dilation, strict=True):
        span = (kernel - 1) * dilation + 1
        total = max(span - stride, 0) if side % stride == 0 else max(span - side % stride, 0)
        pads = [total // 2, total - total // 2, *pads]
    return F.pad(x, pads)
