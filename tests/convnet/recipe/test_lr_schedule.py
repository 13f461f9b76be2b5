"""How the rate goes: each shape point by point, and any plan against a walk that knows only its next step."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate.convnet.recipe.lr_schedule import SHAPES, factor, fraction_at
from striate.convnet.recipe.recipe import Recipe

FALLING = ["linear", "cosine", "trapezoid"]


def rates(steps: int = 100, **more: object) -> list[float]:
    recipe = Recipe.from_dict({"steps": steps, "learning_rate": 2.0} | more)
    return [recipe.rate_at(step) for step in range(steps)]


@pytest.mark.parametrize("schedule", [*FALLING, "constant"])
def test_the_rate_rises_to_its_peak_then_falls(schedule: str) -> None:
    got = rates(warmup=0.1, schedule=schedule, cooldown=0.4)
    assert got[:10] == pytest.approx([0.2 * (step + 1) for step in range(10)])
    assert max(got) == got[9] == pytest.approx(2.0)
    assert got[10:] == sorted(got[10:], reverse=True)
    assert got[-1] == pytest.approx(2.0) if schedule == "constant" else 0 < got[-1] < 0.06


@pytest.mark.parametrize(("schedule", "wanted"), [
    ("linear", [0.5, 1, 1, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125]),
    ("cosine", [0.5, 1, 1, 0.96194, 0.853553, 0.691342, 0.5, 0.308658, 0.146447, 0.03806]),
    ("trapezoid", [0.5, 1, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25]),
    ("constant", [0.5, 1, 1, 1, 1, 1, 1, 1, 1, 1]),
    ("one-cycle", [0.1, 0.3, 0.5, 0.7, 0.9, 0.9, 0.7, 0.5, 0.3, 0.1])])
def test_ten_steps_by_hand(schedule: str, wanted: list[float]) -> None:
    got = rates(10, warmup=0.2, schedule=schedule, cooldown=0.4)
    assert [rate / 2 for rate in got] == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("schedule", SHAPES)
@pytest.mark.parametrize("warmup", [0.0, 0.15, 0.9])
@pytest.mark.parametrize("cooldown", [0.0, 0.3, 1.0])
def test_no_shape_jumps(schedule: str, warmup: float, cooldown: float) -> None:
    got = rates(2_000, warmup=warmup, schedule=schedule, cooldown=cooldown)
    assert all(0 < rate <= 2 for rate in got)
    steepest = 2 / 2_000 * max(3.2 / (1 - warmup), 1 / (warmup or 1), 1 / (cooldown or 1))
    assert max(abs(after - before) for before, after in pairwise(got)) <= steepest * 1.01
    assert 0 <= factor(schedule, 1.0, warmup, cooldown) <= 1


@pytest.mark.parametrize("steps", [1, 2, 3])
@pytest.mark.parametrize("schedule", SHAPES)
def test_no_step_is_wasted_on_rate_0(schedule: str, steps: int) -> None:
    assert all(rate > 0 for rate in rates(steps, warmup=0.15, schedule=schedule, cooldown=0.3))


def test_the_warm_up_precedes_caffes_policies_too() -> None:
    got = rates(10, warmup=0.2, schedule="step", gamma=0.5, step_size=4)
    assert [rate / 2 for rate in got] == [0.5, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25]


@st.composite
def plans(draw: st.DrawFn) -> list[tuple[int, int]]:
    starts = [0, *sorted(draw(st.sets(st.integers(1, 80), max_size=6)))]
    plan = [(start, start + draw(st.integers(1, 60))) for start in starts]
    # Each stretch is longer than the time until the next: what is done cannot be planned again.
    return [(start, max(end, after + 1)) for (start, end), (after, _) in pairwise(plan)] + plan[-1:]


@given(plans())
def test_a_plan_lays_what_is_left_evenly_over_the_steps_that_are_left(plan: list[tuple[int, int]]) -> None:
    totals, total, done = dict(plan), 0, 0.0
    for step in range(plan[-1][1]):
        total = totals.get(step, total)
        assert fraction_at(plan, step) == pytest.approx(done, abs=1e-12)
        done += (1 - done) / (total - step)
    assert fraction_at(plan, plan[-1][1]) == pytest.approx(1.0, abs=1e-12)


@given(plans(), st.integers(0, 200))
def test_a_plan_goes_up_and_stays_within_0_and_1(plan: list[tuple[int, int]], step: int) -> None:
    assert 0 <= fraction_at(plan, step) <= fraction_at(plan, step + 1) <= 1


def test_a_recipe_without_a_plan_has_that_of_its_steps() -> None:
    bare, said = Recipe(steps=40, schedule="cosine", learning_rate=1.0), Recipe(
        steps=40, schedule="cosine", learning_rate=1.0, plan=((0, 40),))
    assert [bare.rate_at(step) for step in range(40)] == [said.rate_at(step) for step in range(40)]


def test_what_was_done_before_a_new_plan_stays_as_it_was() -> None:
    before = Recipe(steps=1_000, schedule="trapezoid", cooldown=0.5, warmup=0.1, learning_rate=1.0)
    after = Recipe(steps=700, plan=((0, 1_000), (400, 700)), schedule="trapezoid", cooldown=0.5, warmup=0.1,
                   learning_rate=1.0)
    assert [before.rate_at(step) for step in range(400)] == [after.rate_at(step) for step in range(400)]
    assert after.rate_at(450) == pytest.approx(before.rate_at(500))
    assert after.rate_at(699) == pytest.approx(before.rate_at(998))
