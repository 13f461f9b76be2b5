"""What an optimiser does to weights: Muon against singular values and float64 loops, the rest against torch's own."""

import copy

import numpy as np
import pytest
import torch

from striate.arch import BatchNorm, Conv, Dense, Flatten, GlobalPool, Input, Network, ReLU, Softmax
from striate.convnet.build.initialise import fill
from striate.convnet.build.net import Net, build
from striate.convnet.optimisers import OPTIMISERS, clip, make_optimiser, muon, set_rate
from striate.convnet.optimisers.muon import POLYNOMIAL, inner_weights, newton_schulz, orthogonalised
from striate.convnet.recipe import validation
from striate.convnet.recipe.recipe import Recipe
from striate.convnet.training.checkpoint import optimiser_tensors, restore_optimiser

INNER = {"conv2.weight", "conv3.weight", "dense1.weight"}


def network() -> Network:
    x = ReLU()(BatchNorm()(Conv(5, 3, padding=1, bias=False)(Input(2, 7, 7))))
    x = ReLU()(BatchNorm()(Conv(11, 3, padding=1, groups=1)(x)))
    x = ReLU()(Conv(11, 3, padding=1, decay_mult=(3, 1), lr_mult=(0.5, 2))(x))
    return Network(Softmax()(Dense(3)(ReLU()(Dense(13)(GlobalPool()(x))))))


def made(seed: int = 0) -> Net:
    module = build(network())
    fill(module, seed)
    return module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def set_gradients(module: Net, step: int) -> None:
    draws = torch.Generator().manual_seed(step)
    for parameter in module.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=draws).to(
            memory_format=torch.channels_last if parameter.ndim == 4 else torch.contiguous_format)


def recipe_of(name: str, **more: object) -> Recipe:
    return Recipe.from_dict({"optimiser": name, "learning_rate": 0.1, "momentum": 0.8, "weight_decay": 0.03,
                             "precision": "float32"} | more)


def weights(module: Net) -> dict[str, torch.Tensor]:
    return {name: value.detach().clone() for name, value in module.named_parameters()}


def test_the_table_has_the_optimisers_of_a_recipe() -> None:
    assert tuple(OPTIMISERS) == validation.OPTIMISERS


@pytest.mark.parametrize("shape", [(7, 7), (5, 11), (11, 5), (1, 13), (13, 1), (64, 288)])
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_singular_values_come_near_1_and_vectors_stay(shape: tuple[int, int], scale: float) -> None:
    law = np.random.default_rng(sum(shape))
    left, _, right = np.linalg.svd(law.normal(size=shape), full_matrices=False)
    values = np.geomspace(1, 0.01, min(shape))
    matrix = torch.from_numpy((left * values * scale) @ right).float()
    got = newton_schulz(matrix[None])[0].double().numpy()
    inside = left.T @ got @ right.T
    np.testing.assert_allclose(inside - np.diag(np.diag(inside)), 0, atol=1e-3)
    assert np.diag(inside).min() > 0.6
    assert np.diag(inside).max() < 1.25
    np.testing.assert_allclose(left @ inside @ right, got, atol=1e-3)


@pytest.mark.parametrize("shape", [(3, 5, 8), (2, 7, 7), (3, 5, 41), (3, 29, 3)])
def test_newton_schulz_is_the_polynomial_of_each_singular_value(shape: tuple[int, ...]) -> None:
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    for one, got in zip(matrix.double().numpy(), newton_schulz(matrix).numpy(), strict=True):
        left, values, right = np.linalg.svd(one, full_matrices=False)
        values = values / np.sqrt((values**2).sum())
        for _ in range(5):
            values = sum(factor * values**power for factor, power in zip(POLYNOMIAL, (1, 3, 5), strict=True))
        np.testing.assert_allclose(got, (left * values) @ right, atol=2e-5)


@pytest.mark.parametrize("columns", [64, 576])
@pytest.mark.parametrize("least", [1e-3, 1e-7, 0.0])
def test_what_is_nearly_flat_stays_within_bounds(columns: int, least: float) -> None:
    draws = np.random.default_rng(columns)
    left, _, right = np.linalg.svd(draws.normal(size=(64, columns)), full_matrices=False)
    values = np.concatenate([np.geomspace(1, 1e-3, 40), np.full(24, least)])
    got = newton_schulz(torch.from_numpy((left * values) @ right).float()[None])[0].double().numpy()
    values = values / np.sqrt((values**2).sum())
    for _ in range(5):
        values = sum(factor * values**power for factor, power in zip(POLYNOMIAL, (1, 3, 5), strict=True))
    np.testing.assert_allclose(got, (left * values) @ right, atol=1e-3)


