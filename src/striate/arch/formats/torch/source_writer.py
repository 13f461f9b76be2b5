"""Writer of PyTorch source: one readable class, named layers, one line for each layer in `forward`.

The text needs torch and nothing else. Its state dict has the names and shapes of `Network.tensors` (a name that is no
Python identifier gets underscores), so weights can be exchanged. Nothing here imports torch.
"""

from __future__ import annotations

import keyword
import re
from collections import Counter

from striate.arch.formats.torch.module_table import FUNCTIONS, HELPERS, MODULES, NOW_FLAT, ON_FLAT, cropped, padded
from striate.arch.network import INPUT, Network, Node

# Names that an attribute of an nn.Module, or a variable of its forward, cannot have.
RESERVED = frozenset(keyword.kwlist) | frozenset("""
    F T_destination add_module apply average_pool bfloat16 buffers call_super_init children compile cpu cuda
    double dump_patches eval extra_repr float forward get_buffer get_extra_state get_parameter get_submodule
    half ipu load_state_dict modules mtia named_buffers named_children named_modules named_parameters nn
    parameters picture register_backward_hook register_buffer register_forward_hook register_forward_pre_hook
    register_full_backward_hook register_full_backward_pre_hook register_load_state_dict_post_hook
    register_load_state_dict_pre_hook register_module register_parameter register_state_dict_post_hook
    register_state_dict_pre_hook requires_grad_ self set_extra_state set_submodule share_memory state_dict super
    to to_empty torch train training type x xpu zero_grad""".split())  # noqa: SIM905 - sixty strings would take a page


def write_torch(network: Network) -> str:
    '''The source text of an `nn.Module` class; its forward takes (N, C, H, W) and returns the last layer's output.

    In training it also returns the outputs of the auxiliary heads, if there are any.

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
    calls, lines = ForwardLines(network), []
    modules = []
    for node in network.nodes:
        if node.layer.kind in MODULES:
            modules.append(f"self.{calls.attribute[node.name]} = {MODULES[node.layer.kind](node)}")
        lines.append(f"{calls.variable[node.name]} = {calls.expression(node)}")
    written = "".join(f" {line}\n" for line in [*modules, *lines])
    helpers = "".join(f"\n{text}" for call, text in HELPERS.items() if f" {call.lstrip()}" in written)
    body = "\n".join(f"        {line}" for line in ["super().__init__()", *modules])
    output = calls.variable[network.nodes[-1].name]
    heads = [calls.variable[name] for name in network.auxiliary]
    lines += [f"if self.training:\n            return {', '.join([output, *heads])}"] if heads else []
    forward = "\n".join(f"        {line}" for line in [*lines, f"return {output}"])
    title = network.name or "network"
    return (f'"""{title}: {network.input} → {network.output}, {network.parameters:,} parameters."""\n\n'
            "import torch\nfrom torch import nn\nfrom torch.nn import functional as F\n"
            f"{helpers}\n\nclass {class_name(title)}(nn.Module):\n    def __init__(self):\n{body}\n\n"
            f"    def forward(self, {calls.variable[INPUT]}):\n{forward}\n")


def class_name(title: str) -> str:
    """The class name for a title.

    >>> class_name("lenet5"), class_name("my-net/2"), class_name("7th"), class_name("f")
    ('Lenet5', 'MyNet2', 'Net7th', 'NetF')
    """
    name = "".join(word[:1].upper() + word[1:] for word in re.split(r"[^A-Za-z0-9]+", title))
    taken = keyword.iskeyword(name) or name in ("F", "nn", "torch", *(call.strip(" (") for call in HELPERS))
    return f"Net{name}" if taken or not name[:1].isalpha() else name


class ForwardLines:
    """Lines of `forward`: the variable of each layer's output, and whether it is flat (N, K) or (N, C, H, W).

    An output that only the next layer reads is called x; one that is read later has the name of its layer.
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
        if kind in NOW_FLAT:
            values = [values[0] if flat else f"{values[0]}.flatten(1)"]
        if (flat and kind != "reshape") or kind in NOW_FLAT:
            self.flat.add(node.name)
        if kind in MODULES:
            return cropped(node, f"self.{self.attribute[node.name]}({padded(node, values[0])})")
        return FUNCTIONS[kind](node, values)


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
