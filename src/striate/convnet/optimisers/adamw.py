"""Adam with decoupled weight decay (Loshchilov & Hutter 2019); the recipe's momentum is its first beta."""

from __future__ import annotations

import torch

from striate.convnet.build.net import Net
from striate.convnet.optimisers.parameter_groups import groups_of
from striate.convnet.recipe.recipe import Recipe

SECOND = 0.99  # decay of the second moment: short runs have no thousand steps to wait for 0.999


def make(module: Net, recipe: Recipe) -> torch.optim.AdamW:
    """Torch's AdamW, fused."""
    return torch.optim.AdamW(groups_of(module, recipe), lr=recipe.learning_rate or 0.0,
                             betas=(recipe.momentum or 0.0, SECOND), fused=True)