@pytest.mark.parametrize(("shape", "factor"), [((4, 9), 1), ((9, 4), 1.5), ((8, 2, 1, 1), 2), ((4, 2, 3, 3), 1)])
def test_tall_matrices_take_longer_steps(shape: tuple[int, ...], factor: float) -> None:
    tensor = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    (got,) = orthogonalised([tensor])
    plain = newton_schulz(tensor.flatten(1)[None])[0]
    assert got.shape == tensor.shape
    np.testing.assert_allclose(got.flatten(1).numpy(), factor * plain.numpy(), atol=1e-5)


def test_a_batch_of_matrices_is_each_of_them() -> None:
    draws = torch.Generator().manual_seed(2)
    shapes = [(5, 3, 3, 3), (7, 11), (5, 3, 3, 3), (5, 27), (7, 11), (2, 1, 3, 3)]
    tensors = [torch.randn(shape, generator=draws) for shape in shapes]
    tensors[2] = tensors[2].to(memory_format=torch.channels_last)
    for together, tensor in zip(orthogonalised(tensors), tensors, strict=True):
        np.testing.assert_allclose(together.numpy(), orthogonalised([tensor])[0].numpy(), atol=1e-5)


def test_no_gradient_is_no_step() -> None:
    assert torch.equal(newton_schulz(torch.zeros(2, 3, 5)), torch.zeros(2, 3, 5))


def test_muon_is_for_what_lies_between_the_first_and_the_last() -> None:
    assert set(inner_weights(made())) == INNER
    x = Conv(4, 3, name="first")(Input(1, 8, 8))
    head = Softmax()(Dense(2, name="head")(Flatten()(Conv(2, 1, name="squeeze")(x))))
    late = GlobalPool()(Conv(2, 1, name="scores")(Conv(4, 1, name="between")(x)))
    assert set(inner_weights(build(Network(late, auxiliary=[(head, 0.3)])))) == {"squeeze.weight", "between.weight"}
    assert set(inner_weights(build(Network(Dense(2)(Dense(3, name="early")(Input(1, 2, 2))))))) == {"early.weight"}
    assert set(inner_weights(build(Network(Dense(2)(Input(1, 2, 2)))))) == set()


