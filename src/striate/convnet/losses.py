"""Cross-entropy loss with label smoothing, class weights, mixed targets and auxiliary heads."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy

from striate.convnet.augment.mixup_cutmix import MixedTargets
from striate.convnet.build.net import Net
from striate.convnet.recipe.recipe import Recipe


def loss_of(scores: Tensor | list[Tensor], targets: Tensor | MixedTargets, module: Net, recipe: Recipe,
            class_weights: Tensor | None = None) -> Tensor:
    """The mean loss of a batch, () float32: that of the scores, and of each auxiliary head times its weight.

    Args:
        scores: (n, K) of any float, and those of the heads in the order of `module.heads`.
        targets: classes (n,) int64, or `MixedTargets` pairs of them.
        module: the network; its `heads` are read.
        recipe: `label_smoothing` is read.
        class_weights: (K,) as of `class_weights`, or None.

    """
    # Whatever the products were done in: among bfloat16's 128 steps per octave a small loss would be lost.
    own, *heads = [one.float() for one in scores] if isinstance(scores, list) else [scores.float()]
    smoothing = recipe.label_smoothing or 0.0
    loss = _mean(own, targets, smoothing, class_weights)
    for head, weight in zip(heads, module.heads.values(), strict=True):
        loss = loss + weight * _mean(head, targets, smoothing, class_weights)
    return loss


def _mean(scores: Tensor, targets: Tensor | MixedTargets, smoothing: float, weights: Tensor | None) -> Tensor:
    if isinstance(targets, Tensor):
        if weights is None:
            return cross_entropy(scores, targets, label_smoothing=smoothing)
        return _each(scores, targets, smoothing, weights).mean()
    first = _each(scores, targets.first, smoothing, weights)
    second = _each(scores, targets.second, smoothing, weights)
    return (targets.share * first + (1 - targets.share) * second).mean()


def _each(scores: Tensor, targets: Tensor, smoothing: float, weights: Tensor | None) -> Tensor:
    """The loss of each picture, (n,).

    Torch would give the smoothed part the weights of all classes and divide by those in the batch; here a picture
    counts by its own class alone, whatever else is in its batch.
    """
    losses = cross_entropy(scores, targets, reduction="none", label_smoothing=smoothing)
    return losses if weights is None else losses * weights.to(targets.device)[targets]


def class_weights(labels: NDArray[np.int64], classes: int, balance: bool) -> Tensor | None:
    """The weight (K,) float32 of each class, such that all count the same and the pictures 1 in the mean.

    `labels` (N,) are those of the training pictures, 0 to `classes` − 1; a class without any has weight 1, and None is
    returned where `balance` is off.

    >>> class_weights(np.array([0, 0, 0, 1]), 2, balance=True)  # 3 · 2/3 + 1 · 2 = 4
    tensor([0.6667, 2.0000])
    """
    if not balance:
        return None
    counts = np.bincount(labels, minlength=classes)
    weights = len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    return torch.from_numpy(np.where(counts, weights, 1.0).astype(np.float32))
