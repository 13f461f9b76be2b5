"""Transposed windows along one axis: W pixels become S·(W − 1) + F, less the padding."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from striate.arch.axis import Pair


class TransposedWindow(NamedTuple):
    """A filter of `kernel` pixels written every `stride` pixels; `pads` are cut off before and after.

    >>> TransposedWindow(kernel=4, stride=2, pads=(1, 1)).count(16)  # 2·(16 − 1) + 4 − 2
    32
    """

    kernel: int
    stride: int = 1
    pads: Pair = (0, 0)
    dilation: int = 1

    @property
    def span(self) -> int:
        """Pixels from the first to the last one a filter writes."""
        return self.dilation * (self.kernel - 1) + 1

    def count(self, size: int) -> int:
        """The side of the output; 0 or less if the padding leaves nothing."""
        return self.stride * (size - 1) + self.span - sum(self.pads)

    def arithmetic(self, size: int) -> str:
        """The formula with its numbers.

        >>> TransposedWindow(2, 2, (2, 2)).arithmetic(1)
        '2·(1 − 1) + 2 − 2 − 2 = −2'
        """
        before, after = self.pads
        value = str(self.count(size)).replace("-", "−")
        return f"{self.stride}·({size} − 1) + {self.span} − {before} − {after} = {value}"

    @property
    def reads(self) -> Pair:
        """The fewest and the most input pixels, from the first to the last, that one output pixel sums.

        >>> TransposedWindow(kernel=5, stride=2).reads  # three for every other pixel, two for those between
        (2, 3)
        """
        return max(1, self.span // self.stride), -(-self.span // self.stride)

    @property
    def centre(self) -> Fraction:
        """The input position in the middle of those that the first output pixel sums."""
        return Fraction(2 * self.pads[0] - (self.span - 1), 2 * self.stride)
