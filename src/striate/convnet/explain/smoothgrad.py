"""SmoothGrad of a unit: the mean gradient over noisy copies of the picture (Smilkov et al. 2017, section 3)."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from torch import Tensor

from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.gradient import UNITS
from striate.convnet.explain.mean_gradient import mean_gradient
from striate.convnet.explain.projection import as_picture, located
from striate.convnet.explain.target import Target
from striate.core.constraints import Integer, Real
from striate.core.params import Refusal, checked
from striate.model.explanation import Explanation
from striate.model.preprocessing import Pixels

COPIES, NOISE = 50, 0.15  # of the paper's figures 3 and 4; noise is a share of the picture's range
REFUSAL = Refusal("bad_smoothing", "smoothgrad: {name} was asked for", "Leave it out for the default")


def smoothgrad(model: ExplainedNet, pixels: Pixels, target: Target, copies: int = COPIES, noise: float = NOISE,
               seed: int = 0) -> Explanation:
    """SmoothGrad of `target` in `pixels` (H, W, C) uint8 of the right size: (H, W, C) float32, signed.

    The standard deviation of the noise is `noise` times the range of the normalised picture; `seed` is that of its
    random numbers. The position of a target without one is where its unit is strongest in the picture without noise.

    Raises `UsageError` (`bad_smoothing`, `no_such_unit`, …) and `NetworkError` (`unknown_layer`).
    """
    model.check(target)
    copies = checked("copies", copies, Integer(1, 10_000), REFUSAL)
    noise = checked("noise", noise, Real(0, 10), REFUSAL)
    seed = checked("seed", seed, Integer(0, 2**63 - 1), REFUSAL)
    picture = model.batch(pixels[None])
    with torch.no_grad():
        volume = model.activations(picture, [target.layer])[target.layer]
    found = located(volume, target)
    deviation = noise * float(picture.max() - picture.min())
    noisy = partial(_noisy, picture, deviation, np.random.default_rng(seed))
    mean = as_picture(mean_gradient(model, noisy, copies, found))
    evidence = (
        f"How much {model.words(found)} changes with each pixel around this picture, by SmoothGrad: the mean gradient "
        f"over {copies} copies with noise of {noise:.0%} of its range, not what each pixel contributes.")
    return Explanation(mean, UNITS, evidence, found.layer, model.unit_name(found), position=found.at)


def _noisy(picture: Tensor, deviation: float, random: np.random.Generator, start: int, stop: int) -> Tensor:
    """Copies of the normalised `picture` (1, C, H, W), each with its own noise, in turn from `random`."""
    noise = random.standard_normal((stop - start, *picture.shape[1:]), np.float32)
    return picture + deviation * torch.from_numpy(noise).to(picture)
