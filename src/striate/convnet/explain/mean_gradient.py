"""Mean gradient of a unit over variants of one picture, in batches that fit into memory."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from striate.convnet.explain.backward import ForwardPass, seed_of
from striate.convnet.explain.batch_size import batch_size
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.target import Target


def mean_gradient(model: ExplainedNet, variants: Callable[[int, int], Tensor], count: int, target: Target) -> Tensor:
    """The mean (C, H, W) float64 of the gradients of `target`, at its position, over `count` variants of a picture.

    `variants(start, stop)` gives some of them, a normalised batch (stop − start, C, H, W).
    """
    at_once = batch_size(model, stored=True)  # the backward pass frees them as it takes memory itself
    summed = torch.zeros(tuple(model.network.input), dtype=torch.float64)
    for start in range(0, count, at_once):
        batch = variants(start, min(start + at_once, count))
        forward = ForwardPass.of(model, batch, [target.layer])
        seed = seed_of(forward.volumes[target.layer], target)
        summed += forward.back(target.layer, seed, last=True).sum(0, dtype=torch.float64).cpu()
    return summed / count
