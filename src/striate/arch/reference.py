"""Reference implementation of the forward pass of every layer: loops in float64 NumPy, written to be read.

A unit is a weighted sum plus a bias; a convolution is a loop over positions. Networks are in evaluation mode: dropout
does nothing, batch normalisation uses its running mean and variance.
Arrays are N×C×H×W, float64; weights are named as in `Network.tensors`: "conv1.weight", …
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.arch.layer_params import as_pads
from striate.arch.layers import Layer
from striate.arch.network import INPUT, Network
from striate.arch.volume import Volume
from striate.arch.window import Window

Array = NDArray[np.float64]
Weights = Mapping[str, Array]


def forward(network: Network, weights: Mapping[str, NDArray[Any]], x: Array) -> Array:
    """Forward pass of a network on `x` (N, C, H, W): the output flattened, (N, K).

    >>> from striate.arch import Dense, Input
    >>> network = Network(Dense(1)(Input(2, 1, 1)))
    >>> weights = {"dense1.weight": np.array([[3.0, 5.0]]), "dense1.bias": np.array([1.0])}
    >>> forward(network, weights, np.array([2.0, 7.0]).reshape(1, 2, 1, 1)).tolist()  # 3·2 + 5·7 + 1
    [[42.0]]
    """
    return activations(network, weights, x)[network.nodes[-1].name].reshape(len(x), -1)


def activations(network: Network, weights: Mapping[str, NDArray[Any]], x: Array) -> dict[str, Array]:
    """The output (N, C, H, W) of every layer by name, and `x` as `input`."""
    values = {INPUT: np.asarray(x, np.float64)}
    for node in network.nodes:
        own = {name: np.asarray(weights[f"{node.name}.{name}"], np.float64) for name in node.tensors}
        values[node.name] = apply(node.layer, own, *(values[name] for name in node.inputs))
    return values


def apply(layer: Layer, weights: Weights, *inputs: Array) -> Array:
    """One layer on arrays (N, C, H, W); `weights` by their names in the layer."""
    return FORWARD[layer.kind](layer, weights, *inputs)


def positions(window: Window, x: Array, fill: float) -> Iterator[tuple[int, int, Array]]:
    """Positions of a window: row, column and the window's pixels (N, C, kernel height, kernel width).

    Padding is `fill`; pixels by which a `ceil` window overhangs the padded input are NaN.
    """
    height, width = x.shape[2:]
    (top, bottom), (left, right) = window.pads(height, width)
    rows, columns = window.output(height, width)
    span_h, span_w = (axis.span for axis in window.axes(height, width))
    padded = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=fill)
    over = ((0, 0), (0, 0), (0, window.stride[0]), (0, window.stride[1]))
    padded = np.pad(padded, over, constant_values=np.nan)
    for i in range(rows):
        for j in range(columns):
            down, across = i * window.stride[0], j * window.stride[1]
            yield i, j, padded[:, :, down:down + span_h:window.dilation[0], across:across + span_w:window.dilation[1]]


def conv(layer: Any, weights: Weights, x: Array) -> Array:
    """Convolution: each filter is the sum of weights times pixels over its group of channels, plus its bias."""
    rows, columns = layer.window.output(*x.shape[2:])
    y = np.zeros((len(x), layer.filters, rows, columns))
    channels, filters = x.shape[1] // layer.groups, layer.filters // layer.groups
    for i, j, pixels in positions(layer.window, x, 0.0):
        for f in range(layer.filters):
            first = f // filters * channels
            y[:, f, i, j] = (pixels[:, first:first + channels] * weights["weight"][f]).sum(axis=(1, 2, 3))
    return y + _per_channel(weights["bias"]) if layer.bias else y


def table_conv(layer: Any, weights: Weights, x: Array) -> Array:
    """Table convolution: each filter adds up one kernel for each input map in its row of the table."""
    rows, columns = layer.window.output(*x.shape[2:])
    y = np.zeros((len(x), len(layer.table), rows, columns))
    for i, j, pixels in positions(layer.window, x, 0.0):
        kernels = iter(weights["weight"])
        for f, maps in enumerate(layer.table):
            for m in maps:
                y[:, f, i, j] += (pixels[:, m] * next(kernels)).sum(axis=(1, 2))
    return y + _per_channel(weights["bias"]) if layer.bias else y


def deconv(layer: Any, weights: Weights, x: Array) -> Array:
    """Transposed convolution: each pixel adds its filters, times itself, to the output."""
    down, across = layer.spread
    height, width = (axis.count(side) + sum(axis.pads) for axis, side in zip(layer.spread, x.shape[2:], strict=True))
    y = np.zeros((len(x), layer.filters, height, width))
    channels, filters = x.shape[1] // layer.groups, layer.filters // layer.groups
    for i in range(x.shape[2]):
        for j in range(x.shape[3]):
            top, left = i * down.stride, j * across.stride
            rows = slice(top, top + down.span, down.dilation)
            columns = slice(left, left + across.span, across.dilation)
            for c in range(x.shape[1]):
                first = c // channels * filters
                y[:, first:first + filters, rows, columns] += x[:, c, i, j, None, None, None] * weights["weight"][c]
    y = y[:, :, down.pads[0]:height - down.pads[1], across.pads[0]:width - across.pads[1]]
    return y + _per_channel(weights["bias"]) if layer.bias else y


def pool(layer: Any, weights: Weights, x: Array) -> Array:  # noqa: ARG001 - as every layer
    """Pooling: the largest pixel, or the mean of pixels (and padding, if it counts), of each window."""
    largest = layer.mode == "max"
    y = np.zeros((*x.shape[:2], *layer.window.output(*x.shape[2:])))
    for i, j, pixels in positions(layer.window, x, -np.inf if largest else 0.0 if layer.count_padding else np.nan):
        y[:, :, i, j] = np.nanmax(pixels, axis=(2, 3)) if largest else np.nanmean(pixels, axis=(2, 3))
    return y


def lrn(layer: Any, weights: Weights, x: Array) -> Array:  # noqa: ARG001 - as every layer
    """Local response normalisation: a / (k + alpha/n · Σ a²)^beta, the sum over the n channels, or pixels, around."""
    y = np.zeros_like(x)
    if layer.region == "within":
        for i, j, pixels in positions(layer.window, x, 0.0):
            squares = (pixels ** 2).sum(axis=(2, 3)) / layer.size ** 2
            y[:, :, i, j] = x[:, :, i, j] / (layer.k + layer.alpha * squares) ** layer.beta
        return y
    for c in range(x.shape[1]):
        around = x[:, max(0, c - layer.size // 2):c + layer.size // 2 + 1]
        y[:, c] = x[:, c] / (layer.k + layer.alpha / layer.size * (around ** 2).sum(axis=1)) ** layer.beta
    return y


def batch_norm(layer: Any, weights: Weights, x: Array) -> Array:
    """(a − mean)/√(variance + epsilon)·weight + bias, per channel."""
    mean, variance = _per_channel(weights["running_mean"]), _per_channel(weights["running_var"])
    y: Array = (x - mean) / np.sqrt(variance + layer.epsilon)
    y = y * _per_channel(weights["weight"]) if layer.scale else y
    return y + _per_channel(weights["bias"]) if layer.shift else y


def scale(layer: Any, weights: Weights, x: Array) -> Array:
    """a·weight + bias, per channel."""
    y: Array = x * _per_channel(weights["weight"])
    return y + _per_channel(weights["bias"]) if layer.bias else y


def dense(layer: Any, weights: Weights, x: Array) -> Array:
    """Dense layer: one matrix product."""
    y: Array = x.reshape(len(x), -1) @ weights["weight"].T
    y = y + weights["bias"] if layer.bias else y
    return y[:, :, None, None]


def prelu(layer: Any, weights: Weights, x: Array) -> Array:  # noqa: ARG001 - as every layer
    """A where positive, elsewhere a times its channel's slope."""
    return np.where(x > 0, x, x * _per_channel(weights["weight"]))


