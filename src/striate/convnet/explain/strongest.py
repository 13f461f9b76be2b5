"""Strongest pictures of a unit: the nine of a data set that excite it most, cut to what it sees, and their deconvnet.

Zeiler & Fergus 2014, figure 2; Yosinski et al., "Understanding neural networks through deep visualization" (ICML
workshop 2015), whose toolbox found nine pictures a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

import numpy as np
import torch
from numpy.typing import NDArray

from striate.convnet.explain.backward import ForwardPass
from striate.convnet.explain.batch_size import batch_size
from striate.convnet.explain.crops import box_seen, crop_of
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.look_data import LookData
from striate.convnet.explain.rectified import has_relu_behind, is_rectified, limited_relu
from striate.convnet.explain.rules import operations_of
from striate.convnet.explain.target import Target
from striate.convnet.explain.top_activations import BEST, OnProgress, TopActivations, top_activations
from striate.core.cache import DiskCache
from striate.core.result import Result
from striate.errors import UsageError, shown
from striate.model.explanation import Explanation
from striate.model.preprocessing import Pixels

SHOWN = 5  # units of a layer, where none is asked for


@dataclass(frozen=True, eq=False)
class StrongestPicture(Result):
    """Picture that excites a unit: its key and class, the activation, and what the unit sees of it.

    Attributes:
        picture: its index in the data.
        position: (row, column) of the activation in the layer's output.
        seen: (top, left, bottom, right) in the packed picture; `box`, the same in the file's picture, or None.
        pixels: the crop, (h, w, C) uint8; `projection`: what comes back to the same pixels of the packed picture by
            the rule, (h', w', C) float32, zero where the activation is not above 0; both not in the JSON.

    """

    picture: int
    key: str
    label: str = field(metadata={"key": "class"})
    value: float
    position: tuple[int, int]
    seen: tuple[int, int, int, int]
    box: tuple[int, int, int, int] | None
    pixels: Pixels = field(metadata={"key": None})
    projection: NDArray[np.float32] = field(metadata={"key": None})


@dataclass(frozen=True, eq=False)
class StrongestOfUnit(Result):
    """Strongest pictures of one unit, the strongest first; those that do not excite it are left out."""

    unit: int
    pictures: tuple[StrongestPicture, ...]


@dataclass(frozen=True, eq=False)
class Strongest(Explanation):
    """Strongest pictures of units of a layer: `array` (units, 9) float32 are their activations.

    Attributes:
        shown: the units, with their pictures; `of`: how many units the layer has.
        rule: `deconvnet`, or `gradient` where that is not defined.
        dead: units that no picture lifts above 0, behind a ReLU; None for a layer without one.
        saturated: units whose nine activations are one value, the limit of a ReLU: more pictures may reach it.
        ordered_by: the layer that goes into the limited ReLU, in whose order the pictures are; None without one, where
            the nine of a saturated unit are the first that reach the limit.
        pictures: how many pictures were looked at; `data` and `part`: which.

    """

    shown: tuple[StrongestOfUnit, ...] = ()
    of: int = 0
    rule: str = "deconvnet"
    dead: tuple[int, ...] | None = None
    saturated: tuple[int, ...] = ()
    ordered_by: str | None = None
    pictures: int = 0
    data: str = ""
    part: str = ""


def strongest(model: ExplainedNet, data: LookData, target: Target, *, cache: DiskCache | None = None,
              on_progress: OnProgress | None = None) -> Strongest:
    """The nine pictures of `data` that excite each shown unit of the target's layer most, at most once a picture.

    The unit is the target's; without one, the five whose largest activations are largest, but saturated ones after
    others. Pictures and units of a ReLU with a limit are in the order of what goes into it. Values are in network
    units, computed by the fused network in float32. Raises `UsageError` (`no_such_unit`, `behind_softmax`),
    `NetworkError` (`unknown_layer`), and what reading a picture file raises.
    """
    model.check(target)
    limited = limited_relu(model, target.layer)
    source = limited[0] if limited else target.layer
    ranked = top_activations(model, data, source, cache=cache, on_progress=on_progress)
    top = replace(ranked, values=ranked.values.clip(0, limited[1])) if limited else ranked
    equal = (top.values == top.values[:, :1]).all(axis=1) & (top.values[:, 0] > 0) & (top.count > BEST)
    last = equal & (limited is None)
    units = [target.unit] if target.unit is not None else [
        int(unit) for unit in np.lexsort((-ranked.values[:, 0], last, top.values[:, 0] <= 0))[:SHOWN]]
    quiet = tuple(int(unit) for unit in np.flatnonzero(top.values[:, 0] <= 0))
    dead = quiet if has_relu_behind(model, target.layer) else None
    found, rule = _pictures_of(model, data, target.layer, top, units)
    one = target.unit is not None
    what = f"unit {target.unit} of {target.layer}" if one else f"{len(units)} of {len(top.values)} units " \
                                                               f"of {target.layer}"
    evidence = (f"The pictures of {shown(data.name)} ({data.part}, {top.count:,}) that excite {what} most, cut to what "
                f"the unit can see, with their {rule} beside them; it does not show what else excites it, and says "
                "nothing of pictures that are not among these.")
    return Strongest(
        top.values[units], "activations", evidence, layer=target.layer, unit=str(target.unit) if one else None,
        shown=tuple(StrongestOfUnit(unit, pictures) for unit, pictures in zip(units, found, strict=True)),
        of=len(top.values), rule=rule, dead=dead, saturated=tuple(np.flatnonzero(equal).tolist()),
        ordered_by=source if limited else None, pictures=top.count, data=data.name, part=data.part)


def _pictures_of(model: ExplainedNet, data: LookData, layer: str, top: TopActivations,
                 units: Sequence[int]) -> tuple[list[tuple[StrongestPicture, ...]], str]:
    """The pictures of each unit, and the rule of their projections."""
    rectified = is_rectified(model, layer)
    places = [(unit, rank) for unit in units for rank in range(top.values.shape[1])
              if not rectified or top.values[unit, rank] > 0]
    # By picture, so that each file is decoded once.
    places.sort(key=lambda place: int(top.pictures[place]))
    projections, rule = _projections(model, data, layer, top, places)
    made: dict[tuple[int, int], StrongestPicture] = {}
    for index, same in groupby(zip(places, projections, strict=True), lambda pair: int(top.pictures[pair[0]])):
        original = data.original(index)
        label = data.pictures.classes[data.pictures.labels[index]]
        for place, projection in same:
            row, column = map(int, top.positions[place])
            seen = box_seen(model, Target(layer, place[0], (row, column)))
            crop = crop_of(data, index, seen, original)
            made[place] = StrongestPicture(
                index, data.keys[index], label, float(top.values[place]), (row, column), crop.seen, crop.box,
                crop.pixels, np.ascontiguousarray(projection[seen.whole_pixels()]))
    return [tuple(one for (own, _), one in sorted(made.items()) if own == unit) for unit in units], rule


def _projections(model: ExplainedNet, data: LookData, layer: str, top: TopActivations,
                 places: Sequence[tuple[int, int]]) -> tuple[list[NDArray[np.float32]], str]:
    """The projection of each unit in its picture, (H, W, C) of the packed picture, by deconvnet if that is defined."""
    rule = "deconvnet" if _is_defined(model, layer) else "gradient"
    found: list[NDArray[np.float32]] = []
    size = batch_size(model, stored=True)
    for first in range(0, len(places), size):
        some = places[first : first + size]
        batch = model.batch(data.pictures.take(np.array([top.pictures[place] for place in some])))
        forward = ForwardPass.of(model, batch, [layer], rule)
        volume = forward.volumes[layer].detach()
        seed = torch.zeros_like(volume)
        for own, (unit, rank) in enumerate(some):
            row, column = map(int, top.positions[unit, rank])
            value = float(volume[own, unit, row, column])
            seed[own, unit, row, column] = 0 if value <= 0 else value if rule == "deconvnet" else 1
        back = forward.back(layer, seed, last=True).permute(0, 2, 3, 1).contiguous().cpu().numpy()
        found.extend(np.asarray(back, np.float32))
    return found, rule


def _is_defined(model: ExplainedNet, layer: str) -> bool:
    """Whether deconvnet is defined from a layer down."""
    try:
        operations_of("deconvnet", model.path_to(layer))
    except UsageError as error:
        if error.code != "rule_undefined":
            raise
        return False
    return True
