"""Weights by cross-validation: of known mixtures, held-out rows, few pictures, useless members."""

import numpy as np
import pytest
from scipy import optimize

from striate.classifiers.cross_validation import folds_of
from striate.ensemble import weights as module
from striate.ensemble.opinion_pool import pooled
from striate.ensemble.weights import cross_validated_weights
from tests.ensemble.small import LABELS, shared_noise, simulated

NOISE = shared_noise(LABELS)


def loss(labels: np.ndarray, probabilities: np.ndarray) -> float:
    return float(-np.log(probabilities[np.arange(len(labels)), labels]).mean())


def members(alike: float = 0.3, clear: tuple[float, ...] = (1.5, 1.5)) -> list[np.ndarray]:
    return [simulated(LABELS, one, NOISE, alike, seed) for seed, one in enumerate(clear)]


def test_independent_members_of_equal_worth_are_separate_evidence() -> None:
    found = cross_validated_weights(LABELS, members(alike=0))
    np.testing.assert_allclose(found.weights, 0.5, atol=0.07)
    assert found.temperature == pytest.approx(0.5, abs=0.06)  # Bayes: the product of both, powers 1 and 1
    assert found.weights.sum() == pytest.approx(1)


@pytest.mark.parametrize(("pull", "count"), [(0.0, 600), (10.0, 40), (300.0, 600)])
def test_weights_are_those_of_the_smallest_loss_and_pull(pull: float, count: int,
                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PULL", pull)
    monkeypatch.setattr(module, "ENOUGH", -100.0)
    given = [one[:count] for one in members(clear=(1.0, 1.4, 1.8))]
    found = cross_validated_weights(LABELS[:count], given)

    def by_simplex(powers: np.ndarray) -> float:
        apart = float(((np.abs(powers) - 1 / 3) ** 2).sum())
        return count * loss(LABELS[:count], pooled(given, np.abs(powers), 1)) + pull * apart

    best = optimize.minimize(by_simplex, np.full(3, 0.5), method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-12})
    np.testing.assert_allclose(found.weights / found.temperature, np.abs(best.x), atol=2e-3)


def test_held_out_rows_are_by_weights_of_the_other_folds() -> None:
    given = members(clear=(1.0, 1.6))
    found = cross_validated_weights(LABELS, given, seed=3)
    held = folds_of(LABELS, module.FOLDS, 3) == 4
    alone = cross_validated_weights(LABELS[~held], [one[~held] for one in given])
    np.testing.assert_allclose(found.held_out[held], pooled([one[held] for one in given], alone.weights,
                                                            alone.temperature), rtol=1e-9)
    assert found.loss == pytest.approx(loss(LABELS, found.held_out))
    np.testing.assert_allclose(found.losses, [loss(LABELS, one) for one in given], rtol=1e-5)


def test_together_they_are_better_and_a_useless_member_is_left_out() -> None:
    given = [*members(alike=0), np.random.default_rng(5).dirichlet(np.ones(4), len(LABELS))]
    found = cross_validated_weights(LABELS, given)
    assert found.weights[2] == 0
    assert (found.weights[:2] > 0.3).all()
    assert found.loss < 0.8 * found.losses.min()


def test_a_copy_of_a_member_costs_its_time_for_nothing() -> None:
    one = members()[0]
    found = cross_validated_weights(LABELS, [one, one])
    assert sorted(found.weights.tolist()) == [0, 1]


def test_few_pictures_decide_little() -> None:
    few = slice(0, 12)
    found = cross_validated_weights(LABELS[few], [one[few] for one in members(clear=(1.4, 1.6))])
    assert 0.5 < found.temperature <= 1.4
    assert np.isfinite(found.held_out).all()


def test_members_that_contradict_the_labels_end_up_hot_not_divided_by_zero() -> None:
    lies = [np.roll(one, 1, axis=1) for one in members(clear=(4.0, 4.0))]
    found = cross_validated_weights(LABELS, lies)
    assert found.temperature == module.HOTTEST
    assert found.weights.sum() == pytest.approx(1)


def test_only_so_many_pictures_are_fitted_on(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = cross_validated_weights(LABELS, members())
    monkeypatch.setattr(module, "MOST", 200)
    some = cross_validated_weights(LABELS, members())
    assert some.held_out.shape == whole.held_out.shape
    np.testing.assert_allclose(some.weights, whole.weights, atol=0.15)
    assert some.weights.tolist() != whole.weights.tolist()


def test_many_classes_are_fitted_on_fewer_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 150)
    by_pictures = cross_validated_weights(LABELS, members())
    monkeypatch.setattr(module, "MOST", 600)
    monkeypatch.setattr(module, "CELLS", 4 * 150 + 3)
    assert cross_validated_weights(LABELS, members()).weights.tolist() == by_pictures.weights.tolist()


def test_the_same_pictures_give_the_same_bits() -> None:
    one, two = (cross_validated_weights(LABELS, members()) for _ in range(2))
    assert one.weights.tolist() == two.weights.tolist()
    np.testing.assert_array_equal(one.held_out, two.held_out)