def add(layer: Any, _: Weights, *inputs: Array) -> Array:
    """The sum of the inputs, each times its coefficient."""
    y = np.zeros_like(inputs[0])
    for factor, x in zip(layer.coefficients or [1.0] * len(inputs), inputs, strict=True):
        y += factor * x
    return y


def maxout(layer: Any, weights: Weights, x: Array) -> Array:  # noqa: ARG001 - as every layer
    """The largest of each `pieces` neighbouring channels."""
    pieces = [x[:, c:c + layer.pieces].max(axis=1) for c in range(0, x.shape[1], layer.pieces)]
    return np.stack(pieces, axis=1)


def softmax(layer: Any, weights: Weights, x: Array) -> Array:  # noqa: ARG001 - as every layer
    """Softmax along the channels; the largest value is subtracted first, so that no exponential overflows."""
    powers = np.exp(x - x.max(axis=1, keepdims=True))
    y: Array = powers / powers.sum(axis=1, keepdims=True)
    return y


def _per_channel(values: Array) -> Array:
    return values[None, :, None, None]


FORWARD: dict[str, Callable[..., Array]] = {
    "conv": conv,
    "table_conv": table_conv,
    "deconv": deconv,
    "pool": pool,
    "pad": lambda layer, _, x: np.pad(x, ((0, 0), (0, 0), *as_pads(layer.padding))),
    "global_pool": lambda layer, _, x: (x.max if layer.mode == "max" else x.mean)(axis=(2, 3), keepdims=True),
    "dense": dense,
    "flatten": lambda _layer, _, x: x.reshape(len(x), -1, 1, 1),
    "reshape": lambda layer, _, x: x.reshape(len(x), *layer.shape((Volume(*x.shape[1:]),))),
    "sigmoid": lambda _layer, _, x: 1 / (1 + np.exp(-x)),
    "tanh": lambda layer, _, x: layer.amplitude * np.tanh(layer.slope * x),
    "relu": lambda layer, _, x: np.clip(x, 0, layer.limit),
    "prelu": prelu,
    "leaky_relu": lambda layer, _, x: np.where(x > 0, x, layer.slope * x),
    "elu": lambda layer, _, x: np.where(x > 0, x, layer.alpha * np.expm1(np.minimum(x, 0))),
    "maxout": maxout,
    "softmax": softmax,
    "lrn": lrn,
    "batch_norm": batch_norm,
    "scale": scale,
    "dropout": lambda _layer, _, x: x,
    "add": add,
    "multiply": lambda _layer, _, *inputs: np.prod(inputs, axis=0),
    "maximum": lambda _layer, _, *inputs: np.max(inputs, axis=0),
    "concat": lambda _layer, _, *inputs: np.concatenate(inputs, axis=1),
    "slice": lambda layer, _, x: x[:, layer.first:layer.first + layer.channels],
}
