"""Tensors of the TensorFlow functions: our volume, and the meaning of TensorFlow's axes.

Our volumes are (channels, height, width), always; `data_format` is TensorFlow's layout of the same values, and matters
only where axes are numbered: in a reshape, a concatenation, a softmax, a batch normalisation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

from striate.arch.formats.keras.weightless_layers import channels_first
from striate.arch.formats.tensor_layout import DATA_FORMATS, LAYOUTS, KerasTensor, Order
from striate.arch.formats.tf1.dtypes import Labels
from striate.arch.formats.tf1.tensor_shape import TensorShape, shape_of
from striate.arch.layers import Add, Layer
from striate.arch.volume import Volume
from striate.core.constraints import quoted
from striate.core.humanize import join_words
from striate.errors import NetworkError


def _refused(sign: str) -> Callable[..., NoReturn]:
    """An unsupported operator of TensorFlow's tensors, which refuses."""
    def operator(self: Tensor, *_: object) -> NoReturn:
        raise NetworkError("tf_operator", f"tensor {self}: the operator {sign} was asked for",
                           allowed="+ between two tensors is allowed", given=f"{sign} was given",
                           do="Call a layer: tf.layers, tf.nn, or Multiply and Maximum of striate")

    return operator


@dataclass(frozen=True, eq=False)
class Tensor(Volume):
    """A tensor: a volume, from a placeholder or a layer, with TensorFlow's layout.

    `layout`, `rank` and `order` are those of `KerasTensor`. The first reader of a placeholder (`source` None) sets its
    layout.
    """

    layout: str = field(default="hwc", repr=False)
    rank: int = field(default=3, repr=False)
    order: Order = field(default=(), repr=False)
    twins: dict[tuple[int, ...], Tensor] = field(default_factory=dict, repr=False)

    @property
    def flow(self) -> KerasTensor:
        """The layout of the tensor as for Keras."""
        return KerasTensor(self, self.layout, self.rank, self.order)

    @property
    def shape(self) -> TensorShape:
        """TensorFlow's shape: (?, height, width, channels), or (?, values)."""
        return shape_of(self.flow.shape)

    def get_shape(self) -> TensorShape:
        """TensorFlow's shape; `as_list()` gives None for the batch."""
        return shape_of(self.flow.shape)

    def __iter__(self) -> Iterator[int]:
        return iter((self.channels, self.height, self.width))  # `shape` is TensorFlow's here

    def __str__(self) -> str:
        return str(Volume(*self))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Volume) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __add__(self, other: object) -> Tensor:
        return add_tensors(self, other)

    def __radd__(self, other: object) -> Tensor:
        return add_tensors(other, self)

    __array_ufunc__ = None  # so that NumPy's arrays defer to these operators
    __sub__ = __rsub__ = _refused("−")
    __mul__ = __rmul__ = _refused("*")
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = _refused("/")
    __matmul__ = __rmatmul__ = _refused("@")
    __mod__ = __rmod__ = _refused("%")
    __pow__ = __rpow__ = _refused("**")
    __neg__ = _refused("−")
    __abs__ = _refused("abs")
    __getitem__ = _refused("[]")
    __lt__ = _refused("<")
    __le__ = _refused("≤")
    __gt__ = _refused(">")
    __ge__ = _refused("≥")


def refusal(label: str, what: str, allowed: str, given: object, do: str = "") -> NetworkError:
    """The refusal of an argument."""
    return NetworkError("tf_argument", f"{label}: {what} was asked for", allowed=f"{allowed} is allowed",
                        given=f"{quoted(given).replace('None', '?')} was given", do=do or f"Change {what}")


