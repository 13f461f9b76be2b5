"""From a `Network` to a torch module: one unit per node, tensors named as the network names them (`conv1.weight`).

The shapes come from the network, so the two cannot disagree; what is written here is only how each kind computes.
A new kind of layer is a function and a row in `OPERATIONS`. Batches are N×C×H×W, channels last in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - torch's own custom

from striate.arch import Network
from striate.arch.network import Node
from striate.errors import NetworkError


class Own(NamedTuple):
    """What an operation may use besides its inputs: the unit's tensors by name, and whether it is training."""

    tensors: dict[str, Tensor]
    training: bool


class Unit(nn.Module):
    """One node: its tensors, and its operation on the outputs of the nodes before it."""

    def __init__(self, node: Node) -> None:
        super().__init__()
        self.node, self.layer = node, node.layer
        for name, tensor in node.tensors.items():
            if tensor.role == "buffer":
                self.register_buffer(name, torch.zeros(tensor.shape))
            else:
                self.register_parameter(name, nn.Parameter(torch.zeros(tensor.shape)))

    def forward(self, *inputs: Tensor) -> Tensor:
        """(N, C, H, W) tensors in, one out."""
        return OPERATIONS[self.layer.kind](self.layer, Own(dict(self.named_tensors()), self.training), *inputs)

    def named_tensors(self) -> Iterator[tuple[str, Tensor]]:
        """The unit's own parameters and buffers."""
        yield from self.named_parameters(recurse=False)
        yield from self.named_buffers(recurse=False)

    def extra_repr(self) -> str:
        """What `print(module)` shows."""
        return f"{self.layer} -> {self.node.output}"


class Net(nn.Module):
    """A network as a torch module; returns scores (N, K), before any final softmax."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network
        nodes = network.nodes
        # The loss and the softmax of predict_proba take scores; a final softmax layer would be applied twice.
        self.nodes = nodes[:-1] if nodes[-1].layer.kind == "softmax" else nodes
        for node in self.nodes:
            if node.name == "training":  # torch assigns to it, whenever train() or eval() is called
                raise NetworkError("reserved_name", "a layer called training was to be built",
                                   allowed="any other name is allowed", given="torch keeps this one for itself",
                                   do="Rename the layer")
            # Not add_module: a layer may be called `type` or `half`, which are attributes of every module.
            self._modules[node.name] = Unit(node)
        self.last_use = {name: node.name for node in self.nodes for name in node.inputs}

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) float to (N, K) scores."""
        volumes = {"input": x}
        for node in self.nodes:
            unit = cast(Unit, self._modules[node.name])
            volumes[node.name] = unit(*(volumes[name] for name in node.inputs))
            for name in node.inputs:
                if self.last_use[name] == node.name:
                    volumes.pop(name, None)
        return volumes[self.nodes[-1].name].flatten(1)


def build(network: Network) -> Net:
    """The torch module of `network`, with its tensors still zero; see `striate.nets.fill`.

    >>> from striate.arch import load_network
    >>> [name for name in build(load_network("lenet5")).state_dict()][:3]
    ['c1.weight', 'c1.bias', 's2.weight']
    """
    return Net(network)


def _padded(layer: Any, x: Tensor, value: float = 0.0) -> tuple[Tensor, tuple[int, int]]:
    """`x` and the padding left to the operation; uneven padding (`same`) is applied here."""
    (top, bottom), (left, right) = layer.window.pads(x.shape[2], x.shape[3])
    if top == bottom and left == right:
        return x, (top, left)
    return F.pad(x, (left, right, top, bottom), value=value), (0, 0)


def _conv(layer: Any, own: Own, x: Tensor) -> Tensor:
    x, padding = _padded(layer, x)
    window = layer.window
    weight, bias = own.tensors["weight"], own.tensors.get("bias")
    return F.conv2d(x, weight, bias, window.stride, padding, window.dilation, layer.groups)


def _table_conv(layer: Any, own: Own, x: Tensor) -> Tensor:
    """A convolution whose kernel is dense but zero wherever the table has no connection."""
    filters, maps = torch.tensor(layer.connections).T
    connected = own.tensors["weight"]
    kernel = connected.new_zeros(len(layer.table), x.shape[1], *connected.shape[1:])
    kernel = kernel.index_put((filters, maps), connected)
    x, padding = _padded(layer, x)
    return F.conv2d(x, kernel, own.tensors.get("bias"), layer.window.stride, padding, layer.window.dilation)


def _pool(layer: Any, own: Own, x: Tensor) -> Tensor:
    window, ceil = layer.window, layer.window.rounding == "ceil"
    if layer.mode == "max":
        x, padding = _padded(layer, x, -torch.inf)
        return F.max_pool2d(x, window.kernel, window.stride, padding, window.dilation, ceil)
    x, padding = _padded(layer, x)
    return F.avg_pool2d(x, window.kernel, window.stride, padding, ceil)


def _global_pool(layer: Any, own: Own, x: Tensor) -> Tensor:
    return x.amax((2, 3), keepdim=True) if layer.mode == "max" else x.mean((2, 3), keepdim=True)


def _dense(layer: Any, own: Own, x: Tensor) -> Tensor:
    return F.linear(x.flatten(1), own.tensors["weight"], own.tensors.get("bias"))[:, :, None, None]


def _flatten(layer: Any, own: Own, x: Tensor) -> Tensor:
    return x.flatten(1)[:, :, None, None]


def _maxout(layer: Any, own: Own, x: Tensor) -> Tensor:
    return x.reshape(len(x), -1, layer.pieces, *x.shape[2:]).amax(2)


def _lrn(layer: Any, own: Own, x: Tensor) -> Tensor:
    return F.local_response_norm(x, layer.size, layer.alpha, layer.beta, layer.k)


def _batch_norm(layer: Any, own: Own, x: Tensor) -> Tensor:
    weight, bias, mean, variance = (own.tensors[n] for n in ("weight", "bias", "running_mean", "running_var"))
    return F.batch_norm(x, mean, variance, weight, bias, own.training, layer.momentum, layer.epsilon)


def _scale(layer: Any, own: Own, x: Tensor) -> Tensor:
    scaled = x * own.tensors["weight"][:, None, None]
    return scaled + own.tensors["bias"][:, None, None] if layer.bias else scaled


OPERATIONS: dict[str, Callable[..., Tensor]] = {
    "conv": _conv,
    "table_conv": _table_conv,
    "pool": _pool,
    "global_pool": _global_pool,
    "dense": _dense,
    "flatten": _flatten,
    "sigmoid": lambda layer, own, x: torch.sigmoid(x),
    "tanh": lambda layer, own, x: layer.amplitude * torch.tanh(layer.slope * x),
    "relu": lambda layer, own, x: F.relu(x),
    "leaky_relu": lambda layer, own, x: F.leaky_relu(x, layer.slope),
    "elu": lambda layer, own, x: F.elu(x, layer.alpha),
    "maxout": _maxout,
    "lrn": _lrn,
    "batch_norm": _batch_norm,
    "scale": _scale,
    "dropout": lambda layer, own, x: F.dropout(x, layer.rate, own.training),
    "softmax": lambda layer, own, x: x.softmax(1),
    "add": lambda layer, own, *inputs: sum(inputs[1:], inputs[0]),
    "concat": lambda layer, own, *inputs: torch.cat(inputs, 1),
}
