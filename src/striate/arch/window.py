"""Windows on two axes, and the changes that make one fit. The arithmetic is in `axis.py`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from striate.arch.axis import Axis, Pair
from striate.arch.layer_params import MAX_KERNEL, MAX_SIDE
from striate.core.humanize import join_words
from striate.errors import WindowError


class Fix(NamedTuple):
    """A change that makes a window fit: the setting, its new value per axis, and the output it gives."""

    what: Literal["padding", "stride", "filter", "input"]
    value: Pair
    output: Pair


@dataclass(frozen=True)
class Window:
    """A filter or pooling window on a (height, width) input; every pair is (height, width), in pixels.

    Padding is one number per axis, or (before, after) in its place.

    >>> Window((3, 3), (3, 3), (1, 1), rounding="exact").output(7, 7)  # (7 − 3 + 2·1)/3 + 1 = 3
    (3, 3)
    """

    kernel: Pair
    stride: Pair = (1, 1)
    padding: tuple[int | Pair, int | Pair] | Literal["same"] = (0, 0)
    dilation: Pair = (1, 1)
    rounding: str = "floor"
    noun: Literal["filter", "pooling window"] = "filter"

    def axes(self, height: int, width: int) -> tuple[Axis, Axis]:
        """The window along the vertical and the horizontal axis."""
        top, left = (None, None) if self.padding == "same" else self.padding
        return (Axis(height, self.kernel[0], self.stride[0], top, self.dilation[0]),
                Axis(width, self.kernel[1], self.stride[1], left, self.dilation[1]))

    def pads(self, height: int, width: int) -> tuple[Pair, Pair]:
        """Padding as ((top, bottom), (left, right))."""
        vertical, horizontal = self.axes(height, width)
        return vertical.pads, horizontal.pads

    def output(self, height: int, width: int, label: str = "window") -> Pair:
        """The number of positions down and across; `WindowError` if there is none. `label` names the layer."""
        vertical, horizontal = self.axes(height, width)
        down, across = vertical.count(self.rounding), horizontal.count(self.rounding)
        if not down or not across:
            raise self._refusal(vertical, horizontal, label)
        return down, across

    def unread(self, height: int, width: int) -> Pair:
        """Numbers of rows at the bottom and columns on the right that no window reads.

        >>> Window((2, 2), (2, 2)).unread(7, 8)
        (1, 0)
        """
        vertical, horizontal = self.axes(height, width)
        return vertical.unread(self.rounding), horizontal.unread(self.rounding)

    def between(self, height: int, width: int) -> Pair:
        """Numbers of rows and columns between its positions that no window reads.

        >>> Window((1, 1), (2, 2)).between(7, 9)
        (3, 4)
        """
        vertical, horizontal = self.axes(height, width)
        return vertical.between(self.rounding), horizontal.between(self.rounding)

    def fixes(self, height: int, width: int, *, tile: bool = True, read_all: bool = False) -> tuple[Fix, ...]:
        """The nearest padding, stride, filter and input size that fit, best first.

        Padding keeps every pixel and weight, a stride keeps the weights, a filter keeps the pictures. `tile` asks for
        windows that tile the input, else only for one that fits; `read_all` for windows that step over no pixel.
        Settings for which nothing near fits are left out.

        >>> [(fix.what, fix.value[0], fix.output[0]) for fix in Window((3, 3), (3, 3)).fixes(7, 7)]
        [('padding', 1, 3), ('stride', 2, 3), ('filter', 4, 2), ('input', 6, 2)]
        """
        found = []
        for what in ("padding", "stride", "filter", "input"):
            pair = [self._nearest(axis, what, tile, read_all) for axis in self.axes(height, width)]
            if pair[0] and pair[1]:
                found.append(Fix(what, (pair[0][0], pair[1][0]), (pair[0][1], pair[1][1])))
        return tuple(found)

    def _nearest(self, axis: Axis, what: str, tile: bool, read_all: bool) -> Pair | None:
        """(value, output) of the nearest setting along one axis, which may be the present one."""
        pooling = self.noun == "pooling window"
        field, low, high = {
            "padding": ("padding", 0, min(axis.kernel // 2 if pooling else axis.span - 1, MAX_KERNEL)),
            "stride": ("stride", 1, min(max(axis.stride, axis.span), MAX_SIDE)),
            "filter": ("kernel", sum(axis.pads) if pooling else 1, min(axis.size + sum(axis.pads), MAX_KERNEL)),
            "input": ("size", axis.size - axis.stride, min(max(axis.size, axis.span) + axis.stride, MAX_SIDE)),
        }[what]
        now = getattr(axis, field)
        if not isinstance(now, int):  # padding `same`, and padding that differs by side, is no single number
            return None
        if what == "stride" and axis.travel < 0:  # no stride makes a window fit that is too large
            return None
        for value in _outward(now, max(low, what != "padding"), high):
            changed = axis._replace(**{field: value})
            count = changed.count("exact" if tile else self.rounding)
            if count and not (read_all and changed.between("exact")):
                return value, count
        return None

    def _refusal(self, vertical: Axis, horizontal: Axis, label: str) -> WindowError:
        height, width = vertical.size, horizontal.size
        sums = dict.fromkeys(axis.arithmetic() for axis in (vertical, horizontal) if not axis.count(self.rounding))
        given = " and ".join(sums)
        too_large = vertical.travel < 0 or horizontal.travel < 0
        fixes = self.fixes(height, width, tile=self.rounding == "exact")
        if too_large and self.rounding != "exact":
            fixes = tuple(fix for fix in fixes if fix.what in ("padding", "filter"))
            do = join_words([f"padding ≥ {_pair(fix.value)}" if fix.what == "padding"
                         else f"a {self.noun} ≤ {_pair(fix.value)}" for fix in fixes])
        else:
            do = self.advice(fixes)
        verb = "fit" if too_large else "tile"
        padded = self._padded() if too_large or self.padding != (0, 0) else ""
        asked = f"{label}: {self.described()} does not {verb} {_a(height)} {height}×{width} input{padded}"
        return WindowError("window_too_large" if too_large else "window_misfit", asked, given=given,
                           do=f"Use {do}" if do else "Use larger pictures")

    def described(self) -> str:
        """The window in words: `a 3×3 filter at stride 2`."""
        stride = "" if self.stride == (1, 1) else f" at stride {_pair(self.stride)}"
        dilation = "" if self.dilation == (1, 1) else f" dilated by {_pair(self.dilation)}"
        return f"{_a(self.kernel[0])} {self.kernel[0]}×{self.kernel[1]} {self.noun}{dilation}{stride}"

    def _padded(self) -> str:
        if self.padding == (0, 0):
            return " without padding"
        return " with padding 'same'" if self.padding == "same" else f" with padding {_pads(self.padding)}"

    def advice(self, fixes: tuple[Fix, ...]) -> str:
        """Fixes as one phrase: `padding 1 (gives 3×3), stride 2 (gives 3×3) or an input of 6×6 (gives 2×2)`."""
        stride = f" at stride {_pair(self.stride)}" if self.noun == "pooling window" else ""
        phrases = {"padding": "padding {}", "stride": "stride {}", "filter": f"a {self.noun} of {{}}{stride}"}
        return join_words([
            (f"an input of {fix.value[0]}×{fix.value[1]}" if fix.what == "input"
             else phrases[fix.what].format(_pair(fix.value))) + f" (gives {fix.output[0]}×{fix.output[1]})"
            for fix in fixes])


def _outward(start: int, low: int, high: int) -> Iterator[int]:
    """Whole numbers from `low` to `high`, the nearest to `start` first, of two equally near the larger."""
    for distance in range(max(start - low, high - start) + 1):
        for value in dict.fromkeys((start + distance, start - distance)):
            if low <= value <= high:
                yield value


def _a(number: int) -> str:
    return "an" if number in (11, 18) or str(number).startswith("8") else "a"


def _pads(padding: tuple[int | Pair, int | Pair]) -> str:
    if isinstance(padding[0], int) and padding[0] == padding[1]:
        return str(padding[0])
    return f"({padding[0]}, {padding[1]})"


def _pair(pair: Pair) -> str:
    return str(pair[0]) if pair[0] == pair[1] else f"({pair[0]}, {pair[1]})"
