"""torch's functions that reshape, slice and reduce, with torch's own argument names (but x for `input`).

Values keep their order in all of them, so that the shape of the result says what was done.
"""

from __future__ import annotations

import operator
from dataclasses import replace
from typing import Any

import torch

from striate.arch import Flatten, GlobalPool, Maxout, Reshape, Slice
from striate.convnet.from_torch.tensor_value import CallSite, TensorValue, UnsupportedCall, as_value, unsupported


def mean(place: CallSite, x: Any, dim: Any = None, keepdim: bool = False) -> TensorValue:  # noqa: ARG001
    """The mean over all positions."""
    return over_pixels(place, as_value(x), dim, "average")


def amax(place: CallSite, x: Any, dim: Any = (), keepdim: bool = False) -> TensorValue:
    """The maximum over all positions, or of neighbouring channels that were unfolded."""
    x = as_value(x)
    if x.pieces and x.before and dim in (2, (2,), [2]) and not keepdim:
        return place.value(Maxout(x.pieces), x.before)
    return over_pixels(place, x, dim, "max")


def over_pixels(place: CallSite, x: TensorValue, dim: Any, mode: str) -> TensorValue:
    """Global pooling."""
    rank = len(x.shape)
    if not isinstance(dim, list | tuple) or sorted(d % rank for d in dim) != [2, 3]:
        raise UnsupportedCall(f"over dim={dim}")
    return place.value(GlobalPool(mode), x.volume)


def unflatten(place: CallSite, x: Any, dim: int, sizes: Any) -> TensorValue:
    """A volume out of a column; or neighbouring channels side by side, for a maximum of them."""
    x = as_value(x)
    if dim == 1 and len(sizes) == 2 and len(place.shape) == len(x.shape) + 1:
        return TensorValue(place.shape, unsupported("after unflatten"), before=x.volume, pieces=place.shape[2],
                           memory=x.memory)
    return reshaped(place, x)


def reshaped(place: CallSite, x: Any, *_: Any, **__: Any) -> TensorValue:
    """The same values in another shape, which torch has worked out already."""
    x = as_value(x)
    shape = place.shape
    if shape[:1] != (place.pictures,) or len(shape) not in (2, 4):
        raise UnsupportedCall(f"to {len(shape)} axes" if len(shape) not in (2, 4) else "across pictures")
    channels, height, width = (*shape[1:], 1, 1)[:3]
    sides = channels, height, width
    volume = x.before if x.before and not x.pads and x.factor == 1 and not x.pieces else x.volume
    if sides == volume.shape:
        return TensorValue(shape, lambda: volume, memory=x.memory)
    if len(shape) == 2:
        return TensorValue(shape, lambda: place.apply(Flatten(), volume), before=volume, memory=x.memory)
    return TensorValue(shape, lambda: place.apply(Reshape(sides), volume), memory=x.memory)


def getitem(place: CallSite, x: Any, index: Any) -> Any:
    """A part of a list, channels of a volume, or new axes of one pixel."""
    if not isinstance(x, TensorValue):
        return x[index]
    full = slice(None)
    parts = [part for part in (index if isinstance(index, tuple) else (index,)) if part is not Ellipsis]
    if all(part is None or part == full for part in parts):
        return reshaped(place, x)
    cut = parts[1] if len(parts) > 1 and Ellipsis not in index else None
    if not isinstance(cut, slice) or cut.step not in (None, 1) or any(p != full for p in (parts[0], *parts[2:])):
        raise UnsupportedCall("of other parts than channels a:b")
    return channels(place, x, cut.indices(x.shape[1])[0], place.shape)


def narrow(place: CallSite, x: Any, dim: int, start: int, length: int) -> TensorValue:  # noqa: ARG001
    """`length` channels from `start`."""
    if dim != 1:
        raise UnsupportedCall(f"along dim={dim}")
    return channels(place, as_value(x), start % as_value(x).shape[1], place.shape)


def split(place: CallSite, tensor: Any, _size: Any, dim: int = 0) -> tuple[TensorValue, ...]:
    """Channels in several parts."""
    x, first, parts = as_value(tensor), 0, []
    if dim not in (1, 1 - len(x.shape)):
        raise UnsupportedCall(f"along dim={dim}")
    for part in place.result:
        parts.append(channels(place, x, first, tuple(part.shape)))
        first += part.shape[1]
    return tuple(parts)


def channels(place: CallSite, x: TensorValue, first: int, shape: tuple[int, ...]) -> TensorValue:
    """Some channels, made when they are needed."""
    return TensorValue(shape, lambda: place.apply(Slice(first, shape[1]), x.volume), memory=x.memory)


def chunk(place: CallSite, x: Any, chunks: int, dim: int = 0) -> tuple[TensorValue, ...]:
    """Channels in equal parts."""
    return split(place, x, chunks, dim)


def unchanged(place: CallSite, x: Any, *_: Any, **__: Any) -> TensorValue:  # noqa: ARG001
    """The same values, perhaps in the same memory."""
    return replace(as_value(x))


SHAPES: dict[Any, Any] = {
    torch.mean: mean, "mean": mean, torch.amax: amax, "amax": amax, torch.flatten: reshaped, "flatten": reshaped,
    torch.reshape: reshaped, "reshape": reshaped, "view": reshaped, torch.squeeze: reshaped, "squeeze": reshaped,
    torch.unsqueeze: reshaped, "unsqueeze": reshaped, torch.unflatten: unflatten, "unflatten": unflatten,
    operator.getitem: getitem, torch.narrow: narrow, "narrow": narrow, torch.split: split, "split": split,
    torch.chunk: chunk, "chunk": chunk, "contiguous": unchanged,
}
