"""The settings of an encoder: their kinds and bounds, one row each, checked when it learns and when it is read back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from striate.errors import UsageError, shown

E = TypeVar("E")


@dataclass(frozen=True)
class EncoderSetting:
    """A whole number (`int`), a number (`float`) or a switch (`bool`), from `low` to `high`; None where `optional`."""

    kind: type
    low: float = 0
    high: float = 1
    optional: bool = False

    def fits(self, value: Any) -> bool:
        """Whether `value` may be set."""
        if value is None:
            return self.optional
        if self.kind is bool or isinstance(value, (bool, np.bool_)):
            return self.kind is bool and isinstance(value, (bool, np.bool_))
        allowed = (int, np.integer) if self.kind is int else (int, float, np.integer, np.floating)
        return isinstance(value, allowed) and bool(self.low <= value <= self.high)

    def plain(self, value: Any) -> Any:
        """`value` as JSON knows it."""
        return None if value is None else self.kind(value)

    def __str__(self) -> str:
        if self.kind is bool:
            return "True and False"
        ends = f"whole numbers {self.low:,} to {self.high:,}" if self.kind is int else f"{self.low:g} to {self.high:g}"
        return f"{ends}{', or none,' if self.optional else ''}"


WORDS = EncoderSetting(int, 1, 1 << 20)
SEED = EncoderSetting(int, 0, 2**32 - 1)
ITERATIONS = EncoderSetting(int, 1, 10_000)
SWITCH = EncoderSetting(bool)
DIMS = EncoderSetting(int, 1, 1 << 16, optional=True)
FACTOR = EncoderSetting(float, 0, 1e6)


def check(encoder: Any) -> None:
    """Refuse settings that cannot be (`impossible_value`).

    >>> str(Setting(int, 1, 9, optional=True)), SWITCH.fits(1), FACTOR.fits(1)
    ('whole numbers 1 to 9, or none,', False, True)
    """
    for name, setting in encoder.SETTINGS.items():
        if not setting.fits(getattr(encoder, name)):
            raise UsageError("impossible_value", f"{name} of the {type(encoder).__name__} encoder was set",
                             allowed=f"{setting} are allowed", given=f"{shown(repr(getattr(encoder, name)))} was given",
                             do="Give one of these")


def restored(kind: type[E], settings: dict[str, Any]) -> E:
    """An encoder of `kind` with `settings`; raises ValueError unless these are all of its settings and nothing else."""
    rows: dict[str, EncoderSetting] = kind.SETTINGS  # type: ignore[attr-defined]
    if not isinstance(settings, dict) or settings.keys() != rows.keys():
        raise ValueError(f"the settings of a {kind.__name__} encoder must be {', '.join(rows)}")
    encoder = kind(**settings)
    check(encoder)
    return encoder


def shaped(arrays: dict[str, Any], shapes: dict[str, tuple[int | None, ...]]) -> None:
    """Raise ValueError unless `arrays` are exactly those of `shapes` (None: any length)."""
    if arrays.keys() != shapes.keys():
        raise ValueError(f"the arrays must be {', '.join(shapes)}")
    for name, shape in shapes.items():
        found = arrays[name].shape
        if len(found) != len(shape) or any(b not in (None, a) for a, b in zip(found, shape, strict=True)):
            raise ValueError(f"{name} must be of shape {shape}, not {found}")
