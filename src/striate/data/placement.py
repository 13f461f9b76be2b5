"""Placement of a picture in its resized one: which part of it was scaled, and where that lies; and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor
from typing import NamedTuple


class Box(NamedTuple):
    """Rectangle in pixels, from the left edge of its first pixel to the right edge of its last."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def is_empty(self) -> bool:
        """Whether it has no area."""
        return self.right <= self.left or self.bottom <= self.top

    def clipped(self, box: Box) -> Box:
        """The part of it inside another box; empty, and at the nearest border, where there is none."""
        def inside(value: float, low: float, high: float) -> float:
            return min(max(value, low), high)

        return Box(inside(self.left, box.left, box.right), inside(self.top, box.top, box.bottom),
                   inside(self.right, box.left, box.right), inside(self.bottom, box.top, box.bottom))

    def whole_pixels(self) -> tuple[slice, slice]:
        """Rows and columns of all pixels that it touches, by more than rounding.

        >>> Box(1.5, 2, 3, 4).whole_pixels()
        (slice(2, 4, None), slice(1, 3, None))
        """
        return (slice(floor(self.top + 1e-6), ceil(self.bottom - 1e-6)),
                slice(floor(self.left + 1e-6), ceil(self.right - 1e-6)))


@dataclass(frozen=True)
class Placement:
    """Placement of a picture in its resized one: `read`, a box of the picture, was scaled to `filled`, whole pixels.

    >>> wide = Placement.of((10, 30), (6, 6), "pad")  # twice six is less than ten: 30 columns become 6, 10 rows 2
    >>> wide.filled, wide.back(Box(0, 2, 3, 3))  # the upper left of the 6×2 pixels is that of the 30×10
    (Box(left=0, top=2, right=6, bottom=4), Box(left=0.0, top=0.0, right=15.0, bottom=5.0))
    """

    read: Box
    filled: Box

    @classmethod
    def of(cls, picture: tuple[int, int], size: tuple[int, int], resize: str) -> Placement:
        """That of a picture (height, width) resized to `size` (height, width) by `squash`, `crop` or `pad`."""
        (high, wide), (height, width) = picture, size
        if resize == "crop":
            scale = min(wide / width, high / height)
            left, top = (wide - width * scale) / 2, (high - height * scale) / 2
            read = Box(max(left, 0), max(top, 0), min(left + width * scale, wide), min(top + height * scale, high))
            return cls(read, Box(0, 0, width, height))
        whole = Box(0, 0, wide, high)
        if resize == "squash" or picture == size:
            return cls(whole, Box(0, 0, width, height))
        scale = max(wide / width, high / height)
        inner = max(1, round(wide / scale)), max(1, round(high / scale))
        left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
        return cls(whole, Box(left, top, left + inner[0], top + inner[1]))

    def back(self, box: Box) -> Box:
        """The part of the picture that a box of the resized one shows; empty where it shows none."""
        inside = box.clipped(self.filled)
        across = (self.read.right - self.read.left) / (self.filled.right - self.filled.left)
        down = (self.read.bottom - self.read.top) / (self.filled.bottom - self.filled.top)
        return Box(self.read.left + (inside.left - self.filled.left) * across,
                   self.read.top + (inside.top - self.filled.top) * down,
                   self.read.left + (inside.right - self.filled.left) * across,
                   self.read.top + (inside.bottom - self.filled.top) * down)
