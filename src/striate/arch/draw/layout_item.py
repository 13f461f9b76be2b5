"""Layout items of a drawing: their protocol, and rows of them.

Every item has a `width`, and extends `up` above and `down` below the height of its connections, which arrive at `enter`
and leave at `leave`, measured from its left edge. Items stay within their columns, so words cannot overlap.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from striate.arch.draw.node import NodeItem, paint_window
from striate.arch.draw.svg import Canvas, xy

GAP = 26.0  # between neighbours
FAN = 26.0  # for branches to part, and to meet
BETWEEN = 14.0  # rows
LANE = 14.0  # height of a connection that skips


class LayoutItem(Protocol):
    """Protocol of an item that can be laid out and painted."""

    width: float
    up: float
    down: float
    enter: float
    leave: float

    def paint(self, canvas: Canvas, x: float, y: float) -> None:
        """Paint with the left edge at `x` and the connections at height `y`."""


class LayoutRow:
    """A row of connected items."""

    def __init__(self, pieces: Sequence[LayoutItem]) -> None:
        self.pieces = pieces
        self.width = sum(piece.width for piece in pieces) + GAP * max(0, len(pieces) - 1)
        self.up = max((piece.up for piece in pieces), default=LANE / 2)
        self.down = max((piece.down for piece in pieces), default=LANE / 2)
        self.enter = pieces[0].enter if pieces else 0.0
        self.leave = self.width - pieces[-1].width + pieces[-1].leave if pieces else 0.0

    def paint(self, canvas: Canvas, x: float, y: float) -> None:
        """Paint the items from left to right."""
        for number, piece in enumerate(self.pieces):
            piece.paint(canvas, x, y)
            if piece is self.pieces[-1]:
                return
            after = self.pieces[number + 1]
            start, x_after = x + piece.leave, x + piece.width + GAP
            corners = piece.window(after, x, y) if isinstance(piece, NodeItem) and isinstance(after, NodeItem) else []
            if corners and isinstance(after, NodeItem):
                paint_window(canvas, corners, (x_after + after.enter, y + after.sink))
            else:
                connect(canvas, start, after, x_after, y)
            x = x_after


def connect(canvas: Canvas, start: float, piece: LayoutItem, x: float, y: float) -> None:
    """Paint a level connection from `start` to an item at `x`, with an arrow if it is a node."""
    sink = piece.sink if isinstance(piece, NodeItem) else 0.0
    canvas.path("l", f"M{xy((start, y))}L{xy((x + piece.enter, y + sink))}")
    if isinstance(piece, NodeItem):
        canvas.arrow("a", x + piece.enter, y + sink)
