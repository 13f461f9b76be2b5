"""Pixels that one unit sees: its receptive field at its position, clipped to the picture.

`receptive_field.py` has the field of a layer's inner units, which grows evenly and reaches into the padding. This is
the field of one unit, followed back through each window to the pixels that are there: exact at the border, with uneven
padding, behind transposed convolutions, and in one branch of a concatenation.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from striate.arch.axis import Axis
from striate.arch.layer_traits import OWN_CHANNEL
from striate.arch.network import INPUT, Network, Node
from striate.arch.transposed_window import TransposedWindow

Places = frozenset[int]


class SeenUnits(NamedTuple):
    """Units of one volume: rows, columns, and a range of channels."""

    rows: Places
    columns: Places
    channels: range

    def joined(self, other: SeenUnits | None) -> SeenUnits:
        """Both."""
        if other is None:
            return self
        channels = range(min(self.channels.start, other.channels.start), max(self.channels.stop, other.channels.stop))
        return SeenUnits(self.rows | other.rows, self.columns | other.columns, channels)


def pixels_seen(network: Network, layer: str, at: tuple[int, int], channel: int | None = None) -> tuple[range, range]:
    """The rows and columns of the picture, from the first to the last, that one unit of `layer` sees.

    at: its (row, column); channel: None is any. Empty ranges for a unit that sees padding alone.

    >>> from striate.arch import load_network
    >>> lenet = load_network("lenet5")
    >>> pixels_seen(lenet, "s2", (0, 13)), pixels_seen(lenet, "c3", (4, 0))
    ((range(0, 6), range(26, 32)), (range(8, 22), range(0, 14)))
    """
    nodes = {node.name: node for node in network.nodes}
    channels = nodes[layer].output.channels if layer != INPUT else network.input.channels
    chosen = range(channels) if channel is None else range(channel, channel + 1)
    seen = {layer: SeenUnits(frozenset({at[0]}), frozenset({at[1]}), chosen)}
    for node in reversed(network.nodes):
        if own := seen.pop(node.name, None):
            for name, units in _read(node, own):
                seen[name] = units.joined(seen.get(name))
    if INPUT not in seen:
        return range(0), range(0)
    found = seen[INPUT]
    return _span(found.rows), _span(found.columns)


def _read(node: Node, seen: SeenUnits) -> Iterator[tuple[str, SeenUnits]]:
    """The units of each input that units of a node read."""
    before = 0
    for name, volume in zip(node.inputs, node.input_volumes, strict=True):
        channels = _channels(node, seen.channels, volume.channels, before)
        before += volume.channels
        rows, columns = seen.rows, seen.columns
        if node.layer.reach == "all":
            rows, columns = frozenset(range(volume.height)), frozenset(range(volume.width))
        elif node.layer.spread:
            down, across = node.layer.spread
            rows, columns = _spread_back(down, rows, volume.height), _spread_back(across, columns, volume.width)
        elif node.layer.window:
            vertical, horizontal = node.layer.window.axes(volume.height, volume.width)
            rows, columns = _window_back(vertical, rows), _window_back(horizontal, columns)
        if rows and columns and channels:
            yield name, SeenUnits(rows, columns, channels)


def _window_back(axis: Axis, places: Places) -> Places:
    taps = range(-axis.pads[0], axis.span - axis.pads[0], axis.dilation)
    return frozenset(found for place in places for tap in taps if 0 <= (found := place * axis.stride + tap) < axis.size)


def _spread_back(spread: TransposedWindow, places: Places, size: int) -> Places:
    taps = range(-spread.pads[0], spread.span - spread.pads[0], spread.dilation)
    return frozenset((place - tap) // spread.stride for place in places for tap in taps
                     if (place - tap) % spread.stride == 0 and 0 <= (place - tap) // spread.stride < size)


def _channels(node: Node, seen: range, count: int, before: int) -> range:
    """The channels, of `count` in one input, that the channels `seen` read; `before` is the count of earlier inputs."""
    layer: Any = node.layer
    first, last = seen.start, seen.stop - 1
    if layer.kind in OWN_CHANNEL:
        return seen
    if layer.kind == "concat":
        return range(max(first - before, 0), min(last - before, count - 1) + 1)
    if layer.kind == "slice":
        return range(first + layer.first, last + layer.first + 1)
    if layer.kind == "maxout":
        return range(first * layer.pieces, (last + 1) * layer.pieces)
    if layer.kind == "lrn":
        beside = layer.size // 2 if layer.region == "across" else 0
        return range(max(first - beside, 0), min(last + beside, count - 1) + 1)
    if layer.kind in ("conv", "deconv"):
        inside, outside = count // layer.groups, node.output.channels // layer.groups
        return range(first // outside * inside, (last // outside + 1) * inside)
    return range(count)


def _span(places: Places) -> range:
    return range(min(places), max(places) + 1)
