"""Stochastic gradient descent with Nesterov's momentum (Sutskever et al. 2013); decay is part of the gradient."""

from __future__ import annotations

import torch

from striate.convnet.build.net import Net
from striate.convnet.distributed.sharded_weights import is_divided
from striate.convnet.optimisers.parameter_groups import groups_of
from striate.convnet.recipe.recipe import Recipe


def make(module: Net, recipe: Recipe) -> torch.optim.SGD:
    """Torch's SGD, fused; torch 2.13 has no fused step for weights that are divided among ranks."""
    momentum = recipe.momentum or 0.0
    whole = not any(is_divided(parameter) for parameter in module.parameters())
    return torch.optim.SGD(groups_of(module, recipe), lr=recipe.learning_rate or 0.0, momentum=momentum,
                           nesterov=momentum > 0, fused=whole)
