"""Slice layers, which select channels: the inverse of `Concat`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from striate.arch.layer_params import MAX_SIDE, Count
from striate.arch.layers.layer import Layer, Shape, Volumes, phrase
from striate.core.constraints import Integer
from striate.errors import NetworkError


@dataclass(frozen=True)
class Slice(Layer):
    """Slice of `channels` channels from channel `first` on, counted from 0.

    >>> from striate.arch import Input
    >>> str(Slice(48, 48)(Input(96, 27, 27)))
    '48×27×27'
    """

    kind: ClassVar[str] = "slice"
    operations: ClassVar[int] = 0

    first: Annotated[int, Integer(0, MAX_SIDE - 1)]
    channels: Count

    def shape(self, inputs: Volumes) -> Shape:
        """The selected channels."""
        (volume,) = inputs
        if self.first + self.channels > volume.channels:
            raise NetworkError("bad_slice", f"{self.label}: channels {self.first} to {self.first + self.channels - 1} "
                               "were asked for", allowed=f"0 to {volume.channels - 1} is allowed",
                               given=f"{phrase(inputs)} was given", do="Change first or channels")
        return self.channels, volume.height, volume.width
