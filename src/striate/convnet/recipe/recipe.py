"""What a training run is: how long, which optimiser and schedule, which augmentation, which precision.

A recipe is data: it is stored beside the run, read back with unknown keys refused, and travels in the model file. What
depends on the data is left open in it (None) and filled in by `striate.convnet.recipe.presets`; what it may say is in
`striate.convnet.recipe.validation`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Any, Self

from striate.convnet.recipe import lr_schedule, validation
from striate.core.schedules import factor_at
from striate.errors import UsageError, shown

BUDGETS = ("epochs", "minutes", "steps", "plan")  # how long: one of these takes the place of another


@dataclass(frozen=True)
class Recipe:
    """All that decides what a training run computes; None means "planned from the data".

    Attributes:
        epochs: passes over the training pictures.
        minutes: train for about this long instead.
        steps: optimiser steps in all; follows from epochs or minutes.
        plan: (step, total) pairs: from `step` on, what is left of the schedule is laid over the steps up to `total`,
            the last of which is `steps`. Empty is ((0, steps),). A run by the clock writes down here how it went.
        batch_size: pictures per step.
        optimiser: `sgd` (with Nesterov momentum), `adamw` (Loshchilov & Hutter 2019) or `muon` (Jordan 2024;
            Nesterov momentum for what it leaves out).
        learning_rate: the peak.
        momentum: of sgd and muon; the first moment's decay of adamw.
        weight_decay: on weights of two or more dimensions only, not on biases and norms.
        warmup: fraction of the run over which the rate rises linearly to its peak; one-cycle has its own.
        schedule: how the rate goes after that: `linear` or `cosine` (falling to zero), `trapezoid` (flat, falling to
            zero over `cooldown`), `one-cycle`, `constant`; or as Caffe's solvers say it, counted from step 0: `step`,
            `exp`, `inv`, `multistep`, `poly`, `sigmoid`.
        cooldown: fraction of the run over which a trapezoid falls.
        gamma, power, step_size, step_values: the numbers of Caffe's schedules.
        label_smoothing: 0 to 0.9 (Szegedy et al. 2016, section 7); 0.05 made the probabilities of digits 6 points
            too modest and the answers no better.
        average: decay per step of an exponential moving average of the weights, which is what is then evaluated and
            kept; 0 is off.
        clip: the largest norm of the gradient (Pascanu et al. 2013); None is off.
        balance: pictures count by the inverse frequency of their class.
        mixup, cutmix: alpha of the Beta distribution of the shares (Zhang et al. 2018; Yun et al. 2019); 0 is off.
        flip: mirror pictures left to right in every other epoch; None is off where classes are single letters or
            digits.
        shift: pictures are moved by up to this fraction of their sides, edges reflected.
        rotate: pictures are turned by up to this many degrees.
        zoom: pictures are scaled by up to this fraction.
        cutout: sides of a rectangle that is blanked, as a fraction of the picture's (DeVries & Taylor 2017); 0 is off.
        crop: least share of the area of a random crop that is resized (Szegedy et al. 2015); 0 is off.
        colour: strength, 0 to 1, of changes to brightness, contrast and saturation.
        randaugment: magnitude, 0 to 10, of two random operations (Cubuk et al. 2020); 0 is off.
        test_time: over which views of a picture the scores are averaged: `none` but itself, `flip`, `shift`.
        precision: `auto` is bfloat16 where the processor multiplies it natively, else float32.
        seed: of weights, order and augmentation.

    """

    epochs: int | None = None
    minutes: float | None = None
    steps: int | None = None
    plan: tuple[tuple[int, int], ...] = ()
    batch_size: int | None = None
    optimiser: str | None = None
    learning_rate: float | None = None
    momentum: float | None = None
    weight_decay: float | None = None
    warmup: float | None = None
    schedule: str | None = None
    cooldown: float | None = None
    gamma: float | None = None
    power: float | None = None
    step_size: int | None = None
    step_values: tuple[int, ...] | None = None
    label_smoothing: float | None = None
    average: float | None = None
    clip: float | None = None
    balance: bool = False
    mixup: float | None = None
    cutmix: float | None = None
    flip: bool | None = None
    shift: float | None = None
    rotate: float | None = None
    zoom: float | None = None
    cutout: float | None = None
    crop: float | None = None
    colour: float | None = None
    randaugment: float | None = None
    test_time: str | None = None
    precision: str = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse values that no run could use (`bad_recipe`, `two_budgets`)."""
        for name, value in validation.checked(self).items():
            object.__setattr__(self, name, value)

    @staticmethod
    def per_epoch(count: int, batch: int) -> int:
        """Steps in one pass over `count` pictures; the last batch may be smaller.

        >>> Recipe.per_epoch(1257, 32)
        40
        """
        return -(-count // batch)

    def fraction_at(self, step: int) -> float:
        """How much of the schedule, 0 to 1, is done before step 0, 1, …

        >>> [Recipe(steps=8, plan=((0, 10), (5, 8))).fraction_at(step) for step in (5, 8)]
        [0.5, 1.0]
        """
        return lr_schedule.fraction_at(self.plan or ((0, self.steps or 1),), step)

    def total_at(self, step: int) -> int:
        """How many steps in all were planned when step 0, 1, … was taken.

        >>> [Recipe(steps=8, plan=((0, 10), (5, 8))).total_at(step) for step in (4, 5)]
        [10, 8]
        """
        totals = [total for first, total in self.plan if first <= step]
        return totals[-1] if totals else self.steps or 1

    def rate_at(self, step: int) -> float:
        """The learning rate of step 0, 1, …, `steps` − 1, of a recipe that says its schedule.

        >>> recipe = Recipe(steps=10, learning_rate=1.0, warmup=0.2, schedule="linear")
        >>> [round(recipe.rate_at(step), 6) for step in (0, 1, 2, 6, 9)]
        [0.5, 1.0, 1.0, 0.5, 0.125]
        """
        shape, warmup = self.schedule or "constant", self.warmup or 0.0
        if shape in validation.NUMBERS:
            fall = factor_at(shape, step, self.gamma or 0.0, self.power or 0.0, self.step_size or 1,
                             self.step_values or (), self.total_at(step))
        else:
            fall = lr_schedule.factor(shape, self.fraction_at(step), warmup, self.cooldown or 0.0)
        rise = 1.0 if shape == "one-cycle" else lr_schedule.rise(self.fraction_at(step + 1), warmup)
        return (self.learning_rate or 0.0) * rise * fall

    def as_dict(self) -> dict[str, Any]:
        """The fields as JSON and YAML have them: lists and no tuples.

        >>> Recipe(steps=8, plan=((0, 10), (5, 8))).as_dict()["plan"]
        [[0, 10], [5, 8]]
        """
        return {field.name: _listed(getattr(self, field.name)) for field in fields(self)}

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
        return cls(**{key: _tupled(value) for key, value in values.items()})


def _listed(value: Any) -> Any:
    return [_listed(one) for one in value] if isinstance(value, tuple) else value


def _tupled(value: Any) -> Any:
    return tuple(_tupled(one) for one in value) if isinstance(value, list | tuple) else value
