"""What the fields of a recipe may hold, a constraint each, and which of them go together (`bad_recipe`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from striate.convnet.recipe.lr_schedule import SHAPES
from striate.core.constraints import Boolean, Integer, Number, OneOf, unquoted
from striate.core.params import Param, Refusal, check
from striate.errors import UsageError

# Caffe's policies, with the numbers that each needs.
NUMBERS = {"step": ("gamma", "step_size"), "exp": ("gamma",), "inv": ("gamma", "power"),
           "multistep": ("gamma", "step_values"), "poly": ("power",), "sigmoid": ("gamma", "step_size")}
OPTIMISERS = ("sgd", "adamw", "muon")
SCHEDULES = (*SHAPES, *NUMBERS)
PRECISIONS = ("auto", "float32", "bfloat16")
TEST_TIMES = ("none", "flip", "shift")
LONGEST = 100_000  # pairs of a plan

REFUSAL = Refusal("bad_recipe", "{name} was set", "Change {name}", given=unquoted)
Count = partial(Integer, phrase="a whole number from {low:g} to {high:g} is allowed")
Range = partial(Number, phrase="a number from {low:g} to {high:g} is allowed")
Choice = partial(OneOf, phrase="one of {words} is allowed")


@dataclass(frozen=True)
class StepValues:
    """The steps at which a rate falls: 1 to 1,000 rising whole numbers."""

    allowed: str = "a list of rising whole numbers from 0 up is allowed"

    def read(self, value: object) -> tuple[int, ...]:
        """The steps themselves."""
        if not (isinstance(value, tuple) and 0 < len(value) <= 1_000 and all(type(one) is int for one in value)
                and list(value) == sorted(value) and value[0] >= 0):
            raise ValueError
        return value


@dataclass(frozen=True)
class SchedulePlan:
    """(step, total) pairs that `lr_schedule.fraction_at` can follow, or none."""

    allowed: str = ("a list of [step, total] pairs, the first from step 0, the steps rising, each total behind its "
                    "step and the last of them the number of steps, is allowed")

    def read(self, value: object) -> tuple[tuple[int, int], ...]:
        """The pairs themselves."""
        if not isinstance(value, tuple) or len(value) > LONGEST or not all(
                isinstance(pair, tuple) and len(pair) == 2 and all(type(one) is int for one in pair) for pair in value):
            raise ValueError
        starts = [start for start, _ in value]
        if value and (starts[0] != 0 or starts != sorted(set(starts)) or any(end <= start for start, end in value)):
            raise ValueError
        return value


PARAMS: Mapping[str, Param] = {
    "epochs": Param(Count(1, 100_000), optional=True),
    "minutes": Param(Range(0.01, 100_000), optional=True),
    "steps": Param(Count(1, 10**12), optional=True),
    "plan": Param(SchedulePlan()),
    "batch_size": Param(Count(1, 65_536), optional=True),
    "optimiser": Param(Choice(*OPTIMISERS), optional=True),
    "learning_rate": Param(Range(1e-9, 1e6), optional=True),
    "momentum": Param(Range(0, 0.9999), optional=True),
    "weight_decay": Param(Range(0, 10), optional=True),
    "warmup": Param(Range(0, 0.9), optional=True),
    "schedule": Param(Choice(*SCHEDULES), optional=True),
    "cooldown": Param(Range(0, 1), optional=True),
    "gamma": Param(Range(-1e6, 1e6), optional=True),
    "power": Param(Range(-1e3, 1e3), optional=True),
    "step_size": Param(Count(1, 10**12), optional=True),
    "step_values": Param(StepValues(), optional=True),
    "label_smoothing": Param(Range(0, 0.9), optional=True),
    "average": Param(Range(0, 0.999999), optional=True),
    "clip": Param(Range(1e-6, 1e9), optional=True),
    "balance": Param(Boolean()),
    "mixup": Param(Range(0, 100), optional=True),
    "cutmix": Param(Range(0, 100), optional=True),
    "flip": Param(Boolean("true, false or null is allowed"), optional=True),
    "shift": Param(Range(0, 0.5), optional=True),
    "rotate": Param(Range(0, 180), optional=True),
    "zoom": Param(Range(0, 0.9), optional=True),
    "cutout": Param(Range(0, 1), optional=True),
    "crop": Param(Range(0, 1), optional=True),
    "colour": Param(Range(0, 1), optional=True),
    "randaugment": Param(Range(0, 10), optional=True),
    "test_time": Param(Choice(*TEST_TIMES), optional=True),
    "precision": Param(Choice(*PRECISIONS)),
    "seed": Param(Count(0, 2**63 - 1)),
}
CHOICES = {name: param.rule.words for name, param in PARAMS.items() if isinstance(param.rule, OneOf)}


def checked(recipe: object) -> dict[str, Any]:
    """The fields of a recipe as they are kept; refuses what no run could use: `bad_recipe`, `two_budgets`."""
    kept = check(PARAMS, recipe, REFUSAL)
    schedule = kept["schedule"]
    for name in ("gamma", "power", "step_size", "step_values"):
        needed = name in NUMBERS.get(schedule, ())
        if (kept[name] is not None) != needed:
            raise REFUSAL.of(name, kept[name], f"{'a number' if needed else 'no number'} with the schedule "
                             f"{schedule or 'of the preset'} is allowed")
    if kept["plan"] and kept["plan"][-1][1] != kept["steps"]:
        raise REFUSAL.of("plan", kept["plan"], PARAMS["plan"].rule.allowed)
    if kept["epochs"] is not None and kept["minutes"] is not None:
        raise UsageError("two_budgets", "a training budget was asked for",
                         allowed="epochs or minutes are allowed, not both",
                         given=f"{kept['epochs']} epochs and {kept['minutes']:g} minutes were given",
                         do="Leave one of them out")
    return kept
