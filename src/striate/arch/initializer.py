"""Initialisers of weights, and the specification (shape, role, initialiser) of each tensor of a layer.

Names and meanings are Caffe's: `xavier` (Glorot & Bengio 2010) draws uniformly from ±√(3/fan), `msra` (He et al. 2015)
from a normal of standard deviation √(2/fan), where fan is the number of inputs of a unit (`in`), the number of units
an input feeds (`out`), or their mean (`average`); `bilinear` (Long, Shelhamer & Darrell 2015) is not random: it is
the filter that enlarges a picture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Annotated, Literal, NamedTuple

from striate.arch.formats.synonyms import FILLER_FIELDS, FILLERS, suggestion
from striate.arch.layer_params import MAX_SIDE
from striate.core.constraints import Integer, OneOf, Real, quoted
from striate.core.humanize import join_words
from striate.core.params import ValidatedFields
from striate.errors import NetworkError

USES = {"constant": ("value",), "uniform": ("low", "high"), "gaussian": ("mean", "std", "sparse"),
        "xavier": ("fan",), "msra": ("fan",), "bilinear": ()}


class Distribution(NamedTuple):
    """A distribution to draw from: constant (a), uniform on [a, b], or normal of mean a and standard deviation b.

    `bilinear` is none: it depends on the place in the filter only (see `bilinear`).
    """

    name: Literal["constant", "uniform", "normal", "bilinear"]
    a: float
    b: float


@dataclass(frozen=True)
class Initializer(ValidatedFields):
    """Initialiser of a tensor: `constant` uses `value`, `uniform` low and high, `gaussian` mean and std,
    `xavier` and `msra` the fan, `bilinear` nothing. Fields that the kind does not use must stay at their defaults.

    `gaussian` with `sparse` n > 0 leaves each value with probability n/(filters or units) and zeroes it otherwise.

    >>> Initializer("xavier").distribution(fan_in=75, fan_out=1)  # √(3/75) = 0.2
    Distribution(name='uniform', a=-0.2, b=0.2)
    """

    kind: Annotated[str, OneOf(*USES)]
    value: Annotated[float, Real()] = 0.0
    low: Annotated[float, Real()] = 0.0
    high: Annotated[float, Real()] = 1.0
    mean: Annotated[float, Real()] = 0.0
    std: Annotated[float, Real(0.0)] = 1.0
    fan: Annotated[str, OneOf("in", "out", "average")] = "in"
    sparse: Annotated[int, Integer(0, MAX_SIDE)] = 0

    @property
    def label(self) -> str:
        """Its name in a refusal, the word of network files."""
        return "filler"

    def __post_init__(self) -> None:
        super().__post_init__()
        for field in fields(self)[1:]:
            if field.name not in USES[self.kind] and getattr(self, field.name) != field.default:
                raise NetworkError("bad_filler", f"filler: {self.kind} was asked for",
                                   allowed=f"{' and '.join(USES[self.kind]) or 'no other field'} is allowed",
                                   given=f"{field.name} was given", do=f"Leave {field.name} out")
        if self.low > self.high:
            raise NetworkError("bad_filler", "filler: a uniform range was asked for", allowed="low ≤ high is allowed",
                               given=f"low {self.low:g} and high {self.high:g} were given", do="Swap them")

    def distribution(self, fan_in: int, fan_out: int) -> Distribution:
        """The distribution for a tensor of these fans."""
        fan = {"in": fan_in, "out": fan_out, "average": (fan_in + fan_out) / 2}[self.fan]
        match self.kind:
            case "constant":
                return Distribution("constant", self.value, 0.0)
            case "uniform":
                return Distribution("uniform", self.low, self.high)
            case "gaussian":
                return Distribution("normal", self.mean, self.std)
            case "xavier":
                return Distribution("uniform", -math.sqrt(3 / fan), math.sqrt(3 / fan))
            case "bilinear":
                return Distribution("bilinear", 0.0, 0.0)
            case _:
                return Distribution("normal", 0.0, math.sqrt(2 / fan))


@dataclass(frozen=True)
class TensorSpec:
    """Specification of a tensor of a layer: its shape as in PyTorch, role, initialiser, and the fans that needs.

    Weights and biases are learnt; buffers are statistics of the training (the running mean of a batch normalisation).
    `lr_mult` and `decay_mult` multiply the learning rate and the weight decay of the training.

    >>> TensorSpec((6, 1, 5, 5), "weight", Initializer("msra"), fan_in=25, fan_out=150).size  # 6·1·5·5
    150
    """

    shape: tuple[int, ...]
    role: Literal["weight", "bias", "buffer"]
    filler: Initializer
    fan_in: int = 1
    fan_out: int = 1
    lr_mult: float = 1.0
    decay_mult: float = 1.0

    @property
    def size(self) -> int:
        """The number of values."""
        return math.prod(self.shape)


def bilinear(height: int, width: int) -> list[list[float]]:
    """Bilinear filter of a transposed convolution that enlarges by ⌈height/2⌉ and ⌈width/2⌉.

    >>> bilinear(1, 4)
    [[0.25, 0.75, 0.75, 0.25]]
    """
    def tent(side: int) -> list[float]:
        factor = -(-side // 2)
        centre = (2 * factor - 1 - factor % 2) / (2 * factor)
        return [1 - abs(i / factor - centre) for i in range(side)]

    return [[down * across for across in tent(width)] for down in tent(height)]


MSRA = Initializer("msra")
ZERO = Initializer("constant")
ONE = Initializer("constant", value=1.0)


@dataclass(frozen=True)
class IsInitializer:
    """Constraint of an initialiser: an `Initializer`, the name of one with its defaults, or a mapping of its fields.

    >>> IsInitializer().read("xavier") == IsInitializer().read({"kind": "xavier"}) == Initializer("xavier")
    True
    """

    allowed: str = f"{join_words(list(USES))} is allowed, by name or as {{kind: …}}"

    def read(self, value: object) -> Initializer:
        """The filler."""
        if isinstance(value, str):
            return Initializer(value)
        if isinstance(value, dict):
            return Initializer(**value)
        if not isinstance(value, Initializer):
            raise ValueError
        return value

    def check(self, value: object, where: str) -> None:
        """Refuse a filler of a file with the wrong word named; `where` is `layer 3: weight_filler`."""
        settings = {"kind": value} if isinstance(value, str) else value
        if not isinstance(settings, dict):
            return  # the layer itself refuses it
        kind = settings.get("kind")
        if isinstance(kind, str) and kind not in USES:
            near = suggestion(kind, USES, FILLERS)
            raise NetworkError("unknown_word", f"{where} was asked for", allowed=self.allowed,
                               given=f"{quoted(kind)} was given", do=f"Write {near}" if near else "Choose one of these")
        every = [field.name for field in fields(Initializer)]
        allowed = ["kind", *USES[kind]] if isinstance(kind, str) else every
        for key in settings:
            if key not in every:
                near = suggestion(key, allowed, FILLER_FIELDS)
                raise NetworkError("unknown_word", f"{where}: a field of {kind or 'a filler'} was asked for",
                                   allowed=f"{join_words(allowed)} is allowed", given=f"{quoted(key)} was given",
                                   do=f"Write {near}" if near else f"Leave {quoted(key)} out")
        if kind is None:
            raise NetworkError("missing_field", f"{where} was asked for", allowed=self.allowed,
                               given="no kind was given", do="Add kind")
        try:
            Initializer(**settings)
        except NetworkError as error:
            raise NetworkError(error.code, f"{where}: {error.asked.removeprefix('filler: ')}", allowed=error.allowed,
                               given=error.given, do=error.do) from None


Fill = Annotated[Initializer, IsInitializer()]
