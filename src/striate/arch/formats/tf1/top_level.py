"""Functions directly under tf: placeholders, reshaping and merging."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from striate.arch.formats.keras.weightless_layers import channels_first
from striate.arch.formats.tensor_layout import DATA_FORMATS, KerasTensor, merge_blocks
from striate.arch.formats.tf1.dtypes import Labels, dtype_of, float32
from striate.arch.formats.tf1.tensor import (
    Tensor,
    add_tensors,
    apply_layer,
    channels,
    placeholder_as,
    refusal,
    same_layout,
    tensor_of,
)
from striate.arch.formats.tf1.unsupported_names import UnsupportedNamespace
from striate.arch.layer_params import MAX_SIDE
from striate.arch.layers import Concat, Flatten, Reshape
from striate.arch.volume import Volume
from striate.core.constraints import Integer
from striate.errors import NetworkError


class ModeKeys:
    """Modes of a model function: training, evaluation, prediction."""

    TRAIN = "train"
    EVAL = "eval"
    PREDICT = "infer"


estimator = UnsupportedNamespace("tf.estimator", ModeKeys=ModeKeys)
"""tf.estimator, with the modes that a model function uses."""


def placeholder(dtype: object, shape: Sequence[int | None] | None = None, name: str | None = None) -> Any:
    """A placeholder of the input: tf.float32, [None, height, width, channels], [None, height, width] or [None, values].

    With data_format channels_first in the layers that read it, [None, channels, height, width].
    One of another dtype, of shape [None] or without a shape is for labels, rates or switches: a network cannot read it.

    >>> from striate import tf
    >>> str(tf.placeholder(tf.float32, [None, 28, 28, 3]))
    '3×28×28'
    """
    word = dtype_of(dtype)
    if word is None:
        raise refusal("placeholder", "dtype", "tf.float32, or another type of TensorFlow for labels,", dtype)
    if word != float32 or shape is None or (isinstance(shape, list | tuple) and len(shape) < 2):
        return Labels(word, _label_sides(shape), name)
    sides = _sides("placeholder", shape, (None, -1), "Give whole numbers, but for the batch")
    start = Tensor(*channels_first(sides, "hwc"), layout="hwc", rank=len(sides))
    return placeholder_as(start, sides, "hwc")


def _label_sides(shape: object) -> tuple[int | None, ...] | None:
    if shape is None:
        return None
    if isinstance(shape, list | tuple) and len(shape) <= 8:
        with suppress(TypeError, ValueError):
            return tuple(None if side is None else Integer(1, MAX_SIDE).read(side) for side in shape)
    raise refusal("placeholder", "shape", "[batch] or [batch, classes]", shape, "Give whole numbers, but for the batch")


def _sides(label: str, shape: object, first: tuple[object, ...], do: str) -> list[int]:
    rule = Integer(1, MAX_SIDE)
    found: list[int] = []
    if isinstance(shape, list | tuple) and 2 <= len(shape) <= 4 and (shape[0] in first or None in first):
        with suppress(TypeError, ValueError):
            found = [rule.read(side) for side in shape[1:]]
    if not found:
        raise refusal(label, "shape", "[batch, height, width, channels] or [batch, values]", shape, do)
    return found


def reshape(tensor: Tensor, shape: Sequence[int], name: str | None = None) -> Tensor:
    """Reshaping: [-1, values] flattens; [-1, height, width, channels] must not mix channels and positions.

    A placeholder that is reshaped is the input in its new shape: [None, 784] as [-1, 28, 28, 1] is 1×28×28.

    >>> from striate import tf
    >>> str(tf.reshape(tf.placeholder(tf.float32, [None, 784]), [-1, 28, 28, 1]))
    '1×28×28'
    """
    label = name or "reshape"
    x = tensor_of(tensor, label)
    sides = _sides(label, shape, (-1,), "Give whole numbers, with −1 for the batch")
    volume = Volume(*channels_first(sides, x.layout))
    if volume.size != x.size:
        raise NetworkError("tf_reshape", f"{label}: a reshape to {list(shape)} was asked for",
                           allowed=f"{x.size:,} values for each picture are allowed",
                           given=f"{volume.size:,} were given", do=f"Use [-1, {x.size}]")
    if x.source is None:
        return placeholder_as(x, sides, x.layout)
    order = x.flow.flat_order if len(sides) == 1 else ()
    made = KerasTensor(volume, x.layout, len(sides), order)
    if made.flat_order != x.flow.flat_order:
        raise NetworkError("tf_reshape", f"{label}: a reshape of {list(x.flow.shape)} to {sides} was asked for",
                           allowed="one that keeps the channels apart from the positions is allowed",
                           given=f"{DATA_FORMATS[x.layout]} tensors are of another order than ours",
                           do="Flatten it for a dense layer, or pool it")
    if volume == x:
        return replace(x, rank=len(sides), order=order, twins={})
    layer = Flatten(name=name) if len(sides) == 1 else Reshape(volume.shape, name=name)
    return apply_layer(layer, x, rank=len(sides), order=order)


def concat(values: Sequence[Tensor], axis: int, name: str = "concat") -> Tensor:
    """Tensors concatenated along their channels: axis 3 or −1 of (N, H, W, C), 1 of (N, C, H, W) and of flat ones."""
    tensors = same_layout(values, name)
    order = merge_blocks(block for tensor in tensors for block in tensor.order)
    layer = Concat(name=None if name == "concat" else name)
    return apply_layer(layer, *(channels(tensor, axis, name) for tensor in tensors), order=order)


def add(x: Tensor, y: Tensor, name: str | None = None) -> Tensor:
    """The sum of two tensors of one shape."""
    return add_tensors(x, y, name=name)


def add_n(inputs: Sequence[Tensor], name: str | None = None) -> Tensor:
    """The sum of two tensors or more of one shape."""
    values = inputs if isinstance(inputs, list | tuple) else [inputs]
    return add_tensors(*values, name=name, label="add_n")


def identity(input: Tensor, name: str | None = None) -> Tensor:  # noqa: A002, ARG001 - TensorFlow's
    """The tensor itself."""
    return tensor_of(input, "identity")
