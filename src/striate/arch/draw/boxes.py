"""Boxes of a drawing: volumes in oblique projection, and windows on them.

The scale is gentle, so that 224×224×3, 7×7×512 and 1×1×1000 all read: a side of n pixels is drawn √n long, the longest
of the network 130 and none less than 6; c channels are drawn 4·c^0.35 thick: 3 channels 6, 64 channels 17, 1,000
channels 45. The face with the pixels is the right one, so that windows lie on it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from striate.arch.draw.svg import Point, num, polygon, xy
from striate.arch.volume import Volume

LONGEST, LARGEST_STEP, SHORTEST = 130.0, 25.0, 6.0
ACROSS, UP = 0.42, 0.26  # of a side that runs away from the reader
SMALLEST_WINDOW = 5.0


@dataclass(frozen=True)
class DrawingScale:
    """Scale of a drawing: the length of the square root of a pixel.

    >>> scale = DrawingScale.of([Volume(3, 224, 224), Volume(512, 7, 7)])
    >>> round(scale.side(224)), round(scale.side(7)), round(scale.thick(512))
    (130, 23, 36)
    """

    step: float

    @classmethod
    def of(cls, volumes: Iterable[Volume]) -> DrawingScale:
        """The scale for a network."""
        longest = max(max(volume.height, volume.width) for volume in volumes)
        return cls(min(LARGEST_STEP, LONGEST / math.sqrt(longest)))

    def side(self, pixels: int) -> float:
        """Length of a side of so many pixels."""
        return max(SHORTEST, self.step * math.sqrt(pixels))

    def thick(self, channels: int) -> float:
        """Thickness of so many channels."""
        return 4 * math.pow(channels, 0.35)

    def box(self, volume: Volume) -> VolumeBox:
        """The box of a volume."""
        side = self.side(volume.width)
        return VolumeBox(self.thick(volume.channels), self.side(volume.height), ACROSS * side, UP * side)


@dataclass(frozen=True)
class VolumeBox:
    """Box of a volume: a front of `thick` × `high`, whose depth runs `across` and `up`, in units of the picture."""

    thick: float
    high: float
    across: float
    up: float

    @property
    def width(self) -> float:
        """From the left edge of the front to the right edge of the back."""
        return self.thick + self.across

    @property
    def height(self) -> float:
        """From the bottom of the front to the top of the back."""
        return self.high + self.up

    def corner(self, x: float, y: float) -> Point:
        """The top left corner of the front of a box that begins at `x` and whose middle is at height `y`."""
        return x, y - self.height / 2 + self.up

    def on_face(self, x: float, y: float, away: float, down: float) -> Point:
        """A point of the right face, (0, 0) its near top corner, (1, 1) its far bottom one."""
        left, top = self.corner(x, y)
        return left + self.thick + away * self.across, top - away * self.up + down * self.high

    def shapes(self, x: float, y: float, parts: Iterable[float] = ()) -> list[str]:
        """The drawn box; `parts` are fractions of the thickness where one part ends and the next begins."""
        left, top = self.corner(x, y)
        right, bottom, back, lid = left + self.thick, top + self.high, left + self.width, top - self.up
        outline = polygon([(left, top), (left + self.across, lid), (back, lid), (back, lid + self.high),
                           (right, bottom), (left, bottom)])
        lit = polygon([(left, top), (left + self.across, lid), (back, lid), (right, top)])
        dim = polygon([(right, top), (back, lid), (back, lid + self.high), (right, bottom)])
        seams = "".join(f"M{xy((left + part * self.thick, bottom))}V{num(top)}l{xy((self.across, -self.up))}"
                        for part in parts)
        edges = f"M{xy((left, top))}H{num(right)}V{num(bottom)}M{xy((right, top))}L{xy((back, lid))}{seams}"
        return [f'<path class="b" d="{outline}"/>', f'<path class="lit" d="{lit}"/>', f'<path class="dim" d="{dim}"/>',
                f'<path class="g" d="{edges}"/>']

    def window(self, x: float, y: float, share: tuple[float, float]) -> list[Point]:
        """The four corners of a window on the right face that takes `share` of its height and width."""
        down = min(1.0, max(share[0], SMALLEST_WINDOW / self.high)) / 2
        away = min(1.0, max(share[1], SMALLEST_WINDOW / math.hypot(self.across, self.up))) / 2
        return [self.on_face(x, y, 0.5 + sign * away, 0.5 + other * down)
                for sign, other in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
