"""Tensors of a traced module as volumes of the network, and the context of a call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from striate.arch import Layer, Volume
from striate.arch.volume import Call


class UnsupportedCall(Exception):  # noqa: N818 - caught where the whole list is made
    """The reason why a call of the module has no layer."""


@dataclass(frozen=True)
class ModuleTensor:
    """A parameter or buffer of the module, by its path: `layer1.0.conv1.weight`."""

    path: str
    shape: tuple[int, ...]


@dataclass(eq=False)
class TensorValue:
    """A traced tensor: `shape` is torch's (N, C) or (N, C, H, W), `make` gives the volume when it is first needed.

    What only some layers can take up stays in `before` until it is known who reads it: the volume before a flattening
    (which a dense layer does by itself), before zeros were put around it (`pads`; `fill` is their value), before a
    multiplication by `factor`, or before each `pieces` channels were set side by side. `made` is a volume that is
    there already. Tensors that share memory share the list `memory`.
    """

    shape: tuple[int, ...]
    make: Callable[[], Volume]
    before: Volume | None = None
    pads: tuple[tuple[int, int], tuple[int, int]] | None = None
    fill: float = 0.0
    factor: float = 1.0
    pieces: int = 0
    memory: list[TensorValue] = field(default_factory=list)
    made: Volume | None = None

    def __post_init__(self) -> None:
        self.make = cache(self.make)  # copies of this value then have one volume, not one each
        self.memory.append(self)

    @property
    def volume(self) -> Volume:
        """The volume; raises `UnsupportedCall` where there is none."""
        return self.make()

    def copied(self) -> TensorValue:
        """The same in memory of its own."""
        return replace(self, memory=[])

    def become(self, other: TensorValue) -> None:
        """Hold what `other` holds: an operation wrote into this tensor's memory."""
        self.make, self.made, self.before = other.make, other.made, other.before
        self.pads, self.fill, self.factor, self.pieces = other.pads, other.fill, other.factor, other.pieces


@dataclass
class CallSite:
    """One call in the traced module: the name, the tensors and the inputs of its layer.

    `path` is the module's own path, or of the module whose forward holds the function; `shape` is the shape of what
    torch makes of `pictures`. `owners` and `calls` are those of the converter; `writes_into` is the value that
    an in-place operation overwrites.
    """

    path: str
    is_module: bool
    result: Any
    owners: dict[int, dict[str, str]]
    calls: list[Call]
    pictures: int
    writes_into: TensorValue | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the result."""
        return tuple(self.result.shape)

    def apply(self, layer: Layer, *volumes: Volume, tensors: dict[str, str] | None = None) -> Volume:
        """`layer` called on `volumes` under the name of this place; `tensors` are the paths of its tensors by name."""
        name = layer_name(self.path if self.is_module else f"{self.path}.{layer.kind}" if self.path else "")
        volume = replace(layer, name=name or None)(*volumes)
        assert volume.source
        if tensors is None:
            tensors = {tensor: f"{self.path}.{tensor}".lstrip(".") for tensor in layer.tensors(volumes)}
        self.owners[id(volume.source)] = tensors
        self.calls.append(volume.source)  # kept alive, so that no other call gets its id
        return volume

    def value(self, layer: Layer, *volumes: Volume, tensors: dict[str, str] | None = None,
              memory: list[TensorValue] | None = None) -> TensorValue:
        """The same as a value of the shape torch gives it; `memory` is that of a tensor it may share it with."""
        volume = self.apply(layer, *volumes, tensors=tensors)
        return TensorValue(self.shape, lambda: volume, made=volume, memory=[] if memory is None else memory)


def layer_name(path: str) -> str:
    """A module path as the name of a layer.

    >>> layer_name("layer1.0.conv1"), layer_name("input"), layer_name("my conv")
    ('layer1/0/conv1', 'input_', 'my_conv')
    """
    name = "".join(c if c.isalnum() or c in "_/+:-" else "_" for c in path.replace(".", "/"))
    return f"{name}_" if name == "input" else name[-100:]


def as_value(thing: object) -> TensorValue:
    """`thing` as a `TensorValue`; refuses anything else."""
    if not isinstance(thing, TensorValue):
        raise UnsupportedCall("on something that no layer made")
    return thing


def pair(sides: Any) -> tuple[int, int]:
    """One number or two as (height, width)."""
    numbers = tuple(sides) if isinstance(sides, list | tuple) else (sides, sides)
    if len(numbers) == 1:
        numbers *= 2
    height, width = numbers
    return int(height), int(width)


def tensor_paths(**tensors: object) -> dict[str, str]:
    """The paths of a layer's tensors by our names; every one must be the module's own."""
    for name, tensor in tensors.items():
        if tensor is not None and not isinstance(tensor, ModuleTensor):
            raise UnsupportedCall(f"whose {name} is computed")
    return {name: tensor.path for name, tensor in tensors.items() if isinstance(tensor, ModuleTensor)}


def write_in_place(place: CallSite, before: TensorValue, after: TensorValue, inplace: bool) -> TensorValue:
    """`after`, which an operation in place writes into `before`."""
    if inplace:
        place.writes_into = before
    return after


def unsupported(reason: str) -> Callable[[], Volume]:
    """A maker of volumes that refuses with `reason`."""
    def made() -> Volume:
        raise UnsupportedCall(reason)
    return made
