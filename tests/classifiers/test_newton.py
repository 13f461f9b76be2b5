"""Tests of the Newton solver against liblinear, libsvm and a slow float64 minimum of the same objective."""

import warnings

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.datasets import load_digits
from sklearn.svm import SVC, LinearSVC

from striate.classifiers.newton import Dual, Primal, Solution, solve

DIGITS, LABELS = load_digits(return_X_y=True)
DIGITS = (DIGITS / np.linalg.norm(DIGITS, axis=1, keepdims=True)).astype(np.float32)[:500]
TARGETS = np.where(LABELS[:500, None] == np.arange(10), 1, -1).astype(np.float32)
SPACES = {"primal": lambda X: Primal(X), "gram": lambda X: Dual(X @ X.T + 1)}


def constant(C: float) -> np.ndarray:
    return np.full_like(TARGETS, C)


@pytest.mark.parametrize("form", SPACES)
@pytest.mark.parametrize("C", [0.01, 1.0, 30.0])
def test_liblinear_finds_the_same_decisions(form: str, C: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        theirs = LinearSVC(C=C, tol=1e-7, max_iter=1_000_000, random_state=0).fit(DIGITS, LABELS[:500])
    found = solve(SPACES[form](DIGITS), TARGETS, constant(C), tol=1e-3)
    np.testing.assert_allclose(found.decisions, theirs.decision_function(DIGITS), atol=0.02)
    assert (found.decisions.argmax(axis=1) == theirs.predict(DIGITS)).all()


@pytest.mark.parametrize("form", SPACES)
def test_libsvm_finds_the_same_machine(form: str) -> None:
    # A squared hinge is a hard margin on the kernel + I / 2C; libsvm's own bias is pinned by subtracting nothing from
    # a kernel with + 1 and balanced, mirrored data: each picture once with y and once as −x with −y has bias 0.
    X = np.concatenate([DIGITS[:101], -DIGITS[:101]])
    y = np.concatenate([TARGETS[:101, 3], -TARGETS[:101, 3]])
    gram = X.astype(np.float64) @ X.T
    theirs = SVC(kernel="precomputed", C=1e6, tol=1e-8).fit(gram + np.eye(len(X)) / (2 * 5.0), y)
    beta = np.zeros(len(X))
    beta[theirs.support_] = theirs.dual_coef_[0]
    found = solve(SPACES[form](X), y[:, None], np.full((len(X), 1), 5, np.float32), tol=1e-4)
    np.testing.assert_allclose(found.decisions[:, 0], gram @ beta, atol=0.01)


@pytest.mark.parametrize("form", SPACES)
def test_columns_are_separate_problems(form: str) -> None:
    X = DIGITS[:61, :13].astype(np.float64)
    costs = np.random.default_rng(0).choice([0, 0.5, 7], (61, 3)).astype(np.float32)
    found = solve(SPACES[form](X.astype(np.float32)), TARGETS[:61, :3], costs, tol=1e-4)
    for column in range(3):
        y, c = TARGETS[:61, column].astype(np.float64), costs[:, column].astype(np.float64)

        def objective(w: np.ndarray, y: np.ndarray = y, c: np.ndarray = c) -> float:
            return 0.5 * w @ w + (c * np.maximum(0, 1 - y * (X @ w[:-1] + w[-1])) ** 2).sum()

        slow = minimize(objective, np.zeros(14), method="BFGS", options={"gtol": 1e-6, "maxiter": 2000})
        np.testing.assert_allclose(found.decisions[:, column], X @ slow.x[:-1] + slow.x[-1], atol=2e-3)


def test_warm_and_cold_starts_meet() -> None:
    space = Primal(DIGITS)
    cold = solve(space, TARGETS, constant(4), tol=1e-3)
    other = solve(space, TARGETS, constant(0.1))
    warm = solve(space, TARGETS, constant(4), Solution(other.columns, other.decisions), tol=1e-3)
    np.testing.assert_allclose(warm.decisions, cold.decisions, atol=0.02)
    assert warm.products < cold.products
    again = solve(space, TARGETS, constant(4), warm, tol=0.1)
    assert again.steps == 1


def test_the_answer_is_as_close_as_promised() -> None:
    exact = solve(Primal(DIGITS), TARGETS, constant(1), tol=1e-5).columns
    for tol in (0.3, 0.03):
        found = solve(Primal(DIGITS), TARGETS, constant(1), tol=tol).columns
        away = np.linalg.norm(found - exact, axis=0) / np.linalg.norm(found, axis=0)
        assert (away <= tol).all()


def test_nothing_to_learn() -> None:
    assert not solve(Primal(DIGITS), TARGETS, constant(0)).columns.any()
    one = np.ones((4, 1), np.float32)
    same = solve(Primal(np.zeros((4, 3), np.float32)), one, one, tol=1e-4)
    np.testing.assert_allclose(same.columns.ravel(), [0, 0, 0, 8 / 9], atol=1e-4)  # ½b² + 4(1 − b)²
