"""Solver files: Caffe's formulas against a loop that steps as Caffe's does, and the recipes made from them."""

import math

import pytest

from striate.arch.formats.caffe import read_solver

HEAD = 'net: "/nowhere/net.prototxt" base_lr: 0.01 momentum: 0.9 weight_decay: 0.0005 max_iter: 60 '
POLICIES = {
    "fixed": ("", lambda step: 0.01),
    "step": ("gamma: 0.1 stepsize: 20", lambda step: 0.01 * 0.1 ** math.floor(step / 20)),
    "exp": ("gamma: 0.9", lambda step: 0.01 * 0.9 ** step),
    "inv": ("gamma: 0.0001 power: 0.75", lambda step: 0.01 / (1 + 0.0001 * step) ** 0.75),
    "multistep": ("gamma: 0.5 stepvalue: 7 stepvalue: 30 stepvalue: 31",
                  lambda step: 0.01 * 0.5 ** (0 if step < 7 else 1 if step < 30 else 2 if step < 31 else 3)),
    "poly": ("power: 0.5", lambda step: 0.01 * math.sqrt((60 - step) / 60)),
    "sigmoid": ("gamma: -0.3 stepsize: 30", lambda step: 0.01 / (1 + math.e ** (0.3 * (step - 30)))),
}


@pytest.mark.parametrize("policy", POLICIES)
def test_rates_are_caffes(policy):
    settings, formula = POLICIES[policy]
    solver = read_solver(HEAD + f'lr_policy: "{policy}" {settings}')
    for step in range(60):
        assert solver.rate_at(step) == pytest.approx(formula(step), rel=1e-12)


def test_the_published_lenet_solver():
    solver = read_solver("""
        # The train/test net protocol buffer definition
        net: "examples/mnist/lenet_train_test.prototxt"
        test_iter: 100  test_interval: 500
        base_lr: 0.01  momentum: 0.9  weight_decay: 0.0005
        lr_policy: "inv"  gamma: 0.0001  power: 0.75
        display: 100  max_iter: 10000  snapshot: 5000
        snapshot_prefix: "examples/mnist/lenet"  solver_mode: GPU
    """)
    assert solver.net == "examples/mnist/lenet_train_test.prototxt"
    assert (solver.test_interval, solver.max_iter, solver.type) == (500, 10_000, "SGD")
    assert solver.rate_at(10_000) == pytest.approx(0.01 * 2 ** -0.75)
    assert solver.as_recipe() == {
        "optimiser": "sgd", "learning_rate": 0.01, "momentum": 0.9, "weight_decay": 0.0005, "warmup": 0.0,
        "schedule": "inv", "gamma": 0.0001, "power": 0.75, "steps": 10_000}
    assert any("not opened" in note for note in solver.notes)


@pytest.mark.parametrize(("text", "recipe"), [
    ('lr_policy: "fixed"', {"schedule": "constant"}),
    ('lr_policy: "poly" power: 1', {"schedule": "linear"}),
    ('lr_policy: "poly" power: 0.5', {"schedule": "poly", "power": 0.5}),
    ('lr_policy: "step" gamma: 0.1 stepsize: 20', {"schedule": "step", "gamma": 0.1, "step_size": 20}),
    ('lr_policy: "multistep" gamma: 0.1 stepvalue: [5, 9]',
     {"schedule": "multistep", "gamma": 0.1, "step_values": [5, 9]}),
    ('random_seed: 1701', {"seed": 1701, "schedule": "constant"}),
    ('type: "Adam" momentum2: 0.99', {"optimiser": "adamw"}),
])
def test_recipes(text, recipe):
    made = read_solver(HEAD + text).as_recipe()
    assert made.items() >= recipe.items()
    assert made["steps"] == 60


@pytest.mark.parametrize(("text", "note"), [
    ("iter_size: 4", "4 batches"), ("solver_type: ADAGRAD", "AdaGrad"), ('type: "RMSProp"', "RMSProp"),
    ('regularization_type: "L1"', "L1"), ("clip_gradients: 35", "norm of 35"), ('type: "Adam"', "decoupled"),
    ("", "Nesterov"),
])
def test_what_is_not_carried_over_is_said(text, note):
    assert any(note in said for said in read_solver(HEAD + text).notes)


def test_names_of_either_age():
    assert read_solver("base_lr: 1 solver_type: NESTEROV").type == "Nesterov"
    assert read_solver('base_lr: 1 type: "nesterov"').type == "Nesterov"


def test_rates_never_fail():
    for text in ('lr_policy: "exp" gamma: 1e30', 'lr_policy: "inv" gamma: -1 power: 0.5',
                 'lr_policy: "sigmoid" gamma: 1e30 stepsize: 5', 'lr_policy: "poly" power: -2'):
        solver = read_solver(HEAD + text)
        assert all(isinstance(solver.rate_at(step), float) for step in (0, 1, 5, 60, 10**6))
