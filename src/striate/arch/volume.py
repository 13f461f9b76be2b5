"""Volumes: what flows between layers, (channels, height, width), here without any numbers in it.

A batch of volumes is N×C×H×W, as in PyTorch. Calling a layer on a volume gives the next volume, which remembers the
call; `Network` reads those memories back.
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
    """A layer called on volumes; `order` grows with every call, so a network keeps the order it was written in."""

    layer: Layer
    inputs: tuple[Volume, ...]
    order: int


@dataclass(frozen=True)
class Volume(ValidatedFields):
    """Channels × height × width, each 1 to 65,536; `NetworkError` otherwise.

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
        """The same volume without the memory of where it came from."""
        return Volume(self.channels, self.height, self.width)

    def __iter__(self) -> Iterator[int]:
        return iter((self.channels, self.height, self.width))

    def __str__(self) -> str:
        return f"{self.channels}×{self.height}×{self.width}"


Input = Volume  # a volume that no layer made starts a network: Input(1, 28, 28)
