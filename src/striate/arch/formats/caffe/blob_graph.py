"""Graph of a Caffe network: blobs by name resolved to volumes, layer after layer; its output and heads."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from striate.arch.formats.caffe.field_conversion import UnsupportedField, on_channels, unsupported
from striate.arch.formats.caffe.input_shape import Shape, layer_shapes, volume_of
from striate.arch.formats.caffe.layer_names import DATA_LAYERS, LOSSES, WATCHERS
from striate.arch.layers import Layer, Pool, Slice
from striate.arch.network import Network
from striate.arch.volume import Volume
from striate.core.constraints import quoted
from striate.core.humanize import join_words
from striate.errors import NetworkError, shown

LEAST, MOST = 1.17549435e-38, 3.4028235e38  # of normal numbers in single precision
ADVICE = "Give the input's shape: --input 3,224,224"


@dataclass
class Blob:
    """A blob by name, with its volume once that is known; `shape` is that of an input of the network.

    `read`: a layer of ours reads it; `watched`: a layer that is left out reads it; `target`: a loss compares with it;
    `flat`: it has two axes, as behind an InnerProduct.
    """

    name: str
    volume: Volume | None = None
    shape: Shape | None = None
    feeds: bool = False
    read: bool = False
    watched: bool = False
    target: bool = False
    flat: bool = False


@dataclass
class Graph:
    """Graph of the layers so far: `blobs` by name, `input` given by the caller, `losses` as (blob, weight).

    `elsewhere` are blobs that only a data layer of the other phase makes, `other` its name.
    """

    shapes: dict[str, Shape | None]
    input: Volume | None
    elsewhere: Collection[str] = ()
    other: str = ""
    blobs: dict[str, Blob] = field(default_factory=dict)
    made: list[Blob] = field(default_factory=list)
    losses: list[tuple[Blob, float]] = field(default_factory=list)
    source: Blob | None = None

    def __post_init__(self) -> None:
        for name, shape in self.shapes.items():
            self.blobs[name] = Blob(name, shape=shape, feeds=True)

    def add(self, layer: Any, names: list[str], made: Layer | None) -> None:
        """Add a layer: `made` is ours, under `names`, or None for a type that has none."""
        if layer.type in DATA_LAYERS:
            self._tops(layer, ((top, Blob(top, shape=shape, feeds=True)) for top, shape in layer_shapes(layer).items()))
            return
        if layer.type in LOSSES or layer.type in WATCHERS:
            self._leave_out(layer, [self._watched(layer, index, name) for index, name in enumerate(layer.bottom)])
            return
        bottoms = [self._bottom(layer, name) for name in layer.bottom]
        if layer.type == "Split" or (layer.type == "Concat" and len(bottoms) == 1):
            for blob in bottoms[:1]:
                self._tops(layer, ((top, blob) for top in layer.top))
        elif layer.type == "Slice":
            self._slice(layer, names, bottoms)
        elif made is not None:
            if len(layer.top) != 1:
                raise NetworkError("wrong_tops", f"{names[0]}: {layer.type} was asked for",
                                   allowed="one top is allowed", given=f"{len(layer.top):,} were given",
                                   do="Name the blob it makes")
            volumes = [self._read(layer, blob) for blob in bottoms]
            _refuse_last_axis(layer, bottoms)
            if isinstance(made, Pool):
                _refuse_empty_window(made.with_name(names[0]), volumes)
            flat = made.kind in ("dense", "flatten") or (made.kind != "reshape" and all(b.flat for b in bottoms))
            self._make(layer, layer.top[0], made.with_name(names[0])(*volumes), flat)

    def network(self, name: str) -> Network:
        """The network that leads to the output, with its heads."""
        weighted = [(blob, weight) for blob, weight in self.losses if weight > 0 and blob.volume is not None]
        main, share = max(reversed(weighted), key=lambda pair: pair[1], default=(None, 1.0))  # of equal ones the last
        heads = [(blob, weight) for blob, weight in weighted if blob is not main]
        output = self._output(name, main, [blob for blob, _ in heads])
        inner = [f"the loss on {shown(blob.name, 40)} (which feeds other layers)" for blob, _ in heads if blob.read]
        if inner:
            raise unsupported(inner, "read")
        auxiliary = {id(blob): (_volume(blob), weight / share) for blob, weight in heads}
        return Network(_volume(output), name, list(auxiliary.values()))

    def _output(self, name: str, main: Blob | None, heads: list[Blob]) -> Blob:
        """The output: the blob that nothing reads; else the input of the main loss, or the blob computed from that."""
        auxiliary = {id(blob) for blob in heads}
        ends = [blob for blob in self.made if not blob.read and id(blob) not in auxiliary]
        found = [blob for blob in ends if not blob.watched]
        if not found:
            found = [main] if main is not None and not main.read else [blob for blob in ends if not blob.target]
        if len(found) != 1:
            listed = join_words([shown(blob.name, 40) for blob in found[:8]]) if found else "none"
            raise NetworkError("many_outputs", f"{name or 'a Caffe network'}: an output was asked for",
                               allowed="one blob that no layer reads is allowed",
                               given=f"{len(found):,} were found ({listed})", do="Remove the branches not wanted")
        return found[0]

    def _watched(self, layer: Any, index: int, name: str) -> Blob:
        """An input of a layer that is left out; labels, which come after the first input, need no producer."""
        if name not in self.blobs and (index or name in self.elsewhere):
            return Blob(name, feeds=True)
        return self._bottom(layer, name)

    def _bottom(self, layer: Any, name: str) -> Blob:
        if name not in self.blobs:
            if name in self.elsewhere and self.input is None:
                raise NetworkError("other_phase", f"{_label(layer)}: the blob {shown(name, 60)} was asked for",
                                   allowed="a top of an earlier layer is allowed",
                                   given=f"only a data layer of phase {self.other} makes it",
                                   do=f"Give --phase {self.other}, or the input's shape: --input 3,224,224")
            if name not in self.elsewhere and (self.input is None or any(b.feeds for b in self.blobs.values())):
                raise NetworkError("unknown_bottom", f"{_label(layer)}: the blob {shown(name, 60)} was asked for",
                                   allowed="a top of an earlier layer is allowed", given="no earlier layer makes it",
                                   do="Correct the name or the order" if self.blobs else ADVICE)
            self.blobs[name] = Blob(name, feeds=True)  # the only input, with its shape given by the caller
        return self.blobs[name]

    def _read(self, layer: Any, blob: Blob) -> Volume:
        blob.read = True
        if blob.feeds and blob.volume is None:
            if self.source is not None:
                raise NetworkError("many_inputs", f"{_label(layer)}: {shown(blob.name, 60)} was asked for",
                                   allowed="one input is allowed",
                                   given=f"{shown(self.source.name, 60)} is one already",
                                   do="Remove one of the branches")
            try:
                blob.volume = self.input or volume_of(blob.shape)
            except NetworkError as error:
                raise NetworkError(error.code, f"{_label(layer)}: {shown(blob.name, 60)} as a {error.asked}",
                                   allowed=error.allowed, given=error.given, do=error.do) from error
            if blob.volume is None:
                raise NetworkError("no_input_shape", f"{_label(layer)}: {shown(blob.name, 60)} was asked for",
                                   allowed="a blob of a known shape is allowed",
                                   given="the file does not tell channels, height and width", do=ADVICE)
            blob.volume = blob.volume.bare()
            self.source = blob
        return _volume(blob)

    def _make(self, layer: Any, top: str, volume: Volume, flat: bool) -> None:
        blob = Blob(top, volume, flat=flat)
        self._tops(layer, [(top, blob)])
        self.made.append(blob)

    def _tops(self, layer: Any, tops: Iterable[tuple[str, Blob]]) -> None:
        bottoms = set(layer.bottom)
        for top, blob in tops:
            if top in self.blobs and top not in bottoms:
                raise NetworkError("duplicate_top", f"{_label(layer)}: the top {shown(top, 60)} was asked for",
                                   allowed="a blob made by one layer is allowed, or by layers in place",
                                   given="another layer makes it", do="Rename one")
            self.blobs[top] = blob

    def _slice(self, layer: Any, names: list[str], bottoms: list[Blob]) -> None:
        given, tops = layer.slice_param, list(layer.top)
        label = _label(layer)
        try:
            on_channels(given, "slice_dim", last=all(blob.flat for blob in bottoms))
        except UnsupportedField as setting:
            raise unsupported([f"{label} (Slice with {setting})"], "read") from None
        if len(bottoms) != 1 or not tops:
            raise NetworkError("wrong_tops", f"{label}: Slice was asked for", allowed="one bottom and tops are allowed",
                               given=f"{len(bottoms)} bottoms and {len(tops)} tops were given", do="Correct them")
        volume = self._read(layer, bottoms[0])
        wanted = quoted(list(given.slice_point))
        points = [0, *given.slice_point, volume.channels]
        if not given.slice_point and volume.channels % len(tops) == 0:
            points = list(range(0, volume.channels + 1, volume.channels // len(tops)))
        if len(points) != len(tops) + 1 or any(a >= b for a, b in pairwise(points)):
            raise NetworkError("bad_slice_points", f"{label}: Slice into {len(tops):,} tops was asked for",
                               allowed="one rising slice_point less than tops is allowed, or channels that they share",
                               given=f"{volume.channels} channels and the points {wanted} were given",
                               do="Change slice_point")
        for top, name, (first, last) in zip(tops, names, pairwise(points), strict=True):
            self._make(layer, top, Slice(first, last - first, name=name)(volume), bottoms[0].flat)

    def _leave_out(self, layer: Any, bottoms: list[Blob]) -> None:
        for blob in bottoms:
            blob.watched = True
        for blob in bottoms[1:]:
            blob.target = layer.type in LOSSES
        if layer.type in LOSSES:
            if not bottoms:
                raise NetworkError("wrong_tops", f"{_label(layer)}: a loss was asked for",
                                   allowed="a loss of a blob is allowed", given="no bottom was given", do="Name one")
            self.losses.append((bottoms[0], _loss_weight(layer)))
        for top in layer.top:  # the value of a loss or an accuracy: only layers that are left out may read it
            self.blobs[top] = Blob(top, feeds=True)


def _loss_weight(layer: Any) -> float:
    """The weight of a loss, one that Caffe's single precision can hold without loss of digits."""
    weight = layer.loss_weight[0] if layer.loss_weight else 1.0
    if weight and not LEAST <= abs(weight) <= MOST:
        raise NetworkError("bad_loss_weight", f"{_label(layer)}: a loss_weight was asked for",
                           allowed=f"0 or a size of {LEAST:.2g} to {MOST:.2g} is allowed",
                           given=f"{weight:g} was given", do="Change loss_weight")
    return float(weight)


