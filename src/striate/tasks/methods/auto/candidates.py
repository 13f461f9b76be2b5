"""Candidates of a selection: the training methods of the families, made from the settings of the run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from striate.errors import MissingError
from striate.tasks.methods.auto.families import FAMILIES, Family
from striate.tasks.methods.method import TrainingMethod
from striate.tasks.settings import Settings

SHARED = ("seed", "flip", "precision")  # fields of a recipe that mean the same for all networks


def method_of(name: str, settings: Settings, **recipe: Any) -> TrainingMethod[Any]:
    """The training method of the candidate `name` with the settings of the run, and these fields of a recipe more."""
    method = next(family.method for family in FAMILIES if name in (family.name, family.deeper))
    taken = getattr(method, "FIELDS", SHARED)
    fields = {key: value for key, value in settings.recipe.items() if key in taken}
    own = replace(settings, model=name, recipe=fields | recipe, single=False)
    return method(own if method.PRETRAINED else replace(own, weights=None, network=None))


def candidates(settings: Settings) -> tuple[dict[str, tuple[Family, TrainingMethod[Any]]], dict[str, str]]:
    """By name the family and the method of each candidate, and why others are none.

    Pretrained weights that are given must be there; where the usual ones are not, the methods that need them are left
    out.
    """
    found: dict[str, tuple[Family, TrainingMethod[Any]]] = {}
    missing: dict[str, str] = {}
    for family in FAMILIES:
        try:
            found[family.name] = family, method_of(family.name, settings)
        except MissingError as error:
            if settings.weights is not None or settings.network is not None:
                raise
            missing[family.name] = f"{error.given}: {error.do}"
    return found, missing
