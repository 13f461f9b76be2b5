"""Grad-CAM: where in a layer's maps the evidence for a class lies (Selvaraju et al., ICCV 2017, section 3)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from striate.arch.network import INPUT
from striate.convnet.explain.backward import ForwardPass, seed_of
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.projection import located
from striate.convnet.explain.target import Target
from striate.errors import UsageError, shown
from striate.model.explanation import Explanation
from striate.model.preprocessing import Pixels

FAMILIES = frozenset({"conv", "act", "merge"})  # of layers whose maps are looked at by default


@dataclass(frozen=True, eq=False)
class GradCAM(Explanation):
    """Grad-CAM of a class: `array` is (H, W) float32 at the resolution of the layer, unscaled.

    Attributes:
        maps: the name of the layer; `layer` is that of the target.
        raw: (H, W) float32, the map before its ReLU; `weights`: (C,) float32, the mean gradient of each channel.

    """

    maps: str = ""
    raw: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    weights: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))


def grad_cam(model: ExplainedNet, pixels: Pixels, target: Target, layer: str | None = None,
             rectified: bool = True) -> GradCAM:
    """Grad-CAM of `target` in the maps of `layer`, for `pixels` (H, W, C) uint8 of the right size.

    `layer` None is the last that has positions, before any pooling behind it. Each channel is weighted by its mean
    gradient; `rectified` sets what is below 0 to 0, as in the paper. A target without a position is where its unit is
    strongest.

    Raises `UsageError` (`not_before`, `no_such_unit`, `behind_softmax`) and `NetworkError` (`unknown_layer`).
    """
    model.check(target)
    chosen = default_layer(model, target) if layer is None else layer
    model.volume(chosen)
    if chosen not in {target.layer, INPUT, *(node.name for node in model.path_to(target.layer))}:
        raise UsageError("not_before", f"Grad-CAM in {shown(chosen)} was asked for",
                         allowed=f"layers that {shown(target.layer)} depends on are allowed",
                         given=f"{shown(target.layer)} does not depend on it",
                         do=f"Give {default_layer(model, target)}")
    forward = ForwardPass.of(model, model.batch(pixels[None]), [target.layer, chosen])
    volume = forward.volumes[target.layer]
    found = located(volume, target)
    slopes = forward.back(target.layer, seed_of(volume, found), chosen, last=True)[0].double()
    weights = slopes.mean((1, 2))
    raw = torch.einsum("c,chw->hw", weights, forward.volumes[chosen][0].detach().double()).float().cpu().numpy()
    array = raw.clip(min=0) if rectified else raw
    evidence = _evidence(model, found, chosen, array, rectified)
    return GradCAM(array, f"activation of {found.layer}", evidence, found.layer, model.unit_name(found),
                   position=found.at, maps=chosen, raw=raw, weights=weights.float().cpu().numpy())


def default_layer(model: ExplainedNet, target: Target) -> str:
    """The last layer before the target's that has positions, before any pooling behind it; `input` if none has."""
    for node in reversed(model.path_to(target.layer)):
        if node.name != target.layer and node.layer.family in FAMILIES and node.output.height * node.output.width > 1:
            return node.name
    return INPUT


def _evidence(model: ExplainedNet, target: Target, layer: str, array: NDArray[np.float32], rectified: bool) -> str:
    what, (height, width) = model.words(target), array.shape
    if not array.any():
        kind = "unit" if model.class_of(target) is None else "class"
        trace = "positive trace" if rectified else "trace"
        return (f"This {kind} leaves no {trace} in layer {layer}: Grad-CAM of {what} is 0 at each of {height}×{width} "
                "places, which does not say that the picture does not matter to it.")
    signs = "raises" if rectified else "raises (above 0) and lowers (below 0)"
    return (f"Where {layer} has what {signs} {what}, by Grad-CAM: {height}×{width} places, not outlines, and each "
            "channel weighs the same everywhere.")
