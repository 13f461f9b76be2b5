"""Weighted sum behind a unit: followed back through the layers between, with batch normalisation folded in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, cast

import numpy as np
import torch
from torch import Tensor

from striate.arch.network import INPUT, Node
from striate.convnet.build.net import NodeModule, is_max_pooling
from striate.convnet.explain.explained_net import HEAD, ExplainedNet
from striate.convnet.explain.linear_head import LinearHead
from striate.convnet.explain.taps import CARRIERS, LINEAR, TAPS, Doubles, Place, Taps, identity, numbers
from striate.convnet.explain.traced_layers import TRACED, TracedUnit, affine, place_text
from striate.core.humanize import join_words, plus, significant

AFFINE = frozenset({"batch_norm", "scale"})


class WeightedSum(NamedTuple):
    """Weighted sum that a unit's value comes from.

    layer, place: of what the sum is the output, `place` is (channel, row, column).
    node: the layer whose weights these are, or None: a transfer's head, or an input as it is.
    taps, values: weights, bias and inputs (float64, in the shape of the weights).
    steps: how the unit's value follows from the sum, a line a layer, in the order of the network.
    """

    layer: str
    place: Place
    node: Node | None
    taps: Taps
    values: Doubles
    steps: tuple[str, ...]


def weighted_sum(model: ExplainedNet, volumes: Mapping[str, Tensor], layer: str, place: Place) -> WeightedSum:
    """The sum that the value of `layer` at `place` comes from.

    `volumes` are the outputs (1, C, H, W) of one picture by name, of all layers on the way to it, and `input`.
    """
    steps: list[str] = []
    while layer != INPUT:
        if layer == HEAD and model.head:
            return _of_head(model.head, volumes[model.net.output], model.net.output, place)
        node = model.nodes[layer]
        linear, between = _linear_layer(model, node)
        if linear is not None:
            taps = _carried(model, TAPS[linear.layer.kind](linear, _tensors(model, linear), place))
            told = [_told(linear, taps, place)]
            for affine_node in between:
                factor, shift = affine(_traced_unit(model, volumes, affine_node, place))
                taps = taps.scaled(factor, shift)
                told.append(f"{affine_node.name}: folded into {linear.name}: weights and bias times "
                            f"{significant(factor)}, the bias {plus(shift)}")
            return WeightedSum(layer, place, linear, taps, taps.read(volumes), (*told, *steps[::-1]))
        unit = _traced_unit(model, volumes, node, place)
        traced = TRACED[node.layer.kind](unit)
        steps.append(f"{layer}: {traced.text}")
        taps = identity(traced.source, model.volume(traced.source), traced.place)
        if not taps.inside.all():  # a zero of the padding, which no layer has computed
            return WeightedSum(layer, place, None, taps, taps.read(volumes), tuple(steps[::-1]))
        layer, place = traced.source, traced.place
    taps = identity(INPUT, model.volume(INPUT), place)
    end = f"{INPUT}: {place_text(place)}, (byte − mean)/deviation"
    return WeightedSum(INPUT, place, None, taps, taps.read(volumes), (end, *steps[::-1]))


def _tensors(model: ExplainedNet, node: Node) -> dict[str, Tensor]:
    return cast(NodeModule, model.net.module_of(node.name)).tensors


def _traced_unit(model: ExplainedNet, volumes: Mapping[str, Tensor], node: Node, place: Place) -> TracedUnit:
    inputs = tuple(volumes[name][0] for name in node.inputs)
    return TracedUnit(node, _tensors(model, node), inputs, place, float(volumes[node.name][(0, *place)]))


def _linear_layer(model: ExplainedNet, node: Node) -> tuple[Node | None, list[Node]]:
    """The layer whose sum `node` puts out, itself or one right before it, and the normalisations from it to `node`."""
    if node.layer.kind in TAPS and not is_max_pooling(node):
        return node, []
    between = [node]
    while between[0].layer.kind in AFFINE and between[0].inputs[0] in model.nodes:
        before = model.nodes[between[0].inputs[0]]
        if before.layer.kind in LINEAR:
            return before, between
        between.insert(0, before)
    return None, []


def _told(node: Node, taps: Taps, place: Place) -> str:
    """What a layer sums, as a line."""
    if not taps.weights.size:
        return f"{node.name}: {place_text(place)} is the bias alone; a stride leaves it without inputs"
    shape = "×".join(str(side) for side in taps.weights.shape if side > 1) or "1"
    noun = "inputs" if taps.weights.size > 1 else "input"
    padding = int((~taps.inside).sum())
    zeros = f", {padding:,} of which are zeros of the padding" if padding else ""
    inputs = f"{shape} {noun} of {join_words(taps.sources, 'and')}{zeros}"
    means = node.layer.kind in ("pool", "global_pool")
    what = f"mean of {inputs}" if means else f"sum of {inputs}, times weight, plus the bias"
    return f"{node.name}: {place_text(place)} is the {what if node.layer.kind != 'add' else f'sum of {inputs}'}"


def _carried(model: ExplainedNet, taps: Taps) -> Taps:
    """The taps on what is before layers that only pad, reshape or drop."""
    while len(taps.sources) == 1 and taps.sources[0] in model.nodes:
        before = model.nodes[taps.sources[0]]
        if before.layer.kind not in CARRIERS:
            break
        taps = taps.before(before)
    return taps


def _of_head(head: LinearHead, features: Tensor, source: str, place: Place) -> WeightedSum:
    """The margin of a class: its weights times the features, less their mean and divided by their length."""
    length = float(torch.linalg.vector_norm(features.flatten(1).double() - head.mean.to(features).double()))
    weights, values = numbers(head.weights[place[0]]), numbers(head.scaled(features)[0])
    zeros = np.zeros(len(weights), np.int64)
    taps = Taps(np.arange(len(weights)), zeros, zeros, np.ones(len(weights), bool), weights, float(head.bias[place[0]]),
                (source,), zeros)
    step = (f"{HEAD}: class {place[0]} is weights times the {len(weights):,} outputs of {source}, each less its mean "
            f"over the training pictures and divided by {significant(length)}, the length of all")
    return WeightedSum(HEAD, place, None, taps, values, (step,))
