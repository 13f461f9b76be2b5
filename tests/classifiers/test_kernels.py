"""Tests of the kernels against loops and scikit-learn's, and of the feature maps against the exact kernels."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.kernel_approximation import AdditiveChi2Sampler
from sklearn.metrics.pairwise import additive_chi2_kernel, linear_kernel, manhattan_distances

from striate.classifiers import kernels
from striate.classifiers.kernels import KERNELS

TERMS = {
    "linear": lambda x, y: x * y,
    "hellinger": lambda x, y: np.sqrt(x * y),
    "intersection": min,
    "chi2": lambda x, y: 2 * x * y / (x + y) if x + y else 0.0,
}


def histograms(rows: int, columns: int, seed: int = 0, empty: float = 0.5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    made = rng.gamma(0.5, size=(rows, columns)) * (rng.random((rows, columns)) >= empty)
    return (made / made.sum(axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("name", KERNELS)
def test_exact_against_loops(name: str) -> None:
    X, Y = histograms(5, 11), histograms(7, 11, seed=1)
    slow = [[sum(TERMS[name](float(a), float(b)) for a, b in zip(x, y, strict=True)) for y in Y] for x in X]
    found = KERNELS[name].exact(X, Y)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, slow, rtol=2e-6, atol=1e-9)
    np.testing.assert_allclose(KERNELS[name].exact(X), KERNELS[name].exact(X, X), rtol=1e-6)
    np.testing.assert_allclose(KERNELS[name].diagonal(X), np.diag(KERNELS[name].exact(X)), rtol=1e-6)


@pytest.mark.parametrize("empty", [0.0, 0.6])
def test_exact_against_scikit_learn(empty: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "CACHED", 1 << 12)  # several blocks,
    monkeypatch.setattr(kernels, "COLUMNS", 100)  # each in several parts
    X, Y = histograms(149, 331, empty=empty), histograms(211, 331, seed=1, empty=empty)
    sums = (X.sum(axis=1)[:, None] + Y.sum(axis=1)).astype(np.float64)
    np.testing.assert_allclose(KERNELS["linear"].exact(X, Y), linear_kernel(X, Y), rtol=1e-5)
    np.testing.assert_allclose(KERNELS["intersection"].exact(X, Y), (sums - manhattan_distances(X, Y)) / 2, rtol=1e-5)
    chi2 = sums / 2 + additive_chi2_kernel(X.astype(np.float64), Y.astype(np.float64)) / 2
    np.testing.assert_allclose(KERNELS["chi2"].exact(X, Y), chi2, rtol=1e-5)
    np.testing.assert_allclose(KERNELS["intersection"].distances(X, Y), manhattan_distances(X, Y), atol=1e-6)


def test_the_map_is_scikit_learns_with_its_spectrum() -> None:
    X = histograms(7, 31)
    sampler = AdditiveChi2Sampler(sample_steps=3, sample_interval=0.4)
    ours = replace(KERNELS["chi2"], signature=None, period=2 * np.pi / 0.4, order=2)
    ours.__dict__["spectrum"] = 0.4 / np.cosh(np.pi * 0.4 * np.arange(3))  # the uniform window: samples of κ
    theirs = sampler.fit_transform(X)
    np.testing.assert_allclose(ours.map(X), theirs, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("name", "worst", "usual"), [("chi2", 0.06, 0.01), ("intersection", 0.18, 0.05)])
def test_the_map_approximates_the_kernel(name: str, worst: float, usual: float) -> None:
    X = histograms(40, 700)
    exact, mapped = KERNELS[name].exact(X), KERNELS[name].map(X)
    assert mapped.shape == (40, KERNELS[name].width(700))
    error = np.abs(mapped @ mapped.T - exact)
    assert error.max() < worst
    assert error[~np.eye(40, dtype=bool)].mean() < usual


def test_the_chi2_map_is_closer_than_scikit_learns_of_the_same_width() -> None:
    X = histograms(40, 700)
    exact, theirs = KERNELS["chi2"].exact(X), AdditiveChi2Sampler(sample_steps=2).fit_transform(X)
    mapped = KERNELS["chi2"].map(X)
    assert theirs.shape == mapped.shape
    assert ((mapped @ mapped.T - exact) ** 2).mean() < 0.5 * ((theirs @ theirs.T - exact) ** 2).mean()


@pytest.mark.parametrize("name", ["linear", "hellinger"])
def test_the_map_is_exact(name: str) -> None:
    X = histograms(7, 31)
    mapped = KERNELS[name].map(X).astype(np.float64)
    np.testing.assert_allclose(mapped @ mapped.T, KERNELS[name].exact(X), rtol=1e-5)


@pytest.mark.parametrize("name", KERNELS)
def test_extremes(name: str) -> None:
    X = np.array([[0, 0, 0], [1e-45, 1e-38, 1], [0, 3e30, 2]], np.float32)
    X = X if name != "linear" else X.clip(max=1e15)
    for found in (KERNELS[name].map(X), KERNELS[name].exact(X), KERNELS[name].distances(X, X)):
        assert np.isfinite(found).all()
    out = np.empty((3, KERNELS[name].width(3)), np.float32)
    assert KERNELS[name].map(X, out) is out
    assert not out[0].any()
