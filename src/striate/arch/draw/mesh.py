"""Layout of meshes, whose connections are not series-parallel, and of layers that are only counted."""

from __future__ import annotations

from striate.arch.draw.boxes import DrawingScale
from striate.arch.draw.layout_item import BETWEEN, FAN
from striate.arch.draw.node import LINE, NodeItem
from striate.arch.draw.svg import Canvas, bend, num, text_width
from striate.arch.draw.tree import CountedLayers, Mesh


class CountedItem:
    """Layout of layers that are only counted."""

    def __init__(self, item: CountedLayers) -> None:
        self.item = item
        kinds = [f"{count:,} {kind}" for kind, count in item.kinds]
        self.text = [f"… {item.layers:,} layers …", *kinds[:5], *["and others"] * (len(kinds) > 5)]
        self.width = max(text_width("o", text) for text in self.text) + 24
        self.up = self.down = LINE * len(self.text) / 2 + 10
        self.enter, self.leave = 0.0, self.width

    def paint(self, canvas: Canvas, x: float, y: float) -> None:
        """Paint a frame with the counts."""
        shape = (f'<rect class="f" x="{num(x)}" y="{num(y - self.up + 2)}" width="{num(self.width)}" '
                 f'height="{num(2 * self.up - 4)}" rx="8"/>')
        title = f"{self.item.layers:,} layers that are not drawn"
        canvas.group("rest", self.item.layers, title, [shape])
        for number, text in enumerate(self.text):
            canvas.text("o", x + self.width / 2, y - self.up + 20 + LINE * number, text, middle=True)


class MeshLayout:
    """Layout of a mesh in columns, each unit right of its inputs."""

    def __init__(self, item: Mesh, scale: DrawingScale) -> None:
        self.item = item
        self.places = {unit.number: NodeItem(unit, scale) for unit in item.units}
        column: dict[int, int] = {}
        for unit in item.units:
            column[unit.number] = max((column[number] + 1 for number in unit.inputs if number in column), default=0)
        self.spots: dict[int, tuple[float, float]] = {}
        left = FAN
        for depth in range(max(column.values()) + 1):
            members = [number for number in self.places if column[number] == depth]
            places = [self.places[number] for number in members]
            below = -sum(place.up + place.down + BETWEEN for place in places) / 2 + BETWEEN / 2
            wide = max(place.width for place in places)
            for number, place in zip(members, places, strict=True):
                self.spots[number] = (left + (wide - place.width) / 2, below + place.up)
                below += place.up + place.down + BETWEEN
            left += wide + 2 * FAN
        self.width = left - FAN
        self.up = max(self.places[number].up - y for number, (_, y) in self.spots.items())
        self.down = max(self.places[number].down + y for number, (_, y) in self.spots.items())
        self.enter, self.leave = 0.0, self.width

    def paint(self, canvas: Canvas, x: float, y: float) -> None:
        """Paint all connections and units."""
        for number, (left, below) in self.spots.items():
            place = self.places[number]
            end = (x + left + place.enter, y + below + place.sink)
            for source in dict.fromkeys(number if number in self.spots else -1 for number in place.unit.inputs):
                start = (x, y)
                if source >= 0:
                    start = (x + self.spots[source][0] + self.places[source].leave, y + self.spots[source][1])
                canvas.path("l", bend(start, end))
            canvas.arrow("a", *end)
            place.paint(canvas, x + left, y + below)
            if number in self.item.exits:
                canvas.path("l", bend((x + left + place.leave, y + below), (x + self.width, y)))
