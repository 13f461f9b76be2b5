"""Deconvnet of a unit: its activation projected to the pixels (Zeiler & Fergus, ECCV 2014, section 2.1).

Maxima return to where they were found, signals are rectified on their way back, filters are transposed without their
biases, and contrast normalisation is left out. All activations of the layer but one are zero, and that one is the seed.
So the maxima are all that the picture decides on the way; without max pooling the pattern is one of the weights alone
(Springenberg et al. 2015, section 3.4).
"""

from __future__ import annotations

from striate.convnet.build.net import is_max_pooling
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.projection import project
from striate.convnet.explain.target import Target
from striate.core.constraints import Real
from striate.core.humanize import significant
from striate.core.params import Refusal, checked
from striate.model.explanation import Explanation
from striate.model.preprocessing import Pixels


def deconvnet(model: ExplainedNet, pixels: Pixels, target: Target, seed: float | None = None) -> Explanation:
    """Deconvnet of `target` in `pixels` (H, W, C) uint8 of the right size: (H, W, C) float32, signed.

    `seed` None is the activation itself, as in the paper; 1 makes it comparable with a gradient. Of a seed of 0 or less
    nothing is drawn, and `evidence` says so. A target without a position is where its unit is strongest; one without a
    unit is its whole layer. Raises what `project` raises (`rule_undefined` for activations other than ReLU).
    """
    if seed is not None:
        seed = checked("seed", seed, Real(), Refusal("bad_seed", "a {name} of deconvnet was asked for", "Use 1"))
    found = project(model, pixels, target, "deconvnet", seed)
    what, given = model.words(found.target), significant(found.seed, 3)
    if seed is not None:
        given += f", where the activation is {significant(found.activation, 3)}"
    elif found.target.unit is not None:
        given = f"the activation itself, {given}"
    else:
        given = f"all its activations, {given} at most"
    if found.seed <= 0:
        evidence = (f"Nothing is drawn of {what}: its seed is {given}, and deconvnet begins with one above 0, which "
                    "does not say that the picture does not matter to it.")
    elif not found.array.any():
        evidence = (f"Nothing comes back from {what}, by deconvnet, which starts from {given} there: no signal stays "
                    "above 0, which does not say that the picture does not matter to it.")
    elif any(is_max_pooling(node) for node in model.path_to(found.target.layer)):
        evidence = (f"The pattern that excites {what}, by deconvnet, which starts from {given} there: where it is and "
                    "what it looks like, not how much each pixel counts.")
    else:
        evidence = (f"What the weights before {what} make of {given}, by deconvnet: with no max pooling "
                    "before it the picture decides where this is and how strong, and not what it looks like.")
    return found.explanation(model, f"signal that comes back when it starts from {given}", evidence)
