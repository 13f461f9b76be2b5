"""Activation maps of one picture in every layer: maxima, where they are, and units that stay silent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from striate.arch.layer_traits import ELEMENTWISE
from striate.arch.network import INPUT
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.rectified import limited_relu
from striate.convnet.explain.target import Target
from striate.core.result import Result
from striate.model.explanation import Explanation
from striate.model.preprocessing import Pixels


@dataclass(frozen=True)
class UnitMaximum(Result):
    """Largest activation of a unit: its value, and its (row, column), the first of equals."""

    unit: int
    value: float
    position: tuple[int, int]


@dataclass(frozen=True, eq=False)
class LayerActivity(Result):
    """Activity of a layer for one picture.

    Attributes:
        layer: its name; `shape`: (channels, height, width).
        low, high: the smallest and the largest activation.
        silent: how many units are zero everywhere.
        maxima, means: (C,) float32, the largest and the mean activation of each unit; `places`: (C, 2), row and column
            of the largest, the first of equals; `before`: (C,), the largest value that goes into a ReLU with a limit,
            which then has the place, or None for other layers. None of them is among the JSON values.

    """

    layer: str
    shape: tuple[int, int, int]
    low: float
    high: float
    silent: int
    maxima: NDArray[np.float32] = field(metadata={"key": None})
    means: NDArray[np.float32] = field(metadata={"key": None})
    places: NDArray[np.int64] = field(metadata={"key": None})
    before: NDArray[np.float32] | None = field(default=None, metadata={"key": None})

    def maximum(self, unit: int) -> UnitMaximum:
        """The largest activation of a unit."""
        row, column = self.places[unit].tolist()
        return UnitMaximum(unit, float(self.maxima[unit]), (row, column))

    def ranked(self) -> NDArray[np.int64]:
        """All units by their largest activation, of equals by what goes into a limited ReLU, then by the mean."""
        first = np.zeros_like(self.maxima) if self.before is None else self.before
        return np.lexsort((-self.means, -first, -self.maxima))

    def strongest(self, count: int) -> tuple[UnitMaximum, ...]:
        """The first `count` units of `ranked`, as far as their largest activation is above 0."""
        return tuple(self.maximum(int(unit)) for unit in self.ranked()[:count] if self.maxima[unit] > 0)


@dataclass(frozen=True, eq=False)
class ActivationMaps(Explanation):
    """Activation maps: `array` (C, H, W) float32 of the target's layer.

    Attributes:
        layers: activity of the target's layer and of each layer with an area, in order.
        maps: their volumes (C, H, W) float32, by name; not among the JSON values.
        limit: of the ReLU that the target's layer is, or None; `before` (C, H, W) float32: what goes into it.

    """

    layers: tuple[LayerActivity, ...] = ()
    maps: Mapping[str, NDArray[np.float32]] = field(default_factory=dict, metadata={"key": None})
    limit: float | None = None
    before: NDArray[np.float32] | None = field(default=None, metadata={"key": None})

    def of(self, layer: str) -> LayerActivity:
        """The activity of a layer by name."""
        return next(one for one in self.layers if one.layer == layer)


def activations(model: ExplainedNet, pixels: Pixels, target: Target) -> ActivationMaps:
    """The maps of one picture (H, W, C) uint8 of the right size, in every layer with an area, by one forward pass."""
    model.check(target)
    layers = list(dict.fromkeys((*mapped_layers(model), target.layer)))
    layers.sort(key=[INPUT, *model.layers].index)
    with torch.no_grad():
        limited = limited_relu(model, target.layer)
        volumes = model.activations(model.batch(pixels[None]), [*layers, limited[0]] if limited else layers)
    before = volumes[limited[0]][0].cpu().contiguous().numpy() if limited else None
    maps = {name: volumes[name][0].cpu().contiguous().numpy() for name in layers}
    evidence = (f"How strongly each unit of {target.layer} responds at each place of this picture: most where its "
                "pattern is, not whether the decision uses it.")
    return ActivationMaps(maps[target.layer], "activation", evidence, target.layer, maps=maps,
                          limit=limited[1] if limited else None, before=before, layers=tuple(
                              _activity(name, maps[name], before if name == target.layer else None) for name in layers))


def mapped_layers(model: ExplainedNet) -> tuple[str, ...]:
    """The layers with an area, in order; of a convolution and what is behind it value by value, the last one."""
    readers: dict[str, list[str]] = {}
    for node in model.nodes.values():
        for name in node.inputs:
            readers.setdefault(name, []).append(node.layer.kind)
    return tuple(name for name, node in model.nodes.items() if node.output.height * node.output.width > 1
                 and not (len(readers.get(name, ())) == 1 and readers[name][0] in ELEMENTWISE))


def last_area(model: ExplainedNet) -> str:
    """The last layer with an area above 1×1, without one the last before the scores: its units are explained."""
    mapped = [name for name in mapped_layers(model) if name != model.scores]
    if mapped:
        return mapped[-1]
    before = [name for name in model.nodes if name != model.scores]
    return before[-1] if before else model.scores


def _activity(name: str, maps: NDArray[np.float32], before: NDArray[np.float32] | None = None) -> LayerActivity:
    flat = maps.reshape(len(maps), -1)
    deciding = flat if before is None else before.reshape(len(before), -1)
    places = np.stack(np.unravel_index(deciding.argmax(1), maps.shape[1:]), 1)
    return LayerActivity(name, maps.shape, float(flat.min()), float(flat.max()), int((flat == 0).all(1).sum()),
                         flat.max(1), flat.mean(1), places, None if before is None else deciding.max(1))
