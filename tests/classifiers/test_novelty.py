"""Tests of novelty detection against loops in float64, its coverage of held-out pictures, and its arrays."""

import numpy as np
import pytest

from striate.classifiers import KNN, LinearSVM
from striate.classifiers.novelty import MOST_WIDTH, RIDGE, NoveltyDetector


def clouds(count: int, classes: int, width: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Clouds of points around `classes` corners, with a common covariance that is not round."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    shape = np.random.default_rng(99).normal(size=(width, width)) / 3
    return (rng.normal(size=(count, width)) @ shape + 5 * np.eye(classes, width)[labels] + 2).astype(np.float32), labels


def by_definition(features: np.ndarray, labels: np.ndarray, x: np.ndarray) -> float:
    """The negative relative Mahalanobis distance of one picture, in float64, with both matrices inverted."""
    known = features.astype(np.float64)
    means = {c: known[labels == c].mean(axis=0) for c in set(labels.tolist())}
    mean, width = known.mean(axis=0), known.shape[1]
    within, total = np.zeros((width, width)), np.zeros((width, width))
    for one, label in zip(known, labels.tolist(), strict=True):
        within += np.outer(one - means[label], one - means[label]) / len(known)
        total += np.outer(one - mean, one - mean) / len(known)
    ridge = RIDGE * np.trace(within) / width * np.eye(width)
    inner, outer = np.linalg.inv(within + ridge), np.linalg.inv(total + ridge)
    return max(float(-(x - m) @ inner @ (x - m)) for m in means.values()) + float((x - mean) @ outer @ (x - mean))


def test_the_distance_is_that_of_its_definition() -> None:
    features, labels = clouds(211, 3, 7, 0)
    found = NoveltyDetector.fit(features, labels, np.arange(211) % 5, (np.arange(211), np.zeros((211, 3))))
    assert found.distance is not None
    others = np.random.default_rng(1).normal(2, 4, (20, 7)).astype(np.float32)
    expected = [by_definition(features, labels, x) for x in others.astype(np.float64)]
    np.testing.assert_allclose(found.distance.score(others), expected, rtol=1e-3, atol=1e-3)


def test_held_out_pictures_are_scored_by_other_folds() -> None:
    features, labels = clouds(60, 3, 7, 2)
    folds = np.arange(60) // 3 % 4
    found = NoveltyDetector.fit(features, labels, folds, (np.arange(60), np.zeros((60, 3))))
    held = [by_definition(features[folds != f], labels[folds != f], x)
            for f, x in zip(folds, features.astype(np.float64), strict=True)]
    expected = np.quantile(held, [0.1, 0.5, 0.9], method="weibull")
    shares = found.percentiles.share_below(expected)
    np.testing.assert_allclose(shares, [0.1, 0.5, 0.9], atol=0.012)


@pytest.mark.parametrize("machine", [LinearSVM("linear", C=1.0), KNN("linear", k=5)], ids=["svm", "knn"])
@pytest.mark.parametrize("width", [12, MOST_WIDTH + 1])
def test_the_share_of_new_known_pictures_is_the_one_asked_for(machine: LinearSVM | KNN, width: int) -> None:
    known, labels = clouds(600, 3, 12, 3)
    fresh, _ = clouds(600, 3, 12, 4)
    other = (fresh + 5 * (np.eye(12)[7] - np.eye(12)[labels])).astype(np.float32)  # a fourth corner
    wide = np.zeros((12, width), np.float32)
    wide[:, :12] = np.eye(12)
    fitted = machine.fit(known @ wide, labels)
    probabilities, confidence = fitted.predict_with_confidence(fresh @ wide)
    assert np.array_equal(probabilities, fitted.predict_proba(fresh @ wide))
    if isinstance(machine, LinearSVM) or width == 12:  # votes of neighbours are few numbers
        for share in (0.05, 0.2):
            assert abs((confidence < share).mean() - share) < 3.5 * np.sqrt(share * (1 - share) / 300)
    if width == 12:
        assert (fitted.predict_with_confidence(other @ wide)[1] < 0.05).mean() > 0.5
    again = type(fitted).from_arrays(*fitted.to_arrays())
    assert np.array_equal(again.predict_with_confidence(fresh @ wide)[1], confidence)


def test_classifiers_of_older_files_have_none() -> None:
    known, labels = clouds(30, 3, 7, 5)
    settings, arrays = LinearSVM("linear", C=1.0).fit(known, labels).to_arrays()
    older = {name: one for name, one in arrays.items() if not name.startswith("novelty.")}
    assert len(older) < len(arrays)
    with pytest.raises(ValueError, match="novelty"):
        LinearSVM.from_arrays(settings, older)  # a distance without its arrays
    del settings["novelty"]
    assert LinearSVM.from_arrays(settings, older).novelty_ is None
    with pytest.raises(ValueError, match="novelty"):
        LinearSVM.from_arrays(settings, arrays)


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e4])
def test_pictures_that_are_all_the_same_have_a_detector(scale: float) -> None:
    same = np.tile(np.array([[0.3, 0.7, 0.1]], np.float32) * np.float32(scale), (20, 1))
    two = same * np.where(np.arange(20) % 2, 1, 2)[:, None].astype(np.float32)
    for features in (same, two, 0 * same):
        fitted = LinearSVM("linear", C=1.0).fit(features, np.arange(20) % 2)
        again = LinearSVM.from_arrays(*fitted.to_arrays())
        assert np.isfinite(again.predict_with_confidence(features)[1]).all()


def test_wide_features_of_few_pictures_are_refused_as_often_as_asked_for() -> None:
    refused = []
    for seed in range(6):  # folds of fewer pictures have other covariances: with 5 of them 2.3 % would be refused
        noise, labels = np.random.default_rng(seed), np.arange(840) % 3
        features = (noise.normal(size=(840, 200)) + 3 * np.eye(3, 200)[labels]).astype(np.float32)
        fitted = LinearSVM("linear", C=0.001).fit(features[:240], labels[:240])
        refused.append((fitted.predict_with_confidence(features[240:])[1] < 0.05).mean())
    assert np.mean(refused) == pytest.approx(0.05, abs=0.012)
