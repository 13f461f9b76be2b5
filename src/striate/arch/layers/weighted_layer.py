"""Base class of layers with weights, and the multipliers of their learning rates and weight decays."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from striate.arch.initializer import Initializer, TensorSpec
from striate.arch.layer_params import Factor
from striate.arch.layers.layer import Layer
from striate.errors import NetworkError


@dataclass(frozen=True)
class WeightedLayer(Layer):
    """Base class of layers with weights; `lr_mult` and `decay_mult` are Caffe's words.

    They multiply the learning rate and the weight decay of a training: one number for weights and biases, or (weights,
    biases). `lr_mult` 0 freezes a layer.

    >>> from striate.arch import Dense, Input
    >>> [tensor.lr_mult for tensor in Dense(10, lr_mult=(1, 2)).tensors((Input(84, 1, 1),)).values()]
    [1.0, 2.0]
    """

    lr_mult: Factor = field(default=1.0, kw_only=True)
    decay_mult: Factor = field(default=1.0, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, value in vars(self).items():
            if isinstance(value, Initializer) and value.kind == "bilinear" and not (
                    self.kind in ("conv", "deconv") and name == "weight_filler"):
                raise NetworkError("bad_filler", f"{self.label}: {name} bilinear was asked for",
                                   allowed="it is allowed for the weights of conv and deconv",
                                   given=f"{name} of {self.kind} was given", do="Choose another filler")

    def multiplied(self, tensors: dict[str, TensorSpec]) -> dict[str, TensorSpec]:
        """The tensors with their multipliers."""
        if self.lr_mult == self.decay_mult == 1:
            return tensors
        return {name: tensor if tensor.role == "buffer" else
                replace(tensor, lr_mult=_factor(self.lr_mult, tensor), decay_mult=_factor(self.decay_mult, tensor))
                for name, tensor in tensors.items()}


def _factor(factor: float | tuple[float, float], tensor: TensorSpec) -> float:
    return factor[tensor.role == "bias"] if isinstance(factor, tuple) else factor
