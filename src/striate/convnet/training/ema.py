"""Exponential moving average of the weights of a run (Polyak & Juditsky 1992; Tarvainen & Valpola 2017).

It predicts better than the last step's weights while the rate is still high. The running averages of batch
normalisation are averaged too. The decay warms up as min(decay, (1 + t)/(10 + t)) over the steps t = 0, 1, …, so the
random initial weights are soon forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

UPDATES = "updates"  # in the state, beside the tensors; those have a dot in their names


class ExponentialMovingAverage:
    """Exponential moving average of the tensors of `module`, which it begins with.

    Args:
        module: whose weights and buffers are averaged; no reference to it is held.
        decay: per step, 0 to below 1.

    >>> module = nn.Linear(1, 1, bias=False)
    >>> average = ExponentialMovingAverage(nn.Sequential(module), 0.9)
    >>> with torch.no_grad(): old = module.weight.fill_(2.0).clone()
    >>> average.update(nn.Sequential(module)); average.update(nn.Sequential(module))
    >>> average.updates, average.decay_at(0), average.decay_at(1), average.decay_at(1_000)
    (2, 0.1, 0.18181818181818182, 0.9)

    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay, self.updates = decay, 0
        self.averaged = {name: value.detach().clone() for name, value in module.state_dict().items()}

    def decay_at(self, update: int) -> float:
        """The decay of update 0, 1, …"""
        return min(self.decay, (1 + update) / (10 + update))

    @torch.no_grad()
    def update(self, module: nn.Module) -> None:
        """Update with the weights after a step."""
        state = module.state_dict()
        moving = [name for name, value in self.averaged.items() if value.is_floating_point()]
        torch._foreach_lerp_([self.averaged[name] for name in moving], [state[name].detach() for name in moving],
                             1 - self.decay_at(self.updates))
        for name in self.averaged.keys() - set(moving):
            self.averaged[name].copy_(state[name])
        self.updates += 1

    def tensors(self) -> dict[str, Tensor]:
        """The averages by their names in `state_dict`, weights and buffers; not copies."""
        return dict(self.averaged)

    def state(self) -> dict[str, Tensor]:
        """The state for `load`, exact to the bit: the tensors, and under `updates` their number, () int64."""
        return {**self.averaged, UPDATES: torch.tensor(self.updates)}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Restore what `state` returned."""
        self.updates = int(state[UPDATES])
        for name, value in self.averaged.items():
            value.copy_(state[name])
