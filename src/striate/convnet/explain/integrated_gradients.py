"""Integrated gradients of a unit: its difference from a plain picture, divided among the pixels.

Sundararajan, Taly & Yan, "Axiomatic attribution for deep networks" (ICML 2017), section 3: (x − x′) times the mean
gradient on the straight line from x′ to x. Our x′ is the picture of the mean colour of the training pictures, 0 in the
normalised input, and the mean is taken at the middles of equal steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.mean_gradient import mean_gradient
from striate.convnet.explain.projection import as_picture, located
from striate.convnet.explain.target import Target
from striate.core.constraints import Integer
from striate.core.humanize import significant
from striate.core.params import Refusal, checked
from striate.model.explanation import Explanation
from striate.model.preprocessing import Pixels

STEPS = 64  # the paper found 20 to 300 enough
LEFT = 0.05  # of the total, above which the sum does not stand for the integral
REFUSAL = Refusal("bad_steps", "a number of {name} of integrated gradients was asked for", "Give for example 64")


@dataclass(frozen=True, eq=False)
class IntegratedGradients(Explanation):
    """Integrated gradients: `array` (H, W, C) float32 adds up to `total` but for `rest`.

    Attributes:
        activation, baseline: the target's in the picture, and in a picture of the mean colour; `total` is their
            difference.
        steps: of the sum in place of the integral; `rest`: the total without the sum of the array.

    """

    activation: float = 0.0
    baseline: float = 0.0
    steps: int = 0
    rest: float = 0.0


def integrated_gradients(model: ExplainedNet, pixels: Pixels, target: Target,
                         steps: int = STEPS) -> IntegratedGradients:
    """Integrated gradients of `target` in `pixels` (H, W, C) uint8 of the right size.

    The position of a target without one is where its unit is strongest in the picture. Raises `UsageError`
    (`bad_steps`, `no_such_unit`, …) and `NetworkError` (`unknown_layer`).
    """
    model.check(target)
    steps = checked("steps", steps, Integer(1, 10_000), REFUSAL)
    picture = model.batch(pixels[None])
    ends = torch.cat([picture, torch.zeros_like(picture)])
    with torch.no_grad():
        volume = model.activations(ends, [target.layer])[target.layer]
    found = located(volume, target)
    activation, baseline = _at(volume, found)

    def between(start: int, stop: int) -> Tensor:
        shares = (torch.arange(start, stop, device=picture.device) + 0.5) / steps
        return picture * shares[:, None, None, None]

    parts = as_picture(picture[0].cpu() * mean_gradient(model, between, steps, found))
    total = activation - baseline
    rest = total - float(parts.sum(dtype="float64"))
    enough = "parts of one sum" if abs(rest) <= LEFT * abs(total) else "more steps are needed for an exact sum"
    evidence = (
        f"How the difference of {model.words(found)}, {significant(activation, 3)} here and {significant(baseline, 3)} "
        f"for a picture of the mean colour, is divided among the pixels by integrated gradients: {enough} ({steps} "
        f"steps leave {significant(rest, 2)} of {significant(total, 3)}), not what would happen without a pixel.")
    return IntegratedGradients(
        parts, "activation", evidence, found.layer, model.unit_name(found), total, position=found.at,
        activation=activation, baseline=baseline, steps=steps, rest=rest)


def _at(volume: Tensor, target: Target) -> list[float]:
    """The activation of the target in each picture of `volume` (n, C, H, W), summed over what it does not name."""
    chosen = volume if target.unit is None else volume[:, target.unit, None]
    if target.at is not None:
        chosen = chosen[:, :, target.at[0], target.at[1]]
    found: list[float] = chosen.flatten(1).sum(1, dtype=torch.float64).tolist()
    return found
