"""Receptive fields: the pixels of the picture that one unit sees, along one axis.

Following a window of span F and stride S on units that lie `stride` pixels apart, the field grows by (F − 1)·stride and
the units then lie S·stride apart. See Araujo, Norris & Sim, "Computing receptive fields of convolutional neural
networks", Distill, 2019.

Limits: fields are those of the arithmetic, and reach into the padding at the border of the picture; `unit_field.py` has
the pixels that one unit sees at its position, clipped to the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from striate.arch.axis import Axis
from striate.arch.transposed_window import TransposedWindow

Exact = int | Fraction


@dataclass(frozen=True)
class ReceptiveField:
    """Receptive field of the first unit, pixels `first` to `last`, and `stride` pixels from unit to unit.

    `least` is the number of pixels it sees through its narrowest branch.

    >>> c1 = ReceptiveField().seen_through(Axis(32, 5))
    >>> s2 = c1.seen_through(Axis(28, 2, 2))
    >>> c1.size, s2.size, s2.stride, s2.offset  # 6 = 5 + (2 − 1)·1; the first unit looks at pixels 0 to 5
    (5, 6, 2, 2.5)
    """

    first: Exact = 0
    last: Exact = 0
    stride: Exact = 1
    least: Exact = 1

    @property
    def size(self) -> Exact:
        """Pixels from the first to the last one seen, over all branches."""
        return self.last - self.first + 1

    @property
    def offset(self) -> float:
        """The pixel at the centre of the first unit's field; 0 is the centre of the first pixel."""
        return float(self.first + self.last) / 2

    def seen_through(self, axis: Axis) -> ReceptiveField:
        """The field of a window's units."""
        before, grown = axis.pads[0] * self.stride, (axis.span - 1) * self.stride
        return ReceptiveField(self.first - before, self.last - before + grown, self.stride * axis.stride,
                              self.least + grown)

    def seen_through_spread(self, spread: TransposedWindow) -> ReceptiveField:
        """The field of the units of a transposed convolution.

        They differ from unit to unit; this is the widest, around the centre of the first unit.

        >>> field = ReceptiveField(0, 3, stride=4, least=4).seen_through_spread(TransposedWindow(4, 2, (1, 1)))
        >>> str(field.size), str(field.stride)  # 8 = 4 + (⌈4/2⌉ − 1)·4; units lie 4/2 pixels apart
        ('8', '2')
        """
        fewest, most = spread.reads
        centre = Fraction(self.first + self.last) / 2 + spread.centre * self.stride
        size = self.size + (most - 1) * self.stride
        return ReceptiveField(centre - Fraction(size - 1) / 2, centre + Fraction(size - 1) / 2,
                     Fraction(self.stride) / spread.stride, self.least + (fewest - 1) * self.stride)

    def seen_by_all(self, size: int) -> ReceptiveField:
        """The field of a unit that sees all `size` units."""
        return self.seen_through(Axis(size, size))


def merged(fields: Sequence[ReceptiveField]) -> ReceptiveField:
    """The field of a unit that reads several branches: from the first to the last pixel any of them sees."""
    return ReceptiveField(min(field.first for field in fields), max(field.last for field in fields),
                 max(field.stride for field in fields), min(field.least for field in fields))
