"""Tests of calibration against scikit-learn's, and of its held-out log loss."""

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.linear_model import LogisticRegression

from striate.classifiers.calibration import Calibration, calibrate, one_slope, platt


def decisions(count: int, seed: int = 0, sharpness: float = 3.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    f = rng.normal(size=(count, 5))
    p = softmax(sharpness * f, axis=1)
    return f, (rng.random((count, 1)) > p.cumsum(axis=1)).sum(axis=1).clip(max=4)


def test_platt_is_a_logistic_regression_on_soft_targets() -> None:
    f, y = decisions(997)
    slopes, offsets = platt(f, y)
    for k in range(5):
        own = y == k
        up, down = (own.sum() + 1) / (own.sum() + 2), 1 / ((~own).sum() + 2)
        target = np.where(own, up, down)
        theirs = LogisticRegression(C=1e10, tol=1e-10, max_iter=1000).fit(
            np.tile(f[:, [k]], (2, 1)), np.repeat([1, 0], len(f)), sample_weight=np.concatenate([target, 1 - target]))
        np.testing.assert_allclose([slopes[k], offsets[k]], [theirs.coef_[0, 0], theirs.intercept_[0]], rtol=1e-4)


def test_temperature_finds_the_sharpness_and_keeps_the_order() -> None:
    f, y = decisions(20_000)
    slopes, offsets = one_slope(f, y)
    np.testing.assert_allclose(slopes, 3, rtol=0.05)
    assert not offsets.any()


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_scale_of_the_decisions_does_not_matter(scale: float) -> None:
    f, y = decisions(500)
    folds = np.arange(500) % 5
    one, other = calibrate(f, y, folds), calibrate(f * scale, y, folds)
    assert one.kind == other.kind
    np.testing.assert_allclose(one.apply(f), other.apply(f * scale), atol=1e-4)


def test_the_better_way_is_kept() -> None:
    f, y = decisions(5000)
    folds = np.arange(5000) % 5
    found = calibrate(f, y, folds)
    assert found.kind == "temperature"  # how the decisions were made
    rng = np.random.default_rng(1)
    own = np.where(y[:, None] == np.arange(5), 1.0, -1.0) + rng.normal(size=(5000, 5))
    shifted = own * [1, 2, 4, 8, 16] + [0, 3, -9, 5, 20]
    found = calibrate(shifted, y, folds)
    assert found.kind == "platt"
    assert found.losses["platt"] < found.losses["temperature"]
    expected = expit(shifted * found.slopes + found.offsets)
    np.testing.assert_allclose(found.apply(shifted), expected / expected.sum(axis=1, keepdims=True), rtol=1e-9)


def test_decisions_without_any_information() -> None:
    y = np.arange(30) % 3
    for f in (np.zeros((30, 3)), -np.eye(3)[y]):
        told = calibrate(f, y, np.arange(30) // 6)
        probabilities = told.apply(f)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1)
        np.testing.assert_allclose(probabilities, 1 / 3, atol=0.05)


def test_a_picture_that_no_class_wants() -> None:
    found = Calibration("platt", np.full(3, 1.0), np.zeros(3), {})
    np.testing.assert_allclose(found.apply(np.array([[-1e5, -1e5, -2e5]])), [[0.5, 0.5, 0]], atol=1e-12)


@pytest.mark.parametrize("count", [10, 40, 200])
def test_perfectly_separated_decisions_are_no_certainty(count: int) -> None:
    rng = np.random.default_rng(count)
    y = np.arange(count) % 5
    f = np.where(y[:, None] == np.arange(5), 1.0, -1.0) + rng.uniform(-0.2, 0.2, size=(count, 5))
    surest = calibrate(f, y, np.arange(count) // 5 % 5).apply(f).max(axis=1)
    assert surest.mean() < (count + 1.5) / (count + 2)
    assert surest.mean() > 0.9 * count / (count + 2)
