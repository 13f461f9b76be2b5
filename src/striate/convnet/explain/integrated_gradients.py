"""Integrated gradients of a unit: its difference from a plain picture, divided among the pixels.

Sundararajan, Taly & Yan, "Axiomatic attribution for deep networks" (ICML 2017), section 3: (x − x′) times the mean
gradient on the straight line from x′ to x. Our x′ is the picture of the mean colour of the training pictures, 0 in the
normalised input, and the mean is taken at the middles of equal steps, of twice as many until the sum is close enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

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

STEPS, MOST_STEPS = 64, 1024  # first, and at most; the paper found 20 to 300 enough
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
                         steps: int | None = None) -> IntegratedGradients:
    """Integrated gradients of `target` in `pixels` (H, W, C) uint8 of the right size.

    `steps` None is 64, then twice as many, up to 1,024, until the rest is within a twentieth of the total. The position
    of a target without one is where its unit is strongest in the picture. Raises `UsageError` (`bad_steps`,
    `no_such_unit`, …) and `NetworkError` (`unknown_layer`).
    """
    model.check(target)
    count, most = STEPS, MOST_STEPS
    if steps is not None:
        count = most = checked("steps", steps, Integer(1, 10_000), REFUSAL)
    picture = model.batch(pixels[None])
    ends = torch.cat([picture, torch.zeros_like(picture)])
    with torch.no_grad():
        volume = model.activations(ends, [target.layer])[target.layer]
    found = located(volume, target)
    activation, baseline = _at(volume, found)
    total = activation - baseline
    while True:
        mean = mean_gradient(model, partial(_between, picture, count), count, found)
        parts = as_picture(picture[0].cpu() * mean)
        rest = total - float(parts.sum(dtype="float64"))
        if abs(rest) <= LEFT * abs(total) or 2 * count > most:
            break
        count *= 2
    return IntegratedGradients(
        parts, "activation", _evidence(model.words(found), activation, baseline, count, rest), found.layer,
        model.unit_name(found), total, position=found.at, activation=activation, baseline=baseline, steps=count,
        rest=rest)


def _between(picture: Tensor, steps: int, start: int, stop: int) -> Tensor:
    """The pictures at the middles of some of the `steps` from the mean colour to `picture` (1, C, H, W)."""
    shares = (torch.arange(start, stop, device=picture.device) + 0.5) / steps
    return picture * shares[:, None, None, None]


def _evidence(what: str, activation: float, baseline: float, steps: int, rest: float) -> str:
    total = activation - baseline
    whole = f"{significant(rest, 2)} of {significant(total, 3)}"
    many = "1 step leaves" if steps == 1 else f"{steps:,} steps leave"
    exact = abs(rest) <= LEFT * abs(total)
    first = "How" if exact else f"Does not add up, so a hint only ({many} {whole}): how"
    added = f"parts of one sum ({many} {whole})" if exact else "no exact parts"
    here, plain = significant(activation, 3), significant(baseline, 3)
    return (f"{first} the difference of {what}, {here} here and {plain} for a picture of the mean colour, is divided "
            f"among the pixels by integrated gradients: {added}, not what would happen without a pixel.")


def _at(volume: Tensor, target: Target) -> list[float]:
    """The activation of the target in each picture of `volume` (n, C, H, W), summed over what it does not name."""
    chosen = volume if target.unit is None else volume[:, target.unit, None]
    if target.at is not None:
        chosen = chosen[:, :, target.at[0], target.at[1]]
    found: list[float] = chosen.flatten(1).sum(1, dtype=torch.float64).tolist()
    return found
