"""A second counter: volumes, parameters, buffers and multiply-adds from a network's plain data, by formulas of its own.

It reads what `Network.to_dict` writes and shares no code with the layers, the windows or the survey.
"""

from __future__ import annotations

from math import ceil, floor
from typing import Any, NamedTuple

Shape = tuple[int, int, int]


class Counted(NamedTuple):
    """Output volumes by name, values learnt, values measured, multiply-adds."""

    shapes: dict[str, Shape]
    parameters: int
    buffers: int
    macs: int


def recount(data: dict[str, Any]) -> Counted:
    """Walk the layers of a network file."""
    shapes: dict[str, Shape] = {"input": tuple(data["input"])}
    parameters = buffers = macs = 0
    before = "input"
    numbers: dict[str, int] = {}
    for item in data["layers"]:
        item = {item: None} if isinstance(item, str) else dict(item)
        name, sources = item.pop("name", None), item.pop("from", before)
        ((kind, fields),) = item.items()
        numbers[kind] = numbers.get(kind, 0) + 1
        name = name or f"{kind}{numbers[kind]}"
        inputs = [shapes[source] for source in ([sources] if isinstance(sources, str) else sources)]
        shape, learnt, measured, products = step(kind, fields or {}, inputs)
        shapes[name], before = shape, name
        parameters, buffers, macs = parameters + learnt, buffers + measured, macs + products
    return Counted(shapes, parameters, buffers, macs)


def step(kind: str, fields: dict[str, Any], inputs: list[Shape]) -> tuple[Shape, int, int, int]:
    """One layer: its output, what it learns, what it measures, its multiply-adds."""
    c, h, w = inputs[0]
    match kind:
        case "conv":
            kh, kw = two(fields["kernel_size"])
            oh, ow = sides(fields, h, w)
            n = fields["filters"]
            weights = n * (c // fields.get("groups", 1)) * kh * kw
            return (n, oh, ow), weights + n * fields.get("bias", True), 0, weights * oh * ow
        case "table_conv":
            kh, kw = two(fields["kernel_size"])
            oh, ow = sides(fields, h, w)
            kernels = sum(len(maps) for maps in fields["table"])
            n = len(fields["table"])
            return (n, oh, ow), kernels * kh * kw + n, 0, kernels * kh * kw * oh * ow
        case "dense":
            n = fields["units"]
            return (n, 1, 1), n * (c * h * w + fields.get("bias", True)), 0, n * c * h * w
        case "pool":
            return (c, *sides({"stride": fields["kernel_size"]} | fields, h, w)), 0, 0, 0
        case "global_pool":
            return (c, 1, 1), 0, 0, 0
        case "batch_norm":
            return (c, h, w), 2 * c, 2 * c, 0
        case "scale":
            return (c, h, w), 2 * c, 0, 0
        case "concat":
            return (sum(shape[0] for shape in inputs), h, w), 0, 0, 0
        case "add" | "relu" | "tanh" | "lrn" | "dropout":
            return (c, h, w), 0, 0, 0
    raise AssertionError(kind)


def sides(fields: dict[str, Any], h: int, w: int) -> tuple[int, int]:
    """Positions of a window, (W − F + 2P)/S + 1 rounded down, or up where it may hang over; ⌈W/S⌉ for `same`."""
    strides = two(fields.get("stride", 1))
    if fields.get("padding") == "same":
        return ceil(h / strides[0]), ceil(w / strides[1])
    rounded = ceil if fields.get("rounding") == "ceil" else floor
    counts = []
    for side, kernel, stride, pad in zip((h, w), two(fields["kernel_size"]), strides, two(fields.get("padding", 0)),
                                         strict=True):
        count = rounded((side - kernel + 2 * pad) / stride) + 1
        counts.append(count - 1 if (count - 1) * stride >= side + pad else count)
    return counts[0], counts[1]


def two(value: int | list[int]) -> tuple[int, int]:
    """One number for both axes, or (height, width)."""
    return (value, value) if isinstance(value, int) else (value[0], value[1])
