"""Seed of dropout: the masks of a step are a function of the seed and the step."""

from __future__ import annotations

import torch

from striate.convnet.training.seeding import seed_for


def seed_dropout(seed: int, step: int, device: torch.device) -> None:
    """Seed the generator that dropout on `device` draws from in `step`, 0, 1, …

    On a processor only its own: `torch.manual_seed` sees to every kind of device, and formats a traceback for each that
    is not there, 0.5 ms or a twentieth of a small network's step.

    >>> seed_dropout(3, 7, torch.device("cpu"))
    >>> torch.equal(torch.rand(2), torch.rand(2, generator=torch.Generator().manual_seed(seed_for(3, "dropout", 7))))
    True
    """
    number = seed_for(seed, "dropout", step)
    if device.type == "cpu":
        torch.default_generator.manual_seed(number)
    else:
        torch.manual_seed(number)
