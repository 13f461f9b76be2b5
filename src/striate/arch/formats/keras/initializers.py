"""Conversion of Keras' initializers to ours, and of ours to Keras'.

    GlorotUniform                       xavier, fan average
    LecunUniform                        xavier, fan in
    HeNormal                            msra, fan in
    RandomNormal, RandomUniform         gaussian, uniform
    Zeros, Ones, Constant               constant
    VarianceScaling                     xavier (scale 1, uniform) or msra (scale 2, normal), any fan

Keras cuts its normal distributions off at two standard deviations and widens them to keep the variance; msra is not
cut. We write msra as VarianceScaling with `untruncated_normal`, which is the same. Any other initializer of Keras is
read as the default of our layer (msra for weights, zeros for biases): it matters at the start of a training only. One
that Keras does not have is refused. Keras and we count the fans of depthwise and transposed filters differently.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from striate.arch.initializer import Initializer
from striate.core.constraints import Real
from striate.core.humanize import join_words

OTHERS = ("GlorotNormal", "HeUniform", "LecunNormal", "TruncatedNormal", "Orthogonal", "OrthogonalInitializer",
          "Identity", "IdentityInitializer")
DISTRIBUTIONS = ("uniform", "truncated_normal", "normal", "untruncated_normal")
FANS = {"fan_in": "in", "fan_out": "out", "fan_avg": "average"}


class InitializerError(ValueError):
    """An initializer that Keras does not have, or one with an impossible field."""

    def __init__(self, field: str = "", allowed: str = "one of Keras' own initializers is allowed") -> None:
        self.field, self.allowed = field, allowed
        super().__init__(allowed)


def read_filler(value: object, default: Initializer) -> Initializer:
    """Our initialiser for one of a file: a word, or a mapping with class_name and config.

    >>> read_filler("glorot_uniform", Initializer("msra")) == Initializer("xavier", fan="average")
    True
    """
    if value is None:
        return default
    name, config = (value.get("class_name"), value.get("config")) if isinstance(value, dict) else (value, {})
    config = {} if config is None else config
    if not isinstance(name, str) or not isinstance(config, dict):
        raise InitializerError
    name = "".join(part.capitalize() for part in name.split("_")) if name.islower() else name
    match name:
        case "Zeros" | "Ones":
            return Initializer("constant", value=float(name == "Ones"))
        case "Constant":
            return Initializer("constant", value=_number(config, "value", 0.0))
        case "RandomNormal":
            return Initializer("gaussian", mean=_number(config, "mean", 0.0), std=_number(config, "stddev", 0.05, 0.0))
        case "RandomUniform":
            low, high = _number(config, "minval", -0.05), _number(config, "maxval", 0.05)
            if low > high:
                raise InitializerError(field="minval", allowed="a number up to maxval is allowed")
            return Initializer("uniform", low=low, high=high)
        case "GlorotUniform":
            return Initializer("xavier", fan="average")
        case "LecunUniform":
            return Initializer("xavier")
        case "HeNormal":
            return Initializer("msra")
        case "VarianceScaling":
            return _scaled(config, default)
        case _ if name in OTHERS:
            return default
    raise InitializerError


def _scaled(config: Mapping[str, Any], default: Initializer) -> Initializer:
    fan = FANS[_word(config, "mode", tuple(FANS), "fan_in")]
    shape = _word(config, "distribution", DISTRIBUTIONS, "truncated_normal")
    kind = {(1.0, True): "xavier", (2.0, False): "msra"}.get((_number(config, "scale", 1.0), shape == "uniform"))
    return Initializer(kind, fan=fan) if kind else default


def _number(config: Mapping[str, Any], field: str, default: float, low: float = -math.inf) -> float:
    rule = Real(low)
    try:
        return rule.read(config.get(field, default))
    except (ValueError, OverflowError):
        raise InitializerError(field, rule.allowed) from None


def _word(config: Mapping[str, Any], field: str, words: tuple[str, ...], default: str) -> str:
    word = config.get(field, default)
    if not isinstance(word, str) or word not in words:
        raise InitializerError(field, f"{join_words(list(words))} is allowed")
    return word


def write_filler(filler: Initializer) -> dict[str, Any] | None:
    """Keras' initializer for ours; None if Keras has none (bilinear, sparse gaussian).

    >>> write_filler(Initializer("xavier", fan="average"))["class_name"]
    'GlorotUniform'
    """
    modes = {fan: mode for mode, fan in FANS.items()}
    scaled = {"mode": modes[filler.fan], "seed": None}
    match filler.kind:
        case "constant" if filler.value in (0, 1):
            return _entry("Ones" if filler.value else "Zeros", {})
        case "constant":
            return _entry("Constant", {"value": filler.value})
        case "uniform":
            return _entry("RandomUniform", {"minval": filler.low, "maxval": filler.high, "seed": None})
        case "gaussian" if not filler.sparse:
            return _entry("RandomNormal", {"mean": filler.mean, "stddev": filler.std, "seed": None})
        case "xavier" if filler.fan == "average":
            return _entry("GlorotUniform", {"seed": None})
        case "xavier":
            return _entry("VarianceScaling", scaled | {"scale": 1.0, "distribution": "uniform"})
        case "msra":
            return _entry("VarianceScaling", scaled | {"scale": 2.0, "distribution": "untruncated_normal"})
    return None


def _entry(name: str, config: dict[str, Any]) -> dict[str, Any]:
    return {"module": "keras.initializers", "class_name": name, "config": config, "registered_name": None}
