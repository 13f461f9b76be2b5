"""A network as readable PyTorch source text: one class, named layers, a forward that reads from top to bottom.

The text needs torch and nothing else. Its state dict has the names and shapes of `Network.tensors` (a name that is no
Python identifier is spelt with underscores), so weights go from one to the other. Nothing here imports torch.
"""

from __future__ import annotations

import keyword
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from striate.arch.network import INPUT, Network, Node

HELPERS = {
    "table_conv": '''
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
    "scale": '''
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
}

# What a layer may not be called as an attribute of an nn.Module or a variable of its forward.
RESERVED = frozenset(keyword.kwlist) | frozenset("""
    F T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda double dump_patches
    eval extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half ipu load_state_dict
    modules mtia named_buffers named_children named_modules named_parameters nn parameters picture
    register_backward_hook register_buffer register_forward_hook register_forward_pre_hook
    register_full_backward_hook register_full_backward_pre_hook register_load_state_dict_post_hook
    register_load_state_dict_pre_hook register_module register_parameter register_state_dict_post_hook
    register_state_dict_pre_hook requires_grad_ self set_extra_state set_submodule share_memory state_dict super to
    to_empty torch train training type x xpu zero_grad""".split())  # noqa: SIM905 - sixty strings would take a page


def write_torch(network: Network) -> str:
    '''The source text of an `nn.Module` class; its forward takes (N, C, H, W) and returns the last layer's output.

    >>> from striate.arch import Conv, Dense, Input, Network, Pool, ReLU
    >>> x = Pool(2)(ReLU()(Conv(20, 5)(Input(1, 28, 28))))
    >>> print(write_torch(Network(Dense(10)(x), name="small")), end="")  # 20·12·12 = 2880 inputs
    """small: 1×28×28 → 10×1×1, 29,330 parameters."""
    <BLANKLINE>
    import torch
    from torch import nn
    from torch.nn import functional as F
    <BLANKLINE>
    <BLANKLINE>
    class Small(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(1, 20, 5)
            self.dense1 = nn.Linear(2880, 10)
    <BLANKLINE>
        def forward(self, x):
            x = self.conv1(x)
            x = F.relu(x)
            x = F.max_pool2d(x, 2)
            x = self.dense1(x.flatten(1))
            return x
    '''
    calls, lines = Calls(network), []
    modules = []
    for node in network.nodes:
        if node.layer.kind in MODULES:
            modules.append(f"self.{calls.attribute[node.name]} = {MODULES[node.layer.kind](node)}")
        lines.append(f"{calls.variable[node.name]} = {calls.expression(node)}")
    kinds = {node.layer.kind for node in network.nodes}
    helpers = "".join(f"\n{text}" for kind, text in HELPERS.items() if kind in kinds)
    body = "\n".join(f"        {line}" for line in ["super().__init__()", *modules])
    forward = "\n".join(f"        {line}" for line in [*lines, f"return {calls.variable[network.nodes[-1].name]}"])
    title = network.name or "network"
    return (f'"""{title}: {network.input} → {network.output}, {network.parameters:,} parameters."""\n\n'
            "import torch\nfrom torch import nn\nfrom torch.nn import functional as F\n"
            f"{helpers}\n\nclass {class_name(title)}(nn.Module):\n    def __init__(self):\n{body}\n\n"
            f"    def forward(self, {calls.variable[INPUT]}):\n{forward}\n")


def class_name(title: str) -> str:
    """A title as the name of a class.

    >>> class_name("lenet5"), class_name("my-net/2"), class_name("7th")
    ('Lenet5', 'MyNet2', 'Net7th')
    """
    name = "".join(word[:1].upper() + word[1:] for word in re.split(r"[^A-Za-z0-9]+", title))
    return name if name[:1].isalpha() and not keyword.iskeyword(name) else f"Net{name}"


