"""Presets: every row fills every open field with what a recipe takes, and says why; what was said stays."""

from dataclasses import fields, replace
from typing import Any

import pytest

from striate import ConvNet
from striate.convnet.recipe import presets, validation
from striate.convnet.recipe.presets import PRESETS, DataFacts, batch_for, name_for, plan
from striate.convnet.recipe.recipe import Recipe
from striate.convnet.training import time_budget
from striate.data import Data

WORDS = ("cat", "dog")
OPEN = {"clip", "minutes", "gamma", "power", "step_size", "step_values"}  # these stay open: None says they are not used
FACTS = {
    "few small pictures": DataFacts(800, WORDS, (28, 28)),
    "many small pictures": DataFacts(60_000, WORDS, (32, 64)),
    "few photographs": DataFacts(10_000, WORDS, (64, 65)),
    "many photographs": DataFacts(10_001, WORDS, (480, 640), 3),
    "pretrained network": DataFacts(1_000, WORDS, (224, 224), 3, pretrained=True),
}


@pytest.mark.parametrize("name", PRESETS)
def test_every_row_fills_every_open_field(name: str) -> None:
    assert name_for(FACTS[name]) == name
    recipe, reasons = plan(Recipe(), FACTS[name])
    assert {field.name for field in fields(recipe) if getattr(recipe, field.name) is None} == OPEN
    row = PRESETS[name].values
    assert all(getattr(recipe, key) == value for key, value in row.items() if key != "batch_size")
    assert row.keys() <= {field.name for field in fields(recipe)}
    assert reasons[0].startswith(f"preset {name}: ")
    assert not any("None" in reason for reason in reasons)
    assert Recipe.from_dict(recipe.as_dict()) == recipe


