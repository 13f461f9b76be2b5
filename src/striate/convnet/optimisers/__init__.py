"""Optimisers, one per file, and `OPTIMISERS`, the table of them.

Each is one `torch.optim.Optimizer` whose `state[parameter]` holds tensors only, so that a checkpoint restores it to the
bit. All of them apply the network's `lr_mult` and `decay_mult`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from striate.convnet.build.net import Net
from striate.convnet.optimisers import adamw, muon, sgd
from striate.convnet.recipe.recipe import Recipe

OPTIMISERS: dict[str, Callable[[Net, Recipe], torch.optim.Optimizer]] = {
    "sgd": sgd.make, "adamw": adamw.make, "muon": muon.make}


def make_optimiser(module: Net, recipe: Recipe) -> torch.optim.Optimizer:
    """The optimiser of a planned `recipe` over the parameters of `module`, at the peak of its rate.

    Biases and norms are not decayed.
    """
    optimiser = OPTIMISERS[recipe.optimiser or "adamw"](module, recipe)
    set_rate(optimiser, recipe.learning_rate or 0.0)
    return optimiser


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Set the learning rate of the next step; each group has it times its own multiplier."""
    for group in optimiser.param_groups:
        group["lr"] = rate * group["lr_mult"]


def clip(parameters: Iterable[nn.Parameter], largest: float) -> Tensor:
    """Scale the gradients in place so that their common norm is at most `largest`; returns the norm before, ().

    >>> parameter = nn.Parameter(torch.zeros(2))
    >>> parameter.grad = torch.tensor([3.0, 4.0])
    >>> clip([parameter], 1.0), parameter.grad  # √(3² + 4²) = 5
    (tensor(5.), tensor([0.6000, 0.8000]))
    """
    return nn.utils.clip_grad_norm_(parameters, largest)


__all__ = ["OPTIMISERS", "clip", "make_optimiser", "set_rate"]
