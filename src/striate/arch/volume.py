"""Volumes: shapes (channels, height, width) of the activations between layers.

A batch of volumes is N×C×H×W, as in PyTorch. Calling a layer on a volume gives the next volume, which records the
call; `Network` follows these records.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, NamedTuple

from striate.arch.layer_params import MAX_SIDE
from striate.core.constraints import Integer
from striate.core.params import ValidatedFields

if TYPE_CHECKING:
    from striate.arch.layers.layer import Layer


class Call(NamedTuple):
    """Record of a layer called on volumes; `order` grows with every call, so a network has the order of its source."""

    layer: Layer
    inputs: tuple[Volume, ...]
    order: int


@dataclass(frozen=True)
class Volume(ValidatedFields):
    """A volume: channels × height × width, each 1 to 65,536; `NetworkError` otherwise.

    >>> volume = Volume(3, 32, 32)
    >>> str(volume), volume.size  # 3,072 = 3·32·32
    ('3×32×32', 3072)
    """

    channels: Annotated[int, Integer(1, MAX_SIDE)]
    height: Annotated[int, Integer(1, MAX_SIDE)]
    width: Annotated[int, Integer(1, MAX_SIDE)]
    source: Call | None = field(default=None, compare=False, repr=False)

    @property
    def size(self) -> int:
        """The number of values, channels·height·width."""
        return self.channels * self.height * self.width

    @property
    def shape(self) -> tuple[int, int, int]:
        """(channels, height, width)."""
        return self.channels, self.height, self.width

    def bare(self) -> Volume:
        """The same volume without the record of the call that made it."""
        return Volume(self.channels, self.height, self.width)

    def __iter__(self) -> Iterator[int]:
        return iter(self.shape)

    def __str__(self) -> str:
        return f"{self.channels}×{self.height}×{self.width}"


Input = Volume  # a volume that no layer made starts a network: Input(1, 28, 28)
