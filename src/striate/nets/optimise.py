"""The optimisers by name."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from striate.nets.build import Net
from striate.nets.recipe import Recipe


def make_optimiser(module: Net, recipe: Recipe) -> torch.optim.Optimizer:
    """The optimiser of `recipe` over the parameters of `module`; biases and norms are not decayed.

    The network's `lr_mult` and `decay_mult` count; `set_rate` sets the rate before each step.
    """
    tensors = module.network.tensors
    grouped: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in module.named_parameters():
        tensor = tensors[name]
        decay = recipe.weight_decay * tensor.decay_mult if parameter.ndim >= 2 else 0.0
        grouped.setdefault((-decay, tensor.lr_mult), []).append(parameter)
    groups: list[dict[str, Any]] = [
        {"params": grouped[key], "weight_decay": -key[0], "lr_mult": key[1]} for key in sorted(grouped)]
    rate = recipe.learning_rate or 0.0
    if recipe.optimiser == "sgd":
        return torch.optim.SGD(groups, lr=rate, momentum=recipe.momentum, nesterov=recipe.momentum > 0, fused=True)
    return torch.optim.AdamW(groups, lr=rate, betas=(recipe.momentum, 0.99), fused=True)


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """The learning rate of the next step; each group has it times its own multiplier."""
    for group in optimiser.param_groups:
        group["lr"] = rate * group["lr_mult"]
