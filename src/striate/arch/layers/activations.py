"""Activation layers: functions of the weighted sum a of a unit.

All but `Maxout` and `Softmax`, which look across channels, work on each value by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from striate.arch.initializer import Fill, Initializer, TensorSpec
from striate.arch.layer_params import MAX_SIDE, Switch
from striate.arch.layers.layer import Family, Layer, Shape, Volumes, phrase
from striate.arch.layers.weighted_layer import WeightedLayer
from striate.arch.volume import Volume
from striate.core.constraints import Integer, Real
from striate.errors import NetworkError


@dataclass(frozen=True)
class Activation(Layer):
    """Base class of layers that leave the volume as it is."""

    family: ClassVar[Family] = "act"

    def shape(self, inputs: Volumes) -> Shape:
        """As the input."""
        channels, height, width = inputs[0]
        return channels, height, width


@dataclass(frozen=True)
class Sigmoid(Activation):
    """Sigmoid: 1/(1 + exp(−a)), from 0 to 1."""

    kind: ClassVar[str] = "sigmoid"


@dataclass(frozen=True)
class Tanh(Activation):
    """Tanh: amplitude·tanh(slope·a). LeCun et al. 1998 (appendix A) have 1.7159 and 2/3, so that f(±1) = ±1.

    >>> import math
    >>> round(1.7159 * math.tanh(2 / 3), 4)
    1.0
    """

    kind: ClassVar[str] = "tanh"

    amplitude: Annotated[float, Real()] = 1.0
    slope: Annotated[float, Real()] = 1.0


@dataclass(frozen=True)
class ReLU(Activation):
    """ReLU: max(0, a), at most `limit` if given: ReLU6 has 6. Nair & Hinton 2010; Krizhevsky 2010 for the limit."""

    kind: ClassVar[str] = "relu"

    limit: Annotated[float, Real(1e-6)] | None = None


@dataclass(frozen=True)
class LeakyReLU(Activation):
    """Leaky ReLU: a if positive, else slope·a. Maas, Hannun & Ng 2013."""

    kind: ClassVar[str] = "leaky_relu"
    short: ClassVar[str] = "leaky ReLU {slope:g}"

    slope: Annotated[float, Real()] = 0.01


QUARTER = Initializer("constant", value=0.25)


@dataclass(frozen=True)
class PReLU(WeightedLayer, Activation):
    """Parametric ReLU: a if positive, else a times a learnt slope, one per channel or one `shared`. He et al. 2015.

    Tensors: weight (channels,), or (1,) if shared.
    """

    kind: ClassVar[str] = "prelu"
    short: ClassVar[str] = "PReLU"

    shared: Switch = False
    filler: Fill = QUARTER

    def tensors(self, inputs: Volumes) -> dict[str, TensorSpec]:
        """The slopes."""
        shape = (1 if self.shared else inputs[0].channels,)
        return self.multiplied({"weight": TensorSpec(shape, "weight", self.filler)})


@dataclass(frozen=True)
class ELU(Activation):
    """Exponential linear unit: a if positive, else alpha·(exp(a) − 1). Clevert, Unterthiner & Hochreiter 2016."""

    kind: ClassVar[str] = "elu"
    short: ClassVar[str] = "ELU"

    alpha: Annotated[float, Real()] = 1.0


@dataclass(frozen=True)
class Maxout(Layer):
    """Maxout: the largest of each `pieces` neighbouring channels. Goodfellow et al. 2013.

    With pieces 2: output channel 0 is the maximum of input channels 0 and 1, channel 1 of 2 and 3, …

    >>> from striate.arch import Input
    >>> str(Maxout(2)(Input(10, 7, 7)))
    '5×7×7'
    """

    kind: ClassVar[str] = "maxout"
    family: ClassVar[Family] = "act"
    short: ClassVar[str] = "maxout {pieces}"

    pieces: Annotated[int, Integer(2, MAX_SIDE)] = 2

    def shape(self, inputs: Volumes) -> Shape:
        """One channel for each `pieces` input channels."""
        channels, height, width = inputs[0]
        if channels % self.pieces:
            raise NetworkError("bad_pieces", f"{self.label}: {self.pieces} pieces were asked for",
                               allowed="a number that divides the channels is allowed",
                               given=f"{phrase(inputs)} was given", do="Change pieces or the layer before")
        return channels // self.pieces, height, width

    def elementwise(self, inputs: Volumes, output: Volume) -> int:
        """As many comparisons per output as pieces, less one."""
        return inputs[0].size - output.size


@dataclass(frozen=True)
class Softmax(Activation):
    """Softmax: exp(a) over the sum of exp(a) of all channels at the same position; the channels then sum to 1.

    A loss takes the values before it: leave it out at the end of a network that is to be trained.
    """

    kind: ClassVar[str] = "softmax"
    operations: ClassVar[int] = 3  # an exponential, an addition and a division
