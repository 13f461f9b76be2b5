"""Networks for answering only: batch normalisation folded into the convolutions before it, ReLUs done in place.

With w, b of a convolution and γ, β, μ, σ² of the normalisation behind it, γ (w·x + b − μ) / √(σ² + ε) + β is one
convolution with w' = w γ/√(σ² + ε) and b' = β + (b − μ) γ/√(σ² + ε) (Jacob et al. 2018, section 3.2).
"""

from __future__ import annotations

from collections import Counter
from typing import cast

import torch
from torch import Tensor, nn

from striate.arch.network import Node
from striate.nets.build import Net, Unit, build


class Clamped(nn.Module):
    """A ReLU that writes over its input."""

    def __init__(self, limit: float | None) -> None:
        super().__init__()
        self.limit = limit

    def forward(self, x: Tensor) -> Tensor:
        """Any shape in, the same tensor out."""
        return x.relu_() if self.limit is None else x.clamp_(0, self.limit)


def folded(net: Net) -> Net:
    """A copy of `net` that computes the same in fewer passes over memory, within rounding; `net` stays as it is.

    For inference only: it cannot be trained, and its tensors are not those of the network's description.
    """
    made = build(net.network)
    made.load_state_dict(net.state_dict())
    made.eval()
    uses = Counter(name for node in net.path for name in node.inputs)
    nodes = {node.name: node for node in net.path}
    kept = {net.output, *net.heads}
    for node in net.path:
        if len(node.inputs) != 1 or node.inputs[0] not in nodes:
            continue
        before = nodes[node.inputs[0]]
        if uses[before.name] > 1 or before.name in kept:
            continue
        if node.layer.kind == "batch_norm" and before.layer.kind == "conv":
            _fold(cast(Unit, made._modules[before.name]), cast(Unit, made._modules[node.name]))
            made._modules[node.name] = nn.Identity()
        elif node.layer.kind == "relu" and before.layer.kind in ("conv", "batch_norm", "add"):
            made._modules[node.name] = Clamped(_limit(node))
    return made.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def _limit(node: Node) -> float | None:
    return cast("float | None", getattr(node.layer, "limit", None))


@torch.no_grad()
def _fold(conv: Unit, norm: Unit) -> None:
    tensors = cast(dict[str, Tensor], norm._parameters | norm._buffers)
    mean, variance = tensors["running_mean"], tensors["running_var"]
    epsilon = float(norm.layer.epsilon)  # type: ignore[attr-defined]
    scale = (variance.double() + epsilon).rsqrt() * tensors.get("weight", torch.ones_like(mean)).double()
    bias = conv._parameters.get("bias")
    start = torch.zeros_like(mean) if bias is None else bias
    weight = cast(Tensor, conv._parameters["weight"])
    shift = (start.double() - mean.double()) * scale + tensors.get("bias", torch.zeros_like(mean)).double()
    conv._parameters["weight"] = nn.Parameter((weight.double() * scale[:, None, None, None]).float(), False)
    conv._parameters["bias"] = nn.Parameter(shift.float(), False)
