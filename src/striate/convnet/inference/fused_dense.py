"""Fused dense layer and ReLU, for inference: oneDNN's matrix product with weights packed for it once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own custom

from striate.arch import Volume
from striate.convnet.build.net import NodeModule
from striate.convnet.inference.fused_conv import AVAILABLE

PACKING = AVAILABLE and hasattr(torch.ops.mkldnn, "_reorder_linear_weight")


def dense_kernel(unit: NodeModule, before: Volume, dtype: torch.dtype, batch: int, relu: bool,
                 last: bool) -> Callable[[Tensor], Tensor]:
    """The dense layer `unit` on volumes like `before`, channels last, in batches of about `batch`; `relu` behind it.

    The last layer of a network gives float32, from float32 weights: rounded scores would make classes equal.
    """
    weight, bias = unit.tensors["weight"].detach(), unit.tensors.get("bias")
    # In the order in which the volume lies in memory, so that it need not be copied.
    weight = weight.view(len(weight), *before).permute(0, 2, 3, 1).reshape(len(weight), -1)
    bias = None if bias is None else bias.detach()
    kind = torch.float32 if last else dtype
    weight, bias = weight.to(kind).contiguous(), None if bias is None else bias.to(kind)
    if not PACKING:

        def product(x: Tensor) -> Tensor:
            y = F.linear(x.permute(0, 2, 3, 1).flatten(1).to(kind), weight, bias)
            return (y.relu_() if relu else y)[:, :, None, None]

        return product
    linear: Any = torch.ops.mkldnn._linear_pointwise.default
    packed = torch.ops.mkldnn._reorder_linear_weight(weight, batch)
    name = "relu" if relu else "none"

    def fused(x: Tensor) -> Tensor:
        rows = x.permute(0, 2, 3, 1).flatten(1).to(kind)
        alone = kind is torch.float32 and len(rows) == 1  # one row would be summed in another order than two are
        y: Tensor = linear(torch.cat((rows, rows)) if alone else rows, packed, bias, name, [], "")
        return (y[:1] if alone else y)[:, :, None, None]

    return fused
