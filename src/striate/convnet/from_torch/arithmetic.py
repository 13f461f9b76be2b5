"""torch's arithmetic on tensors, with torch's own argument names (but x for `input`)."""

from __future__ import annotations

import operator
from dataclasses import replace
from typing import Any

import torch

from striate.arch import Add, Concat, Maximum, Multiply, Tanh
from striate.convnet.from_torch.tensor_value import (
    CallSite,
    TensorValue,
    UnsupportedCall,
    as_value,
    unsupported,
    write_in_place,
)


def add(place: CallSite, x: Any, other: Any, alpha: float = 1) -> TensorValue:
    """The sum of two volumes, each perhaps times a number."""
    for value, rest in ((x, other), (other, x)):
        if not isinstance(value, TensorValue) and isinstance(value, int | float) and value == 0:
            return as_value(rest).copied()
    terms = [(value.before, value.factor) if value.factor != 1 and value.before else (value.volume, 1.0)
             for value in same_shape(x, other)]
    coefficients = (terms[0][1], terms[1][1] * alpha)
    return place.value(Add(None if coefficients == (1, 1) else coefficients), terms[0][0], terms[1][0])


def add_in_place(place: CallSite, x: Any, other: Any, alpha: float = 1) -> TensorValue:
    """`a += b`."""
    return write_in_place(place, as_value(x), add(place, x, other, alpha), True)


def subtract(place: CallSite, x: Any, other: Any, alpha: float = 1) -> TensorValue:
    """One volume less another."""
    return add(place, as_value(x), as_value(other), -alpha)


def multiply(place: CallSite, x: Any, other: Any) -> TensorValue:
    """Two volumes, value by value; or a volume times a number, which only a sum or a tanh can take up."""
    for value, number in ((x, other), (other, x)):
        if isinstance(value, TensorValue) and isinstance(number, int | float):
            return scale_by(value, float(number))
    first, second = same_shape(x, other)
    return place.value(Multiply(), first.volume, second.volume)


def divide(place: CallSite, x: Any, other: Any) -> TensorValue:  # noqa: ARG001 - as every function
    """A volume divided by a number."""
    if not isinstance(other, int | float) or not other:
        raise UnsupportedCall("by something that is no number")
    return scale_by(as_value(x), 1 / other)


def scale_by(x: TensorValue, number: float) -> TensorValue:
    """A volume times a number."""
    if number == 1:
        return x.copied()
    call = x.volume.source
    if call and isinstance(call.layer, Tanh):
        volume = replace(call.layer, amplitude=call.layer.amplitude * number)(*call.inputs)
        return TensorValue(x.shape, lambda: volume)
    return TensorValue(x.shape, unsupported("after a multiplication by a number"), before=x.volume, factor=number)


def maximum(place: CallSite, x: Any, other: Any = None) -> TensorValue:
    """The larger of two volumes, value by value."""
    first, second = same_shape(x, other)
    return place.value(Maximum(), first.volume, second.volume)


def same_shape(*things: Any) -> tuple[TensorValue, TensorValue]:
    """Two values of one shape."""
    first, second = map(as_value, things)
    if first.shape != second.shape:
        raise UnsupportedCall("on tensors of different shapes")
    return first, second


def cat(place: CallSite, tensors: Any, dim: int = 0) -> TensorValue:
    """Channels one after another."""
    values = [as_value(tensor) for tensor in tensors]
    if dim not in (1, 1 - len(place.shape)):
        raise UnsupportedCall(f"along dim={dim}")
    return values[0].copied() if len(values) == 1 else place.value(Concat(), *(value.volume for value in values))


ALGEBRA: dict[Any, Any] = {
    operator.add: add, torch.add: add, "add": add, operator.iadd: add_in_place, "add_": add_in_place,
    operator.sub: subtract, torch.sub: subtract, "sub": subtract, operator.mul: multiply, torch.mul: multiply,
    "mul": multiply, operator.truediv: divide, torch.div: divide, "div": divide, torch.maximum: maximum,
    torch.max: maximum, "maximum": maximum, torch.cat: cat, torch.concat: cat,
}
