"""Validation of recipes: constraints of single fields and of fields together (`bad_recipe`, `two_budgets`)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from striate.convnet.recipe.lr_schedule import SHAPES
from striate.core.constraints import Integer, Number, OneOf, unquoted
from striate.core.params import Refusal, check, params_of
from striate.errors import UsageError

# Caffe's policies, with the settings that each needs.
POLICIES = {"step": ("gamma", "step_size"), "exp": ("gamma",), "inv": ("gamma", "power"),
           "multistep": ("gamma", "step_values"), "poly": ("power",), "sigmoid": ("gamma", "step_size")}
OPTIMISERS = ("sgd", "adamw", "muon")
SCHEDULES = (*SHAPES, *POLICIES)
PRECISIONS = ("auto", "float32", "bfloat16")
TEST_TIMES = ("none", "flip", "shift")
LONGEST = 100_000  # pairs of a plan

REFUSAL = Refusal("bad_recipe", "{name} was set", "Change {name}", given=unquoted)
Count = partial(Integer, phrase="a whole number from {low:g} to {high:g} is allowed")
Range = partial(Number, phrase="a number from {low:g} to {high:g} is allowed")
Choice = partial(OneOf, phrase="one of {words} is allowed")


@dataclass(frozen=True)
class StepValues:
    """Constraint of the steps at which a rate falls: 1 to 1,000 rising whole numbers."""

    allowed: str = "a list of rising whole numbers from 0 up is allowed"

    def read(self, value: object) -> tuple[int, ...]:
        """The validated steps."""
        if not (isinstance(value, tuple) and 0 < len(value) <= 1_000 and all(type(one) is int for one in value)
                and list(value) == sorted(value) and value[0] >= 0):
            raise ValueError
        return value


@dataclass(frozen=True)
class SchedulePlan:
    """Constraint of a plan: (step, total) pairs that `lr_schedule.fraction_at` can follow, or none."""

    allowed: str = ("a list of [step, total] pairs, the first from step 0, the steps rising, each total behind its "
                    "step and the last of them the number of steps, is allowed")

    def read(self, value: object) -> tuple[tuple[int, int], ...]:
        """The validated pairs."""
        if not isinstance(value, tuple) or len(value) > LONGEST or not all(
                isinstance(pair, tuple) and len(pair) == 2 and all(type(one) is int for one in pair) for pair in value):
            raise ValueError
        starts = [start for start, _ in value]
        if value and (starts[0] != 0 or starts != sorted(set(starts)) or any(end <= start for start, end in value)):
            raise ValueError
        return value


def checked(recipe: object) -> dict[str, Any]:
    """The validated fields of a `Recipe`; refuses others (`bad_recipe`, `two_budgets`)."""
    cls: type = type(recipe)
    kept = check(params_of(cls), recipe, REFUSAL)
    schedule = kept["schedule"]
    for name in ("gamma", "power", "step_size", "step_values"):
        needed = name in POLICIES.get(schedule, ())
        if (kept[name] is not None) != needed:
            raise REFUSAL.of(name, kept[name], f"{'a number' if needed else 'no number'} with the schedule "
                             f"{schedule or 'of the preset'} is allowed")
    if kept["plan"] and kept["plan"][-1][1] != kept["steps"]:
        raise REFUSAL.of("plan", kept["plan"], SchedulePlan().allowed)
    if kept["epochs"] is not None and kept["minutes"] is not None:
        raise UsageError("two_budgets", "a training budget was asked for",
                         allowed="epochs or minutes are allowed, not both",
                         given=f"{kept['epochs']} epochs and {kept['minutes']:g} minutes were given",
                         do="Leave one of them out")
    return kept
