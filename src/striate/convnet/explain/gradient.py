"""Gradient of a unit with respect to the pixels (Simonyan, Vedaldi & Zisserman, ICLR workshop 2014, section 3)."""

from __future__ import annotations

from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.projection import project
from striate.convnet.explain.target import Target
from striate.core.humanize import significant
from striate.model.explanation import Explanation
from striate.model.preprocessing import Pixels

UNITS = "activation per standard deviation of the pixels"


def gradient(model: ExplainedNet, pixels: Pixels, target: Target) -> Explanation:
    """Gradient of `target` with respect to `pixels` (H, W, C) uint8 of the right size: (H, W, C) float32, signed.

    A target without a position is where its unit is strongest; one without a unit is the sum over its layer. Raises
    what `project` raises.
    """
    found = project(model, pixels, target, "gradient")
    what = f"{model.words(found.target)}, here {significant(found.activation, 3)}"
    return found.explanation(model, UNITS, (
        f"How much {what}, changes with each pixel, by the gradient, which starts from 1 there: the slope at this very "
        "picture, not what each pixel contributes." if found.array.any() else
        f"The gradient of {what}, is zero at every pixel: no small change of the picture changes it, a large one may."))
