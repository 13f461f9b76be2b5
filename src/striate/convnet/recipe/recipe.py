"""Recipe of a training: how long, which optimiser and learning-rate schedule, which augmentation, which precision.

A recipe is data: it is stored beside the run and in the model file, and unknown keys are refused. A
field is declared here once, with its type, its default, its constraint and its text: the signature of `ConvNet`, the
docstrings, the options of `striate train` and the table in docs/train.md follow from that. What depends on the data
is left open (None) and filled in by `striate.convnet.recipe.presets`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Annotated, Any, Self

from striate.convnet.recipe import lr_schedule, validation
from striate.convnet.recipe.recipe_field import documented, recipe_field
from striate.convnet.recipe.validation import (
    OPTIMISERS,
    POLICIES,
    PRECISIONS,
    SCHEDULES,
    TEST_TIMES,
    Choice,
    Count,
    Range,
    SchedulePlan,
    StepValues,
)
from striate.core.constraints import Boolean
from striate.core.schedules import factor_at
from striate.errors import UsageError, shown

BUDGETS = ("epochs", "minutes", "steps", "plan")  # how long: one of these takes the place of another
UNMOVED = "Planned 0 where each picture is shown fewer than five times"


@documented
@dataclass(frozen=True)
class Recipe:
    """Recipe of a training run: all that decides what it computes; None means "planned from the data".

    Attributes:
        {recipe}

    """

    epochs: Annotated[int | None, Count(1, 100_000)] = recipe_field(
        None, "passes over the training pictures", planned="by their number")
    minutes: Annotated[float | None, Range(0.01, 100_000)] = recipe_field(
        None, "train for about this many minutes instead of a number of epochs")
    steps: Annotated[int | None, Count(1, 10**12)] = recipe_field(
        None, "optimiser steps in all instead", "They follow from epochs or minutes")
    plan: Annotated[tuple[tuple[int, int], ...], SchedulePlan()] = recipe_field(
        (), "(step, total) pairs, how a run by the clock went: from `step` on the rest of the schedule runs to `total`",
        "The last total is `steps`; empty is ((0, steps),)")
    batch_size: Annotated[int | None, Count(1, 65_536)] = recipe_field(
        None, "pictures per step, of all processes together", planned="by pictures and memory")
    optimiser: Annotated[str | None, Choice(*OPTIMISERS)] = recipe_field(
        None, "optimiser", "`sgd` has Nesterov momentum; `adamw` is Loshchilov & Hutter's (2019); `muon` is Jordan's "
        "(2024), with Nesterov momentum for what it leaves out", planned="by network and data")
    learning_rate: Annotated[float | None, Range(1e-9, 1e6)] = recipe_field(
        None, "peak learning rate", planned="by optimiser, pictures and network")
    momentum: Annotated[float | None, Range(0, 0.9999)] = recipe_field(
        None, "momentum of sgd and muon; decay of the first moment of adamw")
    weight_decay: Annotated[float | None, Range(0, 10)] = recipe_field(
        None, "weight decay", "Of weights with two or more dimensions, never of biases and norms; times a layer's "
        "`decay_mult`")
    warmup: Annotated[float | None, Range(0, 0.9)] = recipe_field(
        None, "fraction of the run in which the learning rate rises to its peak", "`one-cycle` has its own")
    schedule: Annotated[str | None, Choice(*SCHEDULES)] = recipe_field(
        None, "schedule of the learning rate after the warm-up", "The last six are Caffe's, by the step")
    cooldown: Annotated[float | None, Range(0, 1)] = recipe_field(
        None, "fraction of the run in which the schedule trapezoid falls to zero")
    gamma: Annotated[float | None, Range(-1e6, 1e6)] = recipe_field(
        None, "factor of Caffe's schedules step, exp, inv, multistep and sigmoid")
    power: Annotated[float | None, Range(-1e3, 1e3)] = recipe_field(
        None, "exponent of Caffe's schedules inv and poly")
    step_size: Annotated[int | None, Count(1, 10**12)] = recipe_field(
        None, "steps between two falls of Caffe's schedule step; the middle of its sigmoid")
    step_values: Annotated[tuple[int, ...] | None, StepValues()] = recipe_field(
        None, "steps at which Caffe's schedule multistep falls")
    label_smoothing: Annotated[float | None, Range(0, 0.9)] = recipe_field(
        None, "share of the truth that is spread over all classes", "Szegedy et al. (2016), section 7. 0.05 made the "
        "probabilities of digits 6 points too modest and the predictions no better")
    average: Annotated[float | None, Range(0, 0.999999)] = recipe_field(
        None, "decay per step of a moving average of the weights; 0 is off",
        "The average is validated and saved")
    clip: Annotated[float | None, Range(1e-6, 1e9)] = recipe_field(
        None, "largest norm of the gradient; left out, it is off", "Pascanu et al. (2013)")
    balance: Annotated[bool, Boolean()] = recipe_field(
        False, "weigh each class the same, however many pictures it has")
    mixup: Annotated[float | None, Range(0, 100)] = recipe_field(
        None, "alpha of the Beta distribution by which pictures are blended in pairs; 0 is off",
        "Zhang et al. (2018)")
    cutmix: Annotated[float | None, Range(0, 100)] = recipe_field(
        None, "alpha of the Beta distribution by which a part of a picture is pasted into another; 0 is off",
        "Yun et al. (2019)")
    flip: Annotated[bool | None, Boolean("true, false or null is allowed")] = recipe_field(
        None, "learn from mirror images, too", "In every other epoch", planned="not of single letters or digits")
    shift: Annotated[float | None, Range(0, 0.5)] = recipe_field(
        None, "move pictures by up to this fraction of their sides", f"Edges are reflected. {UNMOVED}")
    rotate: Annotated[float | None, Range(0, 180)] = recipe_field(
        None, "turn pictures by up to this many degrees", UNMOVED)
    zoom: Annotated[float | None, Range(0, 0.9)] = recipe_field(
        None, "scale pictures by up to this fraction", UNMOVED)
    cutout: Annotated[float | None, Range(0, 1)] = recipe_field(
        None, "blank a rectangle whose sides are this fraction of the picture's; 0 is off",
        "DeVries & Taylor (2017)")
    crop: Annotated[float | None, Range(0, 1)] = recipe_field(
        None, "least share of the area of a random crop, resized to the whole; 0 is off", "Szegedy et al. (2015)")
    colour: Annotated[float | None, Range(0, 1)] = recipe_field(
        None, "strength of changes to brightness, contrast and saturation; 0 is off")
    randaugment: Annotated[float | None, Range(0, 10)] = recipe_field(
        None, "magnitude of two random operations; 0 is off", "Cubuk et al. (2020)")
    test_time: Annotated[str | None, Choice(*TEST_TIMES)] = recipe_field(
        None, "views of a picture over which a prediction averages", planned="none")
    precision: Annotated[str, Choice(*PRECISIONS)] = recipe_field(
        "auto", "number format of convolutions and matrix products",
        "`auto` is bfloat16 where the processor multiplies it natively, else float32")
    seed: Annotated[int, Count(0, 2**63 - 1)] = recipe_field(
        0, "seed of weights, order and augmentation, and of the split",
        "Without `minutes` the same seed gives the same bits on the same machine type", planned="0")

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
        """The fraction of the schedule, 0 to 1, that is done before step 0, 1, …

        >>> [Recipe(steps=8, plan=((0, 10), (5, 8))).fraction_at(step) for step in (5, 8)]
        [0.5, 1.0]
        """
        return lr_schedule.fraction_at(self.plan or ((0, self.steps or 1),), step)

    def total_at(self, step: int) -> int:
        """The total of steps planned when step 0, 1, … was taken.

        >>> [Recipe(steps=8, plan=((0, 10), (5, 8))).total_at(step) for step in (4, 5)]
        [10, 8]
        """
        totals = [total for first, total in self.plan if first <= step]
        return totals[-1] if totals else self.steps or 1

    def rate_at(self, step: int) -> float:
        """The learning rate of step 0, 1, …, `steps` − 1, of a recipe with a schedule.

        >>> recipe = Recipe(steps=10, learning_rate=1.0, warmup=0.2, schedule="linear")
        >>> [round(recipe.rate_at(step), 6) for step in (0, 1, 2, 6, 9)]
        [0.5, 1.0, 1.0, 0.5, 0.125]
        """
        shape, warmup = self.schedule or "constant", self.warmup or 0.0
        if shape in POLICIES:
            fall = factor_at(shape, step, self.gamma or 0.0, self.power or 0.0, self.step_size or 1,
                             self.step_values or (), self.total_at(step))
        else:
            fall = lr_schedule.factor(shape, self.fraction_at(step), warmup, self.cooldown or 0.0)
        rise = 1.0 if shape == "one-cycle" else lr_schedule.warmup_factor(self.fraction_at(step + 1), warmup)
        return (self.learning_rate or 0.0) * rise * fall

    def as_dict(self) -> dict[str, Any]:
        """The fields as JSON values, lists in place of tuples.

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
