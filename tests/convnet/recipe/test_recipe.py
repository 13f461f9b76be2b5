"""What a recipe takes, and that it goes out and comes in unchanged; the schedule is tested in test_schedule.py."""

import inspect
import json
import math
from dataclasses import fields
from typing import get_type_hints

import pytest
import yaml

from striate.convnet.recipe.presets import DataFacts, plan
from striate.convnet.recipe.recipe import Recipe
from striate.convnet.recipe.recipe_field import field_text
from striate.convnet.recogniser import ConvNet
from striate.core.params import params_of
from striate.errors import UsageError

FULL = Recipe(minutes=2, steps=12, plan=((0, 10), (4, 12)), schedule="multistep", gamma=0.1, step_values=(3, 5),
              optimiser="muon", average=0.99, clip=1, balance=True, mixup=0.2, cutmix=1, cutout=0.25, crop=0.3,
              colour=0.4, randaugment=9, test_time="shift", flip=False)


@pytest.mark.parametrize("recipe", [Recipe(), FULL, plan(Recipe(optimiser="sgd"), DataFacts(1000, ("a", "b")))[0]])
@pytest.mark.parametrize("there_and_back", [
    lambda values: yaml.safe_load(yaml.safe_dump(values)), lambda values: json.loads(json.dumps(values))])
def test_a_recipe_comes_back_from_yaml_and_json(recipe, there_and_back) -> None:
    values = recipe.as_dict()
    assert there_and_back(values) == values
    assert Recipe.from_dict(there_and_back(values)) == recipe
    assert hash(Recipe.from_dict(there_and_back(values))) == hash(recipe)


def test_unknown_key_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="Did you mean learning_rate"):
        Recipe.from_dict({"learning_rat": 1})


def names_in(doc: str | None, heading: str) -> list[str]:
    """The names that the section `heading` of a docstring describes, in order."""
    section = (doc or "").split(f"{heading}:")[1].split("\n\n")[0]
    return [line.strip().split(":")[0] for line in section.splitlines() if line[:8].isspace() and line[8:9].strip()]


def test_a_field_is_declared_once_and_stands_in_signature_docstrings_and_constraints() -> None:
    """The tests of docs/train.md hold the table there and the options of `striate train` to the same texts."""
    names = [field.name for field in fields(Recipe)]
    own = {"network", "size", "resize", "weights"}
    signature = inspect.signature(ConvNet.__init__).parameters
    assert [name for name in signature if name not in own | {"self"}] == names
    assert set(ConvNet().get_params()) == {*own, *names}
    assert list(params_of(Recipe)) == names
    assert names_in(Recipe.__doc__, "Attributes") == names
    assert [name for name in names_in(ConvNet.__doc__, "Args") if name not in own] == names
    for field in fields(Recipe):
        assert field_text(Recipe, field.name) in " ".join((ConvNet.__doc__ or "").split())
    hints, ours = get_type_hints(Recipe), get_type_hints(ConvNet.__init__)
    assert {name: ours[name] for name in names} == {
        name: hints[name] if name == "seed" else hints[name] | None for name in names}
    assert {name: signature[name].default for name in names} == {**dict.fromkeys(names), "seed": 0}
    model = ConvNet(**{name: object() for name in names})
    assert len({id(getattr(model, name)) for name in names}) == len(names)


@pytest.mark.parametrize(
    "bad",
    [{"epochs": 0}, {"epochs": 1.5}, {"epochs": True}, {"minutes": math.nan}, {"learning_rate": -1},
     {"optimiser": "adam"}, {"step_size": 3}, {"precision": "int8"}, {"precision": None}, {"seed": None},
     {"flip": "yes"}, {"flip": 1}, {"balance": None}, {"balance": 1}, {"seed": -1}, {"momentum": 1}, {"shift": "1"},
     {"schedule": "onecycle"}, {"schedule": ["linear"]}, {"cooldown": 1.1}, {"average": 1}, {"clip": 0},
     {"mixup": -0.1}, {"cutmix": math.inf}, {"cutout": 1.5}, {"crop": -1}, {"colour": 2}, {"randaugment": 11},
     {"test_time": "tta"}],
)
def test_impossible_values_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(UsageError) as caught:
        Recipe.from_dict(bad)
    assert caught.value.code == "bad_recipe"
    assert next(iter(bad)) in str(caught.value)
    assert "None" not in str(caught.value)


@pytest.mark.parametrize("plan", [
    "plan", [1, 2], [[0, 10, 10]], [[0, 10.0]], [[1, 10]], [[0, 9]], [[0, 10], [0, 10]], [[0, 20], [5, 3], [6, 10]],
    [[0, 5], [3, 3], [4, 10]], [[0, True]], None])
def test_impossible_plans_are_refused(plan: object) -> None:
    with pytest.raises(UsageError, match=r"^plan was set; .* and the last of them the number of steps, is allowed; "):
        Recipe.from_dict({"steps": 10, "plan": plan})


def test_a_schedule_needs_its_numbers_and_no_others() -> None:
    with pytest.raises(UsageError, match=r"^gamma was set; a number with the schedule step is allowed; nothing was"):
        Recipe(schedule="step")
    with pytest.raises(UsageError, match=r"^power was set; no number with the schedule of the preset is allowed"):
        Recipe(power=2.0)


def test_epochs_and_minutes_exclude_each_other() -> None:
    with pytest.raises(UsageError, match="epochs or minutes are allowed, not both"):
        Recipe(epochs=1, minutes=1)
    assert Recipe(epochs=1, steps=5).steps == Recipe(minutes=1, steps=5).steps == 5
