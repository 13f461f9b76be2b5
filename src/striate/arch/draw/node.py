"""Nodes of a drawing: units as boxes, discs or pills, with captions above and below."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate, groupby

from striate.arch.draw.boxes import DrawingScale, VolumeBox
from striate.arch.draw.captions import BOXES, caption, shortened
from striate.arch.draw.grouping import DrawnUnit
from striate.arch.draw.svg import Canvas, Point, num, polygon, text_width, xy
from striate.arch.network import INPUT, Node
from striate.errors import shown

LINE = 13.0  # from one line of words to the next
CLEAR = 11.0  # words stay this far from the height of the connections
DISC = 11.0
SIGNS = {"add": "+", "multiply": "×", "maximum": "max"}
MAX_MARKS = 6
MAX_PARTS = 8  # of a concatenation; seams of more would blur
TITLE_LAYERS = 4
MARKS_WIDE = 78.0  # marks beside one another take up to this before the next goes below


class NodeItem:
    """Layout of a unit: `width`, `up` and `down` are its extent, connections arrive at `enter` and leave at `leave`."""

    def __init__(self, unit: DrawnUnit, scale: DrawingScale) -> None:
        self.unit = unit
        self.family: str = unit.head.layer.family if unit.head else INPUT
        self.box: VolumeBox | None = scale.box(unit.volume) if self.family in BOXES and unit.kind not in SIGNS else None
        head = unit.head
        facts = caption(head.layer, head.input_volumes) if head else []
        self.pill = facts.pop(0) if head and self.family not in BOXES else ""
        name = shortened(head.name if head else "input")
        self.above = [("n", name), *(("o", fact) for fact in facts)]
        self.marks = _mark_lines(_marks(unit))
        glyph, height = self._glyph()
        words = [text_width(kind, text) for kind, text in [*self.above, ("v", str(unit.volume))]]
        self.width = max(glyph, *words, *(wide for wide, _ in self.marks))
        self.enter = (self.width - glyph) / 2
        self.leave = self.enter + glyph - (self.box.across / 2 if self.box else 0)
        self._half = max(height / 2, CLEAR)
        self.up = self._half + 5 + LINE * len(self.above)
        self.down = self._half + 5 + LINE * (1 + len(self.marks))

    def _glyph(self) -> Point:
        if self.box:
            return self.box.width, self.box.height
        if self.pill:
            return text_width("i", self.pill) + 16, 20.0
        return 2 * DISC, 2 * DISC

    def paint(self, canvas: Canvas, x: float, y: float) -> None:
        """Paint the unit with its left edge at `x` and its middle at height `y`."""
        middle = x + self.width / 2
        top = y - self._half - 5 - LINE * (len(self.above) - 1)
        for number, (kind, text) in enumerate(self.above):
            canvas.text(kind, middle, top + LINE * number, text, middle=True)
        bottom = y + self._half + 5 + LINE - 3
        canvas.text("v", middle, bottom, str(self.unit.volume), middle=True)
        aligned = middle - max((wide for wide, _ in self.marks), default=0.0) / 2
        for number, (_, marks) in enumerate(self.marks, 1):
            left = aligned
            for chip, text in marks:
                canvas.chip(chip, left + 4, bottom + LINE * number - 3.5)
                canvas.text("m", left + 11, bottom + LINE * number, text)
                left += _mark_width(text)
        canvas.group(self.family, len(self.unit.nodes), _title(self.unit), self._shapes(x + self.enter, y))
        canvas.places[self.unit.number] = (x + self.leave, y), x + self.width
        if self.pill:
            canvas.text("i", middle, y + 3.5, self.pill, middle=True)

    def _shapes(self, x: float, y: float) -> list[str]:
        if self.box:
            volumes = self.unit.head.input_volumes if self.unit.head and self.unit.kind == "concat" else ()
            ends = accumulate(volume.channels for volume in volumes[:MAX_PARTS + 1])
            parts = [end / self.unit.volume.channels for end in ends][:-1]
            return self.box.shapes(x, y, parts if len(parts) < MAX_PARTS else ())
        if self.pill:
            wide, high = self._glyph()
            return [f'<rect class="b" x="{num(x)}" y="{num(y - high / 2)}" width="{num(wide)}" height="{num(high)}" '
                    'rx="10"/>']
        x += DISC
        strokes = {"+": "M-6 0H6M0-6V6", "×": "M-4-4L4 4M-4 4L4-4", "max": "M-5 4L0-5L5 4"}[SIGNS[self.unit.kind]]
        return [f'<g transform="translate({xy((x, y))})"><circle class="b" r="{num(DISC)}"/>'
                f'<path class="d" d="{strokes}"/></g>']

    def window(self, reader: NodeItem, x: float, y: float) -> list[Point]:
        """Corners of the window of one unit of `reader` on this box at (`x`, `y`); none if it cannot be drawn."""
        head = reader.unit.head
        if not self.box or not head or not reader.box or (self.unit.marks and self._reshaped()):
            return []
        if head.layer.reach == "all" or head.layer.kind == "global_pool":
            return self.box.window(x + self.enter, y, (1, 1))
        window = head.layer.window
        if window is None:
            return []
        down, across = window.axes(self.unit.volume.height, self.unit.volume.width)
        return self.box.window(x + self.enter, y, (down.span / down.size, across.span / across.size))

    def _reshaped(self) -> bool:
        last = self.unit.marks[-1].output
        return (last.height, last.width) != (self.unit.volume.height, self.unit.volume.width)

    @property
    def sink(self) -> float:
        """Distance below the middle at which connections arrive: there is the front of a flat box."""
        return self.box.up / 2 if self.box and self.box.up > self.box.high else 0.0


def paint_window(canvas: Canvas, corners: list[Point], end: Point) -> None:
    """Paint a window, and lines from it to `end`, the unit that sees it."""
    canvas.windows.append(f'<path class="w" d="{polygon(corners)}"/>')
    rays = "".join(f"M{xy(corner)}L{xy(end)}" for corner in corners[1:3])
    canvas.windows.append(f'<path class="p" d="{rays}"/>')


def _marks(unit: DrawnUnit) -> list[tuple[str, str]]:
    """(family, text) of the first few marks, equal neighbours counted."""
    marks = [(node.layer.family, " ".join(caption(node.layer, node.input_volumes)) + _changed(node))
             for node in unit.marks]
    counted: list[tuple[str, str]] = []
    for (chip, text), group in groupby(marks):
        count = len(list(group))
        counted.append((chip, text if count == 1 else f"{text} ×{count:,}"))
    if len(counted) <= MAX_MARKS:
        return counted
    return [*counted[:MAX_MARKS - 1], ("other", f"… {len(counted) - MAX_MARKS + 1:,} more")]


def _changed(node: Node) -> str:
    return "" if node.output == node.input_volumes[0] else f" → {node.output}"


def _mark_width(text: str) -> float:
    return 11 + text_width("m", text) + 7


def _mark_lines(marks: Iterable[tuple[str, str]]) -> list[tuple[float, list[tuple[str, str]]]]:
    """The marks in lines, each with its width."""
    lines: list[tuple[float, list[tuple[str, str]]]] = []
    for mark in marks:
        wide = _mark_width(mark[1])
        if lines and lines[-1][0] + wide <= MARKS_WIDE:
            lines[-1] = (lines[-1][0] + wide, [*lines[-1][1], mark])
        else:
            lines.append((wide, [mark]))
    return lines


def _title(unit: DrawnUnit) -> str:
    """Tooltip of a unit: its layers by name, their volume and their cost."""
    if not unit.nodes:
        return f"input: {unit.volume}"
    text = [f"{shown(node.name, 40)}: {node.layer.kind} {', '.join(caption(node.layer, node.input_volumes))}".rstrip()
            for node in unit.nodes[:TITLE_LAYERS]]
    if len(unit.nodes) > TITLE_LAYERS:
        text.append(f"… {len(unit.nodes) - TITLE_LAYERS:,} more")
    parameters, macs = sum(node.parameters for node in unit.nodes), sum(node.macs for node in unit.nodes)
    costs = [f"{parameters:,} parameters"] * (parameters > 0) + [f"{macs:,} multiply-adds"] * (macs > 0)
    return "; ".join([*text, str(unit.nodes[-1].output), *costs])
