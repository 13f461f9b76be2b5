"""Projection of a unit to the pixels: what comes back from it, by one of the three rules."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from striate.arch.network import INPUT
from striate.convnet.explain.backward import ForwardPass, positions, seed_of
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.target import Target
from striate.model.explanation import Explanation
from striate.model.preprocessing import Pixels


@dataclass(frozen=True, eq=False)
class Projection:
    """Projection of a unit to the pixels of one picture.

    Attributes:
        array: (H, W, C) float32, in the order of the pixels.
        target: the target, at the position that was projected.
        activation: of the target in this picture, summed over its units and positions if it names none.
        seed: the value that the backward pass began with, the largest if it began with several.

    """

    array: NDArray[np.float32]
    target: Target
    activation: float
    seed: float

    def explanation(self, model: ExplainedNet, units: str, evidence: str) -> Explanation:
        """The explanation that is this projection."""
        return Explanation(self.array, units, evidence, self.target.layer, model.unit_name(self.target),
                           position=self.target.at)


def project(model: ExplainedNet, pixels: Pixels, target: Target, rule: str, seed: float | None = 1.0) -> Projection:
    """The projection of `target` to `pixels` (H, W, C) uint8 of the right size, by `rule`; None seeds its activation.

    A target without a position is where its unit is strongest; one without a unit is the whole layer. Where the seed
    is 0 or less everywhere, the array is zero.

    Raises `UsageError` (`no_such_unit`, `rule_undefined`, `behind_softmax`, …) and `NetworkError` (`unknown_layer`).
    """
    model.check(target)
    forward = ForwardPass.of(model, model.batch(pixels[None]), [target.layer], rule)
    volume = forward.volumes[target.layer]
    found = located(volume, target)
    begun = seed_of(volume, found, seed)
    largest = float(begun.max() if found.unit is None else begun[0, found.unit][found.at])
    back = forward.back(target.layer, begun, last=True) if largest > 0 else torch.zeros_like(forward.volumes[INPUT])
    activation = seed_of(volume, found, None).sum(dtype=torch.float64).item()
    return Projection(as_picture(back[0]), found, activation, largest)


def located(volume: Tensor, target: Target) -> Target:
    """`target` at the position of the first picture of `volume` (n, C, H, W) where its unit is strongest."""
    if target.unit is None or target.at is not None:
        return target
    row, column = positions(volume[:1], target)[0].tolist()
    return replace(target, at=(row, column))


def as_picture(volume: Tensor) -> NDArray[np.float32]:
    """A tensor (C, H, W) as an array (H, W, C) float32."""
    found: NDArray[np.float32] = volume.detach().permute(1, 2, 0).float().contiguous().cpu().numpy()
    return found
