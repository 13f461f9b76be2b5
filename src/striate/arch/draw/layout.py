"""Layout of branches and repeated blocks, and of a tree as a whole."""

from __future__ import annotations

from collections.abc import Sequence

from striate.arch.draw.boxes import DrawingScale
from striate.arch.draw.layout_item import BETWEEN, FAN, GAP, LANE, LayoutItem, LayoutRow, connect
from striate.arch.draw.mesh import CountedItem, MeshLayout
from striate.arch.draw.node import LINE, NodeItem
from striate.arch.draw.svg import Canvas, bend, num, text_width, xy
from striate.arch.draw.tree import (
    CountedLayers,
    Item,
    ItemSequence,
    ParallelBranches,
    RepeatedBlock,
    SingleUnit,
    drawn_units,
)
from striate.errors import shown


class BranchLayout:
    """Layout of branches between a split and a merge; of two, the larger is at the height of the connections."""

    def __init__(self, item: ParallelBranches, scale: DrawingScale) -> None:
        lines = [layout_row(row, scale) for row in item.rows]
        full = [(row.drawn, line) for row, line in zip(item.rows, lines, strict=True) if line.pieces]
        skips = len(lines) - len(full)
        self.rows: list[tuple[float, LayoutRow]] = []  # (height below the connections, the row)
        straight = len(full) == 2 and full[0][0] != full[1][0]
        if straight:
            full.sort(key=lambda pair: -pair[0])
        below = 0.0 if len(full) < 2 or straight else -sum(line.up + line.down for _, line in full) / 2 - (
            BETWEEN * (len(full) - 1) / 2) + full[0][1].up
        for _, line in full:
            if self.rows:
                below += self.rows[-1][1].down + BETWEEN + line.up
            self.rows.append((below, line))
        top = self.rows[0][0] - self.rows[0][1].up if self.rows else LANE * (skips - 1) / 2
        lane = top - LANE / 2 if self.rows else top
        for skip in range(skips):
            self.rows.append((lane - LANE * skip, LayoutRow([])))
        self.up = max(line.up - height for height, line in self.rows)
        self.down = max(line.down + height for height, line in self.rows)
        self.inner = max([line.width for _, line in full], default=GAP)
        self.width = self.inner + 2 * FAN
        self.enter, self.leave = 0.0, self.width
        self.label = shown(_common_prefix([unit.head.name for unit in drawn_units([item]) if unit.head]), 40)
        if self.label:
            self.width = max(self.width, text_width("L", self.label))
            self.inner, self.leave = self.width - 2 * FAN, self.width
            self.up += LINE + 6

    def paint(self, canvas: Canvas, x: float, y: float) -> None:
        """Paint every row, and its connections to the split and the merge."""
        if self.label:
            canvas.text("L", x + self.width / 2, y - self.up + 11, self.label, middle=True)
        for height, line in self.rows:
            kind = "l" if line.pieces else "s"
            near, far = x + FAN, x + self.width - FAN
            canvas.path(kind, bend((x, y), (near, y + height)))
            canvas.path(kind, bend((far, y + height), (x + self.width, y)))
            if not line.pieces:
                canvas.path(kind, f"M{xy((near, y + height))}H{num(far)}")
                continue
            left = near + (self.inner - line.width) / 2
            connect(canvas, near, line.pieces[0], left, y + height)
            line.paint(canvas, left, y + height)
            canvas.path(kind, f"M{xy((left + line.leave, y + height))}H{num(far)}")


class RepeatFrame:
    """Frame around a repeated block, drawn once with its count."""

    def __init__(self, item: RepeatedBlock, scale: DrawingScale) -> None:
        self.line = layout_row(item.body, scale)
        self.times = item.times
        self.label = f"×{item.times:,}" + (" abreast" if item.abreast else "")
        self.pad = 10.0
        self.width = max(self.line.width, text_width("k", self.label)) + 2 * self.pad
        self.up, self.down = self.line.up + 26, self.line.down + 8
        self.left = (self.width - self.line.width) / 2
        self.enter = self.left + self.line.enter if self.line.pieces else 0.0
        self.leave = self.left + self.line.leave if self.line.pieces else self.width

    def paint(self, canvas: Canvas, x: float, y: float) -> None:
        """Paint the frame, the count and the block."""
        top, bottom = y - self.up, y + self.down
        # The frame is painted before the connections, which cross it.
        canvas.lines.insert(0, f'<rect class="f" x="{num(x)}" y="{num(top)}" width="{num(self.width)}" '
                            f'height="{num(bottom - top)}" rx="8"/>')
        canvas.text("k", x + self.pad, top + 18, self.label)
        canvas.times *= self.times
        if not self.line.pieces:
            canvas.path("s", f"M{xy((x, y))}H{num(x + self.width)}")
        elif isinstance(self.line.pieces[0], NodeItem):
            canvas.arrow("a", x + self.enter, y + self.line.pieces[0].sink)
        self.line.paint(canvas, x + self.left, y)
        canvas.times //= self.times


def _common_prefix(names: Sequence[str]) -> str:
    """The common beginning of the names of a block before a slash: inception_3a."""
    if len(names) < 2:
        return ""
    first, last = min(names), max(names)
    same = next((place for place, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), len(first))
    return first[:same].rpartition("/")[0]


def layout_of(item: Item, scale: DrawingScale) -> LayoutItem:
    """The layout of an item of a tree."""
    if isinstance(item, SingleUnit):
        return NodeItem(item.unit, scale)
    if isinstance(item, ParallelBranches):
        return BranchLayout(item, scale)
    if isinstance(item, RepeatedBlock):
        return RepeatFrame(item, scale)
    return CountedItem(item) if isinstance(item, CountedLayers) else MeshLayout(item, scale)


def layout_row(seq: ItemSequence, scale: DrawingScale) -> LayoutRow:
    """The layout of a sequence, on one line."""
    return LayoutRow([layout_of(item, scale) for item in seq.items])
