"""Formatting of prototxt: two spaces a level, fillers on one line, the shortest form of numbers."""

from __future__ import annotations

from typing import Any

from striate.arch.initializer import Initializer

FANS = {"in": "FAN_IN", "out": "FAN_OUT", "average": "AVERAGE"}


def number(value: float) -> str:
    """A number in its shortest form.

    >>> number(1.0), number(1e-05), number(0.1), number(3)
    ('1', '1e-05', '0.1', '3')
    """
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))


def sides(field: str, side: str, value: Any, default: int | None = None) -> list[str]:
    """A window setting: one line if both sides agree, `_h` and `_w` if not, none at the default."""
    if isinstance(value, tuple):
        return [f"{side}_h: {value[0]}", f"{side}_w: {value[1]}"]
    return [] if value == default else [f"{field}: {value}"]


def filler(field: str, given: Initializer) -> str:
    """A filler as one line.

    >>> filler("weight_filler", Initializer("gaussian", std=0.01))
    'weight_filler { type: "gaussian" std: 0.01 }'
    """
    words = [f'type: "{given.kind}"']
    for ours, theirs, default in (("value", "value", 0.0), ("low", "min", None), ("high", "max", None),
                                  ("mean", "mean", 0.0), ("std", "std", None), ("sparse", "sparse", 0)):
        kinds = {"low": "uniform", "high": "uniform", "std": "gaussian"}
        if getattr(given, ours) != default and kinds.get(ours, given.kind) == given.kind:
            words.append(f"{theirs}: {number(getattr(given, ours))}")
    if given.fan != "in":
        words.append(f"variance_norm: {FANS[given.fan]}")
    return f"{field} {{ {' '.join(words)} }}"


def params(layer: Any, tensors: int) -> list[str]:
    """lr_mult and decay_mult, one line for each tensor."""
    def of(factor: Any) -> tuple[float, float]:
        return factor if isinstance(factor, tuple) else (factor, factor)
    rates, decays = of(layer.lr_mult), of(layer.decay_mult)
    return [f"param {{ lr_mult: {number(rates[i])} decay_mult: {number(decays[i])} }}" for i in range(tensors)]


def block(word: str, lines: list[str]) -> list[str]:
    """`word { … }` around indented lines; nothing if there are none."""
    return [f"{word} {{", *(f"  {line}" for line in lines), "}"] if lines else []


def layer(name: str, type_: str, bottoms: list[str], tops: list[str], body: list[str]) -> list[str]:
    """A complete layer."""
    return block("layer", [f'name: "{name}"', f'type: "{type_}"', *(f'bottom: "{blob}"' for blob in bottoms),
                           *(f'top: "{blob}"' for blob in tops), *body])
