"""Reductions and padding directly under tf: tf.pad, and means and maxima of whole maps."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from striate.arch.formats.tf1.tensor import Tensor, apply_layer, picture, refusal, tensor_of
from striate.arch.layer_params import MAX_KERNEL, as_pads
from striate.arch.layers import GlobalPool, Pad
from striate.core.constraints import Integer


def pad(tensor: Tensor, paddings: Sequence[Sequence[int]], mode: str = "CONSTANT", name: str | None = None,
        constant_values: float = 0) -> Tensor:
    """Zero padding: [[0, 0], [top, bottom], [left, right], [0, 0]]; with channels first the last pair comes second.

    >>> from striate import tf
    >>> x = tf.placeholder(tf.float32, [None, 28, 28, 3])
    >>> str(tf.pad(x, [[0, 0], [2, 3], [1, 1], [0, 0]]))
    '3×33×30'
    """
    label = name or "pad"
    if not isinstance(mode, str) or mode.upper() != "CONSTANT":
        raise refusal(label, "mode", "'CONSTANT'", mode)
    if isinstance(constant_values, bool) or not isinstance(constant_values, int | float) or constant_values != 0:
        raise refusal(label, "constant_values", "0", constant_values)
    x = tensor_of(tensor, label)
    pairs = _pairs(paddings)
    first = x.layout == "chw" or (x.source is None and len(pairs) == 4 and pairs[3] != (0, 0))
    x = picture(x, "channels_first" if first else "channels_last", label)
    around = (0, 1) if first else (0, 3)
    if len(pairs) != 4 or any(pairs[axis] != (0, 0) for axis in around):
        words = "[[0, 0], [0, 0], [top, bottom], [left, right]]" if first else \
            "[[0, 0], [top, bottom], [left, right], [0, 0]]"
        raise refusal(label, "paddings", words, paddings)
    rows, columns = (pair for axis, pair in enumerate(pairs) if axis not in around)
    layer = Pad((rows, columns), name=name)
    return apply_layer(layer, x) if any(map(any, as_pads(layer.padding))) else x


def _pairs(paddings: object) -> list[tuple[int, int]]:
    rule = Integer(0, MAX_KERNEL)
    if isinstance(paddings, list | tuple) and all(isinstance(one, list | tuple) and len(one) == 2 for one in paddings):
        with suppress(ValueError, TypeError):
            return [(rule.read(before), rule.read(after)) for before, after in paddings]
    return []


def reduce_mean(input_tensor: Tensor, axis: Sequence[int] | None = None, keepdims: bool | None = None,
                name: str | None = None, reduction_indices: Sequence[int] | None = None,
                keep_dims: bool | None = None) -> Tensor:
    """The mean of each map, over axes [1, 2] of (N, H, W, C) or [2, 3] of (N, C, H, W); flat without keepdims.

    >>> from striate import tf
    >>> x = tf.placeholder(tf.float32, [None, 7, 7, 64])
    >>> tf.reduce_mean(x, [1, 2]).shape, tf.reduce_mean(x, [1, 2], keepdims=True).shape
    ((?, 64), (?, 1, 1, 64))
    """
    return _reduced("reduce_mean", "average", input_tensor, axis if axis is not None else reduction_indices,
                    keepdims if keepdims is not None else keep_dims, name)


def reduce_max(input_tensor: Tensor, axis: Sequence[int] | None = None, keepdims: bool | None = None,
               name: str | None = None, reduction_indices: Sequence[int] | None = None,
               keep_dims: bool | None = None) -> Tensor:
    """The maximum of each map, with the arguments of `reduce_mean`."""
    return _reduced("reduce_max", "max", input_tensor, axis if axis is not None else reduction_indices,
                    keepdims if keepdims is not None else keep_dims, name)


def _reduced(word: str, mode: str, value: object, axis: Any, keepdims: object, name: str | None) -> Tensor:
    label = name or word
    x = tensor_of(value, label)
    axes: set[int] = set()
    if isinstance(axis, list | tuple) and len(axis) == 2:
        with suppress(ValueError, TypeError):
            axes = {one % 4 for one in map(Integer(-4, 3).read, axis)}
    first = x.layout == "chw" or (x.source is None and axes == {2, 3})
    x = picture(x, "channels_first" if first else "channels_last", label)
    if axes != ({2, 3} if first else {1, 2}):
        raise refusal(label, "axis", f"{[2, 3] if first else [1, 2]}, the rows and columns,", axis)
    if keepdims not in (None, True, False):
        raise refusal(label, "keepdims", "true or false", keepdims)
    made = GlobalPool(mode, name=name)
    return apply_layer(made, x) if keepdims else apply_layer(made, x, rank=1, order=((x.channels, 1),))
