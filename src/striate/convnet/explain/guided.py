"""Guided backpropagation of a unit to the pixels (Springenberg et al., ICLR workshop 2015, section 3.4)."""

from __future__ import annotations

from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.projection import project
from striate.convnet.explain.target import Target
from striate.core.humanize import significant
from striate.model.explanation import Explanation
from striate.model.preprocessing import Pixels

UNITS = "signal that comes back when it starts from 1"


def guided(model: ExplainedNet, pixels: Pixels, target: Target) -> Explanation:
    """Guided backpropagation of `target` to `pixels` (H, W, C) uint8 of the right size: (H, W, C) float32, signed.

    A target without a position is where its unit is strongest; one without a unit is the sum over its layer. Raises
    what `project` raises (`rule_undefined` for activations other than ReLU).
    """
    found = project(model, pixels, target, "guided")
    what = f"{model.words(found.target)}, here {significant(found.activation, 3)}"
    return found.explanation(model, UNITS, (
        f"Where the picture has what excites {what}, by guided backpropagation, which starts from 1 there: edges on "
        "paths that only excite, not how much each pixel counts." if found.array.any() else
        f"Nothing comes back from {what}, by guided backpropagation, which starts from 1 there: no path "
        "only excites it, which does not say that the picture does not matter to it."))
