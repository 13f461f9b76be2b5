"""Training of a network in words: optimiser, schedule, budget, number format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from striate.report.formatting import duration, noun, number, percent
from striate.report.train_result import TrainResult

OPTIMISERS = {
    "sgd": "stochastic gradient descent with Nesterov momentum {momentum:g}",
    "adamw": "AdamW, first moment's decay {momentum:g}",
    "muon": "Muon for filters and matrices, gradient descent with Nesterov momentum {momentum:g} for the rest",
}
FALLS = {
    "linear": ", then falls in a straight line to zero",
    "cosine": ", then falls along half a cosine wave to zero",
    "trapezoid": ", stays there, and falls in a straight line to zero",
    "constant": ", and stays there",
}
PRECISIONS = {"bfloat16": "bfloat16, weights in float32"}


def settings_rows(result: TrainResult) -> list[tuple[str, str | Markup]]:
    """Rows (what, how) about a training run; a row without information is left out."""
    rows = [("Optimiser", optimiser(result.recipe)), ("Learning rate", schedule(result.recipe)),
            ("Budget", budget(result)), ("Numbers", precision(result.environment))]
    return [(what, how) for what, how in rows if how]


def optimiser(recipe: Mapping[str, Any]) -> str:
    """Optimiser, weight decay and batch size; nothing where the recipe names no optimiser.

    >>> optimiser({"optimiser": "adamw", "momentum": 0.9, "weight_decay": 0.02, "batch_size": 128})
    "AdamW, first moment's decay 0.9; weight decay 0.02, not of biases and norms; 128 pictures a step"
    """
    name = recipe.get("optimiser")
    if not name:
        return ""
    momentum, decay, batch = recipe.get("momentum"), recipe.get("weight_decay"), recipe.get("batch_size")
    known = OPTIMISERS.get(name, name) if momentum is not None else name
    parts = [known.format(momentum=momentum)]
    parts += [f"weight decay {decay:g}, not of biases and norms" if decay else "no weight decay"]
    parts += [f"running average of the weights, decay {recipe['average']:.6g}"] if recipe.get("average") else []
    parts += [f"{batch:,} {noun(batch, 'picture')} a step"] if batch else []
    return "; ".join(parts)


def schedule(recipe: Mapping[str, Any]) -> str | Markup:
    r"""The schedule of the learning rate; nothing where the recipe has none.

    >>> str(schedule({"learning_rate": 0.003, "warmup": 0.15, "schedule": "linear"}))
    'rises over the first 15.0\u202f% of the steps to 0.003, then falls in a straight line to zero'
    >>> str(schedule({"learning_rate": 0.1, "schedule": "step", "gamma": 0.5, "step_size": 100}))
    "begins at 0.1, and goes by Caffe's policy step: gamma 0.5, step_size 100"
    """
    name, peak, warmup = recipe.get("schedule"), recipe.get("learning_rate"), recipe.get("warmup")
    if not name or peak is None:
        return ""
    if name == "one-cycle":
        return Markup("rises in a straight line to {:g}, falls in another, and in the end to zero").format(peak)
    begins = (Markup("rises over the first {} of the steps to {:g}").format(percent(warmup), peak) if warmup
              else Markup("begins at {:g}").format(peak))
    if name in FALLS:
        cooldown = recipe.get("cooldown")
        last = (Markup(" over the last {}").format(percent(cooldown)) if name == "trapezoid" and cooldown
                else Markup(""))
        return begins + FALLS[name] + last
    numbers = ", ".join(f"{key} {recipe[key]}" for key in ("gamma", "power", "step_size", "step_values")
                        if recipe.get(key) is not None)
    return begins + Markup(", and goes by Caffe's policy {}{}").format(name, f": {numbers}" if numbers else "")


def budget(result: TrainResult) -> str | Markup:
    """The requested budget and the one used; nothing without epochs."""
    history, recipe, asked = result.history, result.recipe, result.asked
    if not history:
        return ""
    wanted: str | Markup = ""
    if asked is not None:
        given = next((name for name in ("minutes", "epochs", "steps") if asked.get(name) is not None), None)
        wanted = (Markup("{:,g} {} requested; ").format(asked[given], noun(asked[given], given[:-1])) if given
                  else "none requested, so chosen by the data; ")
    seconds = result.timings.get("training") or sum(row.seconds or 0 for row in history)
    used = Markup("{} {}").format(number(history[-1].epoch), noun(history[-1].epoch, "epoch"))
    if recipe.get("steps"):
        used += Markup(", {} {}").format(number(recipe["steps"]), noun(recipe["steps"], "step"))
    return Markup("{}{} in {}").format(wanted, used, duration(seconds))


def precision(environment: Mapping[str, Any]) -> str:
    """The number format and its reason.

    >>> precision({"precision": "bfloat16: this processor multiplies it natively"})
    'bfloat16, weights in float32: this processor multiplies it natively'
    """
    name, _, reason = str(environment.get("precision") or "").partition(": ")
    return f"{PRECISIONS.get(name, name)}: {reason}" if reason else PRECISIONS.get(name, name)

