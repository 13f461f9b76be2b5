"""Window arithmetic along one axis: a filter of F pixels fits (W − F + 2P)/S + 1 times into W pixels.

Three roundings of a result that is not whole: `floor` leaves the last pixels unread (PyTorch, TensorFlow), `ceil` lets
the last window hang over the edge as long as it starts inside the input or its leading padding (Caffe's pooling,
PyTorch's `ceil_mode`), `exact` refuses. A window larger than its padded input is refused under every rounding.
Padding `same` gives ⌈W/S⌉ outputs; what cannot be halved goes to the bottom and right (TensorFlow's rule, and
PyTorch's at stride 1).
See Dumoulin & Visin, "A guide to convolution arithmetic for deep learning", 2016, relations 5, 6 and 15.

Limits: Caffe has a last ceil window that starts beyond the input when padding is 0; PyTorch and we drop it.
"""

from __future__ import annotations

from typing import NamedTuple

Pair = tuple[int, int]
ROUNDINGS = ("floor", "ceil", "exact")


class Axis(NamedTuple):
    """One window along one axis of `size` pixels; `padding` is on both sides, or (before, after), or None for `same`.

    >>> Axis(size=7, kernel=3, stride=2).count("exact")  # (7 − 3 + 2·0)/2 + 1 = 3
    3
    """

    size: int
    kernel: int
    stride: int = 1
    padding: int | Pair | None = 0
    dilation: int = 1

    @property
    def span(self) -> int:
        """Pixels from the first to the last one a window reads: dilation·(kernel − 1) + 1."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def pads(self) -> Pair:
        """Padding pixels before and after the input."""
        if self.padding is not None:
            return self.padding if isinstance(self.padding, tuple) else (self.padding, self.padding)
        total = max((-(-self.size // self.stride) - 1) * self.stride + self.span - self.size, 0)
        return total // 2, total - total // 2

    @property
    def travel(self) -> int:
        """Travel of the window, W − F + 2P pixels; negative if it is larger than its padded input."""
        return self.size - self.span + sum(self.pads)

    def count(self, rounding: str) -> int:
        """The number of positions; 0 if the window does not fit, or, under `exact`, does not tile."""
        if self.travel < 0 or (rounding == "exact" and self.travel % self.stride):
            return 0
        count = self.travel // self.stride + 1
        hangs_over = rounding == "ceil" and self.travel % self.stride > 0
        return count + 1 if hangs_over and count * self.stride < self.size + self.pads[0] else count

    def overhang(self, rounding: str) -> int:
        """Pixels by which the last window reaches beyond the input; negative if it ends before."""
        return (self.count(rounding) - 1) * self.stride + self.span - self.pads[0] - self.size

    @property
    def is_symmetric(self) -> bool:
        """Whether windows lie at the same pixels of a mirrored line, if both sides are padded by `overhang("floor")`.

        >>> Axis(4, 3, 2, (0, 1)).is_symmetric, Axis(4, 3, 2, (1, 1)).is_symmetric, Axis(7, 3, 1, (1, 1)).is_symmetric
        (True, False, True)
        """
        beyond = self.overhang("floor")
        return beyond >= 0 and self._replace(padding=beyond).count("floor") == self.count("floor")

    def divisor(self, position: int, padding: bool) -> int:
        """Divisor of a mean over one window: its pixels in the input, with `padding` those in the padding too.

        >>> [Axis(5, 3, 2, (0, 1)).divisor(position, False) for position in range(2)], Axis(4, 3, 2, 1).divisor(0, True)
        ([3, 3], 3)
        """
        start = position * self.stride - self.pads[0]
        if padding:
            return min(start + self.span, self.size + self.pads[1]) - start
        return min(start + self.span, self.size) - max(start, 0)

    def unread(self, rounding: str) -> int:
        """Number of input pixels behind the last position, which no window reads."""
        return max(0, -self.overhang(rounding))

    def between(self, rounding: str) -> int:
        """Number of input pixels between the first and the last one read that the stride steps over.

        >>> Axis(7, 1, 2).between("floor"), Axis(7, 2, 3).between("floor"), Axis(7, 3, 2).between("floor")
        (3, 1, 0)
        """
        if self.stride <= self.kernel and self.dilation == 1:
            return 0
        read = bytearray(self.size)
        count, before = self.count(rounding), self.pads[0]
        for tap in range(self.kernel):
            start = tap * self.dilation - before
            skipped = max(0, -(start // self.stride))
            places = range(start + skipped * self.stride, min(start + count * self.stride, self.size), self.stride)
            if places:  # the end of an empty range may be negative, and would count from the other side
                read[places.start:places.stop:self.stride] = b"\1" * len(places)
        return read[read.find(1):read.rfind(1) + 1].count(0)

    def arithmetic(self) -> str:
        """The formula with its numbers.

        >>> Axis(7, 3, 3).arithmetic()
        '(7 − 3 + 2·0)/3 + 1 = 2.33'
        """
        before, after = self.pads
        padding = f"2·{before}" if before == after else f"{before} + {after}"
        value = f"{self.travel / self.stride + 1:.2f}".rstrip("0").rstrip(".").replace("-", "−")
        return f"({self.size} − {self.span} + {padding})/{self.stride} + 1 = {value}"
