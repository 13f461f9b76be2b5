"""Merging layers, which combine two volumes or more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from striate.arch.layer_params import RealList
from striate.arch.layers.layer import Family, Layer, Shape, Volumes, phrase
from striate.arch.volume import Volume
from striate.errors import NetworkError


@dataclass(frozen=True)
class ElementwiseMerge(Layer):
    """Base class of layers that combine volumes of one shape value by value."""

    merges: ClassVar[bool] = True
    family: ClassVar[Family] = "merge"

    def shape(self, inputs: Volumes) -> Shape:
        """As each input."""
        if len(set(inputs)) > 1:
            raise NetworkError("different_volumes", f"{self.label}: {self.kind} was asked for",
                               allowed="volumes of one shape are allowed", given=f"{phrase(inputs)} were given",
                               do="Change the branches so that they end alike")
        channels, height, width = inputs[0]
        return channels, height, width

    def elementwise(self, inputs: Volumes, output: Volume) -> int:
        """One operation per value and further input."""
        return (len(inputs) - 1) * output.size


@dataclass(frozen=True)
class Add(ElementwiseMerge):
    """The sum, value by value, of volumes of one shape (He et al. 2016), each times its coefficient if there are any.

    >>> from striate.arch import Conv, Input
    >>> x = Input(3, 7, 7)
    >>> str(Add()(x, Conv(3, 3, padding=1)(x)))
    '3×7×7'
    """

    kind: ClassVar[str] = "add"

    coefficients: Annotated[tuple[float, ...], RealList()] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.coefficients and set(self.coefficients) == {1.0}:
            object.__setattr__(self, "coefficients", None)  # so that equal sums are equal

    def shape(self, inputs: Volumes) -> Shape:
        """As each input."""
        if self.coefficients and len(self.coefficients) != len(inputs):
            count = len(self.coefficients)
            raise NetworkError("bad_coefficients", f"{self.label}: {count} coefficients were asked for",
                               allowed="one for each input is allowed", given=f"{phrase(inputs)} were given",
                               do="Change coefficients")
        return super().shape(inputs)

    def elementwise(self, inputs: Volumes, output: Volume) -> int:
        """An addition per value and further input, and a multiplication for each coefficient."""
        return super().elementwise(inputs, output) + (len(inputs) * output.size if self.coefficients else 0)


@dataclass(frozen=True)
class Multiply(ElementwiseMerge):
    """The product, value by value, of volumes of one shape."""

    kind: ClassVar[str] = "multiply"
    short: ClassVar[str] = ""


@dataclass(frozen=True)
class Maximum(ElementwiseMerge):
    """The maximum, value by value, of volumes of one shape (`Maxout` is that within one volume)."""

    kind: ClassVar[str] = "maximum"


@dataclass(frozen=True)
class Concat(Layer):
    """Concatenation of the channels of all inputs; height and width must agree.

    >>> from striate.arch import Input
    >>> str(Concat()(Input(2, 7, 7), Input(3, 7, 7)))
    '5×7×7'
    """

    kind: ClassVar[str] = "concat"
    merges: ClassVar[bool] = True
    family: ClassVar[Family] = "merge"
    operations: ClassVar[int] = 0

    def shape(self, inputs: Volumes) -> Shape:
        """The sum of the channels."""
        if len({(volume.height, volume.width) for volume in inputs}) > 1:
            raise NetworkError("different_sizes", f"{self.label}: joined channels were asked for",
                               allowed="volumes of one height and width are allowed",
                               given=f"{phrase(inputs)} were given",
                               do="Change the padding or stride of the branches so that they end alike")
        return sum(volume.channels for volume in inputs), inputs[0].height, inputs[0].width
