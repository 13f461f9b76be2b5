"""Max pooling for inference, one axis after the other: k comparisons of each value instead of k².

The maximum over a window is that over its rows of the maxima over its columns. Torch's own pooling also writes down
which pixel was the largest, and takes up to ten times as long in bfloat16.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from striate.arch.axis import Axis

WHOLE_NUMBERS = {torch.bfloat16: torch.int16}  # of the same size


class Tap(NamedTuple):
    """One pixel of the windows along an axis: it is inside the volume from position `first` on, `times` times."""

    first: int
    times: int
    start: int  # the pixel that the first of these reads


Taps = tuple[int, tuple[Tap, ...]]  # the stride, and the pixels of a window


def max_pooling(axes: tuple[Axis, Axis], rounding: str, positive: bool) -> Callable[[Tensor], Tensor] | None:
    """The max pooling with these windows, for volumes (N, C, H, W) that are channels last.

    `positive`: no value is below zero; the bits of such numbers are in the order of whole numbers, which are compared
    twice as fast. None if no pixel of the windows is inside the volume at every position.

    >>> pool = max_pooling((Axis(4, 2, 2), Axis(4, 2, 2)), "floor", positive=False)
    >>> pool(torch.arange(16.0).view(1, 1, 4, 4)).tolist()
    [[[[5.0, 7.0], [13.0, 15.0]]]]
    """
    taps = [taps_of(axis, rounding) for axis in axes]
    if any(found[0].times < axis.count(rounding) for found, axis in zip(taps, axes, strict=True)):
        return None
    return partial(_pooled, down=(axes[0].stride, taps[0]), across=(axes[1].stride, taps[1]), positive=positive)


def taps_of(axis: Axis, rounding: str) -> tuple[Tap, ...]:
    """The pixels of a window, those that are most often inside the volume first.

    >>> taps_of(Axis(size=4, kernel=3, stride=2, padding=1), "floor")  # windows at −1 to 1 and 1 to 3
    (Tap(first=0, times=2, start=0), Tap(first=0, times=2, start=1), Tap(first=1, times=1, start=1))
    """
    found = []
    for place in range(axis.kernel):
        offset = place * axis.dilation - axis.pads[0]
        first = max(0, -(offset // axis.stride))
        last = min(axis.count(rounding) - 1, (axis.size - 1 - offset) // axis.stride)
        if last >= first:
            found.append(Tap(first, last - first + 1, first * axis.stride + offset))
    return tuple(sorted(found, key=lambda tap: (-tap.times, tap.start)))


def _pooled(x: Tensor, down: Taps, across: Taps, positive: bool) -> Tensor:
    pixels = x.permute(0, 2, 3, 1)
    whole = WHOLE_NUMBERS.get(x.dtype) if positive else None
    if whole:
        pixels = pixels.view(whole)
    pixels = _along(_along(pixels, 1, *down), 2, *across)
    return (pixels.view(x.dtype) if whole else pixels).permute(0, 3, 1, 2)


def _along(x: Tensor, dim: int, stride: int, taps: tuple[Tap, ...]) -> Tensor:
    """The maxima along one dimension, in a tensor of their own."""
    count = taps[0].times
    found: Tensor | None = None
    for i, tap in enumerate(taps):
        part = slice(tap.start, tap.start + (tap.times - 1) * stride + 1, stride)
        read = x[:, part] if dim == 1 else x[:, :, part]
        if found is None:
            found = read if len(taps) > 1 and taps[1].times == count else read.clone()
        elif tap.times == count and i == 1:
            found = torch.maximum(found, read)
        else:
            place = found if tap.times == count else found.narrow(dim, tap.first, tap.times)
            torch.maximum(place, read, out=place)
    assert found is not None
    return found
