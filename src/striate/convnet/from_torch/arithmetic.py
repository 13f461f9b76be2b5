"""torch's arithmetic on tensors, with torch's own argument names (but x for `input`)."""

from __future__ import annotations

import operator
from dataclasses import replace
from typing import Any

import torch

from striate.arch import Add, Concat, Maximum, Multiply, Tanh
from striate.convnet.from_torch.tensor_value import CallSite, TensorValue, UnsupportedCall, refused, stream, written


def total(place: CallSite, x: Any, other: Any, alpha: float = 1) -> TensorValue:
    """The sum of two volumes, each perhaps times a number."""
    for value, rest in ((x, other), (other, x)):
        if not isinstance(value, TensorValue) and isinstance(value, int | float) and value == 0:
            return stream(rest).copied()
    terms = [(value.before, value.factor) if value.factor != 1 and value.before else (value.volume, 1.0)
             for value in alike(x, other)]
    coefficients = (terms[0][1], terms[1][1] * alpha)
    return place.value(Add(None if coefficients == (1, 1) else coefficients), terms[0][0], terms[1][0])


def total_in_place(place: CallSite, x: Any, other: Any, alpha: float = 1) -> TensorValue:
    """`a += b`."""
    return written(place, stream(x), total(place, x, other, alpha), True)


def difference(place: CallSite, x: Any, other: Any, alpha: float = 1) -> TensorValue:
    """One volume less another."""
    return total(place, stream(x), stream(other), -alpha)


def product(place: CallSite, x: Any, other: Any) -> TensorValue:
    """Two volumes, value by value; or a volume times a number, which only a sum or a tanh can take up."""
    for value, number in ((x, other), (other, x)):
        if isinstance(value, TensorValue) and isinstance(number, int | float):
            return times(value, float(number))
    first, second = alike(x, other)
    return place.value(Multiply(), first.volume, second.volume)


def quotient(place: CallSite, x: Any, other: Any) -> TensorValue:  # noqa: ARG001 - as every function
    """A volume divided by a number."""
    if not isinstance(other, int | float) or not other:
        raise UnsupportedCall("by something that is no number")
    return times(stream(x), 1 / other)


def times(x: TensorValue, number: float) -> TensorValue:
    """A volume times a number."""
    if number == 1:
        return x.copied()
    call = x.volume.source
    if call and isinstance(call.layer, Tanh):
        volume = replace(call.layer, amplitude=call.layer.amplitude * number)(*call.inputs)
        return TensorValue(x.shape, lambda: volume)
    return TensorValue(x.shape, refused("after a multiplication by a number"), before=x.volume, factor=number)


def largest(place: CallSite, x: Any, other: Any = None) -> TensorValue:
    """The larger of two volumes, value by value."""
    first, second = alike(x, other)
    return place.value(Maximum(), first.volume, second.volume)


def alike(*things: Any) -> tuple[TensorValue, TensorValue]:
    """Two values of one shape."""
    first, second = map(stream, things)
    if first.shape != second.shape:
        raise UnsupportedCall("on tensors of different shapes")
    return first, second


def cat(place: CallSite, tensors: Any, dim: int = 0) -> TensorValue:
    """Channels one after another."""
    values = [stream(tensor) for tensor in tensors]
    if dim not in (1, 1 - len(place.shape)):
        raise UnsupportedCall(f"along dim={dim}")
    return values[0].copied() if len(values) == 1 else place.value(Concat(), *(value.volume for value in values))


ALGEBRA: dict[Any, Any] = {
    operator.add: total, torch.add: total, "add": total, operator.iadd: total_in_place, "add_": total_in_place,
    operator.sub: difference, torch.sub: difference, "sub": difference, operator.mul: product, torch.mul: product,
    "mul": product, operator.truediv: quotient, torch.div: quotient, "div": quotient, torch.maximum: largest,
    torch.max: largest, "maximum": largest, torch.cat: cat, torch.concat: cat,
}
