"""Config of a layer in a Keras file, read field by field, each checked.

Defaults are Keras' own, for files of versions that omit fields at their defaults.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from striate.arch.formats.keras.initializers import InitializerError, read_filler
from striate.arch.formats.keras.json_text import quoted_json
from striate.arch.formats.tensor_layout import LAYOUTS
from striate.arch.initializer import Initializer
from striate.arch.layer_params import MAX_KERNEL, MAX_SIDE, HeightWidth, PaddingSides
from striate.core.constraints import Boolean, Constraint, Integer, Real
from striate.errors import NetworkError, shown


@dataclass(frozen=True)
class LayerCall:
    """One call of a layer: `path` is its name behind those of the models it is nested in; `name` is ours.

    `sources` are the numbers of the steps that feed it.
    """

    number: int
    path: str
    class_name: str
    config: Mapping[str, Any]
    sources: tuple[int, ...]
    name: str = ""

    @property
    def label(self) -> str:
        """The name of the layer in a refusal."""
        return shown(self.path, 80)

    def refusal(self, key: str, allowed: str, part: str = "") -> NetworkError:
        """The refusal of a field, or of a part of it."""
        return NetworkError("keras_field", f"{self.label}: {part and f'{part} of '}{key} was asked for",
                            allowed=allowed, given=f"{quoted_json(self.config.get(key))} was given",
                            do=f"Change {key} in Keras")

    def read(self, key: str, rule: Constraint, default: Any = None) -> Any:
        """A field read through a constraint; without a default it is required."""
        value = self.config.get(key, default)
        try:
            return rule.read(value)
        except (ValueError, TypeError, OverflowError):
            raise self.refusal(key, rule.allowed) from None

    def whole(self, key: str, default: int | None = None) -> int:
        """A whole number from 1."""
        number: int = self.read(key, Integer(1, MAX_SIDE), default)
        return number

    def sides(self, key: str, default: int | None = None, high: int = MAX_SIDE) -> Any:
        """A size in pixels, n or (height, width)."""
        return self.read(key, HeightWidth(1, high), default)

    def kernel(self) -> Any:
        """The size of a filter."""
        return self.sides("kernel_size", None, MAX_KERNEL)

    def pads(self, key: str) -> Any:
        """Zeros around a picture."""
        return self.read(key, PaddingSides(MAX_KERNEL), 1)

    def flag(self, key: str, default: bool = True) -> bool:
        """True or false."""
        flag: bool = self.read(key, Boolean(), default)
        return flag

    def real(self, key: str, default: float, low: float = -math.inf, high: float = math.inf) -> float:
        """A number within bounds."""
        number: float = self.read(key, Real(low, high), default)
        return number

    def same(self) -> bool:
        """Whether the padding is `same`; else it is `valid`, which is none."""
        word = self.config.get("padding", "valid")
        if not isinstance(word, str) or word.lower() not in ("same", "valid"):
            raise self.refusal("padding", "'valid' or 'same' is allowed")
        return word.lower() == "same"

    def layout(self) -> str | None:
        """The layout of data_format, `hwc` or `chw`; None without one."""
        word = self.config.get("data_format")
        if word is None:
            return None
        if not isinstance(word, str) or word not in LAYOUTS:
            raise self.refusal("data_format", "'channels_last' or 'channels_first' is allowed")
        return LAYOUTS[word]

    def axes(self, key: str, default: int) -> tuple[int, ...]:
        """One axis or a list of them."""
        value = self.config.get(key, default)
        values = value if isinstance(value, list) else [value]
        if not all(isinstance(axis, int) and not isinstance(axis, bool) for axis in values):
            raise self.refusal(key, "the number of an axis is allowed")
        return tuple(values)

    def filler(self, key: str, default: Initializer) -> Initializer:
        """Our initialiser for Keras'."""
        try:
            return read_filler(self.config.get(key), default)
        except InitializerError as error:
            raise self.refusal(key, error.allowed, error.field) from None
