"""Rules of going back through a network: deconvnet, gradient and guided backpropagation.

The rules differ at the ReLU alone, and deconvnet at contrast normalisation, too, which is LRN and the length of the
features of a linear head. R is what comes back, f the input:

    deconvnet   ReLU: max(R, 0)            LRN: R            Zeiler & Fergus 2014, section 2.1
    gradient    ReLU: R·[f > 0]            LRN: derivative   Simonyan, Vedaldi & Zisserman 2014
    guided      ReLU: max(R, 0)·[f > 0]    LRN: derivative   Springenberg et al. 2015, section 3.4

A ReLU with a limit (ReLU6) lets through what is below the limit. Everything else is the adjoint of what the layer did:
transposed filters without bias, each maximum to the pixel that won it (the first of equals; summed where windows
share it), and so on. Each rule is a table of operations that take the place of `OPERATIONS`; torch runs them back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor

from striate.arch.network import Node
from striate.convnet.build.operations import OPERATIONS, Operation, UnitContext, max_pool_switches
from striate.convnet.explain.linear_head import LinearHead
from striate.core.constraints import OneOf
from striate.core.params import Refusal, checked
from striate.errors import UsageError, shown

# Activations that are no ReLU: what comes back through them is defined for the gradient alone.
NOT_RELU = frozenset({"sigmoid", "tanh", "elu", "prelu", "leaky_relu", "maxout", "maximum", "multiply", "softmax"})


class RuledReLU(torch.autograd.Function):
    """ReLU, with a limit or none, whose backward pass is one of the three rules."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, limit: float | None, rectified: bool, masked: bool) -> Tensor:
        """max(x, 0), at most `limit`; going back, R is `rectified`, and `masked` by where x was passed on."""
        ctx.rectified, ctx.masked = rectified, masked
        if masked:
            ctx.save_for_backward((x > 0) if limit is None else (x > 0) & (x < limit))
        return x.clamp(0, limit)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        """What comes back through it, in the place of x."""
        back = grads[0].clamp_min(0) if ctx.rectified else grads[0]
        return (back * ctx.saved_tensors[0] if ctx.masked else back), None, None, None


class StraightThrough(torch.autograd.Function):
    """Forward value whose backward pass is the identity."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, value: Tensor) -> Tensor:
        """`value`, of the shape of x."""
        return value.clone()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        """What comes back, as it is, in the place of x."""
        return grads[0], None


def _relu(rectified: bool, masked: bool) -> Operation:
    def operation(layer: Any, context: UnitContext, x: Tensor) -> Tensor:
        ruled: Tensor = RuledReLU.apply(x, layer.limit, rectified, masked)  # type: ignore[no-untyped-call]
        return ruled

    return operation


def _global_pool(layer: Any, context: UnitContext, x: Tensor) -> Tensor:
    # torch's amax divides what comes back among equals; here the first of them gets all of it.
    return max_pool_switches(layer, x)[0] if layer.mode == "max" else OPERATIONS["global_pool"](layer, context, x)


def _lrn(layer: Any, context: UnitContext, x: Tensor) -> Tensor:
    value: Tensor = StraightThrough.apply(x, OPERATIONS["lrn"](layer, context, x.detach()))  # type: ignore[no-untyped-call]
    return value


def _linear_head(layer: LinearHead, context: UnitContext, x: Tensor) -> Tensor:
    # Its length normalisation is a contrast normalisation of the features.
    scaled: Tensor = StraightThrough.apply(x.flatten(1), layer.scaled(x.detach()))  # type: ignore[no-untyped-call]
    return layer.margins(scaled)


COMMON = OPERATIONS | {"global_pool": _global_pool}
RULES: Mapping[str, Mapping[str, Operation]] = MappingProxyType({
    "deconvnet": COMMON | {"relu": _relu(rectified=True, masked=False), "lrn": _lrn, "linear_head": _linear_head},
    "gradient": COMMON | {"relu": _relu(rectified=False, masked=True)},
    "guided": COMMON | {"relu": _relu(rectified=True, masked=True)},
})


def operations_of(rule: str, path: Sequence[Node]) -> Mapping[str, Operation]:
    """The operations of a rule for the layers in `path`; refuses one that is not defined there (`rule_undefined`)."""
    checked("rule", rule, OneOf(*RULES),
            Refusal("unknown_rule", "a {name} of going back was asked for", "Use gradient"))
    for node in path:
        if rule != "gradient" and node.layer.kind in NOT_RELU:
            raise UsageError("rule_undefined", f"{rule} was asked for",
                             allowed=f"{rule} is defined for networks whose activations are ReLUs",
                             given=f"{shown(node.name)} is a {node.layer.kind}", do="Use gradient")
    return RULES[rule]

