"""Batch normalisation synchronised over the ranks: mean and variance are those of the whole batch.

torch's own SyncBatchNorm does this on CUDA only. The ranks' means and variances are put together by the formula of
Chan, Golub & LeVeque, *Updating formulae and a pairwise algorithm for computing sample variances* (1979), section 2,
in float64, in the order of the ranks: so all of them find the same bits. The gradient is that of Ioffe & Szegedy
(2015), section 3, with its two sums taken over all ranks.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor
from torch import distributed as dist
from torch.nn import functional as F  # noqa: N812 - torch's own custom

from striate.convnet.distributed.shard import BatchShard


def batch_norm(x: Tensor, running: tuple[Tensor, Tensor], weight: Tensor | None, bias: Tensor | None, share: float,
               epsilon: float, shard: BatchShard) -> Tensor:
    """(n, C, H, W), the slice `shard` of the batch, normalised per channel; a collective call, forwards and backwards.

    There must be two values per channel at least. `running`, mean and variance (C,), move in place by `share` of the
    way to those of the whole batch.
    """
    mean, variance = moments(x.detach(), shard)
    counted = shard.count * x.shape[2:].numel()
    with torch.no_grad():
        running[0].lerp_(mean.to(running[0].dtype), share)
        running[1].lerp_((variance * (counted / (counted - 1))).to(running[1].dtype), share)
    normalised = _Normalise.apply(  # type: ignore[no-untyped-call]
        x, weight, bias, mean.float(), variance.float(), epsilon, counted)
    return cast(Tensor, normalised)


def moments(x: Tensor, shard: BatchShard) -> tuple[Tensor, Tensor]:
    """Mean and variance (biased) per channel over all ranks, each (C,) float64; the same bits on every rank."""
    own = x.new_zeros((2, x.shape[1]), dtype=torch.float32)
    if shard.size:
        own[1], own[0] = torch.var_mean(x.float(), (0, 2, 3), correction=0)
    all_ = own.new_empty((shard.world_size, *own.shape))
    dist.all_gather_single(all_.flatten(0, 1), own)
    shares = torch.tensor(shard.sizes, dtype=torch.float64, device=x.device)[:, None] / shard.count
    means, variances = all_.double().unbind(1)
    mean = (shares * means).sum(0)
    return mean, (shares * (variances + (means - mean) ** 2)).sum(0)


class _Normalise(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor | None, bias: Tensor | None, mean: Tensor, variance: Tensor,
                epsilon: float, counted: int) -> Tensor:
        ctx.save_for_backward(x, weight, mean, (variance + epsilon).rsqrt())
        ctx.counted, ctx.biased = counted, bias is not None
        return F.batch_norm(x, mean, variance, weight, bias, False, 0.0, epsilon) if len(x) else x.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, mean, scale = ctx.saved_tensors
        dy = gradients[0].float()
        apart = x.float() - mean[:, None, None]
        own = torch.stack([dy.sum((0, 2, 3)), (dy * apart).sum((0, 2, 3))])
        whole = own.clone()
        dist.all_reduce(whole)
        factor = scale if weight is None else scale * weight
        slope = whole[1] / ctx.counted * scale * scale
        dx = (dy - (whole[0] / ctx.counted)[:, None, None] - apart * slope[:, None, None]) * factor[:, None, None]
        return (dx.to(x.dtype), own[1] * scale if weight is not None else None, own[0] if ctx.biased else None,
                None, None, None, None)
