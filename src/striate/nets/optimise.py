"""The optimisers by name."""

from __future__ import annotations

import torch
from torch import nn

from striate.nets.recipe import Recipe


def make_optimiser(module: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """The optimiser of `recipe` over the parameters of `module`; biases and norms are not decayed."""
    parameters = list(module.parameters())
    groups = [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": recipe.weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    rate = recipe.learning_rate or 0.0
    if recipe.optimiser == "sgd":
        return torch.optim.SGD(groups, lr=rate, momentum=recipe.momentum, nesterov=recipe.momentum > 0, fused=True)
    return torch.optim.AdamW(groups, lr=rate, betas=(recipe.momentum, 0.99), fused=True)
