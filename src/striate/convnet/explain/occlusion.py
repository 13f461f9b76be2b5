"""Occlusion: what a network says while a grey window covers one place of a picture after another.

Zeiler & Fergus 2014, section 4.2: for each place of the window the probability of the class, the most probable class,
and the total activation of one map, the strongest of a layer for the whole picture. The window is grey in the mean
colour of the training pictures, and the last one meets the border, so every pixel is covered.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from striate.convnet.explain.batch_size import batch_size
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.target import Target
from striate.convnet.inference.changed_regions import ChangedRegions
from striate.convnet.inference.fold_batch_norm import fold_upright
from striate.convnet.training.malloc import reuse_freed_memory
from striate.core.constraints import Integer
from striate.core.humanize import significant
from striate.core.params import Refusal, checked
from striate.errors import shown
from striate.model.explanation import Explanation
from striate.model.preprocessing import Pixels

SHARE = 7  # a window is this part of the shorter side
PLACES = 25  # windows along each side, if they are not given
TINY = 1e-6  # a probability below which no fall of it says anything
CHANGE = 0.01  # a fall of a probability below which no place matters by itself

REFUSAL = Refusal("bad_window", "a {name} of an occlusion was asked for", "Leave it out")


@dataclass(frozen=True, eq=False, kw_only=True)
class OcclusionMaps(Explanation):
    """Occlusion maps of one picture.

    `array` (H, W) is how far the probability of the class falls, in the mean of the windows that cover each pixel.

    Attributes:
        probability: (r, c), of the class, for each place of the window.
        labels: (r, c), the index of the most probable class.
        activation: (r, c), the sum of one map of `map_layer`, of its unit `map_unit`; `strongest`: whether that map
            is the strongest of its layer for the picture itself.
        rows, columns: (r,) and (c,), the first pixel of each window; `window`: its side in pixels.
        untouched: probability of the class, most probable class and sum of the map for the picture itself.

    """

    probability: NDArray[np.float64]
    labels: NDArray[np.int64]
    activation: NDArray[np.float64]
    map_layer: str
    map_unit: int
    strongest: bool
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    window: int
    untouched: tuple[float, int, float]


def occlusion(model: ExplainedNet, pixels: Pixels, target: Target, *, window: int | None = None,
              stride: int | None = None) -> OcclusionMaps:
    """Occlusion maps of a picture (H, W, C) uint8 of the right size.

    Args:
        model: the network.
        pixels: the picture.
        target: a class, whose map is then the strongest of the last layer with more than one position; or a layer with
            or without a unit, for the most probable class.
        window: its side in pixels; None is a seventh of the picture's shorter side.
        stride: pixels from one window to the next; None gives 25 windows along each side.

    Computed in float32, without test-time augmentation, so the probability may differ from that of `predict_proba`
    where this is in bfloat16. Raises `UsageError` (`bad_window`).

    """
    height, width = pixels.shape[:2]
    shorter = min(height, width)
    side = max(1, round(shorter / SHARE)) if window is None else checked("window", window, Integer(1, shorter), REFUSAL)
    if stride is not None:
        stride = checked("stride", stride, Integer(1, side), REFUSAL)
    rows, columns = first_pixels(height, side, stride), first_pixels(width, side, stride)
    of_class = model.check(target).layer == model.scores and model.scored
    layer = last_layer_with_positions(model) if of_class else target.layer
    with torch.inference_mode(), reuse_freed_memory():
        net = fold_upright(model.net, [layer])
        passes = ChangedRegions(net, model.batch(pixels[None]), list(dict.fromkeys((net.output, layer))))
        whole = {name: passes.base[name] for name in passes.layers}
        sums = whole[layer].sum((0, 2, 3))
        unit = int(sums.argmax()) if of_class or target.unit is None else target.unit
        untouched = model.probabilities(whole[net.output].flatten(1).cpu().numpy())[0]
        named = model.class_index(target)
        chosen = int(untouched.argmax()) if named is None else named
        places = np.stack(np.meshgrid(rows, columns, indexing="ij"), -1).reshape(-1, 2)
        batch = batch_size(model)
        scores, activations = [], []
        for first in range(0, len(places), batch):
            down, across = places[first : first + batch].T
            grey = whole[layer].new_zeros(len(down), pixels.shape[2], side, side)  # the mean, normalised
            found = passes(grey, (down, across))
            scores.append(model.probabilities(found[net.output].flatten(1).cpu().numpy()))
            activations.append(found[layer][:, unit].sum((1, 2), dtype=torch.float64).cpu().numpy())
    said, grid = np.concatenate(scores), (len(rows), len(columns))
    probability = said[:, chosen].reshape(grid)
    name = model.classes[chosen]
    return OcclusionMaps(
        array=mean_over_windows(untouched[chosen] - probability, rows, columns, side, (height, width)),
        units="probability",
        evidence=_evidence(name, float(untouched[chosen]), float(probability.min())),
        layer=model.scores if model.scored else None, unit=name, probability=probability,
        labels=said.argmax(1).reshape(grid), activation=np.concatenate(activations).reshape(grid), map_layer=layer,
        map_unit=unit, strongest=unit == int(sums.argmax()), rows=rows, columns=columns, window=side,
        untouched=(float(untouched[chosen]), int(untouched.argmax()), float(sums[unit])))


def _evidence(name: str, before: float, lowest: float) -> str:
    """What the falls of the probability of a class from `before`, at most to `lowest`, are evidence of."""
    named, fall, share = shown(name, 80), before - lowest, significant(before, 1 if before < TINY else 4)
    if before < TINY:
        return (f"Says nothing here: the probability of {named} is {share} without a window, and no fall "
                f"of one below {significant(TINY)} means anything; explain a class that the network holds possible.")
    missing = "it does not show what two places do together, nor what another covering would"
    if fall < CHANGE:
        how = f"by {significant(fall, 2)} at most" if fall > 0 else "nowhere"
        return (f"Nothing falls here: the probability of {named}, {share}, falls {how} while a grey "
                f"window covers a place, so the decision can do without each single place; {missing}.")
    return (f"How far the probability of {named} falls while a grey window covers the place, from {share} "
            f"to {significant(lowest)} at most, so what the decision cannot do without; {missing}.")


def first_pixels(size: int, window: int, stride: int | None) -> NDArray[np.int64]:
    """The first pixel of each window along a side of `size` pixels; the last window meets the border.

    >>> first_pixels(10, 4, 4), first_pixels(28, 4, None)[[0, 1, -1]]
    (array([0, 4, 6]), array([ 0,  1, 24]))
    """
    if stride is None:
        return np.unique(np.linspace(0, size - window, PLACES).round().astype(np.int64))
    return np.unique(np.append(np.arange(0, size - window + 1, stride), size - window))


def mean_over_windows(values: NDArray[np.float64], rows: NDArray[np.int64], columns: NDArray[np.int64], window: int,
                      size: tuple[int, int]) -> NDArray[np.float64]:
    """The mean of `values` (r, c) over the windows that cover each pixel, `size`; zero where none does.

    >>> mean_over_windows(np.array([[1.0, 3.0]]), np.array([0]), np.array([0, 1]), 2, (2, 3))[0]
    array([1., 2., 3.])
    """
    sums, counts = np.zeros(size), np.zeros(size)
    for row, line in zip(rows, values, strict=True):
        for column, value in zip(columns, line, strict=True):
            sums[row : row + window, column : column + window] += value
            counts[row : row + window, column : column + window] += 1
    return sums / np.maximum(counts, 1)


def last_layer_with_positions(model: ExplainedNet) -> str:
    """The last layer whose output has more than one position; the first layer, if none has."""
    wide = [name for name, node in model.nodes.items() if node.output.height * node.output.width > 1]
    return wide[-1] if wide else next(iter(model.nodes))
