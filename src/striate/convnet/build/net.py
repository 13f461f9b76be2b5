"""From a `Network` to a torch module: one unit per node, tensors named as the network names them (`conv1.weight`).

The shapes come from the network, so the two cannot disagree; what is written here is only how each kind computes.
A new kind of layer is a function and a row in `OPERATIONS`. Batches are N×C×H×W, channels last in memory.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - torch's own custom

from striate.arch import Network, Volume
from striate.arch.axis import Axis
from striate.arch.layer_params import as_pads
from striate.arch.network import Node
from striate.convnet.build.lrn import CrossChannelLRN
from striate.convnet.distributed.shard import BatchShard, dropped
from striate.convnet.distributed.sync_batch_norm import batch_norm
from striate.errors import NetworkError


class UnitContext(NamedTuple):
    """What an operation may use besides its inputs: the unit's tensors by name, whether it is training, and which step
    of the training this is, if it is.
    """

    tensors: dict[str, Tensor]
    training: bool
    step: int | None = None
    shard: BatchShard | None = None


class NodeModule(nn.Module):
    """One node: its tensors, and its operation on the outputs of the nodes before it."""

    def __init__(self, node: Node) -> None:
        super().__init__()
        self.node, self.layer = node, node.layer
        self.step: int | None = None
        self.shard: BatchShard | None = None
        for name, tensor in node.tensors.items():
            if tensor.role == "buffer":
                self.register_buffer(name, torch.zeros(tensor.shape))
            else:
                self.register_parameter(name, nn.Parameter(torch.zeros(tensor.shape)))

    def forward(self, *inputs: Tensor) -> Tensor:
        """(N, C, H, W) tensors in, one out."""
        tensors = cast(dict[str, Tensor], self._parameters | self._buffers)  # ten times as fast as asking by name
        return OPERATIONS[self.layer.kind](
            self.layer, UnitContext(tensors, self.training, self.step, self.shard), *inputs
        )

    def extra_repr(self) -> str:
        """What `print(module)` shows."""
        return f"{self.layer} -> {self.node.output}"


class Net(nn.Module):
    """A network as a torch module; returns scores (N, K), before any final softmax.

    While training, a network with auxiliary heads returns a list: its scores, then those of the heads, whose loss
    weights are in `heads`. At other times the heads are not computed.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network
        by_name = {node.name: node for node in network.nodes}
        # The loss and the softmax of predict_proba take scores; a final softmax layer would be applied twice.
        ends = {name: by_name[name].inputs[0] if by_name[name].layer.kind == "softmax" else name
                for name in (network.nodes[-1].name, *network.auxiliary)}
        dropped = {name for name, scores in ends.items() if scores != name}
        self.nodes = tuple(node for node in network.nodes if node.name not in dropped)
        self.output = ends[network.nodes[-1].name]
        self.heads = {ends[name]: weight for name, weight in network.auxiliary.items()}
        trunk = {node.name for node in network.trunk.nodes}
        self.path = tuple(node for node in self.nodes if node.name in trunk)
        for node in self.nodes:
            if node.name == "training":  # torch assigns to it, whenever train() or eval() is called
                raise NetworkError("reserved_name", "a layer called training was to be built",
                                   allowed="any other name is allowed", given="torch keeps this one for itself",
                                   do="Rename the layer")
            # Not add_module: a layer may be called `type` or `half`, which are attributes of every module.
            self._modules[node.name] = NodeModule(node)
        kept = {self.output, *self.heads}  # scores may feed other layers too, and are wanted at the end
        self.last_use = {name: node.name for node in self.nodes for name in node.inputs if name not in kept}

    def at_step(self, step: int, shard: BatchShard | None = None) -> None:
        """Tell the units which step of the training comes, counted from 0, and which slice of its batch is here."""
        for unit in self._modules.values():
            cast(NodeModule, unit).step, cast(NodeModule, unit).shard = step, shard

    def forward(self, x: Tensor) -> Tensor | list[Tensor]:
        """(N, C, H, W) float to (N, K) scores; with heads and while training, to a list of scores."""
        volumes = {"input": x}
        heads = list(self.heads) if self.training else []
        for node in self.nodes if heads else self.path:
            unit = cast(NodeModule, self._modules[node.name])
            volumes[node.name] = unit(*(volumes[name] for name in node.inputs))
            for name in node.inputs:
                if self.last_use.get(name) == node.name:
                    volumes.pop(name, None)
        scores = [volumes[name].flatten(1) for name in (self.output, *heads)]
        return scores if heads else scores[0]