class Calls:
    """The lines of `forward`: which variable holds which layer's output, and whether it is flat (N, K) or (N, C, H, W).

    An output that only the next layer reads is called x; one that is read later keeps the name of its layer.
    """

    def __init__(self, network: Network) -> None:
        self.attribute = _identifiers(network)
        self.flat: set[str] = set()
        readers = Counter(name for node in network.nodes for name in node.inputs)
        names = [INPUT, *(node.name for node in network.nodes)]
        only_next = {name for name, node in zip(names, network.nodes, strict=False)
                     if readers[name] == 1 and name in node.inputs} | {names[-1]}
        self.variable = {name: "x" if name in only_next else self.attribute.get(name, "picture") for name in names}

    def expression(self, node: Node) -> str:
        """The call of one layer."""
        kind = node.layer.kind
        flat = all(name in self.flat for name in node.inputs) and kind in ON_FLAT
        values = [self.variable[name] if flat or name not in self.flat else f"{self.variable[name]}[:, :, None, None]"
                  for name in node.inputs]
        if kind in ("dense", "flatten"):
            values = [values[0] if flat else f"{values[0]}.flatten(1)"]
        if flat or kind in ("dense", "flatten"):
            self.flat.add(node.name)
        if kind in MODULES:
            return f"self.{self.attribute[node.name]}({_padded(node, values[0])})"
        return FUNCTIONS[kind](node.layer, values)


def _identifiers(network: Network) -> dict[str, str]:
    """A free Python identifier for every layer, its own name where that is one."""
    taken: set[str] = set()
    found = {}
    own = {node.name for node in network.nodes}
    for node in network.nodes:
        name = re.sub(r"[^A-Za-z0-9_]", "_", node.name)
        name = name if name[0].isalpha() else f"layer_{name}"
        while name in RESERVED or name in taken or (name != node.name and name in own):
            name += "_"
        taken.add(name)
        found[node.name] = name
    return found


def _pads(node: Node) -> tuple[tuple[int, int], tuple[int, int]]:
    window = node.layer.window
    return window.pads(*node.input_volumes[0].shape[1:]) if window else ((0, 0), (0, 0))


def _padded(node: Node, value: str) -> str:
    """`value`, padded first where the module cannot do it: more at the bottom or right, or a table convolution."""
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


def _pool(layer: Any, values: list[str]) -> str:
    name = "max_pool2d" if layer.mode == "max" else "avg_pool2d"
    return f"F.{name}({values[0]}, " + _arguments(
        layer.kernel_size, stride=(layer.stride, None), padding=(layer.padding, 0),
        ceil_mode=(layer.rounding == "ceil", False)) + ")"


def _tanh(layer: Any, values: list[str]) -> str:
    inner = values[0] if layer.slope == 1 else f"{layer.slope!r} * {values[0]}"
    return ("" if layer.amplitude == 1 else f"{layer.amplitude!r} * ") + f"torch.tanh({inner})"


def _global_pool(layer: Any, values: list[str]) -> str:
    return f"{values[0]}.{'amax' if layer.mode == 'max' else 'mean'}(dim=(2, 3), keepdim=True)"


# Layers that own tensors, or that behave otherwise while training, are modules …
MODULES: dict[str, Callable[[Any], str]] = {
    "conv": _conv,
    "table_conv": _table_conv,
    "dense": lambda node: "nn.Linear(" + _arguments(
        node.input_volumes[0].size, node.layer.units, bias=(node.layer.bias, True)) + ")",
    "batch_norm": lambda node: "nn.BatchNorm2d(" + _arguments(
        node.input_volumes[0].channels, eps=(node.layer.epsilon, 1e-5), momentum=(node.layer.momentum, 0.1)) + ")",
    "scale": lambda node: f"Scale({node.input_volumes[0].channels}, {node.layer.bias})",
    "dropout": lambda node: f"nn.Dropout({node.layer.rate!r})",
}
# … and the others are functions.
FUNCTIONS: dict[str, Callable[[Any, list[str]], str]] = {
    "pool": _pool,
    "global_pool": _global_pool,
    "flatten": lambda _, values: values[0],
    "sigmoid": lambda _, values: f"torch.sigmoid({values[0]})",
    "tanh": _tanh,
    "relu": lambda _, values: f"F.relu({values[0]})",
    "leaky_relu": lambda layer, values: f"F.leaky_relu({values[0]}, {layer.slope!r})",
    "elu": lambda layer, values: f"F.elu({values[0]}, {layer.alpha!r})",
    "maxout": lambda layer, values: f"{values[0]}.unflatten(1, (-1, {layer.pieces})).amax(2)",
    "softmax": lambda _, values: f"F.softmax({values[0]}, dim=1)",
    "lrn": lambda layer, values: f"F.local_response_norm({values[0]}, " + _arguments(
        layer.size, layer.alpha, layer.beta, layer.k) + ")",
    "add": lambda _, values: " + ".join(values),
    "concat": lambda _, values: f"torch.cat([{', '.join(values)}], dim=1)",
}
ON_FLAT = {"dense", "flatten", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "maxout", "softmax", "dropout", "add",
           "concat"}
