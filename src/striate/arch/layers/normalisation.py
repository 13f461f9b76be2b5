"""Normalisation layers, and dropout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from striate.arch.initializer import ONE, ZERO, Fill, TensorSpec
from striate.arch.layer_params import Switch
from striate.arch.layers.activations import Activation
from striate.arch.layers.layer import Family, Volumes
from striate.arch.layers.weighted_layer import WeightedLayer
from striate.arch.volume import Volume
from striate.arch.window import Window
from striate.core.constraints import Integer, OneOf, Real
from striate.errors import NetworkError


@dataclass(frozen=True)
class LRN(Activation):
    """Local response normalisation: b = a / (k + alpha/n · Σ a²)^beta.

    Region `across`: the sum runs over the n = `size` channels around the value's own (fewer at the edges; alpha is
    divided by `size` all the same), as in Caffe and PyTorch. Region `within`: it runs over the `size`×`size` pixels
    around it in its own channel, and n = size² (Caffe, whose k is 1 there). Krizhevsky, Sutskever & Hinton 2012,
    section 3.3, do not divide: their α = 10⁻⁴ with n = 5 is alpha = 5·10⁻⁴ here, and their k is 2. `size` is odd.
    """

    kind: ClassVar[str] = "lrn"
    family: ClassVar[Family] = "norm"
    short: ClassVar[str] = "LRN"

    size: Annotated[int, Integer(1, 1_023)] = 5
    alpha: Annotated[float, Real(0.0)] = 1e-4
    beta: Annotated[float, Real()] = 0.75
    k: Annotated[float, Real(1e-12)] = 1.0
    region: Annotated[str, OneOf("across", "within")] = "across"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.size % 2 == 0:
            raise NetworkError("even_size", f"{self.label}: a sum over neighbouring channels was asked for",
                               allowed="an odd size is allowed", given=f"{self.size} was given",
                               do=f"Use size {self.size + 1}")

    def elementwise(self, inputs: Volumes, output: Volume) -> int:  # noqa: ARG002 - as every layer
        """A square, n − 1 additions, and four to scale, add k, raise and divide."""
        return ((self.size if self.region == "across" else self.size ** 2) + 4) * output.size

    @property
    def window(self) -> Window | None:
        """The neighbourhood `within` a channel."""
        side, pad = self.size, self.size // 2
        return Window((side, side), padding=(pad, pad)) if self.region == "within" else None


@dataclass(frozen=True)
class BatchNorm(WeightedLayer, Activation):
    """Batch normalisation: (a − mean)/√(variance + epsilon)·weight + bias, per channel. Ioffe & Szegedy 2015.

    Without `scale` there is no weight, without `shift` no bias (Caffe's BatchNorm has neither).

    Mean and variance are those of the batch while training, and running ones afterwards:
    running ← (1 − momentum)·running + momentum·batch, as in PyTorch.
    Tensors: weight, bias, and the buffers running_mean, running_var, each (channels,).
    """

    kind: ClassVar[str] = "batch_norm"
    family: ClassVar[Family] = "norm"
    short: ClassVar[str] = "BN"
    operations: ClassVar[int] = 2  # after training, mean and variance are folded into weight and bias

    epsilon: Annotated[float, Real(1e-12)] = 1e-5
    momentum: Annotated[float, Real(0.0, 1.0)] = 0.1
    scale: Switch = True
    shift: Switch = True

    def tensors(self, inputs: Volumes) -> dict[str, TensorSpec]:
        """Weight and bias, running mean and variance."""
        shape = (inputs[0].channels,)
        weight = {"weight": TensorSpec(shape, "weight", ONE)} if self.scale else {}
        bias = {"bias": TensorSpec(shape, "bias", ZERO)} if self.shift else {}
        buffers = {"running_mean": TensorSpec(shape, "buffer", ZERO), "running_var": TensorSpec(shape, "buffer", ONE)}
        return self.multiplied(weight | bias | buffers)


@dataclass(frozen=True)
class Scale(WeightedLayer, Activation):
    """Scale: a·weight + bias with a learnt weight, and an optional bias, per channel.

    Tensors: weight, bias, each (channels,).
    """

    kind: ClassVar[str] = "scale"
    family: ClassVar[Family] = "norm"

    bias: Switch = True
    weight_filler: Fill = ONE
    bias_filler: Fill = ZERO

    def tensors(self, inputs: Volumes) -> dict[str, TensorSpec]:
        """Weight and bias."""
        shape = (inputs[0].channels,)
        tensors = {"weight": TensorSpec(shape, "weight", self.weight_filler)}
        bias = {"bias": TensorSpec(shape, "bias", self.bias_filler)} if self.bias else {}
        return self.multiplied(tensors | bias)

    def elementwise(self, inputs: Volumes, output: Volume) -> int:  # noqa: ARG002 - as every layer
        """A multiplication, and an addition with a bias."""
        return (1 + self.bias) * output.size


@dataclass(frozen=True)
class Dropout(Activation):
    """Dropout: in training, each value is zeroed with probability `rate`, the others are divided by 1 − rate.

    Srivastava et al. 2014 (who scale afterwards instead).
    """

    kind: ClassVar[str] = "dropout"
    family: ClassVar[Family] = "other"
    short: ClassVar[str] = "drop {rate:g}"
    operations: ClassVar[int] = 0  # after training

    rate: Annotated[float, Real(0.0, 0.999)] = 0.5