def _refuse_last_axis(layer: Any, bottoms: list[Blob]) -> None:
    """Refuse axis −1 of blobs of four axes, which is not that of the channels."""
    given = {"Softmax": layer.softmax_param, "Concat": layer.concat_param, "Scale": layer.scale_param}.get(layer.type)
    if given is not None and given.axis == -1 and not all(blob.flat for blob in bottoms):
        raise unsupported([f"{_label(layer)} ({layer.type} with axis: -1 of four)"], "read")


def _refuse_empty_window(pool: Pool, volumes: list[Volume]) -> None:
    """Refuse a pooling whose last window starts beyond the picture, which Caffe allows without padding only."""
    if pool.rounding != "ceil" or pool.padding != 0 or len(volumes) != 1:
        return
    for axis in pool.window.axes(volumes[0].height, volumes[0].width):
        steps = -(-axis.travel // axis.stride)
        if axis.travel >= 0 and steps + 1 != axis.count("ceil"):
            raise NetworkError("empty_window", f"{pool.label}: pooling by {axis.kernel} at stride {axis.stride} was "
                               "asked for", allowed="a last window that starts in the picture is allowed",
                               given=f"Caffe's last window of {axis.size} pixels starts at {steps * axis.stride}",
                               do="Write round_mode: FLOOR, or change the input")


def _volume(blob: Blob) -> Volume:
    if blob.volume is None:
        raise ValueError(blob.name)  # callers pass blobs that were read or made
    return blob.volume


def _label(layer: Any) -> str:
    return shown(layer.name, 60) or layer.type
