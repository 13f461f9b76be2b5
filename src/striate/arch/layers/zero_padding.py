"""Zero padding layers (Keras' ZeroPadding2D, PyTorch's ZeroPad2d)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from striate.arch.layer_params import Zeros, as_pads
from striate.arch.layers.layer import Layer, Reach, Shape, Volumes
from striate.arch.window import Window


@dataclass(frozen=True)
class Pad(Layer):
    """Zero padding: one number, (height, width) or ((top, bottom), (left, right)).

    >>> from striate.arch import Input
    >>> str(Pad(((0, 1), (2, 3)))(Input(3, 7, 7)))
    '3×8×12'
    """

    kind: ClassVar[str] = "pad"
    reach: ClassVar[Reach] = "window"
    operations: ClassVar[int] = 0

    padding: Zeros

    @property
    def window(self) -> Window:
        """A window of one pixel that includes the padding."""
        return Window((1, 1), padding=as_pads(self.padding))

    def shape(self, inputs: Volumes) -> Shape:
        """As many channels, more rows and columns."""
        (volume,) = inputs
        return volume.channels, *self.window.output(volume.height, volume.width, self.label)
