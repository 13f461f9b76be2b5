"""Captions of a drawing: layers in a few words, widths of text, escapes.

`5×5, 20 /2` is a window of 5×5 pixels, 20 filters, stride 2. Widths are estimates from above, because the font
is not known.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from html import escape
from typing import Any

from striate.arch.layers import Layer
from striate.arch.volume import Volume
from striate.errors import shown

# The families of layers, in the order of the legend, with their names there.
LEGEND = {"input": "input", "conv": "convolution", "pool": "pooling", "dense": "dense", "merge": "merge",
          "norm": "normalisation", "act": "activation", "other": "others"}
BOXES = ("input", "conv", "pool", "dense", "merge")  # families that are drawn as volumes; the others are marks


def caption(layer: Layer, inputs: tuple[Volume, ...]) -> list[str]:
    """Caption of a layer, one or two short lines.

    >>> from striate.arch import Conv, Pool, ReLU, Volume
    >>> caption(Conv(96, 11, stride=4, padding=2), (Volume(3, 227, 227),)), caption(Pool(2), ())
    (['11×11, 96', '/4, pad 2'], ['2×2 max /2'])
    """
    if layer.kind in CAPTIONS:
        lines = CAPTIONS[layer.kind](layer, inputs)
    else:
        lines = [layer.short.format(kind=layer.kind.replace("_", " "), **vars(layer))]
    return [line for line in lines if line]


def _conv(layer: Any, inputs: tuple[Volume, ...]) -> list[str]:
    groups = layer.groups
    depthwise = groups > 1 and bool(inputs) and groups == inputs[0].channels
    count = f", {layer.filters}" if not depthwise or layer.filters != groups else ""
    return [("↑ " if layer.kind == "deconv" else "") + _sides(layer.kernel_size) + " depthwise" * depthwise + count,
            _slide(layer),
            f"{groups} groups" if groups > 1 and not depthwise else ""]


def _table(layer: Any, inputs: tuple[Volume, ...]) -> list[str]:  # noqa: ARG001 - as every kind
    return [f"{_sides(layer.kernel_size)}, {len(layer.table)}", _slide(layer), "by a table"]


def _pool(layer: Any, inputs: tuple[Volume, ...]) -> list[str]:  # noqa: ARG001 - as every kind
    stride = layer.kernel_size if layer.stride is None else layer.stride
    return [f"{_sides(layer.kernel_size)} {_mode(layer)} /{_step(stride)}", _padding(layer.padding)]


def _slide(layer: Any) -> str:
    """Stride, dilation and padding where they are not the default."""
    return ", ".join(part for part in ("" if layer.stride == 1 else f"/{_step(layer.stride)}",
                                       f"dilated {_step(layer.dilation)}" if getattr(layer, "dilation", 1) != 1 else "",
                                       _padding(layer.padding)) if part)


def _mode(layer: Any) -> str:
    return "mean" if layer.mode == "average" else "max"


def _sides(value: int | tuple[int, int]) -> str:
    return "×".join(map(str, value)) if isinstance(value, tuple) else f"{value}×{value}"


def _step(value: int | tuple[int, int]) -> str:
    return "×".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _padding(value: Any) -> str:
    if value in (0, (0, 0)):
        return ""
    if isinstance(value, tuple):
        return "pad " + " ".join("+".join(map(str, side)) if isinstance(side, tuple) else str(side) for side in value)
    return str(value) if value == "same" else f"pad {value}"


# Captions that are no format of a layer's fields (`Layer.short`).
CAPTIONS: dict[str, Callable[[Any, tuple[Volume, ...]], list[str]]] = {
    "conv": _conv,
    "deconv": _conv,
    "table_conv": _table,
    "pool": _pool,
    "global_pool": lambda layer, _: [f"global {_mode(layer)}"],
    "add": lambda layer, _: ["weighted sum" if layer.coefficients else ""],
    "slice": lambda layer, _: [f"channels {layer.first} to {layer.first + layer.channels - 1}"],
    "pad": lambda layer, _: [_padding(layer.padding) or "pad 0"],
    "relu": lambda layer, _: ["ReLU" + (f"{layer.limit:g}" if layer.limit else "")],
}


def width(text: str, size: float) -> float:
    """An estimate from above of a text's width in pixels at a font size, for the wider of the common fonts.

    >>> width("6×28×28", 10)  # 0.64 of the size for each of 5 digits, 0.86 for each ×
    49.2
    """
    return round(size * sum(map(_em, text)), 1)


def _em(character: str) -> float:
    if character in "iljI.,:;|'! ":
        return 0.4
    if character in "mwMW@—":
        return 1.0
    if character.isascii():
        return 0.76 if character.isupper() else 0.64
    if unicodedata.east_asian_width(character) in "WF":
        return 1.1
    return 0.86 if character == "×" else 1.0


def shortened(text: str, limit: int = 14) -> str:
    """A layer name of at most `limit` characters: its last part, or its beginning and end.

    >>> shortened("inception_4a/5x5_reduce"), shortened("global_average_pooling2d")
    ('5x5_reduce', 'global…oling2d')
    """
    text = shown(text)
    text = text if len(text) <= limit else text.rpartition("/")[2]
    first = (limit - 1) // 2
    return text if len(text) <= limit else f"{text[:first]}…{text[first + 1 - limit:]}"


def escaped(text: str) -> str:
    """Text escaped for XML: printable, bounded, without markup.

    >>> escaped('<b a="1">')
    '&lt;b a=&quot;1&quot;&gt;'
    """
    return escape(shown(text, 2_000))
