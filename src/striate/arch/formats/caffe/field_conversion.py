"""Conversion of Caffe's fields to ours: fillers, multipliers, windows, axes."""

from __future__ import annotations

from typing import Any

from striate.arch.initializer import Initializer
from striate.errors import NetworkError

MAX_SHOWN = 330  # characters of problems in one refusal
FANS = ("in", "out", "average")  # by the numbers of FAN_IN, FAN_OUT, AVERAGE


class UnsupportedField(Exception):  # noqa: N818 - it is gathered with others before anything is refused
    """A setting without a counterpart; its text is the given value."""


def unsupported(problems: list[str], done: str) -> NetworkError:
    """The refusal of layers and settings without a counterpart; `done` is read or written."""
    listed, more = shortened_list(problems)
    allowed = "a layer that has a counterpart here" if done == "read" else "a layer that Caffe has"
    return NetworkError("unsupported_layers", f"a Caffe network was {done}", allowed=f"{allowed} is allowed",
                        given=f"{listed}{more} cannot be {done}", do="Replace or remove them")


def shortened_list(problems: list[str]) -> tuple[str, str]:
    """As many problems as fit into a sentence, and the number of the others as a phrase."""
    listed = problems[:1]
    while len(listed) < len(problems) and sum(map(len, listed)) + len(problems[len(listed)]) < MAX_SHOWN:
        listed.append(problems[len(listed)])
    return ", ".join(listed), f" and {len(problems) - len(listed):,} more" if len(problems) > len(listed) else ""


def filler(message: Any, field: str, default: Initializer) -> Initializer:
    """The initialiser in a field of a message, or the default if there is none."""
    if not message.HasField(field):
        return default
    given = getattr(message, field)
    kind = given.type or "constant"
    match kind:
        case "constant":
            return Initializer("constant", value=given.value)
        case "uniform":
            return Initializer("uniform", low=given.min, high=given.max if given.HasField("max") else 1.0)
        case "gaussian":
            if given.HasField("sparse") and given.sparse == 0:
                raise UnsupportedField(f"{field} with sparse: 0, which makes every weight zero")
            return Initializer("gaussian", mean=given.mean, std=given.std if given.HasField("std") else 1.0,
                          sparse=max(given.sparse, 0))
        case "xavier" | "msra":
            return Initializer(kind, fan=FANS[given.variance_norm])
        case "bilinear":
            return Initializer("bilinear")
    raise UnsupportedField(f"{field} {{ type: {kind!r} }}")


def multipliers(layer: Any, tensors: int) -> dict[str, Any]:
    """lr_mult and decay_mult of a layer of one or two tensors."""
    def factor(field: str) -> Any:
        values = [getattr(param, field) if param.HasField(field) else 1.0 for param in layer.param[:tensors]]
        values += [1.0] * (tensors - len(values))
        return tuple(values) if tensors > 1 else values[0]
    return {"lr_mult": factor("lr_mult"), "decay_mult": factor("decay_mult")}


def pair(message: Any, field: str, side: str, default: int | None) -> int | tuple[int, int]:
    """A setting given as `field` once or twice, or as `side`_h and `side`_w; `default` None means it must be given."""
    given = getattr(message, field)
    numbers = list(given) if hasattr(given, "__len__") else [given] if message.HasField(field) else []
    height, width = (message.HasField(f"{side}_{axis}") if side else False for axis in "hw")
    if numbers and (height or width):
        raise UnsupportedField(f"{field} beside {side}_h or {side}_w")
    if len(numbers) > 2:
        raise UnsupportedField(f"{field} for {len(numbers)} axes")
    if height or width:
        if default is None and not (height and width):
            raise UnsupportedField(f"{side}_h without {side}_w" if height else f"{side}_w without {side}_h")
        return tuple(getattr(message, f"{side}_{axis}") if there else default  # type: ignore[return-value]
                     for axis, there in zip("hw", (height, width), strict=True))
    if not numbers:
        if default is None:
            raise UnsupportedField(f"no {field}")
        return default
    return numbers[0] if len(numbers) == 1 else (numbers[0], numbers[1])


def on_channels(message: Any, older: str = "", *, last: bool = False) -> None:
    """Refuse an axis that is not that of the channels: 1, or −3 of four; −1 only as the `last` of two."""
    axis = message.axis if message.HasField("axis") else 1
    if older and message.HasField(older):
        if message.HasField("axis"):
            raise UnsupportedField(f"{older} beside axis")
        axis = getattr(message, older)
    if axis not in (1, -3) and not (last and axis == -1):
        raise UnsupportedField(f"axis: {axis}")