def test_five_steps_of_muon_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Float64 NumPy, one tensor after the other: momentum, Newton-Schulz, decay, multipliers."""
    monkeypatch.setattr(muon, "REST", 0.7)
    module = made()
    stepper = make_optimiser(module, recipe_of("muon"))
    wanted = {name: value.double().numpy() for name, value in weights(module).items()}
    sums = {name: np.zeros_like(value) for name, value in wanted.items()}
    multipliers = {name: (tensor.lr_mult, tensor.decay_mult) for name, tensor in module.network.tensors.items()}
    for step in range(5):
        set_gradients(module, step)
        set_rate(stepper, 0.1 * (step + 1))
        stepper.step()
        for name, parameter in module.named_parameters():
            gradient = parameter.grad.double().numpy()  # type: ignore[union-attr]
            sums[name] = 0.8 * sums[name] + gradient
            change = gradient + 0.8 * sums[name]
            rate = 0.1 * (step + 1) * multipliers[name][0] * (1 if name in INNER else 0.7)
            if name in INNER:
                matrix = change.reshape(len(change), -1)
                left, values, right = np.linalg.svd(matrix, full_matrices=False)
                values = values / np.sqrt((values**2).sum())
                for _ in range(5):
                    values = sum(factor * values**power for factor, power in zip(POLYNOMIAL, (1, 3, 5), strict=True))
                change = ((left * values) @ right * max(1, matrix.shape[0] / matrix.shape[1]) ** 0.5)
                change = change.reshape(gradient.shape)
            decay = 0.03 * multipliers[name][1] if gradient.ndim >= 2 else 0
            wanted[name] = wanted[name] * (1 - rate * decay) - rate * change
    for name, value in weights(module).items():
        np.testing.assert_allclose(value.numpy(), wanted[name], atol=5e-5, err_msg=name)


def test_the_rest_of_muon_is_torchs_nesterov() -> None:
    ours, theirs = made(), made()
    steppers = [make_optimiser(ours, recipe_of("muon", weight_decay=0.0, learning_rate=0.1 / muon.REST)),
                make_optimiser(theirs, recipe_of("sgd", weight_decay=0.0))]
    for step in range(4):
        for module, stepper in zip((ours, theirs), steppers, strict=True):
            set_gradients(module, step)
            stepper.step()
    rest = weights(ours).keys() - INNER
    assert {"conv1.weight", "dense2.weight", "batch_norm1.weight", "conv2.bias"} <= rest
    for name in rest:
        assert torch.allclose(weights(ours)[name], weights(theirs)[name], atol=1e-6), name


@pytest.mark.parametrize("name", OPTIMISERS)
def test_multipliers_of_rate_and_decay(name: str) -> None:
    conv = Conv(3, 1, lr_mult=(0, 2), name="still")(Input(1, 2, 2))
    module = build(Network(Dense(2, name="slow", lr_mult=0.5, decay_mult=(4, 9))(
        Dense(2, name="plain")(Dense(2, name="inner", decay_mult=2)(conv)))))
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.fill_(1.0)
            parameter.grad = torch.zeros_like(parameter)
    stepper = make_optimiser(module, recipe_of(name, weight_decay=0.1, learning_rate=0.2, momentum=0.0))
    stepper.step()
    left = {name: value.flatten()[0].item() for name, value in module.named_parameters()}
    rest = muon.REST if name == "muon" else 1
    assert left == pytest.approx({
        "still.weight": 1, "still.bias": 1, "inner.weight": 1 - 0.2 * 2 * 0.1, "inner.bias": 1,
        "plain.weight": 1 - 0.2 * 0.1, "plain.bias": 1,
        "slow.weight": 1 - 0.5 * 0.2 * 4 * 0.1 * rest, "slow.bias": 1})


@pytest.mark.parametrize("name", OPTIMISERS)
def test_biases_and_norms_are_not_decayed(name: str) -> None:
    module = made()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.fill_(1.0)
            parameter.grad = torch.zeros_like(parameter)
    make_optimiser(module, recipe_of(name)).step()
    decayed = {name for name, value in module.named_parameters() if not torch.equal(value, torch.ones_like(value))}
    assert decayed == {name for name, value in module.named_parameters() if value.ndim >= 2} != set()


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", OPTIMISERS)
def test_the_same_steps_give_the_same_bits_stopped_or_not(name: str, precision: str) -> None:
    """Taken through the tensors of a checkpoint in between."""
    whole, module = made(), made()
    recipe = recipe_of(name, precision=precision)
    stepper, second = make_optimiser(whole, recipe), make_optimiser(module, recipe)
    for step in range(6):
        if step == 3:
            saved = {key: value.clone() for key, value in optimiser_tensors(second, module).items()}
            values = copy.deepcopy(module.state_dict())
            module = made(9)
            module.load_state_dict(values)
            second = make_optimiser(module, recipe)
            restore_optimiser(second, module, saved)
        for one, taking in ((whole, stepper), (module, second)):
            set_gradients(one, step)
            set_rate(taking, 0.1 / (step + 1))
            taking.step()
    assert all(torch.equal(value, weights(module)[key]) for key, value in weights(whole).items())
    states = [optimiser_tensors(stepper, whole), optimiser_tensors(second, module)]
    assert states[0].keys() == states[1].keys()
    assert len(states[0]) >= len(list(whole.parameters()))
    assert all(torch.equal(value, states[1][key]) for key, value in states[0].items())


@pytest.mark.parametrize("name", OPTIMISERS)
def test_a_problem_is_learnt(name: str) -> None:
    module = made()
    draws = torch.Generator().manual_seed(4)
    x, truth = torch.randn(24, 2, 7, 7, generator=draws), torch.arange(24) % 3
    stepper = make_optimiser(module, recipe_of(name, learning_rate={"sgd": 0.1, "adamw": 0.01, "muon": 0.03}[name]))
    losses = []
    for _ in range(80):
        loss = torch.nn.functional.cross_entropy(module(x), truth)
        stepper.zero_grad()
        loss.backward()
        stepper.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


def test_gradients_are_clipped_to_a_common_norm() -> None:
    module = made()
    set_gradients(module, 0)
    before = {name: value.grad.clone() for name, value in module.named_parameters()}  # type: ignore[union-attr]
    norm = np.sqrt(sum((value.double().numpy() ** 2).sum() for value in before.values()))
    assert clip(module.parameters(), 1e9).item() == pytest.approx(norm, rel=1e-5)
    assert all(torch.equal(value.grad, before[name]) for name, value in module.named_parameters())  # type: ignore[arg-type]
    assert clip(module.parameters(), 0.5).item() == pytest.approx(norm, rel=1e-5)
    for name, value in module.named_parameters():
        assert torch.allclose(value.grad, before[name] * 0.5 / norm, rtol=1e-4)  # type: ignore[arg-type]