def build(network: Network) -> Net:
    """The torch module of `network`, with its tensors still zero; see `striate.convnet.build.initialise`.

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


def _sides(layer: Any) -> tuple[int, int, int, int]:
    (top, bottom), (left, right) = as_pads(layer.padding)
    return left, right, top, bottom


def _conv(layer: Any, own: UnitContext, x: Tensor) -> Tensor:
    x, padding = _padded(layer, x)
    window = layer.window
    weight, bias = own.tensors["weight"], own.tensors.get("bias")
    return F.conv2d(x, weight, bias, window.stride, padding, window.dilation, layer.groups)


def _table_conv(layer: Any, own: UnitContext, x: Tensor) -> Tensor:
    """A convolution whose kernel is dense but zero wherever the table has no connection."""
    filters, maps = torch.tensor(layer.connections).T
    connected = own.tensors["weight"]
    kernel = connected.new_zeros(len(layer.table), x.shape[1], *connected.shape[1:])
    kernel = kernel.index_put((filters, maps), connected)
    x, padding = _padded(layer, x)
    return F.conv2d(x, kernel, own.tensors.get("bias"), layer.window.stride, padding, layer.window.dilation)


def _deconv(layer: Any, own: UnitContext, x: Tensor) -> Tensor:
    (top, bottom), (left, right) = as_pads(layer.padding)
    even = (top, left) == (bottom, right)
    y = F.conv_transpose2d(x, own.tensors["weight"], own.tensors.get("bias"), layer.stride, (top, left) if even else 0,
                           0, layer.groups, layer.dilation)
    return y if even else F.pad(y, (-left, -right, -top, -bottom))


def _pool(layer: Any, own: UnitContext, x: Tensor) -> Tensor:
    window, ceil = layer.window, layer.rounding == "ceil"
    axes = window.axes(x.shape[2], x.shape[3])
    pads = [axis.pads for axis in axes]
    if all(before == after and 2 * before <= axis.kernel for (before, after), axis in zip(pads, axes, strict=True)):
        padding = (pads[0][0], pads[1][0])
        if layer.mode == "max":
            return F.max_pool2d(x, window.kernel, window.stride, padding, 1, ceil)
        return F.avg_pool2d(x, window.kernel, window.stride, padding, ceil, layer.count_padding)
    return _pool_unevenly(layer, x, axes)


def _pool_unevenly(layer: Any, x: Tensor, axes: tuple[Axis, Axis]) -> Tensor:
    """Padding on one side, or more than torch allows: as many pixels as the windows need."""
    (top, left), (bottom, right) = zip(
        *((axis.pads[0], max(0, axis.reaches(layer.rounding))) for axis in axes), strict=True)
    sides = (left, right, top, bottom)
    if layer.mode == "max":
        return F.max_pool2d(F.pad(x, sides, value=-torch.inf), layer.window.kernel, layer.window.stride)
    shares = [
        torch.tensor([axis.kernel / axis.counted(i, layer.count_padding) for i in range(axis.count(layer.rounding))],
                     dtype=x.dtype, device=x.device)
        for axis in axes]
    means: Tensor = F.avg_pool2d(F.pad(x, sides), layer.window.kernel, layer.window.stride)
    return means * shares[0][:, None] * shares[1]


def _global_pool(layer: Any, own: UnitContext, x: Tensor) -> Tensor:
    return x.amax((2, 3), keepdim=True) if layer.mode == "max" else x.mean((2, 3), keepdim=True)


def _dense(layer: Any, own: UnitContext, x: Tensor) -> Tensor:
    return F.linear(x.flatten(1), own.tensors["weight"], own.tensors.get("bias"))[:, :, None, None]


def _flatten(layer: Any, own: UnitContext, x: Tensor) -> Tensor:
    return x.flatten(1)[:, :, None, None]


def _maxout(layer: Any, own: UnitContext, x: Tensor) -> Tensor:
    return x.reshape(len(x), x.shape[1] // layer.pieces, layer.pieces, *x.shape[2:]).amax(2)


def _lrn(layer: Any, own: UnitContext, x: Tensor) -> Tensor:
    if layer.region == "across":
        normalised: Tensor = CrossChannelLRN.apply(  # type: ignore[no-untyped-call]
            x, layer.size, layer.alpha, layer.beta, layer.k)
        return normalised
    squares: Tensor = F.avg_pool2d(x * x, layer.size, 1, layer.size // 2)
    return torch.div(x, (layer.k + layer.alpha * squares) ** layer.beta)


def _batch_norm(layer: Any, own: UnitContext, x: Tensor) -> Tensor:
    weight, bias, mean, variance = (own.tensors.get(n) for n in ("weight", "bias", "running_mean", "running_var"))
    share = _share(layer.momentum, own.step)
    whole = own.shard.count if own.shard else len(x)
    learning = own.training and whole * x.shape[2:].numel() > 1  # a single value has no spread
    if learning and own.shard and own.shard.world_size > 1:
        assert mean is not None
        assert variance is not None
        return batch_norm(x, (mean, variance), weight, bias, share, layer.epsilon, own.shard)
    return F.batch_norm(x, mean, variance, weight, bias, learning, share, layer.epsilon)


def _share(momentum: float, step: int | None) -> float:
    """What a batch adds to the running averages: at the first step all, so that what they began with is forgotten.

    They are then the average of the batches seen, weighted by age, whatever the momentum (Kingma & Ba 2015, section 3;
    Caffe's scale factor does the same).
    """
    return momentum if step is None or not momentum else momentum / (1 - (1 - momentum) ** (step + 1))


def _scale(layer: Any, own: UnitContext, x: Tensor) -> Tensor:
    scaled = x * own.tensors["weight"][:, None, None]
    return scaled + own.tensors["bias"][:, None, None] if layer.bias else scaled


def _relu(layer: Any, own: UnitContext, x: Tensor) -> Tensor:
    return F.relu(x) if layer.limit is None else x.clamp(0, layer.limit)


def _add(layer: Any, own: UnitContext, *inputs: Tensor) -> Tensor:
    factors = layer.coefficients or (1.0,) * len(inputs)
    return functools.reduce(torch.add, [x if factor == 1 else factor * x
                                        for factor, x in zip(factors, inputs, strict=True)])


OPERATIONS: dict[str, Callable[..., Tensor]] = {
    "conv": _conv,
    "table_conv": _table_conv,
    "deconv": _deconv,
    "pool": _pool,
    "pad": lambda layer, own, x: F.pad(x, _sides(layer)),
    "global_pool": _global_pool,
    "dense": _dense,
    "flatten": _flatten,
    "sigmoid": lambda layer, own, x: torch.sigmoid(x),
    "tanh": lambda layer, own, x: layer.amplitude * torch.tanh(layer.slope * x),
    "reshape": lambda layer, own, x: x.reshape(len(x), *layer.shape((Volume(*x.shape[1:]),))),
    "relu": _relu,
    "prelu": lambda layer, own, x: F.prelu(x, own.tensors["weight"]),
    "leaky_relu": lambda layer, own, x: F.leaky_relu(x, layer.slope),
    "elu": lambda layer, own, x: F.elu(x, layer.alpha),
    "maxout": _maxout,
    "lrn": _lrn,
    "batch_norm": _batch_norm,
    "scale": _scale,
    "dropout": lambda layer, own, x: dropped(x, layer.rate, own.shard) if own.training else x,
    "softmax": lambda layer, own, x: x.softmax(1),
    "add": _add,
    "multiply": lambda layer, own, *inputs: functools.reduce(torch.mul, inputs),
    "maximum": lambda layer, own, *inputs: functools.reduce(torch.maximum, inputs),
    "concat": lambda layer, own, *inputs: torch.cat(inputs, 1),
    "slice": lambda layer, own, x: x[:, layer.first : layer.first + layer.channels],
}
