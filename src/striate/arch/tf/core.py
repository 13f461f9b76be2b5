"""The words directly under tf: placeholders, reshaping, merging, initializers."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from striate.arch.filler import Filler
from striate.arch.formats.keras.flow import WORDS, Flow, joined
from striate.arch.formats.keras.plain import in_our_order
from striate.arch.layers import Add, Concat, Flatten, Reshape
from striate.arch.rules import MAX_SIDE, Whole
from striate.arch.tf.tensor import Tensor, applied, channels, laid_out, refusal, tensor_of
from striate.arch.volume import Volume
from striate.errors import NetworkError

float32 = "float32"
"""The one type of a placeholder."""


class ModeKeys:
    """What a model function is called for."""

    TRAIN = "train"
    EVAL = "eval"
    PREDICT = "infer"


class estimator:  # noqa: N801 - TensorFlow's name
    """tf.estimator, as far as a model function names it."""

    ModeKeys = ModeKeys


def placeholder(dtype: str, shape: Sequence[int | None] | None = None, name: str | None = None) -> Tensor:  # noqa: ARG001
    """The input: [None, height, width, channels], [None, height, width] or [None, values]; the batch comes first.

    With data_format channels_first in the layers that read it, [None, channels, height, width].

    >>> from striate.arch import tf
    >>> str(tf.placeholder(tf.float32, [None, 28, 28, 3]))
    '3×28×28'
    """
    if dtype != float32:
        raise refusal("placeholder", "dtype", "tf.float32", dtype)
    sides = _sides("placeholder", shape, (None, -1), "Give whole numbers, but for the batch")
    start = Tensor(*in_our_order(sides, "hwc"), layout="hwc", rank=len(sides))
    return laid_out(start, sides, "hwc")


def _sides(label: str, shape: object, first: tuple[object, ...], do: str) -> list[int]:
    rule = Whole(1, MAX_SIDE)
    found: list[int] = []
    if isinstance(shape, list | tuple) and 2 <= len(shape) <= 4 and (shape[0] in first or None in first):
        with suppress(TypeError, ValueError):
            found = [rule.read(side) for side in shape[1:]]
    if not found:
        raise refusal(label, "shape", "[batch, height, width, channels] or [batch, values]", shape, do)
    return found


def reshape(tensor: Tensor, shape: Sequence[int], name: str | None = None) -> Tensor:
    """[-1, values] flattens; [-1, height, width, channels] is allowed where it keeps channels apart from positions.

    A placeholder that is reshaped is the input in its new shape: [None, 784] as [-1, 28, 28, 1] is 1×28×28.

    >>> from striate.arch import tf
    >>> str(tf.reshape(tf.placeholder(tf.float32, [None, 784]), [-1, 28, 28, 1]))
    '1×28×28'
    """
    label = name or "reshape"
    x = tensor_of(tensor, label)
    sides = _sides(label, shape, (-1,), "Give whole numbers, with −1 for the batch")
    volume = Volume(*in_our_order(sides, x.layout))
    if volume.size != x.size:
        raise NetworkError("tf_reshape", f"{label}: a reshape to {list(shape)} was asked for",
                           allowed=f"{x.size:,} values for each picture are allowed",
                           given=f"{volume.size:,} were given", do=f"Use [-1, {x.size}]")
    if x.source is None:
        return laid_out(x, sides, x.layout)
    order = x.flow.flat_order if len(sides) == 1 else ()
    made = Flow(volume, x.layout, len(sides), order)
    if made.flat_order != x.flow.flat_order:
        raise NetworkError("tf_reshape", f"{label}: a reshape of {list(x.flow.shape)} to {sides} was asked for",
                           allowed="one that keeps the channels apart from the positions is allowed",
                           given=f"{WORDS[x.layout]} tensors are of another order than ours",
                           do="Flatten it for a dense layer, or pool it")
    if volume == x:
        return Tensor(*x.shape, x.source, x.layout, len(sides), order)
    layer = Flatten(name=name) if len(sides) == 1 else Reshape(volume.shape, name=name)
    return applied(layer, x, rank=len(sides), order=order)


def concat(values: Sequence[Tensor], axis: int, name: str = "concat") -> Tensor:
    """Tensors joined along their channels: axis 3 or −1 of (N, H, W, C), 1 of (N, C, H, W) and of flat ones."""
    tensors = _many(values, name)
    order = joined(block for tensor in tensors for block in tensor.order)
    layer = Concat(name=None if name == "concat" else name)
    return applied(layer, *(channels(tensor, axis, name) for tensor in tensors), order=order)


def add(x: Tensor, y: Tensor, name: str | None = None) -> Tensor:
    """The sum of two tensors of one shape."""
    return applied(Add(name=name), *_many((x, y), name or "add"))


def identity(input: Tensor, name: str | None = None) -> Tensor:  # noqa: A002, ARG001 - TensorFlow's
    """The tensor itself."""
    return tensor_of(input, "identity")


def _many(values: object, label: str) -> list[Tensor]:
    if not isinstance(values, list | tuple) or len(values) < 2:
        raise refusal(label, "values", "a list of two tensors or more", values)
    tensors = [tensor_of(value, label) for value in values]
    if len({(tensor.rank, tensor.layout if tensor.rank == 3 else "") for tensor in tensors}) > 1:
        raise NetworkError("tf_mixed", f"{label}: tensors that are laid out differently were asked for",
                           allowed="tensors of one rank and one data_format are allowed",
                           given="flat ones and pictures, or channels first and last, were given",
                           do="Reshape them alike before")
    return tensors


def zeros_initializer() -> Filler:
    """Zeros."""
    return Filler("constant")


def ones_initializer() -> Filler:
    """Ones."""
    return Filler("constant", value=1.0)


def constant_initializer(value: float = 0) -> Filler:
    """One value everywhere."""
    return Filler("constant", value=value)


def random_normal_initializer(mean: float = 0.0, stddev: float = 1.0, seed: object = None) -> Filler:  # noqa: ARG001
    """A normal distribution."""
    return Filler("gaussian", mean=mean, std=stddev)


def random_uniform_initializer(minval: float = 0.0, maxval: float = 1.0, seed: object = None) -> Filler:  # noqa: ARG001
    """A uniform distribution on [minval, maxval)."""
    return Filler("uniform", low=minval, high=maxval)


def glorot_uniform_initializer(seed: object = None) -> Filler:  # noqa: ARG001
    """Glorot & Bengio 2010: xavier with fan average."""
    return Filler("xavier", fan="average")
