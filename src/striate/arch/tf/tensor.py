"""What the builders pass on: our volume, and which of TensorFlow's axes is which.

Our volumes are (channels, height, width), always; `data_format` says how TensorFlow would lay the same values out, and
matters only where axes are numbered: in a reshape, a concatenation, a softmax, a batch normalisation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from striate.arch.formats.keras.flow import LAYOUTS, WORDS, Flow, Order
from striate.arch.formats.keras.plain import in_our_order
from striate.arch.layers import Layer
from striate.arch.rules import either, quoted
from striate.arch.volume import Volume
from striate.errors import NetworkError


@dataclass(frozen=True, eq=False)
class Tensor(Volume):
    """A volume that a network starts from or a layer made; everything that takes volumes takes it.

    `layout`, `rank` and `order` are those of `Flow`. A placeholder (`source` None) is laid out by what first reads it.
    """

    layout: str = field(default="hwc", repr=False)
    rank: int = field(default=3, repr=False)
    order: Order = field(default=(), repr=False)
    twins: dict[tuple[int, ...], Tensor] = field(default_factory=dict, repr=False)

    @property
    def flow(self) -> Flow:
        """The tensor as the reader of Keras' files knows it."""
        return Flow(self, self.layout, self.rank, self.order)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Volume) and self.shape == other.shape

    def __hash__(self) -> int:
        return hash(self.shape)


def refusal(label: str, what: str, allowed: str, given: object, do: str = "") -> NetworkError:
    """The sentence for an argument that cannot be."""
    return NetworkError("tf_argument", f"{label}: {what} was asked for", allowed=f"{allowed} is allowed",
                        given=f"{quoted(given).replace('None', '?')} was given", do=do or f"Change {what}")


def tensor_of(value: object, label: str) -> Tensor:
    """A tensor; a volume of ours is one with channels last."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, Volume):
        return Tensor(*value.shape, source=value.source) if value.source else _start_of(value)
    raise refusal(label, "inputs", "a placeholder, or what another layer returned,", value, "Call it on a tensor")


def _start_of(volume: Volume) -> Tensor:
    raise NetworkError("tf_input", "a network was asked for", allowed="tf.placeholder is allowed as its input here",
                       given=f"Input{volume.shape} was given",
                       do=f"Begin with a placeholder of shape [?, {volume.height}, {volume.width}, {volume.channels}]")


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
        return laid_out(tensor, tensor.flow.shape, layout)
    raise NetworkError("tf_layout", f"{label}: data_format {data_format} was asked for",
                       allowed=f"{WORDS[tensor.layout]}, as before, is allowed",
                       given=f"a tensor with {WORDS[tensor.layout]} was given", do="Use one data_format throughout")


def laid_out(start: Tensor, sides: Sequence[int], layout: str) -> Tensor:
    """A placeholder with other sides or another layout: the same input, and the same object each time."""
    key = (*sides, -1 if layout == "chw" else -2)
    if key not in start.twins:
        made = in_our_order(list(sides), layout)
        start.twins[key] = Tensor(*made, layout=layout, rank=len(sides), order=((start.size, 1),), twins=start.twins)
    return start.twins[key]


def applied(layer: Layer, *tensors: Tensor, **changes: Any) -> Tensor:
    """A layer on tensors; the result is laid out as the first of them, but for `changes`."""
    made = layer(*tensors)
    first = tensors[0]
    return replace(Tensor(*made.shape, made.source, first.layout, first.rank, first.order), **changes)


def channels(tensor: Tensor, axis: object, label: str) -> Tensor:
    """The tensor, if `axis` is that of its channels."""
    axes = tensor.flow.channel_axes
    if isinstance(axis, bool) or axis not in axes:
        raise refusal(label, "axis", either([str(one) for one in axes]) + ", the channels," if axes else
                      "a tensor with channels", axis)
    return tensor


def only_none(label: str, **arguments: object) -> None:
    """Refuse what TensorFlow takes and we have no layer for; only its default None passes."""
    for name, value in arguments.items():
        if value is not None:
            raise refusal(label, name, "leaving it out", value, f"Leave {name} out")
