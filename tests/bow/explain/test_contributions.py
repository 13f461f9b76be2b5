"""Tests of contributions: they add up to the decision, and each is the decision of its bins alone."""

import numpy as np
import pytest

from striate.bow.encoders import VLAD, Fisher
from striate.bow.encoders.gmm import GaussianMixture
from striate.bow.explain.contributions import bin_contributions, favoured_classes, word_sums
from striate.bow.explain.maps import DescribedPicture, contributions
from striate.bow.recogniser import BagOfWords
from striate.classifiers import LinearSVM
from tests.bow.explain.models import POSSIBLE, SIGNED, WORDS, model, pictures


def near(found: np.ndarray, wanted: np.ndarray) -> bool:
    return bool(np.abs(found - wanted).max() <= 1e-5 * max(np.abs(wanted).max(), np.abs(found).max()))


@pytest.mark.parametrize(("encoder", "kernel", "kind"), POSSIBLE)
def test_contributions_and_bias_sum_to_the_decision(encoder: str, kernel: str, kind: str) -> None:
    fitted = model(encoder, kernel, kind)
    classifier = fitted.pipeline_.classifier
    features = fitted.features(pictures()[:5])
    decisions = classifier.decision(features)
    for number, picture in enumerate(pictures()[:5]):
        for label in range(3):
            found = contributions(fitted, picture, label)
            parts = found.array
            assert parts.shape == (7, WORDS)
            assert parts.dtype == np.float64
            scale = max(1.0, np.abs(parts).sum())
            assert abs(parts.sum() + classifier.bias_[label] - decisions[number, label]) < 1e-5 * scale
            assert found.total == pytest.approx(decisions[number, label], abs=1e-5 * scale)
            assert found.bias + parts.sum() == pytest.approx(found.total)
            assert [one.value for one in found.terms] == parts.sum(axis=0).tolist()
            assert sum(one.share for one in found.terms) == pytest.approx(1)


@pytest.mark.parametrize(("encoder", "kernel", "kind"), [
    (encoder, kernel, kind) for encoder, kernel, kind in POSSIBLE
    if encoder in ("hard", "fisher") or (encoder == "soft" and kernel == "chi2")
])
def test_each_bin_adds_what_it_would_decide_alone(encoder: str, kernel: str, kind: str) -> None:
    fitted = model(encoder, kernel, kind)
    classifier, features = fitted.pipeline_.classifier, fitted.features(pictures()[4:5])[0]
    alone = classifier.decision(np.diag(features))[:, 1] - classifier.bias_[1]
    found = bin_contributions(classifier, features, np.array([1]))[0]
    assert near(found, alone)
    assert (found[features == 0] == 0).all()


@pytest.mark.parametrize(("encoder", "kernel"), [("hard", "chi2"), ("soft", "hellinger"), ("llc", "linear")])
def test_pooling_by_the_largest_adds_up_too(encoder: str, kernel: str) -> None:
    fitted = model(encoder, kernel, "kernel_svm", "max")
    classifier, seen = fitted.pipeline_.classifier, DescribedPicture.of(fitted, pictures()[1])
    decision = classifier.decision(seen.features[None])[0, 2]
    assert contributions(fitted, seen, 2).array.sum() + classifier.bias_[2] == pytest.approx(decision, abs=1e-5)


def test_a_class_without_pictures_moves_the_columns() -> None:
    """Classes that the training part lacks: the numbers of the model are not those of the classifier."""
    fitted = model()
    moved = BagOfWords.__new__(BagOfWords)
    moved.__dict__ |= fitted.__dict__
    moved.classes_ = np.arange(6)
    moved.pipeline_ = type(fitted.pipeline_)(
        fitted.pipeline_.description, fitted.pipeline_.classifier, np.array([0, 2, 5]), 6)
    assert np.array_equal(contributions(moved, pictures()[0], 5).array, contributions(fitted, pictures()[0], 2).array)


@pytest.mark.parametrize("name", SIGNED[1:])
def test_words_keep_their_numbers_in_any_order(name: str) -> None:
    """With its words in another order an encoder gives the same sums for each word, in that order."""
    encoder = model(name, "linear").pipeline_.description.encoder
    order = np.random.default_rng(3).permutation(WORDS)
    rng = np.random.default_rng(4)
    descriptors = rng.random((1, 50, 128)).astype(np.float32)
    positions, regions = rng.random((50, 2)).astype(np.float32), [np.arange(50), np.arange(9)]
    settings, arrays = encoder.to_arrays()
    of_each = {"centres"} if isinstance(encoder, VLAD) else {"weights", "means", "variances"}
    other = type(encoder).from_arrays(settings, {key: array[order] if key in of_each else array
                                                 for key, array in arrays.items()})
    sums = [word_sums(one, one.encode(descriptors, positions, regions)[0].astype(np.float64))
            for one in (encoder, other)]
    assert sums[0].shape == (2, WORDS)
    assert np.allclose(sums[0][:, order], sums[1], atol=1e-4)
    assert np.ptp(sums[0]) > 0.01


def test_fisher_groups_means_variances_and_weights() -> None:
    encoder = Fisher(2, dims=None, weights=True)
    means, variances = np.zeros((2, 3), np.float32), np.ones((2, 3), np.float32)
    encoder._set_learnt(GaussianMixture(np.float32([0.5, 0.5]), means, variances))
    # means 0 1 2 | 3 4 5, variances 6 7 8 | 9 10 11, weights 12 | 13
    assert word_sums(encoder, np.arange(14.0)).tolist() == [3 + 21 + 12, 12 + 30 + 13]


def test_a_word_leans_to_the_class_it_was_trained_for() -> None:
    X = np.array([[5, 1, 0, 5, 1, 0], [1, 5, 0, 1, 5, 0]] * 6, np.float32)
    svm = LinearSVM("hellinger").fit(X, [1, 0] * 6)
    assert favoured_classes(svm, np.float32([1, 1, 0, 1, 1, 0]), cells=2).tolist() == [1, 0, -1]
