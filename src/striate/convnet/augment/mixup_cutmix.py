"""Mixup and CutMix: two pictures blended, or a part of one pasted into the other, with their labels mixed alike.

The first is mixup (Zhang et al., ICLR 2018, section 2), the second CutMix (Yun et al., ICCV 2019, section 3).
The pictures of a batch are in random order already, so each is mixed with its neighbour: 0 with 1, 2 with 3, and so on;
the last of an odd batch stays as it is. The weights are drawn by (seed, epoch, first index of the batch) and place in
the batch. So a process that trains on a part of the batch computes the same bits, and for that needs no pictures
but its own and at most one more at each end of its part (`slice_needed`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from striate.convnet.augment.conversion import span
from striate.convnet.recipe.recipe import Recipe
from striate.convnet.training.seeding import generator


class MixedTargets(NamedTuple):
    """Targets of mixed pictures: `first` (n,) int64 with the weight `share` (n,) float32 in 0..1, `second` (n,) int64.

    The loss of a picture is share · loss(first) + (1 − share) · loss(second).
    """

    first: torch.Tensor
    second: torch.Tensor
    share: torch.Tensor


def slice_needed(recipe: Recipe, part: slice, count: int) -> slice:
    """The pictures of a batch of `count` that `mix` needs for `part`: whole pairs, or just `part` if nothing is mixed.

    >>> slice_needed(Recipe(mixup=0.2), slice(3, 5), 7), slice_needed(Recipe(mixup=0.2), slice(5, 7), 7)
    (slice(2, 6, None), slice(4, 7, None))
    >>> slice_needed(Recipe(), slice(3, 5), 7)
    slice(3, 5, None)
    """
    if part.start >= part.stop or not (recipe.mixup or recipe.cutmix):
        return part
    return slice(part.start - part.start % 2, min(part.stop + part.stop % 2, count))


def mix(batch: torch.Tensor, targets: torch.Tensor, recipe: Recipe, epoch: int, indices: NDArray[np.int64],
        part: slice | None = None) -> tuple[torch.Tensor, torch.Tensor | MixedTargets]:
    """Pictures of `part` of a batch, mixed, (n, C, H, W) float, and their targets; both as given if nothing is mixed.

    Args:
        batch: (m, C, H, W), the pictures of `slice_needed(recipe, part, len(indices))`.
        targets: (m,) int64, theirs.
        recipe: `mixup` and `cutmix`, the alpha of a Beta distribution each, and `seed` are read. If both are above 0,
            a coin decides for each picture.
        epoch: 0, 1, …
        indices: of all pictures of the whole batch, in their order.
        part: which of them come back, `slice(start, stop)`; None is all.

    >>> batch, targets = torch.tensor([0.0, 1.0]).reshape(2, 1, 1, 1), torch.tensor([5, 6])
    >>> pictures, mixed = mix(batch, targets, Recipe(mixup=1.0), 0, np.arange(2))
    >>> mixed.second.tolist(), bool(torch.equal(pictures[0, 0, 0, 0], 1 - mixed.share[0]))
    ([6, 5], True)

    """
    if not (recipe.mixup or recipe.cutmix):
        return batch, targets
    count = len(indices)
    part = part or slice(0, count)
    first = slice_needed(recipe, part, count).start
    own = slice(part.start - first, part.stop - first)
    others = torch.from_numpy(np.minimum(np.arange(part.start, part.stop) ^ 1, count - 1) - first).to(batch.device)
    weight, share = (torch.from_numpy(each).to(batch.device)
                     for each in _weights(recipe, epoch, indices, part, (batch.shape[2], batch.shape[3])))
    mixed = batch[own].float() * weight
    mixed += batch[others].float().mul_(1 - weight)  # by itself, not fused: rounded alike wherever it is computed
    return mixed.contiguous(memory_format=torch.channels_last), MixedTargets(targets[own], targets[others], share)


def _weights(recipe: Recipe, epoch: int, indices: NDArray[np.int64], part: slice,
             size: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weight of the picture itself at each pixel, (n, 1, H, W) or (n, 1, 1, 1), and on the whole, (n,)."""
    count = len(indices)
    mixup, cutmix = recipe.mixup or 0.0, recipe.cutmix or 0.0
    random = generator(recipe.seed, "mix", epoch, int(indices[0]) if count else 0)
    draws = random.random((count, 3), dtype=np.float32)[part]
    blended = random.beta(mixup, mixup, count).astype(np.float32)[part] if mixup else None
    if not cutmix:
        assert blended is not None
        return blended.reshape(-1, 1, 1, 1), blended

    left_over = np.sqrt(1 - random.beta(cutmix, cutmix, count)[part])
    inside = []
    for side, drawn in zip(size, draws[:, :2].T, strict=True):
        start, stop = span(drawn, np.rint(left_over * side).astype(np.int64), side)
        inside.append((np.arange(side) >= start[:, None]) & (np.arange(side) < stop[:, None]))
    weight = 1 - (inside[0][:, None, :, None] & inside[1][:, None, None, :]).astype(np.float32)
    share = weight.mean((1, 2, 3), dtype=np.float64).astype(np.float32)
    if blended is not None:
        blends = draws[:, 2] < 0.5
        weight[blends], share[blends] = blended[blends, None, None, None], blended[blends]
    return weight, share
