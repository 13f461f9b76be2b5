"""Writer of Caffe's prototxt: deploy form, or train_val with losses and accuracies."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from striate.arch.formats.caffe.field_conversion import UnsupportedField, unsupported
from striate.arch.formats.caffe.layer_mapping import scale_names
from striate.arch.formats.caffe.prototxt_layers import WRITERS, batch_norm_scale
from striate.arch.formats.caffe.prototxt_style import block, layer, number
from striate.arch.network import INPUT, Network, Node
from striate.core.constraints import OneOf
from striate.core.params import Refusal, checked
from striate.errors import NetworkError

WRITTEN = {*WRITERS, "slice"}  # slices of one volume are one Caffe layer, so they have no row
FORMS = ("deploy", "train_val")
UNKNOWN = Refusal("unknown_form", "a {name} of a Caffe network was asked for", "Write deploy", NetworkError)
DATA_WANTED = "caffe train wants a data layer in place of the Input layers of the pictures and labels"
# Layers that may overwrite their bottom, and the layers before them whose backward pass does not need their output.
IN_PLACE = {"relu", "leaky_relu", "dropout", "scale", "batch_norm"}
OVERWRITTEN = {"conv", "deconv", "dense", "batch_norm", "scale", "add", "concat", "pool", "relu", "leaky_relu"}
FOUR_AXES = {"conv", "deconv", "pool", "global_pool", "lrn"}
FLAT = {"dense", "flatten"}


def write_caffe(network: Network, phase: str = "deploy") -> str:
    """The prototxt of a network; `phase` is `deploy`, or `train_val` with the losses and accuracies of all heads.

    It is read back as the same network, but for what Caffe writes in another form: padding `same` becomes its number, a
    BatchNorm with weights a BatchNorm and a Scale, rounding `exact` its result, the momentum of a BatchNorm a
    moving_average_fraction of 1 − momentum. The deploy form leaves auxiliary heads out; a head that ends in
    a softmax gets MultinomialLogisticLoss, every other SoftmaxWithLoss. Refuses, all at once, what Caffe has no layer
    for: padding that differs between sides, maxout, pad, table_conv, a limited relu, …

    >>> from striate.arch import Conv, Input, ReLU
    >>> print(write_caffe(Network(ReLU()(Conv(20, 5)(Input(1, 28, 28))), name="small")), end="")
    name: "small"
    layer {
      name: "data"
      type: "Input"
      top: "data"
      input_param { shape { dim: 1 dim: 1 dim: 28 dim: 28 } }
    }
    layer {
      name: "conv1"
      type: "Convolution"
      bottom: "data"
      top: "conv1"
      param { lr_mult: 1 decay_mult: 1 }
      param { lr_mult: 1 decay_mult: 1 }
      convolution_param {
        num_output: 20
        kernel_size: 5
        weight_filler { type: "msra" }
        bias_filler { type: "constant" }
      }
    }
    layer {
      name: "relu1"
      type: "ReLU"
      bottom: "conv1"
      top: "conv1"
    }
    """
    checked("form", phase, OneOf(*FORMS), UNKNOWN)
    return _Writer(network.trunk if phase == "deploy" else network, phase == "train_val").text()


@dataclass
class _Writer:
    """State of the writer: `blobs` is the blob of each node's output, `problems` are layers that Caffe lacks."""

    network: Network
    training: bool
    lines: list[str] = field(default_factory=list)
    blobs: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        nodes = self.network.nodes
        self.scales = scale_names(self.network)
        self.taken = {node.name for node in nodes} | set(self.scales.values())
        self.readers = Counter(name for node in nodes for name in node.inputs)
        self.kinds = {node.name: node.layer.kind for node in nodes}
        self.flat = _flat(self.network)

    def text(self) -> str:
        """The whole file."""
        if self.training:
            self.lines.append(f"# {DATA_WANTED}")
        if self.network.name:
            self.lines.append(f'name: "{self.network.name}"')
        self.blobs[INPUT] = self._input("data", self.network.input.shape)
        label = self._input("label", self._labels()) if self.training else ""
        nodes = self.network.nodes
        position = 0
        while position < len(nodes):
            if nodes[position].layer.kind == "slice":
                position += self._slices(position)
            else:
                self._node(nodes[position])
                position += 1
        if self.training:
            for name, weight in (*self.network.auxiliary.items(), (nodes[-1].name, 1.0)):
                self._loss(name, weight, label)
        if self.problems:
            raise unsupported(self.problems, "written")
        return "".join(f"{line}\n" for line in self.lines)

    def _free(self, name: str) -> str:
        """The name, with a number if it is taken."""
        found = next(made for made in (name if i == 1 else f"{name}_{i}" for i in count(1)) if made not in self.taken)
        self.taken.add(found)
        return found

    def _input(self, name: str, shape: tuple[int, ...]) -> str:
        name = self._free(name)
        dims = " ".join(f"dim: {side}" for side in (1, *shape))
        self.lines += layer(name, "Input", [], [name], [f"input_param {{ shape {{ {dims} }} }}"])
        return name

    def _labels(self) -> tuple[int, ...]:
        """The shape of the labels of one picture: one, or one for each position."""
        _, height, width = self.network.output
        return () if height == width == 1 else (1, height, width)

    def _node(self, node: Node) -> None:
        kind = node.layer.kind
        try:
            if kind not in WRITERS:
                raise UnsupportedField("no such layer")
            self._check_axes(node)
            type_, body = WRITERS[kind](node)
        except UnsupportedField as problem:
            self.problems.append(f"{node.name} ({kind}: {problem})")
            self.blobs[node.name] = node.name
            return
        bottoms = [self.blobs[name] for name in node.inputs]
        top = bottoms[0] if self._overwrites(node) else node.name
        self.lines += layer(node.name, type_, bottoms, [top], body)
        if node.name in self.scales:
            self.lines += layer(self.scales[node.name], "Scale", [top], [top], batch_norm_scale(node.layer))
        self.blobs[node.name] = top

    def _check_axes(self, node: Node) -> None:
        """Refuse layers that cannot read blobs of two axes, which Caffe has behind a dense or flatten layer."""
        flat = [self.flat[name] for name in node.inputs]
        made: Any = node.layer
        if made.kind in FOUR_AXES and flat[0]:
            raise UnsupportedField(f"after {node.inputs[0]}, whose blob has two axes in Caffe")
        if len(set(flat)) > 1:
            raise UnsupportedField("blobs of two and of four axes in Caffe")
        if made.kind == "reshape" and flat[0] and 0 in made.to[1:]:
            raise UnsupportedField("a side kept of a blob that has two axes in Caffe")

    def _overwrites(self, node: Node) -> bool:
        """Whether a layer may overwrite its bottom: no other layer reads it, and its producer does not need it."""
        (source, *_) = node.inputs  # no head and not the output: those feed nothing
        return (node.layer.kind in IN_PLACE and source != INPUT and self.kinds[source] in OVERWRITTEN
                and self.readers[source] == 1)

    def _slices(self, position: int) -> int:
        """Write successive slices of one volume as one Caffe layer, unused channels silenced; returns their number."""
        nodes = self.network.nodes
        made: Any = nodes[position].layer
        group, end = [nodes[position]], made.first + made.channels
        for node in nodes[position + 1:]:
            made = node.layer
            if made.kind != "slice" or node.inputs != group[0].inputs or made.first < end:
                break
            group.append(node)
            end = made.first + made.channels
        tops, points, rest, at = [], [], [], 0
        for node in group:
            made = node.layer
            if made.first > at:
                rest.append(self._free(f"{node.name[:80]}_before"))
                tops.append(rest[-1])
                points.append(made.first)
            tops.append(node.name)
            at = made.first + made.channels
            points.append(at)
            self.blobs[node.name] = node.name
        if at < group[0].input_volumes[0].channels:
            rest.append(self._free(f"{group[-1].name[:80]}_after"))
            tops.append(rest[-1])
        else:
            points.pop()
        name = self._free(f"{group[0].name[:80]}_slice")
        self.lines += layer(name, "Slice", [self.blobs[group[0].inputs[0]]], tops,
                            block("slice_param", ["axis: 1", *(f"slice_point: {point}" for point in points)]))
        if rest:
            self.lines += layer(self._free(f"{name}_rest"), "Silence", rest, [], [])
        return len(group)

    def _loss(self, name: str, weight: float, label: str) -> None:
        blob = self.blobs[name]
        loss, accuracy = self._free(f"{name[:80]}/loss"), self._free(f"{name[:80]}/accuracy")
        type_ = "MultinomialLogisticLoss" if self.kinds[name] == "softmax" else "SoftmaxWithLoss"
        self.lines += layer(loss, type_, [blob, label], [loss], [f"loss_weight: {number(weight)}"])
        self.lines += layer(accuracy, "Accuracy", [blob, label], [accuracy], ["include { phase: TEST }"])


def _flat(network: Network) -> dict[str, bool]:
    """Whether the blob of each node has two axes in Caffe, (N, K), not four."""
    flat = {INPUT: False}
    for node in network.nodes:
        kind = node.layer.kind
        flat[node.name] = kind in FLAT or (kind != "reshape" and flat[node.inputs[0]])
    return flat
