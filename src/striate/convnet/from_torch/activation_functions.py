"""torch's activation functions, dropout and normalisation without weights; and PReLU."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F  # noqa: N812 - torch's own custom

from striate.arch import ELU, LRN, Dropout, LeakyReLU, PReLU, ReLU, Sigmoid, Softmax, Tanh
from striate.convnet.from_torch.tensor_value import (
    CallSite,
    ModuleTensor,
    TensorValue,
    UnsupportedCall,
    as_value,
    tensor_paths,
    write_in_place,
)


def relu(place: CallSite, x: TensorValue, inplace: bool = False) -> TensorValue:
    """max(0, a)."""
    return write_in_place(place, as_value(x), place.value(ReLU(), as_value(x).volume), inplace)


def hardtanh(place: CallSite, x: TensorValue, min_val: float = -1.0, max_val: float = 1.0,
             inplace: bool = False) -> TensorValue:
    """A limited ReLU, if it begins at 0."""
    if min_val != 0 or max_val <= 0:
        raise UnsupportedCall(f"from {min_val:g} to {max_val:g}")
    return write_in_place(place, as_value(x), place.value(ReLU(max_val), as_value(x).volume), inplace)


def relu6(place: CallSite, x: TensorValue, inplace: bool = False) -> TensorValue:
    """A ReLU that ends at 6."""
    return hardtanh(place, x, 0.0, 6.0, inplace)


def clamp(place: CallSite, x: TensorValue, min: float | None = None, max: float | None = None) -> TensorValue:  # noqa: A002
    """A ReLU, limited or not, if it begins at 0."""
    if min == 0 and max is None:
        return relu(place, x)
    if min is None or max is None:
        raise UnsupportedCall("without both bounds")
    return hardtanh(place, x, min, max)


def leaky_relu(place: CallSite, x: TensorValue, negative_slope: float = 0.01, inplace: bool = False) -> TensorValue:
    """A ReLU with a slope below 0."""
    return write_in_place(place, as_value(x), place.value(LeakyReLU(negative_slope), as_value(x).volume), inplace)


def elu(place: CallSite, x: TensorValue, alpha: float = 1.0, inplace: bool = False) -> TensorValue:
    """An exponential linear unit."""
    return write_in_place(place, as_value(x), place.value(ELU(alpha), as_value(x).volume), inplace)


def prelu(place: CallSite, x: TensorValue, weight: ModuleTensor) -> TensorValue:
    """A ReLU whose slope below 0 is learnt."""
    x = as_value(x)
    tensors = tensor_paths(weight=weight)
    return place.value(PReLU(shared=weight.shape == (1,) and x.shape[1] != 1), x.volume, tensors=tensors)


def dropout(place: CallSite, x: TensorValue, p: float = 0.5, training: bool = True,
            inplace: bool = False) -> TensorValue:
    """Dropout while training; the module is traced as it predicts."""
    if training:
        raise UnsupportedCall("with training=True, which drops while predicting too")
    value = as_value(x)
    return write_in_place(place, value, place.value(Dropout(p), value.volume, memory=value.memory), inplace)


def dropout2d(place: CallSite, x: TensorValue, p: float = 0.5, training: bool = True,
              inplace: bool = False) -> TensorValue:
    """Dropout of channels, where each is one value."""
    if as_value(x).volume.shape[1:] != (1, 1):
        raise UnsupportedCall("on more than one pixel, where it drops whole channels")
    return dropout(place, x, p, training, inplace)


def local_response_norm(place: CallSite, x: TensorValue, size: int, alpha: float = 1e-4, beta: float = 0.75,
                        k: float = 1.0) -> TensorValue:
    """Normalisation across channels."""
    return place.value(LRN(size, alpha, beta, k), as_value(x).volume)


def tanh(place: CallSite, x: Any) -> TensorValue:
    """The hyperbolic tangent, perhaps of a volume times a number."""
    x = as_value(x)
    if x.factor != 1 and x.before:
        return place.value(Tanh(slope=x.factor), x.before)
    return place.value(Tanh(), x.volume)


def sigmoid(place: CallSite, x: Any) -> TensorValue:
    """The logistic function."""
    return place.value(Sigmoid(), as_value(x).volume)


def softmax(place: CallSite, x: Any, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> TensorValue:
    """Over the channels."""
    x = as_value(x)
    if dim not in (None, 1, 1 - len(x.shape)) or dtype is not None:
        raise UnsupportedCall(f"over dim={dim}")
    return place.value(Softmax(), x.volume)


def relu_in_place(place: CallSite, x: Any) -> TensorValue:
    """`x.relu_()`."""
    return relu(place, x, inplace=True)


ACTIVATIONS: dict[Any, Any] = {
    torch.relu: relu, F.relu: relu, "relu": relu, torch.relu_: relu_in_place, "relu_": relu_in_place,
    F.relu6: relu6, F.hardtanh: hardtanh, torch.clamp: clamp, "clamp": clamp, F.leaky_relu: leaky_relu, F.elu: elu,
    F.prelu: prelu, torch.prelu: prelu, torch.tanh: tanh, F.tanh: tanh, "tanh": tanh, torch.sigmoid: sigmoid,
    F.sigmoid: sigmoid, "sigmoid": sigmoid, torch.softmax: softmax, F.softmax: softmax, "softmax": softmax,
    F.dropout: dropout, F.dropout2d: dropout2d, F.local_response_norm: local_response_norm,
}
