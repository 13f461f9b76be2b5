"""The three rules a second time: loops in float64 over one picture, written to be read and not to be quick."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from striate.arch import Network, Node
from striate.arch.layer_params import as_pads
from striate.arch.reference import activations

Array = np.ndarray


def go_back(network: Network, weights: dict[str, Array], x: Array, layer: str, seed: Array,
            rule: str) -> dict[str, Array]:
    """What comes back from `seed` (C, H, W) at `layer`, for the picture `x` (C, H, W), at every volume before it."""
    values = {name: value[0] for name, value in activations(network, weights, x[None]).items()}
    signals = {name: np.zeros_like(value) for name, value in values.items()}
    signals[layer] = signals[layer] + seed
    for node in reversed(network.nodes):
        if signals[node.name].any():
            own = {name: np.asarray(weights[f"{node.name}.{name}"], np.float64) for name in node.tensors}
            inputs = [values[name] for name in node.inputs]
            for name, signal in zip(node.inputs, BACK[node.layer.kind](node, own, inputs, signals[node.name], rule),
                                    strict=True):
                signals[name] = signals[name] + signal
    return signals


def read(node: Node, i: int, j: int) -> Iterator[tuple[int, int, int, int, bool]]:
    """What the window of output (i, j) reads: (row, column) of the kernel, of the picture, and whether it is inside."""
    window, (_, height, width) = node.layer.window, node.input_volumes[0]  # type: ignore[attr-defined]
    (top, _), (left, _) = window.pads(height, width)
    for a in range(window.kernel[0]):
        for b in range(window.kernel[1]):
            row = i * window.stride[0] + a * window.dilation[0] - top
            column = j * window.stride[1] + b * window.dilation[1] - left
            yield a, b, row, column, 0 <= row < height and 0 <= column < width


def conv(node: Node, own: dict[str, Array], inputs: list[Array], R: Array, rule: str) -> list[Array]:
    layer: Any = node.layer
    back = np.zeros_like(inputs[0])
    channels, filters = len(inputs[0]) // layer.groups, layer.filters // layer.groups
    for f, i, j in np.ndindex(R.shape):
        first = f // filters * channels
        for a, b, row, column, inside in read(node, i, j):
            if inside:
                for c in range(channels):
                    back[first + c, row, column] += own["weight"][f, c, a, b] * R[f, i, j]
    return [back]


def table_conv(node: Node, own: dict[str, Array], inputs: list[Array], R: Array, rule: str) -> list[Array]:
    back, kernels = np.zeros_like(inputs[0]), iter(own["weight"])
    for f, maps in enumerate(node.layer.table):  # type: ignore[attr-defined]
        for m in maps:
            kernel = next(kernels)
            for i, j in np.ndindex(R.shape[1:]):
                for a, b, row, column, inside in read(node, i, j):
                    if inside:
                        back[m, row, column] += kernel[a, b] * R[f, i, j]
    return [back]


def deconv(node: Node, own: dict[str, Array], inputs: list[Array], R: Array, rule: str) -> list[Array]:
    layer: Any = node.layer
    back = np.zeros_like(inputs[0])
    down, across = layer.spread
    channels, filters = len(back) // layer.groups, layer.filters // layer.groups
    for c, i, j in np.ndindex(back.shape):
        for f, a, b in np.ndindex(own["weight"].shape[1:]):
            row = i * down.stride + a * down.dilation - down.pads[0]
            column = j * across.stride + b * across.dilation - across.pads[0]
            if 0 <= row < R.shape[1] and 0 <= column < R.shape[2]:
                back[c, i, j] += own["weight"][c, f, a, b] * R[c // channels * filters + f, row, column]
    return [back]


def pool(node: Node, own: dict[str, Array], inputs: list[Array], R: Array, rule: str) -> list[Array]:
    layer: Any = node.layer
    (x,), back = inputs, np.zeros_like(inputs[0])
    (top, bottom), (left, right) = layer.window.pads(*x.shape[1:])
    for c, i, j in np.ndindex(R.shape):
        pixels = [(row, column) for _, _, row, column, inside in read(node, i, j) if inside]
        if layer.mode == "max":
            best = pixels[0]
            for pixel in pixels:
                best = pixel if x[c][pixel] > x[c][best] else best  # the first of equals
            back[c][best] += R[c, i, j]
        else:
            padded = sum(-top <= row < x.shape[1] + bottom and -left <= column < x.shape[2] + right
                         for _, _, row, column, _ in read(node, i, j))
            for pixel in pixels:
                back[c][pixel] += R[c, i, j] / (padded if layer.count_padding else len(pixels))
    return [back]


def global_pool(node: Node, own: dict[str, Array], inputs: list[Array], R: Array, rule: str) -> list[Array]:
    (x,) = inputs
    if node.layer.mode == "average":  # type: ignore[attr-defined]
        return [np.ones_like(x) * R / x[0].size]
    back = np.zeros_like(x)
    for c in range(len(x)):
        back[c].flat[int(x[c].argmax())] = R[c, 0, 0]
    return [back]


def dense(node: Node, own: dict[str, Array], inputs: list[Array], R: Array, rule: str) -> list[Array]:
    return [(R.ravel() @ own["weight"]).reshape(inputs[0].shape)]


def relu(node: Node, own: dict[str, Array], inputs: list[Array], R: Array, rule: str) -> list[Array]:
    limit = node.layer.limit or np.inf  # type: ignore[attr-defined]
    passed = (inputs[0] > 0) & (inputs[0] < limit)
    return [{"deconvnet": np.maximum(R, 0), "gradient": R * passed, "guided": np.maximum(R, 0) * passed}[rule]]


def lrn(node: Node, own: dict[str, Array], inputs: list[Array], R: Array, rule: str) -> list[Array]:
    if rule == "deconvnet":
        return [R]
    layer: Any = node.layer
    (x,), back = inputs, np.zeros_like(inputs[0])
    for c, i, j in np.ndindex(x.shape):  # y = x·s^−beta, s = k + alpha/count·Σ a²: its derivative by each a
        if layer.region == "across":
            around = [(d, i, j) for d in range(max(0, c - layer.size // 2), min(len(x), c + layer.size // 2 + 1))]
            count = layer.size
        else:
            half = layer.size // 2
            around = [(c, row, column) for row in range(max(0, i - half), min(x.shape[1], i + half + 1))
                      for column in range(max(0, j - half), min(x.shape[2], j + half + 1))]
            count = layer.size ** 2
        s = layer.k + layer.alpha / count * sum(x[place] ** 2 for place in around)
        back[c, i, j] += R[c, i, j] * s ** -layer.beta
        for place in around:
            back[place] -= (R[c, i, j] * x[c, i, j] * layer.beta * s ** (-layer.beta - 1)
                            * 2 * layer.alpha / count * x[place])
    return [back]


def batch_norm(node: Node, own: dict[str, Array], inputs: list[Array], R: Array, rule: str) -> list[Array]:
    sigma = np.sqrt(own["running_var"] + node.layer.epsilon)  # type: ignore[attr-defined]
    return [R * (own.get("weight", np.ones_like(sigma)) / sigma)[:, None, None]]


def concat(node: Node, own: dict[str, Array], inputs: list[Array], R: Array, rule: str) -> list[Array]:
    ends = np.cumsum([len(x) for x in inputs])
    return [R[end - len(x):end] for end, x in zip(ends, inputs, strict=True)]


def slice_(node: Node, own: dict[str, Array], inputs: list[Array], R: Array, rule: str) -> list[Array]:
    back, first = np.zeros_like(inputs[0]), node.layer.first  # type: ignore[attr-defined]
    back[first:first + len(R)] = R
    return [back]


def pad(node: Node, own: dict[str, Array], inputs: list[Array], R: Array, rule: str) -> list[Array]:
    (top, _), (left, _) = as_pads(node.layer.padding)  # type: ignore[attr-defined]
    return [R[:, top:top + inputs[0].shape[1], left:left + inputs[0].shape[2]]]


def reshaped(node: Node, own: dict[str, Array], inputs: list[Array], R: Array, rule: str) -> list[Array]:
    return [R.reshape(inputs[0].shape)]


BACK: dict[str, Callable[..., list[Array]]] = {
    "conv": conv, "table_conv": table_conv, "deconv": deconv, "pool": pool, "global_pool": global_pool, "dense": dense,
    "relu": relu, "lrn": lrn, "batch_norm": batch_norm, "concat": concat, "slice": slice_, "pad": pad,
    "reshape": reshaped, "flatten": reshaped, "dropout": lambda node, own, inputs, R, rule: [R],
    "scale": lambda node, own, inputs, R, rule: [R * own["weight"][:, None, None]],
    "add": lambda node, own, inputs, R, rule: [factor * R for factor in node.layer.coefficients or [1.0] * len(inputs)],
}
