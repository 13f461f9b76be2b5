"""Auxiliary heads of a drawing: the branches beside the trunk that only training needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from striate.arch.draw.boxes import DrawingScale
from striate.arch.draw.grouping import DrawnUnit
from striate.arch.draw.layout import layout_row
from striate.arch.draw.layout_item import GAP, connect
from striate.arch.draw.repeats import bounded
from striate.arch.draw.series_parallel import decompose
from striate.arch.draw.svg import MARGIN, Canvas, num, text_width, xy
from striate.arch.draw.tree import ItemSequence, TreeBuilder

MAX_HEADS = 6
MAX_DRAWN = 30  # places in a head
MAX_SOURCES = 8  # connections to a head


@dataclass(frozen=True)
class AuxiliaryHead:
    """An auxiliary head: the units of the trunk that it reads, its layers, and its label."""

    sources: tuple[int, ...]
    seq: ItemSequence
    label: str


def parts_of(units: Sequence[DrawnUnit]) -> list[list[DrawnUnit]]:
    """The units beside the trunk in connected parts, each a head; beyond `MAX_HEADS` the last ones are one part."""
    part: dict[int, list[DrawnUnit]] = {}
    for unit in units:
        joined = [unit]
        for found in {id(part[number]): part[number] for number in unit.inputs if number in part}.values():
            joined += found
        for member in joined:
            part[member.number] = joined
    parts = [sorted(members, key=lambda unit: unit.number)
             for members in {id(members): members for members in part.values()}.values()]
    if len(parts) > MAX_HEADS:
        parts[MAX_HEADS - 1:] = [[unit for members in parts[MAX_HEADS - 1:] for unit in members]]
    return parts


def head_of(part: Sequence[DrawnUnit], units: Sequence[DrawnUnit], maker: TreeBuilder,
            weights: Mapping[str, float]) -> AuxiliaryHead:
    """A head as a tree. `weights` are the loss weights of the layers that have one."""
    inside = {unit.number for unit in part}
    read = {number for unit in part for number in unit.inputs}
    ends = Counter(inside - read)
    losses = [f"{weights[node.name]:g}" for unit in part for node in unit.nodes if node.name in weights]
    sources = sorted(read - inside)
    if len(losses) == 1:
        seq = bounded(decompose(sorted(inside), sources[0], ends, units, maker), maker, MAX_DRAWN)
        return AuxiliaryHead(tuple(sources[:MAX_SOURCES]), seq, f"auxiliary head, loss weight {losses[0]}")
    # Several outputs would look connected if they were drawn.
    kinds = Counter(node.layer.kind for unit in part for node in unit.nodes)
    label = f"{len(losses):,} auxiliary heads"
    return AuxiliaryHead(tuple(sources[:MAX_SOURCES]), maker.seq([maker.rest(kinds)]), label)


def paint_heads(canvas: Canvas, heads: Sequence[AuxiliaryHead], scale: DrawingScale,
                corner: tuple[float, float]) -> float:
    """Paint heads below `corner`, side by side where they fit; returns the height of their lower edge."""
    right, top = corner
    limit, end = right, top
    for gap, head in sorted(((_column(canvas, head), head) for head in heads), key=lambda pair: -pair[0]):
        line = layout_row(head.seq, scale)
        wide = max(line.width, text_width("L", head.label))
        if gap + GAP + wide > limit:
            limit, top = right, end  # a row of its own
        left = max(MARGIN + GAP, min(gap + GAP, limit - wide))
        axis = top + 30 + line.up
        for number in head.sources:
            if number in canvas.places:
                (x, y), column = canvas.places[number]
                canvas.path("x", f"M{xy((x, y))}H{num(column + GAP / 2)}V{num(top + 8)}H{num(left - 12)}V{num(axis)}"
                                 f"H{num(left)}")
        canvas.text("L", left, top + 24, head.label)
        connect(canvas, left, line.pieces[0], left, axis)
        line.paint(canvas, left, axis)
        limit, end = left - 2 * GAP, max(end, axis + line.down)
    return end


def _column(canvas: Canvas, head: AuxiliaryHead) -> float:
    """Column of the connection down to a head: right of the last unit it reads."""
    columns = [canvas.places[number][1] for number in head.sources if number in canvas.places]
    return max(columns, default=MARGIN) + GAP / 2
