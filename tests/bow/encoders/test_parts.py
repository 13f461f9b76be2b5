"""Tests of k-means, PCA, mixtures and layouts, each against another library or its definition."""

import threading

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.special import logsumexp
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_info, threadpool_limits

from striate.bow.encoders import Fisher, Soft, gmm, pca
from striate.bow.encoders.regions import layout_of
from striate.bow.nearest_words import nearest
from striate.bow.vocabulary import Vocabulary
from striate.core.executor import map_blocks, one_blas_thread
from tests.bow.encoders.loops import densities
from tests.bow.encoders.table import fitted, pictures, sample


@pytest.mark.parametrize("longest", [1, 3, 100])
def test_slices_make_up_regions(longest: int) -> None:
    rng = np.random.default_rng(3)
    regions = [rng.permutation(41)[:size] for size in (41, 17, 5, 1, 0, 23)]
    regions.append(regions[1].copy())
    layout = layout_of(regions, 41, longest)
    assert (np.diff(layout.starts) >= 1).all()
    assert (np.diff(layout.starts) <= longest).all()
    for region, member in zip(regions, layout.member, strict=True):
        slices = [layout.order[a:b] for a, b in zip(layout.starts[:-1], layout.starts[1:], strict=True)]
        inside = [index for part, yes in zip(slices, member, strict=True) if yes for index in part]
        assert sorted(inside) == sorted(region.tolist())
    runs = layout.chunks(7)
    assert [a for a, _ in runs] + [len(layout.starts) - 1] == [0] + [b for _, b in runs]


def test_regions_that_nest_cost_no_more_than_the_finest() -> None:
    cells = np.arange(64).reshape(4, 16)
    assert layout_of([np.arange(64), *cells], 64, 100).member.shape == (5, 4)


def test_components_are_those_of_scikit_learn() -> None:
    x, _ = sample()
    x = x + np.float32(5)
    found = pca.fit_pca(x, 3, 0)(x, np.zeros((len(x), 2), np.float32))
    expected = PCA(3).fit_transform(x.astype(np.float64))
    np.testing.assert_allclose(found * np.sign((found * expected).sum(axis=0)), expected, atol=1e-4)


def test_positions_get_the_spread_of_the_first_component() -> None:
    x, _ = sample()
    small = pca.fit_pca(x, 3, 1.0)(x, np.random.default_rng(5).random((len(x), 2)).astype(np.float32))
    np.testing.assert_allclose(small[:, 3:].std(axis=0), small[:, 0].std(), rtol=0.1)
    np.testing.assert_allclose(small[:, 3:].mean(axis=0), 0, atol=0.3)


def scikit(model: gmm.GaussianMixture) -> GaussianMixture:
    other = GaussianMixture(len(model.weights), covariance_type="diag")
    other.weights_, other.means_ = model.weights.astype(np.float64), model.means.astype(np.float64)
    other.weights_ /= other.weights_.sum()
    other.covariances_ = model.variances.astype(np.float64)
    other.precisions_cholesky_ = 1 / np.sqrt(other.covariances_)
    return other


@pytest.mark.parametrize("shift", [0, 1000])
def test_posteriors_are_those_of_scikit_learn(shift: float) -> None:
    x = sample()[0] + np.float32(shift)
    model, _ = gmm.fit_gmm(x, 5)
    standard = model.standard()
    shares, logs = standard.posteriors(standard.moments(x))
    other = scikit(model)
    np.testing.assert_allclose(shares, other.predict_proba(x.astype(np.float64)), atol=1e-3 if shift else 1e-5)
    unit = np.log(standard.factor.astype(np.float64)).sum()  # densities change with the unit
    np.testing.assert_allclose(logs + unit, other.score_samples(x.astype(np.float64)), atol=1e-2 if shift else 1e-3)