def tensor_of(value: object, label: str) -> Tensor:
    """A value as a tensor; a volume of ours has channels last."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, Volume):
        if value.source:
            return Tensor(*value.shape, source=value.source)
        raise NetworkError("tf_input", "a network was asked for", allowed="tf.placeholder is allowed as its input here",
                           given=f"Input{value.shape} was given",
                           do=f"Begin with a placeholder of shape [?, {value.height}, {value.width}, {value.channels}]")
    if isinstance(value, Labels):
        raise NetworkError("tf_labels", f"{label}: a tensor of the network was asked for",
                           allowed="a placeholder of tf.float32 and a shape such as [?, 28, 28, 1] is allowed",
                           given=f"{value!r}, which is for labels, was given",
                           do="Give it that type and shape if it is the input; labels come in at the training")
    raise refusal(label, "inputs", "a placeholder, or what another layer returned,", value, "Call it on a tensor")


def picture(value: object, data_format: object, label: str) -> Tensor:
    """A tensor of height, width and channels in the layout of `data_format`."""
    if not isinstance(data_format, str) or data_format not in LAYOUTS:
        raise refusal(label, "data_format", "'channels_last' or 'channels_first'", data_format)
    tensor, layout = tensor_of(value, label), LAYOUTS[data_format]
    if tensor.rank != 3:
        raise NetworkError("tf_rank", f"{label}: a tensor of height, width and channels was asked for",
                           allowed="one such as [-1, 28, 28, 1] is allowed",
                           given=f"one of shape {['?', *tensor.flow.shape]} was given".replace("'", ""),
                           do="Use tf.reshape before it")
    if tensor.layout == layout:
        return tensor
    if tensor.source is None:
        return placeholder_as(tensor, tensor.flow.shape, layout)
    raise NetworkError("tf_layout", f"{label}: data_format {data_format} was asked for",
                       allowed=f"{DATA_FORMATS[tensor.layout]}, as before, is allowed",
                       given=f"a tensor with {DATA_FORMATS[tensor.layout]} was given",
                       do="Use one data_format throughout")


def placeholder_as(start: Tensor, sides: Sequence[int], layout: str) -> Tensor:
    """A placeholder in other sides or another layout: the same input, and the same object each time."""
    key = (*sides, -1 if layout == "chw" else -2)
    if key not in start.twins:
        made = channels_first(list(sides), layout)
        start.twins[key] = Tensor(*made, layout=layout, rank=len(sides), order=((start.size, 1),), twins=start.twins)
    return start.twins[key]


def apply_layer(layer: Layer, *tensors: Tensor, **changes: Any) -> Tensor:
    """A layer called on tensors; the result has the layout of the first of them, but for `changes`."""
    made = layer(*tensors)
    first = tensors[0]
    return replace(Tensor(*made.shape, made.source, first.layout, first.rank, first.order), **changes)


def channels(tensor: Tensor, axis: object, label: str) -> Tensor:
    """The tensor, if `axis` is that of its channels."""
    axes = tensor.flow.channel_axes
    if isinstance(axis, bool) or axis not in axes:
        raise refusal(label, "axis", join_words([str(one) for one in axes]) + ", the channels," if axes else
                      "a tensor with channels", axis)
    return tensor


def refuse_given(label: str, **arguments: object) -> None:
    """Refuse TensorFlow's arguments that we do not support, unless they are None, their default."""
    for name, value in arguments.items():
        if value is not None:
            raise refusal(label, name, "leaving it out", value, f"Leave {name} out")


def same_layout(values: object, label: str) -> list[Tensor]:
    """Two tensors or more of the same layout; a refusal otherwise."""
    if not isinstance(values, list | tuple) or len(values) < 2:
        raise refusal(label, "values", "a list of two tensors or more", values)
    tensors = [tensor_of(value, label) for value in values]
    if len({(tensor.rank, tensor.layout if tensor.rank == 3 else "") for tensor in tensors}) > 1:
        raise NetworkError("tf_mixed", f"{label}: tensors that are laid out differently were asked for",
                           allowed="tensors of one rank and one data_format are allowed",
                           given="flat ones and pictures, or channels first and last, were given",
                           do="Reshape them alike before")
    return tensors


def add_tensors(*values: object, name: str | None = None, label: str = "add") -> Tensor:
    """The sum of tensors of one shape."""
    return apply_layer(Add(name=name), *same_layout(values, name or label))
