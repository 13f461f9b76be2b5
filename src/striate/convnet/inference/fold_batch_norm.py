"""Folding of batch normalisation into convolutions, for inference: the same function in fewer passes over memory.

Batch normalisation is folded into the convolution before it: with w, b of the convolution and γ, β, μ, σ² of the
normalisation, γ (w·x + b − μ) / √(σ² + ε) + β is one convolution with w' = w γ/√(σ² + ε) and
b' = β + (b − μ) γ/√(σ² + ε) (Jacob et al. 2018, section 3.2). A ReLU behind a convolution is fused with it; elsewhere
it is computed in place. A max pooling in between changes nothing, if no γ is negative: it keeps the order of values.

TensorFlow's padding `same` puts one more row at the bottom than at the top, which libraries do by copying the volume.
Turned by 180°, with turned filters, the same network has it at the top; there an even padding does the same, because
the last window does not reach the row too many. So a network whose windows all allow it is rotated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import cast

import torch
from torch import Tensor, nn

from striate.arch.network import Node
from striate.convnet.build.net import Net, NodeModule, build, is_max_pooling
from striate.convnet.inference.fused_conv import FusedConvReLU

# Layer types without top and bottom; with any other, pooling too, a network is not rotated.
TURNABLE = {"conv", "batch_norm", "scale", "relu", "prelu", "leaky_relu", "elu", "sigmoid", "tanh", "add", "multiply",
            "maximum", "concat", "slice", "maxout", "dropout", "global_pool"}


class InPlaceReLU(nn.Module):
    """A ReLU that writes over its input."""

    def __init__(self, limit: float | None) -> None:
        super().__init__()
        self.limit = limit

    def forward(self, x: Tensor) -> Tensor:
        """Any shape in, the same tensor out."""
        return x.relu_() if self.limit is None else x.clamp_(0, self.limit)


class RotatedInput(nn.Module):
    """Reads pictures turned by 180°."""

    def __init__(self, net: Net) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) in, the output of the network out."""
        return cast(Tensor, self.net(x.flip((2, 3))))


def fold(net: Net) -> nn.Module:
    """A copy of `net` that computes the same, within rounding; `net` stays as it is, and lends it equal tensors.

    For inference only: it cannot be trained, and its tensors are not those of the network's description.
    """
    turned = needs_rotation(net)
    made = folded(net, turned)
    whole = RotatedInput(made) if turned else made
    return whole.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def fold_upright(net: Net, kept: Iterable[str] = ()) -> Net:
    """The same as a `Net` of upright pictures, whose layers `kept` have the outputs that they have in `net`."""
    return folded(net, False, kept).to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def folded(net: Net, turned: bool, more: Iterable[str] = ()) -> Net:
    """`fold` without the turning of its pictures, which is its caller's; the layers `more` are kept as they are."""
    with torch.device("meta"):  # the tensors are those of `net`
        made = build(net.network)
    made.load_state_dict(net.state_dict(), assign=True)
    made.eval()
    uses = Counter(name for node in net.path for name in node.inputs)
    nodes = {node.name: node for node in net.path}
    kept = {net.output, *net.heads, *more}
    source = {node.name: node.name for node in net.path}  # the convolution whose output a node now has, or itself
    behind_pool: set[str] = set()  # nodes with a max pooling between that convolution and them
    for node in net.path:
        unit = cast(NodeModule, made.module_of(node.name))
        if node.layer.kind in ("conv", "table_conv"):
            before = nodes[node.inputs[0]].output if node.inputs[0] in nodes else net.network.input
            made.exchange(node.name, FusedConvReLU(unit, before, turned))
            continue
        if len(node.inputs) != 1 or node.inputs[0] not in nodes:
            continue
        name = node.inputs[0]
        if uses[name] > 1 or name in kept:
            continue
        conv = made.module_of(source[name])
        free = isinstance(conv, FusedConvReLU) and not conv.has_relu
        pooled = name in behind_pool
        if is_max_pooling(node) and node.layer.kind == "pool" and free:
            source[node.name] = source[name]  # what keeps the order of values may be done before it as well
            behind_pool.add(node.name)
            continue
        if node.layer.kind in ("batch_norm", "scale") and free and (not pooled or bool((_scale(unit)[0] >= 0).all())):
            _fold(cast(FusedConvReLU, conv), unit)
        elif node.layer.kind == "relu" and free:
            cast(FusedConvReLU, conv).append_relu(_limit(node))
        elif node.layer.kind == "relu" and nodes[name].layer.kind in ("conv", "batch_norm", "add"):
            made.exchange(node.name, InPlaceReLU(_limit(node)))
            continue
        else:
            continue
        made.exchange(node.name, nn.Identity())
        source[node.name] = source[name]
        if pooled:
            behind_pool.add(node.name)
    return made


def needs_rotation(net: Net) -> bool:
    """Whether `net` is to be rotated: some padding is uneven, and rotation leaves all windows in place."""
    nodes = {node.name: node for node in net.path}
    uneven = False
    for node in net.path:
        volumes = [nodes[name].output if name in nodes else net.network.input for name in node.inputs]
        if all(volume.height == volume.width == 1 for volume in volumes):
            continue
        if node.layer.kind not in TURNABLE:
            return False
        if node.layer.kind == "conv":
            axes = node.layer.window.axes(volumes[0].height, volumes[0].width)  # type: ignore[union-attr]
            if not all(axis.is_symmetric for axis in axes):
                return False
            uneven = uneven or any(axis.pads[0] != axis.pads[1] for axis in axes)
    return uneven and (nodes[net.output].output.height, nodes[net.output].output.width) == (1, 1)


def _limit(node: Node) -> float | None:
    return cast("float | None", getattr(node.layer, "limit", None))


@torch.no_grad()
def _fold(conv: FusedConvReLU, norm: NodeModule) -> None:
    scale, mean, bias = _scale(norm)
    shift = (conv.bias.double() - mean) * scale + bias
    # Tensors of its own: those it has may be the network's.
    conv.weight, conv.bias = (conv.weight.double() * scale[:, None, None, None]).to(conv.weight), shift.to(conv.bias)


@torch.no_grad()
def _scale(norm: NodeModule) -> tuple[Tensor, Tensor, Tensor]:
    """Factor, mean and bias of a batch normalisation, or of a layer `scale`, in float64: (x − mean) · factor + bias."""
    tensors = {name: tensor.double() for name, tensor in norm.tensors.items()}
    if norm.layer.kind == "scale":
        factor = tensors["weight"]
        return factor, torch.zeros_like(factor), tensors.get("bias", torch.zeros_like(factor))
    mean, epsilon = tensors["running_mean"], float(norm.layer.epsilon)  # type: ignore[attr-defined]
    factor = (tensors["running_var"] + epsilon).rsqrt() * tensors.get("weight", torch.ones_like(mean))
    return factor, mean, tensors.get("bias", torch.zeros_like(mean))
