import math

import pytest
import yaml

from striate.errors import UsageError
from striate.nets.recipe import MOST, Recipe


def test_yaml_round_trip() -> None:
    recipe = Recipe(epochs=3, optimiser="sgd", flip=False).planned(1000, ("a", "b"))
    assert Recipe.from_dict(yaml.safe_load(yaml.safe_dump(recipe.as_dict()))) == recipe


def test_unknown_key_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="Did you mean learning_rate"):
        Recipe.from_dict({"learning_rat": 1})


@pytest.mark.parametrize(
    "bad",
    [{"epochs": 0}, {"epochs": 1.5}, {"epochs": True}, {"minutes": math.nan}, {"learning_rate": -1},
     {"optimiser": "adam"}, {"schedule": "step"}, {"precision": "int8"},
     {"flip": "yes"}, {"seed": -1}, {"momentum": 1}, {"shift": "1"}],
)
def test_impossible_values_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(UsageError) as caught:
        Recipe(**bad)  # type: ignore[arg-type]
    assert caught.value.code == "bad_recipe"
    assert next(iter(bad)) in str(caught.value)


def test_the_default_budget_shrinks_with_the_data() -> None:
    budgets = [Recipe().planned(count, ("aa", "bb")).epochs for count in (10, 1_257, 60_000, 10_000_000)]
    assert budgets == sorted(budgets, reverse=True)  # type: ignore[type-var]
    assert budgets[0] == MOST


@pytest.mark.parametrize(("classes", "flip"), [(("0", "1"), False), (("A", "b"), False), (("cat", "dog"), True)])
def test_mirroring_is_off_for_characters(classes: tuple[str, ...], flip: bool) -> None:
    assert Recipe().planned(100, classes).flip is flip
    assert Recipe(flip=not flip).planned(100, classes).flip is not flip


@pytest.mark.parametrize("schedule", ["linear", "cosine", "constant"])
def test_schedule_rises_then_falls(schedule: str) -> None:
    recipe = Recipe(steps=100, learning_rate=2.0, warmup=0.1, schedule=schedule)
    rates = [recipe.rate_at(step) for step in range(100)]
    assert max(rates) == rates[9] == pytest.approx(2.0)
    assert rates[:10] == sorted(rates[:10])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] == pytest.approx(2.0) if schedule == "constant" else rates[-1] < 0.05