def test_em_climbs_and_ends_as_high_as_scikit_learn() -> None:
    x = sample()[0][sample()[0].any(axis=1)]
    model, history = gmm.fit_gmm(x, 5, iterations=200)
    assert (np.diff(history) > -1e-5).all()
    centres = Vocabulary(5, iterations=20).fit(x).centres_
    heaps = [x[nearest(x, centres) == k].astype(np.float64) for k in range(5)]
    other = GaussianMixture(5, covariance_type="diag", weights_init=[len(heap) / len(x) for heap in heaps],
                            means_init=[heap.mean(axis=0) for heap in heaps],
                            precisions_init=[1 / heap.var(axis=0) for heap in heaps]).fit(x.astype(np.float64))
    assert scikit(model).score(x.astype(np.float64)) == pytest.approx(other.score(x.astype(np.float64)), abs=1e-3)
    np.testing.assert_allclose(model.means, other.means_, atol=0.1)


def test_one_gaussian_is_mean_and_variance() -> None:
    x = sample()[0]
    model, _ = gmm.fit_gmm(x, 1)
    np.testing.assert_allclose(model.means[0], x.mean(axis=0, dtype=np.float64), atol=1e-5)
    np.testing.assert_allclose(model.variances[0], x.var(axis=0, dtype=np.float64), rtol=1e-5)


def test_equal_descriptors_and_constant_numbers_give_a_finite_mixture() -> None:
    x = sample()[0]
    x[:, 3] = 4
    x[:200] = x[0]
    model, _ = gmm.fit_gmm(x, 7)
    assert all(np.isfinite(array).all() for array in (model.weights, model.means, model.variances))
    assert (model.variances > 0).all()
    encoder = Fisher(7, None).fit(x)
    assert np.isfinite(encoder.encode(x[None], np.zeros((499, 2)), [np.arange(499)])).all()


def test_fisher_vectors_are_gradients_of_the_likelihood() -> None:
    encoder = fitted("fisher, whole")
    assert isinstance(encoder, Fisher)
    x, where, _ = pictures()
    found = encoder.encode(x[:1], where, [np.arange(23)])[0, 0]
    w, means, sigmas = (a.astype(np.float64) for a in (
        encoder.mixture_.weights, encoder.mixture_.means, np.sqrt(encoder.mixture_.variances)))

    def likelihood(numbers: np.ndarray) -> float:
        mu, sigma = numbers.reshape(2, *means.shape)
        z = (x[0][:, None].astype(np.float64) - mu) / sigma
        return float(logsumexp(np.log(w) - 0.5 * (z**2).sum(-1) - np.log(sigma).sum(-1), axis=1).mean())

    gradient = approx_fprime(np.concatenate([means.ravel(), sigmas.ravel()]), likelihood, 1e-6).reshape(2, *means.shape)
    gradient *= sigmas / np.sqrt(w)[:, None]
    gradient[1] /= np.sqrt(2)
    np.testing.assert_allclose(found[: gradient.size], gradient.ravel(), rtol=1e-3, atol=1e-4)
    assert len(densities(encoder, x[0, 0])) == 3


def test_sigma_makes_the_farthest_neighbour_weigh_one_to_e() -> None:
    x = sample()[0]
    encoder = Soft(11, 3).fit(x)
    distances = np.sort(((x[:, None].astype(np.float64) - encoder.centres_) ** 2).sum(-1), axis=1)
    gap = (distances[:, 2] - distances[:, 0]).mean()
    assert np.exp(-gap / (2 * encoder.sigma_**2)) == pytest.approx(1 / np.e, rel=1e-4)


def test_the_matrix_library_gets_its_threads_back() -> None:
    def threads() -> list[int]:
        return [row["num_threads"] for row in threadpool_info() if row["user_api"] == "blas"]

    with threadpool_limits(2, user_api="blas"):
        before = threads()
        inside = map_blocks(lambda _: map_blocks(lambda _: threads(), [0], threads=1)[0], [0, 1], threads=2)
        after = threads()
    assert 2 in before
    assert inside == [[1] * len(before)] * 2
    assert after == before
    gate = threading.Barrier(3)
    crowd = [threading.Thread(target=map_blocks, args=(lambda _: gate.wait(10), [0])) for _ in range(3)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    assert one_blas_thread.holders == 0