@pytest.mark.parametrize("name", PRESETS)
def test_what_was_said_stays(name: str) -> None:
    said = Recipe(epochs=3, batch_size=7, optimiser="sgd", learning_rate=0.7, momentum=0.1, weight_decay=0.0,
                  warmup=0.0, schedule="cosine", cooldown=0.9, label_smoothing=0.3, average=0.5, mixup=0.1, cutmix=0.2,
                  flip=False, shift=0.0, rotate=1.0, zoom=0.5, cutout=0.5, crop=0.5, colour=0.5, randaugment=5.0,
                  test_time="flip", clip=2.0, balance=True)
    recipe, reasons = plan(said, FACTS[name])
    assert recipe == replace(said, steps=3 * -(-FACTS[name].count // 7))
    assert len(reasons) == 1


@pytest.mark.parametrize("optimiser", validation.OPTIMISERS)
def test_another_optimiser_has_its_own_numbers(optimiser: str) -> None:
    own = presets.OPTIMISERS[optimiser]
    for name, facts in FACTS.items():
        recipe = plan(Recipe(optimiser=optimiser), facts)[0]
        if PRESETS[name].values["optimiser"] != optimiser:
            wanted = own | (presets.CAREFUL if facts.pretrained else {})
            assert {key: getattr(recipe, key) for key in own} == wanted
        assert plan(Recipe(optimiser=optimiser, learning_rate=0.5), facts)[0].learning_rate == 0.5


def test_sgd_goes_slower_where_nothing_is_normalised() -> None:
    facts = replace(FACTS["few small pictures"], normalised=False)
    assert plan(Recipe(optimiser="sgd"), facts)[0].learning_rate == 0.01
    assert plan(Recipe(optimiser="sgd", learning_rate=0.3), facts)[0].learning_rate == 0.3
    assert plan(Recipe(), facts)[0] == plan(Recipe(), FACTS["few small pictures"])[0]


def test_planning_twice_is_planning_once() -> None:
    once, _ = plan(Recipe(), FACTS["many photographs"])
    assert plan(once, FACTS["many photographs"])[0] == once


def test_budgets_are_left_to_those_who_gave_them() -> None:
    facts = FACTS["few small pictures"]
    by_steps, by_clock = plan(Recipe(steps=77), facts)[0], plan(Recipe(minutes=5), facts)[0]
    assert (by_steps.epochs, by_steps.steps) == (None, 77)
    assert (by_clock.epochs, by_clock.steps, by_clock.minutes) == (None, None, 5)
    walked = Recipe(minutes=5, steps=90, plan=((0, 100), (50, 90)))
    assert plan(walked, facts)[0].plan == walked.plan
    repeated = Recipe(epochs=2, steps=90, plan=((0, 100), (50, 90)))  # what was carried out counts more
    assert plan(repeated, facts)[0].steps == 90


def test_the_default_budget_shrinks_with_the_data() -> None:
    budgets = [plan(Recipe(), DataFacts(count, WORDS))[0].epochs for count in (10, 1_257, 60_000, 10_000_000)]
    assert budgets == sorted(budgets, reverse=True)  # type: ignore[type-var]
    fewest, most = PRESETS["few small pictures"].epochs
    assert (budgets[0], budgets[-1]) == (most, fewest)


@pytest.mark.parametrize(("classes", "flip"), [(("0", "1"), False), (("A", "b"), False), (("cat", "dog"), True)])
def test_mirroring_is_off_for_characters(classes: tuple[str, ...], flip: bool) -> None:
    recipe, reasons = plan(Recipe(), DataFacts(100, classes))
    assert recipe.flip is flip
    assert ("flip off: the classes are single characters" in reasons) is not flip
    assert plan(Recipe(flip=not flip), DataFacts(100, classes))[0].flip is not flip


@pytest.mark.parametrize(("count", "memory", "batch", "why"), [
    (60_000, 0, 128, "the largest of the preset"),
    (60_000, 15_625_000, 128, "the largest of the preset"),  # 128 · 15,625,000 = 2·10⁹, and so it just fits
    (60_000, 15_625_001, 64, "2 GB of memory hold 127 at 16 MB each"),
    (60_000, 1_999_999_999, 1, "2 GB of memory hold 1 at 2,000 MB each"),
    (60_000, 2_000_000_001, 1, "one picture takes 2,000 MB of memory"),
    (1_257, 15_625_001, 32, "steps in one pass over the pictures: 40"),
    (1, 0, 16, "steps in one pass over the pictures: 1")])
def test_the_batch_fits_in_memory(count: int, memory: int, batch: int, why: str) -> None:
    assert batch_for(DataFacts(count, WORDS, memory=memory), 128) == (batch, why)
    facts = DataFacts(count, WORDS, memory=memory)
    largest = PRESETS[name_for(facts)].values["batch_size"]
    assert plan(Recipe(), facts)[0].batch_size == batch_for(facts, largest)[0]
    assert plan(Recipe(batch_size=999), DataFacts(count, WORDS, memory=memory))[0].batch_size == 999


@pytest.mark.parametrize("given", [
    {"epochs": 4}, {"steps": 940}, {"minutes": 1, "steps": 900, "plan": ((0, 940), (9, 900))}])
def test_pictures_that_are_seen_few_times_are_not_moved(given: dict[str, Any]) -> None:
    facts = FACTS["many small pictures"]  # 235 steps of 256 in a pass
    recipe, reasons = plan(Recipe(**given), facts)
    assert (recipe.shift, recipe.rotate, recipe.flip) == (0.0, 0.0, True)
    assert reasons[-1] == "pictures are not moved: each is shown 4.0 times"
    assert plan(Recipe(**given, shift=0.1), facts)[0].shift == 0.1
    assert plan(Recipe(epochs=5), facts)[0].shift == 0.04


def test_by_the_clock_it_is_the_first_plan_that_tells(digits: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    for steps, moved in ((150, 0.0), (250, 0.08)):  # 40 in a pass
        monkeypatch.setattr(time_budget, "steps_left", lambda *_, steps=steps: steps)
        monkeypatch.setattr(time_budget.BudgetClock, "new_total", lambda *_: 0)
        model = ConvNet("lenet5", minutes=1, batch_size=32).fit(digits.train)
        assert (model.recipe_.steps, model.recipe_.shift) == (steps, moved)
        assert ("not moved" in model.reasons_[-1]) is not bool(moved)
