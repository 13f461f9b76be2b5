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
            if padding == "same":
                x, padding = F.pad(x, tensorflow_same(x, layer)), 0
            elif uneven(padding):
                x, padding = F.pad(x, sides(padding)), 0
            return F.conv2d(x, weight, bias, layer.stride, padding, layer.dilation, layer.groups)
        case "table_conv":
            if layer.padding == "same":
                x, padding = F.pad(x, tensorflow_same(x, layer)), 0
            else:
                padding = layer.padding
            parts, first = [], 0
            for maps in layer.table:
                kernels = weight[first:first + len(maps)][None]
                parts.append(F.conv2d(x[:, list(maps)], kernels, None, layer.stride, padding))
                first += len(maps)
            return torch.cat(parts, 1) + (0 if bias is None else bias[:, None, None])
        case "pool":
            pads = tensorflow_same(x, layer) if layer.padding == "same" else sides(layer.padding)
            height, width = layer.window.kernel
            if pads[::2] != pads[1::2] or 2 * pads[0] > width or 2 * pads[2] > height:  # torch has no word for it
                return windows(x, layer, pads)
            counts = {} if layer.mode == "max" else {"count_include_pad": layer.count_padding}
            function = F.max_pool2d if layer.mode == "max" else F.avg_pool2d
            return function(x, layer.kernel_size, layer.stride, (pads[2], pads[0]), ceil_mode=layer.rounding == "ceil",
                            **counts)
        case "deconv":
            y = F.conv_transpose2d(x, weight, None, layer.stride, 0, 0, layer.groups, layer.dilation)
            left, right, top, bottom = sides(layer.padding)
            y = y[:, :, top:y.shape[2] - bottom, left:y.shape[3] - right]
            return y if bias is None else y + bias[:, None, None]
        case "pad":
            return F.pad(x, sides(layer.padding))
        case "reshape":
            channels, height, width = (now if side == 0 else side
                                       for side, now in zip(layer.to, x.shape[1:], strict=True))
            return x.reshape(len(x), channels, height, width)
        case "global_pool":
            return F.adaptive_max_pool2d(x, 1) if layer.mode == "max" else F.adaptive_avg_pool2d(x, 1)
        case "dense":
            return F.linear(x.flatten(1), weight, bias)[..., None, None]
        case "flatten":
            return x.flatten(1)[..., None, None]
        case "tanh":
            return layer.amplitude * F.tanh(layer.slope * x)
        case "relu" if layer.limit:
            return F.hardtanh(x, 0, layer.limit)
        case "prelu":
            return torch.where(x > 0, x, x * weight[:, None, None])
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
        case "lrn" if layer.region == "within":
            kernel = torch.ones(x.shape[1], 1, layer.size, layer.size, dtype=x.dtype)
            squares = F.conv2d(x * x, kernel, None, 1, layer.size // 2, groups=x.shape[1])
            return x * (layer.k + layer.alpha / layer.size ** 2 * squares) ** -layer.beta
        case "lrn":
            return F.local_response_norm(x, layer.size, layer.alpha, layer.beta, layer.k)
        case "batch_norm":
            weight, bias = (own.get("weight", torch.ones_like(own["running_var"])),
                            own.get("bias", torch.zeros_like(own["running_var"])))
            return F.batch_norm(x, own["running_mean"], own["running_var"], weight, bias, eps=layer.epsilon)
        case "scale":
            return F.conv2d(x, weight[:, None, None, None], bias, groups=len(weight))
        case "dropout":
            return F.dropout(x, layer.rate, training=False)
        case "add":
            factors = torch.tensor(layer.coefficients or [1.0] * len(inputs), dtype=x.dtype)
            return torch.tensordot(factors, torch.stack(inputs), 1)
        case "multiply":
            return torch.stack(inputs).prod(0)
        case "maximum":
            return torch.stack(inputs).amax(0)
        case "slice":
            return x.narrow(1, layer.first, layer.channels)
        case "concat":
            return torch.cat(inputs, 1)
    raise NotImplementedError(layer.kind)


def uneven(padding: Any) -> bool:
    """Whether padding is written side by side."""
    return isinstance(padding, tuple) and any(isinstance(pads, tuple) for pads in padding)


def sides(padding: Any) -> list[int]:
    """(left, right, top, bottom)."""
    if isinstance(padding, int):
        return [padding] * 4
    (top, bottom), (left, right) = ((pads, pads) if isinstance(pads, int) else pads for pads in padding)
    return [left, right, top, bottom]


def windows(x: torch.Tensor, layer: Any, pads: list[int]) -> torch.Tensor:
    """Pooling window by window; what does not count is NaN."""
    left, right, top, bottom = pads
    (height, width), kernel = x.shape[2:], layer.window.kernel
    stride = layer.window.stride
    fill = 0.0 if layer.mode == "average" and layer.count_padding else torch.nan
    x = F.pad(x, (left, right, top, bottom), value=fill)
    places = []
    for side, before, after, span, step in ((height, top, bottom, kernel[0], stride[0]),
                                            (width, left, right, kernel[1], stride[1])):
        starts = [start for start in range(0, side + before + after, step) if start + span <= side + before + after]
        over = starts[-1] + step
        if layer.rounding == "ceil" and over < side + before and starts[-1] + span < side + before + after:
            starts.append(over)
        places.append(starts)
    rows = []
    for i in places[0]:
        parts = [x[:, :, i:i + kernel[0], j:j + kernel[1]].flatten(2) for j in places[1]]
        rows.append([part.nan_to_num(-torch.inf).amax(2) if layer.mode == "max" else part.nanmean(2) for part in parts])
    return torch.stack([torch.stack(row, -1) for row in rows], -2)


def tensorflow_same(x: torch.Tensor, layer: Any) -> list[int]:
    """Padding as TensorFlow documents `SAME`: max((⌈W/S⌉ − 1)·S + F − W, 0) in all, the smaller half before."""
    pads: list[int] = []
    for side, kernel, stride, dilation in zip(x.shape[2:], layer.window.kernel, layer.window.stride,
                                              layer.window.dilation, strict=True):
        span = (kernel - 1) * dilation + 1
        total = max(span - stride, 0) if side % stride == 0 else max(span - side % stride, 0)
        pads = [total // 2, total - total // 2, *pads]
    return pads
