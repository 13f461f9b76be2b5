"""Feature visualisation: pictures that excite a unit, found by gradient ascent from noise.

Erhan et al. 2009; Olah, Mordvintsev & Schubert 2017. What is made larger is the unit before its ReLU: behind it a unit
that is silent for the first noise would have no gradient, and its picture would stay grey. A picture is as large as
the unit's receptive field, so that it shows what the unit sees and nothing else; where a field is as large as the
network's pictures, in the middle of one of these. In each step the picture is moved by a few pixels, so that it does
not fit the grid of the windows. Units whose gradient is zero because of ReLUs before them are woken first, by steps in
which it passes through those. A unit that none of the found pictures excites is called silent and gets none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from striate.convnet.build.operations import OPERATIONS, Operation, UnitContext
from striate.convnet.explain.ascent import Ascent, planned
from striate.convnet.explain.batch_size import batch_size
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.rules import RuledReLU
from striate.convnet.explain.spectrum import Spectrum, descend
from striate.convnet.explain.target import Target
from striate.convnet.inference.precision import best_device
from striate.convnet.training.malloc import reuse_freed_memory
from striate.convnet.training.seeding import generator, seed_for
from striate.core.constraints import Integer
from striate.core.params import Refusal, checked
from striate.model.explanation import Explanation
from striate.model.preprocessing import Pixels

STEPS = 128
UNITS = 9  # of a layer, if none is named
JITTER = 28  # pixels of a side for one pixel by which a picture is moved at most, each way
ROOM = 512 << 20  # bytes of volumes, stored for the backward pass
MOST = 16  # units of one batch
WAKING = 16  # steps before the others for units without a gradient, in which it passes through silent ReLUs

REFUSAL = Refusal("bad_ascent", "the {name} of a gradient ascent were asked for", "Leave it out")


@dataclass(frozen=True, eq=False, kw_only=True)
class Maximised(Explanation):
    """Pictures that excite units most, of those found by gradient ascent.

    `array` is (n, h, w, C) uint8, a picture for each of `shown`.

    Attributes:
        shown: the units with a picture; `silent`: those that no found picture excites above zero, or that nothing
            moves.
        reached: (n,), the largest activation of each of `shown` for its picture, as the layer gives it.
        of_units: how many the layer has.
        ascended: the layer whose units were made larger: the one before the ReLU.

    """

    shown: tuple[int, ...]
    silent: tuple[int, ...]
    reached: NDArray[np.float64]
    of_units: int
    ascended: str


def maximise(model: ExplainedNet, target: Target, *, units: Sequence[int] | None = None, steps: int = STEPS,
             seed: int = 0) -> Maximised:
    """Pictures that excite units of a layer; the same seed gives the same bytes.

    Args:
        model: the network.
        target: a layer; with a unit, that alone; with a position, the unit there, in a whole picture.
        units: of the layer; None is the first nine.
        steps: of ascent for each picture.
        seed: of the noise that pictures begin with, and of their movements.

    Raises `UsageError` (`bad_ascent`, `no_such_unit`) and `NetworkError` (`unknown_layer`).

    """
    layer = model.check(target).layer
    channels = model.volume(layer).channels
    steps = checked("steps", steps, Integer(1, 10_000), REFUSAL)
    if units is None:
        units = range(min(UNITS, channels))
    asked = [target.unit] if target.unit is not None else [
        checked("units", unit, Integer(0, channels - 1), REFUSAL) for unit in units]
    ascent = planned(model, target)
    rectified = any(node.layer.kind == "relu" and ascent.layer in node.inputs for node in model.nodes.values())
    part = ascent.size[0] * ascent.size[1] / (model.network.input.height * model.network.input.width)
    batch = batch_size(model, stored=True, most=MOST, room=ROOM, part=part)
    pictures, reached, alive = [], [], []
    with reuse_freed_memory():
        for first in range(0, len(asked), batch):
            some = asked[first : first + batch]
            noise, found = ascend(model, ascent, some, steps, seed)
            (first_values, _), (largest, before) = (
                strongest_of(model, batch, some, (layer, ascent.layer)) for batch in (noise, found))
            pictures.append(found)
            reached.append(largest)
            alive.append((largest != first_values) & ((before > 0) | (not rectified)))
    chosen = np.concatenate(alive)
    return Maximised(
        array=np.concatenate(pictures)[chosen], units="pixels",
        evidence=f"Pictures made to excite units of {layer} as much as possible, so what they can respond to; not "
                 "what they respond to in photographs, which the strongest pictures show.",
        layer=layer, unit=None if target.unit is None else str(target.unit), position=target.at,
        shown=tuple(unit for unit, one in zip(asked, chosen, strict=True) if one),
        silent=tuple(unit for unit, one in zip(asked, chosen, strict=True) if not one),
        reached=np.concatenate(reached)[chosen], of_units=channels, ascended=ascent.layer)


def ascend(model: ExplainedNet, ascent: Ascent, units: Sequence[int], steps: int,
           seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The noise that ascent begins with, and the pictures found, (n, h, w, C) uint8, one for each of `units`."""
    height, width = ascent.size
    jitter = min(height, width) // JITTER
    size = (height + 2 * jitter, width + 2 * jitter)
    spectrum = Spectrum(model.network.input.channels, size,
                        [seed_for(seed, "maximise", ascent.layer, unit) for unit in units])
    moves = generator(seed, "maximise", "moves").integers(0, 2 * jitter + 1, (steps, 2))
    each = torch.arange(len(units))

    def cropped(row: int, column: int) -> Tensor:
        return spectrum.pictures()[:, :, row : row + height, column : column + width]

    def loss(step: int, operations: Mapping[str, Operation] = OPERATIONS) -> Tensor:
        batch = model.preparation.normalised(255 * cropped(*moves[(step - 1) % steps].tolist()))
        maps = model.activations(batch, [ascent.layer], operations)[ascent.layer][each, list(units)]
        values = maps.mean((1, 2)) if ascent.place is None else maps[:, ascent.place[0], ascent.place[1]]
        return -(values * chosen).sum()

    def seen() -> NDArray[np.uint8]:
        with torch.no_grad():
            return (255 * cropped(jitter, jitter)).round().permute(0, 2, 3, 1).to(torch.uint8).cpu().numpy()

    noise = seen()
    every = chosen = torch.ones(len(units), device=best_device())
    (slopes,) = torch.autograd.grad(loss(1), spectrum.coefficients)
    if (asleep := (slopes == 0).flatten(1).all(1)).any():
        chosen = asleep.to(every)
        descend(spectrum.coefficients, lambda step: loss(step, OPERATIONS | {"relu": straight_through_relu}), WAKING)
        chosen = every
    descend(spectrum.coefficients, loss, steps)
    return noise, seen()


def straight_through_relu(layer: Any, context: UnitContext, x: Tensor) -> Tensor:  # noqa: ARG001 - as every operation
    """A ReLU whose gradient is that of the identity."""
    value: Tensor = RuledReLU.apply(x, layer.limit, False, False)  # type: ignore[no-untyped-call]
    return value


def strongest_of(model: ExplainedNet, pictures: Pixels, units: Sequence[int],
                 layers: Sequence[str]) -> list[NDArray[np.float64]]:
    """The largest activation (n,) of each unit in its own picture, for each of `layers`."""
    with torch.no_grad():
        volumes = model.activations(model.batch(pictures), layers)
    each = torch.arange(len(units))
    return [volumes[layer][each, list(units)].flatten(1).amax(1).double().cpu().numpy() for layer in layers]
