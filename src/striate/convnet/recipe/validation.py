"""What a recipe may say: the choices, the bounds of its numbers, and the refusal of all else (`bad_recipe`)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from striate.convnet.recipe.lr_schedule import SHAPES
from striate.errors import UsageError, shown

# Caffe's policies, with the numbers that each needs.
NUMBERS = {"step": ("gamma", "step_size"), "exp": ("gamma",), "inv": ("gamma", "power"),
           "multistep": ("gamma", "step_values"), "poly": ("power",), "sigmoid": ("gamma", "step_size")}
OPTIMISERS = ("sgd", "adamw", "muon")
SCHEDULES = (*SHAPES, *NUMBERS)
PRECISIONS = ("auto", "float32", "bfloat16")
TEST_TIMES = ("none", "flip", "shift")
CHOICES = {"optimiser": OPTIMISERS, "schedule": SCHEDULES, "precision": PRECISIONS, "test_time": TEST_TIMES}
WHOLE = ("epochs", "steps", "batch_size", "seed", "step_size")
BOUNDS: tuple[tuple[str, float, float], ...] = (
    ("epochs", 1, 100_000), ("minutes", 0.01, 100_000), ("steps", 1, 1e12), ("batch_size", 1, 65_536),
    ("learning_rate", 1e-9, 1e6), ("momentum", 0, 0.9999), ("weight_decay", 0, 10), ("warmup", 0, 0.9),
    ("cooldown", 0, 1), ("gamma", -1e6, 1e6), ("power", -1e3, 1e3), ("step_size", 1, 1e12),
    ("label_smoothing", 0, 0.9), ("average", 0, 0.999999), ("clip", 1e-6, 1e9), ("mixup", 0, 100), ("cutmix", 0, 100),
    ("shift", 0, 0.5), ("rotate", 0, 180), ("zoom", 0, 0.9), ("cutout", 0, 1), ("crop", 0, 1), ("colour", 0, 1),
    ("randaugment", 0, 10), ("seed", 0, 2**63 - 1),
)
UNPLANNED = ("precision", "seed", "balance")  # these are never "planned from the data"
LONGEST = 100_000  # pairs of a plan


def check(values: Mapping[str, Any]) -> None:
    """Refuse field values that no run could use: `bad_recipe`, `two_budgets`."""
    for name, choices in CHOICES.items():
        value = values[name]
        _check(name, value, value in choices or _open(name, value), f"one of {', '.join(choices)}")
    for name, low, high in BOUNDS:
        value = values[name]
        right = _open(name, value) or (is_number(value, name in WHOLE) and low <= value <= high)
        _check(name, value, right, f"a {'whole ' if name in WHOLE else ''}number from {low:g} to {high:g}")
    _check("flip", values["flip"], values["flip"] is None or type(values["flip"]) is bool, "true, false or null")
    _check("balance", values["balance"], type(values["balance"]) is bool, "true or false")
    _check_policy(values)
    _check("plan", values["plan"], _is_plan(values["plan"], values["steps"]),
           "a list of [step, total] pairs, the first from step 0, the steps rising, each total behind its step and the "
           "last of them the number of steps,")
    epochs, minutes = values["epochs"], values["minutes"]
    if epochs is not None and minutes is not None:
        raise UsageError("two_budgets", "a training budget was asked for",
                         allowed="epochs or minutes are allowed, not both",
                         given=f"{epochs} epochs and {minutes:g} minutes were given", do="Leave one of them out")


def is_number(value: object, whole: bool = False) -> bool:
    """Whether `value` is a finite number, and a whole one if asked; true and false are none.

    >>> is_number(1.5), is_number(1.5, whole=True), is_number(True), is_number(float("nan"))
    (True, False, False, False)
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and (not whole or isinstance(value, int))


def _open(name: str, value: object) -> bool:
    return value is None and name not in UNPLANNED


def _check_policy(values: Mapping[str, Any]) -> None:
    """The numbers of Caffe's policies stand where the schedule is one that needs them, and nowhere else."""
    given = values["step_values"]
    _check("step_values", given, given is None or (
        isinstance(given, tuple) and 0 < len(given) <= 1_000 and all(type(one) is int for one in given)
        and list(given) == sorted(given) and given[0] >= 0), "a list of rising whole numbers from 0 up")
    schedule = values["schedule"]
    for name in ("gamma", "power", "step_size", "step_values"):
        needed = name in NUMBERS.get(schedule, ())
        _check(name, values[name], (values[name] is not None) == needed,
               f"{'a number' if needed else 'no number'} with the schedule {schedule or 'of the preset'}")


def _is_plan(plan: object, steps: object) -> bool:
    """Whether `plan` is empty, or a tuple of (step, total) that `schedule.fraction_at` can follow to `steps`."""
    if not isinstance(plan, tuple) or len(plan) > LONGEST:
        return False
    if not all(isinstance(pair, tuple) and len(pair) == 2 and all(type(one) is int for one in pair) for pair in plan):
        return False
    starts = [start for start, _ in plan]
    return not plan or (starts[0] == 0 and starts == sorted(set(starts)) and all(end > start for start, end in plan)
                        and plan[-1][1] == steps)


def _check(name: str, value: object, right: bool, allowed: str) -> None:
    if not right:
        raise UsageError("bad_recipe", f"{name} was set", allowed=f"{allowed} is allowed",
                         given=f"{'nothing' if value is None else shown(str(value))} was given",
                         do=f"Change {name}")
