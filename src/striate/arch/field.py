"""Receptive fields: which pixels of the picture one unit sees, along one axis.

Following a window of span F and stride S on units that lie `stride` pixels apart, the field grows by (F − 1)·stride and
the units then lie S·stride apart. See Araujo, Norris & Sim, "Computing receptive fields of convolutional neural
networks", Distill, 2019.

Limits: fields are those of the arithmetic, and reach into the padding at the border of the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from striate.arch.axis import Axis


@dataclass(frozen=True)
class Field:
    """The pixels `first` to `last` that the first unit sees, and `stride` pixels from unit to unit.

    `least` is the number of pixels it sees through its narrowest branch.

    >>> c1 = Field().seen_through(Axis(32, 5))
    >>> s2 = c1.seen_through(Axis(28, 2, 2))
    >>> c1.size, s2.size, s2.stride, s2.offset  # 6 = 5 + (2 − 1)·1; the first unit looks at pixels 0 to 5
    (5, 6, 2, 2.5)
    """

    first: int = 0
    last: int = 0
    stride: int = 1
    least: int = 1

    @property
    def size(self) -> int:
        """Pixels from the first to the last one seen, through whichever branch."""
        return self.last - self.first + 1

    @property
    def offset(self) -> float:
        """The pixel at the centre of the first unit's field; 0 is the centre of the first pixel."""
        return (self.first + self.last) / 2

    def seen_through(self, axis: Axis) -> Field:
        """The field of a window's units."""
        before, grown = axis.pads[0] * self.stride, (axis.span - 1) * self.stride
        return Field(self.first - before, self.last - before + grown, self.stride * axis.stride, self.least + grown)

    def seen_by_all(self, size: int) -> Field:
        """The field of a unit that sees all `size` units."""
        return self.seen_through(Axis(size, size))


def merged(fields: Sequence[Field]) -> Field:
    """The field of a unit fed by several branches: all that any of them sees."""
    return Field(min(field.first for field in fields), max(field.last for field in fields),
                 max(field.stride for field in fields), min(field.least for field in fields))
