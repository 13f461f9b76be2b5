"""What a training run is: how long, which optimiser and schedule, which augmentation, which precision.

A recipe is data: it is stored beside the run, read back with unknown keys refused, and travels in the model
file. The defaults were chosen on validation pictures of digits and Fashion-MNIST; `Recipe.planned` fills in what
depends on the data.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from difflib import get_close_matches
from typing import Any, Self

from striate.arch.formats.caffe.policy import factor_at
from striate.errors import UsageError, shown

OPTIMISERS = ("sgd", "adamw")
NUMBERS = {"step": ("gamma", "step_size"), "exp": ("gamma",), "inv": ("gamma", "power"),
           "multistep": ("gamma", "step_values"), "poly": ("power",), "sigmoid": ("gamma", "step_size")}
SCHEDULES = ("cosine", "linear", "constant", *NUMBERS)
PRECISIONS = ("auto", "float32", "bfloat16")
PICTURES = 600_000  # how many pictures the default budget shows, repeats included
FEWEST, MOST = 4, 50  # epochs the default budget may come to
FEW = 10_000  # training pictures; so few are seen so often that turned and scaled copies help


@dataclass(frozen=True)
class Recipe:
    """All that decides what a training run computes; None means "planned from the data".

    Attributes:
        epochs: passes over the training pictures.
        minutes: train for about this long instead; turned into `steps` by measuring the machine first.
        steps: optimiser steps in all; follows from epochs or minutes.
        batch_size: pictures per step.
        optimiser: `sgd` (with Nesterov momentum) or `adamw` (Loshchilov & Hutter 2019).
        learning_rate: the peak; None is 0.05 for sgd and 0.003 for adamw.
        momentum: of sgd; the first moment's decay of adamw.
        weight_decay: on weights of two or more dimensions only, not on biases and norms.
        warmup: fraction of the steps over which the rate rises linearly to its peak.
        schedule: how the rate falls after that: `cosine`, `linear` (both to zero) or `constant`; or as Caffe's solvers
            say it, counted from step 0: `step`, `exp`, `inv`, `multistep`, `poly`, `sigmoid`.
        gamma, power, step_size, step_values: the numbers of those.
        label_smoothing: 0 to below 1 (Szegedy et al. 2016, section 7); 0.05 made the probabilities of digits 6 points
            too modest and the answers no better.
        flip: mirror half of the pictures left to right; None is off where classes are single letters or digits.
        shift: pictures are moved by up to this fraction of their sides, edges reflected; None is 0.08 for up to `FEW`
            pictures, else 0.04.
        rotate: pictures are turned by up to this many degrees; None is 10 for up to `FEW` pictures, else 0.
        zoom: pictures are scaled by up to this fraction; None is 0.1 for up to `FEW` pictures, else 0.
        precision: `auto` is bfloat16 where the processor multiplies it natively, else float32.
        seed: of weights, order and augmentation.

    """

    epochs: int | None = None
    minutes: float | None = None
    steps: int | None = None
    batch_size: int | None = None
    optimiser: str = "adamw"
    learning_rate: float | None = None
    momentum: float = 0.9
    weight_decay: float = 0.02
    warmup: float = 0.15
    schedule: str = "linear"
    gamma: float | None = None
    power: float | None = None
    step_size: int | None = None
    step_values: tuple[int, ...] | None = None
    label_smoothing: float = 0.0
    flip: bool | None = None
    shift: float | None = None
    rotate: float | None = None
    zoom: float | None = None
    precision: str = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse values that no run could use (`bad_recipe`)."""
        for name, allowed in (("optimiser", OPTIMISERS), ("schedule", SCHEDULES), ("precision", PRECISIONS)):
            value = getattr(self, name)
            _check(name, value, value in allowed, f"one of {', '.join(allowed)}")
        for name, low, high in BOUNDS:
            value = getattr(self, name)
            number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
            whole = name not in WHOLE or isinstance(value, int)
            _check(name, value, value is None or (number and whole and low <= value <= high),
                   f"a {'whole ' if name in WHOLE else ''}number from {low:g} to {high:g}")
        values = self.step_values
        _check("step_values", values, values is None or (
            isinstance(values, tuple) and 0 < len(values) <= 1_000 and all(type(one) is int for one in values)
            and list(values) == sorted(values) and values[0] >= 0), "a list of rising whole numbers from 0 up")
        for name in ("gamma", "power", "step_size", "step_values"):
            needed = name in NUMBERS.get(self.schedule, ())
            _check(name, getattr(self, name), (getattr(self, name) is not None) == needed,
                   f"{'a number' if needed else 'no number'} with the schedule {self.schedule}")
        _check("flip", self.flip, self.flip in (None, True, False), "true, false or null")
        if self.epochs is not None and self.minutes is not None:
            raise UsageError("two_budgets", "a training budget was asked for",
                             allowed="epochs or minutes are allowed, not both",
                             given=f"{self.epochs} epochs and {self.minutes:g} minutes were given",
                             do="Leave one of them out")

    def planned(self, count: int, classes: tuple[str, ...]) -> Recipe:
        """The recipe with everything that follows from `count` training pictures and the class names filled in.

        >>> recipe = Recipe().planned(60_000, ("shoe", "bag"))
        >>> recipe.epochs, recipe.batch_size, recipe.steps  # 600,000/60,000 = 10; 10 · ⌈60,000/128⌉ = 4,690
        (10, 128, 4690)
        """
        batch = self.batch_size or min(128, max(16, 2 ** round(math.log2(max(count, 1) / 40))))
        epochs = self.epochs
        if epochs is None and self.minutes is None and self.steps is None:
            epochs = min(MOST, max(FEWEST, round(PICTURES / count)))
        steps = epochs * self.per_epoch(count, batch) if epochs else self.steps
        rate = self.learning_rate or {"sgd": 0.05, "adamw": 0.003}[self.optimiser]
        flip = not all(len(name) == 1 for name in classes) if self.flip is None else self.flip
        shift, rotate, zoom = (0.08, 10.0, 0.1) if count <= FEW else (0.04, 0.0, 0.0)
        return replace(
            self, epochs=epochs, batch_size=batch, steps=steps, learning_rate=rate, flip=flip,
            shift=shift if self.shift is None else self.shift,
            rotate=rotate if self.rotate is None else self.rotate, zoom=zoom if self.zoom is None else self.zoom,
        )

    @staticmethod
    def per_epoch(count: int, batch: int) -> int:
        """Steps in one pass over `count` pictures; the last batch may be smaller.

        >>> Recipe.per_epoch(1257, 32)
        40
        """
        return -(-count // batch)

    def rate_at(self, step: int) -> float:
        """The learning rate of step 0, 1, …, `steps` − 1.

        >>> recipe = Recipe(steps=10, learning_rate=1.0, warmup=0.2, schedule="linear")
        >>> [recipe.rate_at(step) for step in (0, 1, 2, 6, 9)]
        [0.5, 1.0, 1.0, 0.5, 0.125]
        """
        total, peak = self.steps or 1, self.learning_rate or 0.0
        rising = round(self.warmup * total)
        if step < rising:
            return peak * (step + 1) / rising
        if self.schedule in NUMBERS:
            return peak * factor_at(self.schedule, step, self.gamma or 0.0, self.power or 0.0, self.step_size or 1,
                                    self.step_values or (), total)
        left = (total - step) / (total - rising)
        return peak * {"constant": 1.0, "linear": left, "cosine": 0.5 - 0.5 * math.cos(math.pi * left)}[self.schedule]

    def as_dict(self) -> dict[str, Any]:
        """The fields as JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """A recipe from its fields; unknown keys are refused with the nearest known one (`unknown_key`)."""
        known = [field.name for field in fields(cls)]
        for key in values:
            if key not in known:
                near = get_close_matches(str(key), known, 1)
                raise UsageError("unknown_key", "a recipe was read", allowed=f"its keys are {', '.join(known)}",
                                 given=f"{shown(str(key))} was found",
                                 do=f"Did you mean {near[0]}?" if near else "Remove it")
        steps = values.get("step_values")
        return cls(**dict(values) | ({"step_values": tuple(steps)} if isinstance(steps, list) else {}))


WHOLE = ("epochs", "steps", "batch_size", "seed", "step_size")
BOUNDS: tuple[tuple[str, float, float], ...] = (
    ("epochs", 1, 100_000), ("minutes", 0.01, 100_000), ("steps", 1, 1e12), ("batch_size", 1, 65_536),
    ("learning_rate", 1e-9, 1e6), ("momentum", 0, 0.9999), ("weight_decay", 0, 10), ("warmup", 0, 0.9),
    ("gamma", -1e6, 1e6), ("power", -1e3, 1e3), ("step_size", 1, 1e12), ("label_smoothing", 0, 0.9),
    ("shift", 0, 0.5), ("rotate", 0, 180), ("zoom", 0, 0.9), ("seed", 0, 2**63 - 1),
)


def _check(name: str, value: object, right: bool, allowed: str) -> None:
    if not right:
        raise UsageError("bad_recipe", f"{name} was set", allowed=f"{allowed} is allowed",
                         given=f"{'nothing' if value is None else shown(str(value))} was given",
                         do=f"Change {name}")
