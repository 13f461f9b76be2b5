"""Caffe's policies of the learning rate in a recipe: the solver's numbers, step by step, and written out by hand."""

import json

import pytest
import yaml

from striate.arch.formats.caffe import read_solver
from striate.convnet.recipe.recipe import Recipe
from striate.convnet.training.time_budget import replan
from striate.errors import UsageError

SOLVERS = {
    "fixed": ('lr_policy: "fixed"', 1.0),
    "step": ('lr_policy: "step" gamma: 0.5 stepsize: 20', 0.5 ** 2),
    "exp": ('lr_policy: "exp" gamma: 0.99', 0.99 ** 50),
    "inv": ('lr_policy: "inv" gamma: 0.01 power: 0.75', 1.5 ** -0.75),
    "multistep": ('lr_policy: "multistep" gamma: 0.1 stepvalue: 10 stepvalue: 50 stepvalue: 90', 0.1 ** 2),
    "poly": ('lr_policy: "poly" power: 2', 0.25),
    "linear": ('lr_policy: "poly" power: 1', 0.5),
    "sigmoid": ('lr_policy: "sigmoid" gamma: -0.1 stepsize: 50', 0.5),
}


@pytest.mark.parametrize("name", SOLVERS)
def test_a_solver_becomes_a_recipe_with_the_same_rates(name):
    text, half_way = SOLVERS[name]
    solver = read_solver(f"base_lr: 0.2 max_iter: 100 momentum: 0.9 weight_decay: 0.004 {text}")
    recipe = Recipe.from_dict(yaml.safe_load(yaml.safe_dump(solver.as_recipe())))
    assert [recipe.rate_at(step) for step in range(100)] == pytest.approx([solver.rate_at(i) for i in range(100)])
    assert recipe.rate_at(50) == pytest.approx(0.2 * half_way)
    assert (recipe.optimiser, recipe.momentum, recipe.weight_decay, recipe.steps) == ("sgd", 0.9, 0.004, 100)
    assert Recipe.from_dict(json.loads(json.dumps(recipe.as_dict()))) == recipe


@pytest.mark.parametrize(("given", "named"), [
    ({"schedule": "step", "gamma": 0.1}, "step_size"), ({"schedule": "linear", "gamma": 0.1}, "gamma"),
    ({"schedule": "multistep", "gamma": 0.1, "step_values": [5, 3]}, "step_values"),
    ({"schedule": "exp", "gamma": float("nan")}, "gamma")])
def test_numbers_that_do_not_belong_to_the_schedule_are_refused(given, named):
    with pytest.raises(UsageError, match=f"^{named} was set"):
        Recipe.from_dict(given)


def test_poly_by_the_clock_is_repeated_by_its_plan():
    """Each step had the rate of the steps that were planned then; the finished recipe must not say another."""
    asked = {"learning_rate": 1.0, "schedule": "poly", "power": 2.0}
    begun = Recipe(steps=10, plan=((0, 10),), **asked)
    gone_on = replan(begun, 5, 8)
    rates = [begun.rate_at(step) for step in range(5)] + [gone_on.rate_at(step) for step in range(5, 8)]
    assert [gone_on.rate_at(step) for step in range(8)] == rates
    assert rates[4:6] == pytest.approx([0.6**2, (3 / 8) ** 2])
