"""PyTorch source of each layer: a module if it owns tensors or differs in training, else an expression."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from striate.arch.layer_params import as_pads
from striate.arch.network import Node

# Modules and functions that PyTorch lacks, written above a network that needs them.
HELPERS = {
    "TableConv(": '''
class TableConv(nn.Module):
    """A convolution whose filter f sees only the input maps table[f]."""

    def __init__(self, channels, table, kernel_size, stride, bias):
        super().__init__()
        self.shape, self.stride = (len(table), channels, *kernel_size), stride
        self.filters = [f for f, maps in enumerate(table) for _ in maps]
        self.maps = [m for maps in table for m in maps]
        self.weight = nn.Parameter(torch.zeros(len(self.maps), *kernel_size))
        self.bias = nn.Parameter(torch.zeros(len(table))) if bias else None

    def forward(self, x):
        weight = x.new_zeros(self.shape).index_put((torch.tensor(self.filters), torch.tensor(self.maps)), self.weight)
        return F.conv2d(x, weight, self.bias, self.stride)
''',
    "Scale(": '''
class Scale(nn.Module):
    """One weight, and bias if wanted, per channel."""

    def __init__(self, channels, bias):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels)) if bias else None

    def forward(self, x):
        x = x * self.weight.view(1, -1, 1, 1)
        return x if self.bias is None else x + self.bias.view(1, -1, 1, 1)
''',
    "BatchNorm(": '''
class BatchNorm(nn.BatchNorm2d):
    """Batch normalisation with only a weight, or only a bias, per channel."""

    def __init__(self, channels, scale, shift, **settings):
        super().__init__(channels, **settings)
        self.weight = self.weight if scale else None
        self.bias = self.bias if shift else None
''',
    " average_pool(": '''
def average_pool(x, kernel_size, stride, padding, counted):
    """Means over windows on x padded by (left, right, top, bottom); of the padding only `divisor` counts as zeros."""
    ones = F.pad(torch.ones_like(x[:1, :1]), counted, value=1.0)
    ones = F.pad(ones, [wide - narrow for wide, narrow in zip(padding, counted)])
    return F.avg_pool2d(F.pad(x, padding), kernel_size, stride) / F.avg_pool2d(ones, kernel_size, stride)
''',
}


def _pads(node: Node) -> tuple[tuple[int, int], tuple[int, int]]:
    window = node.layer.window
    return window.pads(*node.input_volumes[0].shape[1:]) if window else ((0, 0), (0, 0))


def padded(node: Node, value: str) -> str:
    """`value`, padded if the module cannot pad: sides that differ, or a table convolution."""
    (top, bottom), (left, right) = _pads(node)
    beside = node.layer.kind == "table_conv" and any((top, bottom, left, right))
    return f"F.pad({value}, ({left}, {right}, {top}, {bottom}))" if beside or (top, left) != (bottom, right) else value


def _arguments(*positional: Any, **named: tuple[Any, Any]) -> str:
    """Arguments as text; a named one, (value, default), is left out at its default."""
    shown = [f"{name}={value!r}" for name, (value, default) in named.items() if value != default]
    return ", ".join([*map(repr, positional), *shown])


def _conv(node: Node) -> str:
    layer: Any = node.layer
    (top, bottom), (left, right) = _pads(node)
    padding = (top, left) if (top, left) == (bottom, right) else (0, 0)
    return "nn.Conv2d(" + _arguments(
        node.input_volumes[0].channels, layer.filters, layer.kernel_size, stride=(layer.stride, 1),
        padding=(padding[0] if top == left else padding, 0), dilation=(layer.dilation, 1), groups=(layer.groups, 1),
        bias=(layer.bias, True)) + ")"


def _table_conv(node: Node) -> str:
    layer: Any = node.layer
    return "TableConv(" + _arguments(
        node.input_volumes[0].channels, layer.table, layer.window.kernel, layer.window.stride, layer.bias) + ")"


def _deconv(node: Node) -> str:
    layer: Any = node.layer
    (top, bottom), (left, right) = as_pads(layer.padding)
    even = (top, left) == (bottom, right)
    padding = 0 if not even else top if top == left else (top, left)
    return "nn.ConvTranspose2d(" + _arguments(
        node.input_volumes[0].channels, layer.filters, layer.kernel_size, stride=(layer.stride, 1),
        padding=(padding, 0), groups=(layer.groups, 1), bias=(layer.bias, True), dilation=(layer.dilation, 1)) + ")"


def _batch_norm(node: Node) -> str:
    layer: Any = node.layer
    both = layer.scale == layer.shift
    flags = () if both else (layer.scale, layer.shift)
    return f"{'nn.BatchNorm2d' if both else 'BatchNorm'}(" + _arguments(
        node.input_volumes[0].channels, *flags, eps=(layer.epsilon, 1e-5), momentum=(layer.momentum, 0.1),
        affine=(layer.scale or layer.shift, True)) + ")"


def _pool(node: Node, values: list[str]) -> str:
    layer: Any = node.layer
    volume, largest = node.input_volumes[0], layer.mode == "max"
    name = "max_pool2d" if largest else "avg_pool2d"
    axes = layer.window.axes(volume.height, volume.width)
    pads = tuple(axis.pads for axis in axes)
    if all(before == after and 2 * before <= axis.kernel for (before, after), axis in zip(pads, axes, strict=True)):
        padding = (pads[0][0], pads[1][0])
        short = padding[0] if padding[0] == padding[1] else padding
        return f"F.{name}({values[0]}, " + _arguments(
            layer.kernel_size, stride=(layer.stride, None), padding=(short, 0),
            ceil_mode=(layer.rounding == "ceil", False),
            count_include_pad=(largest or layer.count_padding or padding == (0, 0), True)) + ")"
    # Padding on one side, or more than torch allows: as many pixels as the windows need.
    (top, bottom), (left, right) = pads
    sides = (left, max(0, axes[1].overhang(layer.rounding)), top, max(0, axes[0].overhang(layer.rounding)))
    if largest:
        padded = f'F.pad({values[0]}, {sides}, value=float("-inf"))'
        return f"F.max_pool2d({padded}, " + _arguments(layer.kernel_size, stride=(layer.stride, None)) + ")"
    counted = tuple(map(min, sides, (left, right, top, bottom))) if layer.count_padding else (0, 0, 0, 0)
    return f"average_pool({values[0]}, {layer.window.kernel}, {layer.window.stride}, {sides}, {counted})"


def _relu(node: Node, values: list[str]) -> str:
    limit = node.layer.limit  # type: ignore[attr-defined]
    if limit is None:
        return f"F.relu({values[0]})"
    return f"F.relu6({values[0]})" if limit == 6 else f"{values[0]}.clamp(0, {limit!r})"


def _lrn(node: Node, values: list[str]) -> str:
    layer: Any = node.layer
    if layer.region == "across":
        return f"F.local_response_norm({values[0]}, " + _arguments(layer.size, layer.alpha, layer.beta, layer.k) + ")"
    squares = f"F.avg_pool2d({values[0]} ** 2, {layer.size}, 1, {layer.size // 2})"
    return f"{values[0]} / ({layer.k!r} + {layer.alpha!r} * {squares}) ** {layer.beta!r}"


def _add(node: Node, values: list[str]) -> str:
    coefficients = node.layer.coefficients  # type: ignore[attr-defined]
    if coefficients is None:
        return " + ".join(values)
    return " + ".join(f"{factor!r} * {value}" for factor, value in zip(coefficients, values, strict=True))


def _maximum(_: Node, values: list[str]) -> str:
    return f"torch.maximum({', '.join(values)})" if len(values) == 2 else f"torch.stack([{', '.join(values)}]).amax(0)"


def _pad(node: Node, values: list[str]) -> str:
    (top, bottom), (left, right) = _pads(node)
    return f"F.pad({values[0]}, {(left, right, top, bottom)})"


def cropped(node: Node, call: str) -> str:
    """`call`, its sides cropped if it is a transposed convolution whose padding differs by side."""
    if node.layer.kind != "deconv":
        return call
    (top, bottom), (left, right) = as_pads(node.layer.padding)  # type: ignore[attr-defined]
    return call if (top, left) == (bottom, right) else f"F.pad({call}, {(-left, -right, -top, -bottom)})"


def _tanh(node: Node, values: list[str]) -> str:
    layer: Any = node.layer
    inner = values[0] if layer.slope == 1 else f"{layer.slope!r} * {values[0]}"
    return ("" if layer.amplitude == 1 else f"{layer.amplitude!r} * ") + f"torch.tanh({inner})"


def _global_pool(node: Node, values: list[str]) -> str:
    largest = node.layer.mode == "max"  # type: ignore[attr-defined]
    return f"{values[0]}.{'amax' if largest else 'mean'}(dim=(2, 3), keepdim=True)"


# Layers that own tensors, or differ in training, are modules …
MODULES: dict[str, Callable[[Any], str]] = {
    "conv": _conv,
    "table_conv": _table_conv,
    "deconv": _deconv,
    "dense": lambda node: "nn.Linear(" + _arguments(
        node.input_volumes[0].size, node.layer.units, bias=(node.layer.bias, True)) + ")",
    "batch_norm": _batch_norm,
    "scale": lambda node: f"Scale({node.input_volumes[0].channels}, {node.layer.bias})",
    "prelu": lambda node: f"nn.PReLU({1 if node.layer.shared else node.input_volumes[0].channels})",
    "dropout": lambda node: f"nn.Dropout({node.layer.rate!r})",
}
# … and the others are functions.
FUNCTIONS: dict[str, Callable[[Any, list[str]], str]] = {
    "pool": _pool,
    "global_pool": _global_pool,
    "pad": _pad,
    "flatten": lambda _, values: values[0],
    "reshape": lambda node, values: f"{values[0]}.reshape(-1, {', '.join(map(str, node.output))})",
    "sigmoid": lambda _, values: f"torch.sigmoid({values[0]})",
    "tanh": _tanh,
    "relu": _relu,
    "leaky_relu": lambda node, values: f"F.leaky_relu({values[0]}, {node.layer.slope!r})",
    "elu": lambda node, values: f"F.elu({values[0]}, {node.layer.alpha!r})",
    "maxout": lambda node, values: f"{values[0]}.unflatten(1, (-1, {node.layer.pieces})).amax(2)",
    "softmax": lambda _, values: f"F.softmax({values[0]}, dim=1)",
    "lrn": _lrn,
    "add": _add,
    "multiply": lambda _, values: " * ".join(values),
    "maximum": _maximum,
    "concat": lambda _, values: f"torch.cat([{', '.join(values)}], dim=1)",
    "slice": lambda node, values: f"{values[0]}[:, {node.layer.first}:{node.layer.first + node.layer.channels}]",
}
ON_FLAT = {"dense", "flatten", "reshape", "sigmoid", "tanh", "relu", "leaky_relu", "prelu", "elu", "maxout", "softmax",
           "dropout", "add", "multiply", "maximum", "concat", "slice"}
NOW_FLAT = {"dense", "flatten"}
