"""Parameter groups: parameters with the same weight decay and multiplier of the learning rate."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from torch import nn

from striate.convnet.build.net import Net
from striate.convnet.recipe.recipe import Recipe


def groups_of(module: Net, recipe: Recipe, names: Collection[str] | None = None) -> list[dict[str, Any]]:
    """Parameter groups, with `weight_decay` and `lr_mult`, of the parameters called `names`; None is all.

    Weights of two or more dimensions are decayed, biases and norms are not.

    >>> from striate.arch import load_network
    >>> from striate.convnet.build.net import build
    >>> groups = groups_of(build(load_network("lenet5")), Recipe(weight_decay=0.1))
    >>> [(group["weight_decay"], group["lr_mult"], len(group["params"])) for group in groups]
    [(0.1, 1.0, 5), (0.0, 1.0, 9)]
    """
    tensors = module.network.tensors
    grouped: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in module.named_parameters():
        if names is None or name in names:
            tensor = tensors[name]
            decay = (recipe.weight_decay or 0.0) * tensor.decay_mult if parameter.ndim >= 2 else 0.0
            grouped.setdefault((-decay, tensor.lr_mult), []).append(parameter)
    return [{"params": grouped[key], "weight_decay": -key[0], "lr_mult": key[1]} for key in sorted(grouped)]
