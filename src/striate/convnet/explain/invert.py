"""Inversion: a picture whose activations in a layer are those of a given one (Mahendran & Vedaldi, CVPR 2015).

What the picture found has in common with the given one is what the layer still knows; what differs, such as places and
colours in late layers, it has forgotten. The loss is ‖Φ(x) − Φ‖²/‖Φ‖² + weight · V(x), with V the mean squared
difference of neighbouring pixels, the paper's total variation with an exponent of 2. It is made small over the spectrum
of the picture (see `spectrum.py`) where the paper takes pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from striate.convnet.explain.backward import refuse_overgrown
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.spectrum import Spectrum, descend
from striate.convnet.explain.target import Target
from striate.convnet.training.malloc import reuse_freed_memory
from striate.convnet.training.seeding import seed_for
from striate.core.constraints import Integer, Real
from striate.core.params import Refusal, checked
from striate.model.explanation import Explanation
from striate.model.preprocessing import Pixels

STEPS = 200
VARIATION = 3.0  # weight of the total variation, of pixels in 0..1

REFUSAL = Refusal("bad_inversion", "the {name} of an inversion was asked for", "Leave it out")


@dataclass(frozen=True, eq=False, kw_only=True)
class Inversion(Explanation):
    """Inversion of a layer's activations: `array` is the picture found, (H, W, C) uint8.

    Attributes:
        relative_error: ‖Φ(x) − Φ‖/‖Φ‖ of the picture found, as its bytes are; that of a grey picture is `of_grey`.
        steps: of descent.

    """

    relative_error: float
    of_grey: float
    steps: int


def invert(model: ExplainedNet, pixels: Pixels, target: Target, *, steps: int = STEPS, variation: float = VARIATION,
           seed: int = 0) -> Inversion:
    """Picture with the activations that `pixels` (H, W, C) uint8 has in a layer; the same seed gives the same bytes.

    Args:
        model: the network.
        pixels: the picture.
        target: a layer; with a unit, that alone.
        steps: of descent.
        variation: weight of the total variation; more is smoother.
        seed: of the noise to begin with.

    Raises `UsageError` (`bad_inversion`, `no_such_unit`) and `NetworkError` (`unknown_layer`).

    """
    layer = model.check(target).layer
    steps = checked("steps", steps, Integer(1, 100_000), REFUSAL)
    variation = checked("variation", variation, Real(0), REFUSAL)
    units = slice(None) if target.unit is None else slice(target.unit, target.unit + 1)

    def activations(batch: Tensor) -> Tensor:
        return model.activations(batch, [layer])[layer][:, units]

    def error(batch: Tensor) -> float:
        with torch.no_grad():
            return float(torch.linalg.vector_norm(activations(batch) - wanted) / length)

    with torch.no_grad():
        wanted = activations(model.batch(pixels[None]))
        refuse_overgrown(wanted, f"the output of {layer}")
        length = torch.linalg.vector_norm(wanted).clamp_min(1e-12)
    height, width, channels = pixels.shape
    spectrum = Spectrum(channels, (height, width), [seed_for(seed, "invert", layer)])

    def loss(step: int) -> Tensor:  # noqa: ARG001 - every step has the same
        found = spectrum.pictures()
        differing = activations(model.preparation.normalised(255 * found)) - wanted
        near: Tensor = (differing / length).square().sum()
        return near + variation * total_variation(found)

    with reuse_freed_memory():
        descend(spectrum.coefficients, loss, steps)
    with torch.no_grad():
        made = (255 * spectrum.pictures()).round().to(torch.uint8)[0].permute(1, 2, 0).cpu().numpy()
    reached, of_grey = error(model.batch(made[None])), error(model.batch(np.full_like(pixels, 128)[None]))
    return Inversion(
        array=made, units="pixels",
        evidence=f"A picture whose activations in {layer} are {reached:.1%} away from those of this one ({of_grey:.1%} "
                 "for plain grey): what both share is what the layer keeps; it is not the only such picture.",
        layer=layer, unit=None if target.unit is None else model.unit_name(target), relative_error=reached,
        of_grey=of_grey, steps=steps)


def total_variation(pictures: Tensor) -> Tensor:
    """Mean squared difference of neighbouring pixels of pictures (n, C, H, W), down and across.

    >>> float(total_variation(torch.tensor([[[[0.0, 1.0], [0.0, 3.0]]]])))  # (0 + 4)/2 down and (1 + 9)/2 across
    7.0
    """
    down, across = pictures.diff(dim=2), pictures.diff(dim=3)
    sums = [differences.square().mean() for differences in (down, across) if differences.numel()]
    return torch.stack(sums).sum() if sums else pictures.new_zeros(())
