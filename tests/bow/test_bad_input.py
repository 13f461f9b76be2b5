"""Tests of bad input and odd settings, each with the outcome it must have."""

from typing import Any

import numpy as np
import pytest

from striate.bow.encoders import LLC, VLAD, Fisher, Hard, Soft
from striate.bow.pyramid import SpatialPyramid
from striate.bow.recogniser import BagOfWords
from striate.bow.sift import DenseSIFT
from striate.classifiers import KNN, KernelSVM, LinearSVM
from striate.errors import DataError, StriateError
from striate.model.preprocessing import InMemoryDataset
from tests.bow.small import CLASSIFIERS, ENCODERS, fitted, labels, model, pictures

X, Y = pictures(), labels()
GREY = np.arange(60, 78, dtype=np.uint8)[:, None, None] * np.ones((1, 23, 19), np.uint8)  # each uniform
LINEAR = LinearSVM("linear")


def fit(X: Any = X, y: Any = Y, **changed: Any) -> BagOfWords:
    return model(**changed).fit(X, y)


REFUSED = {
    "i22_smaller_than_a_descriptor picture_too_small": lambda: fit(X[:, :5, :5]),
    "i22_one_pixel picture_too_small": lambda: fit(X[:, :1, :1], sift=DenseSIFT()),
    "i22_one_row picture_too_small": lambda: fit(X[:, :1], sift=DenseSIFT()),
    "the_same_picture_over_and_over few_pictures": lambda: fit(X[[0] * 18], classifier=LINEAR),
    "the_same_picture_and_neighbours few_neighbours": lambda: fit(X[[0] * 18]),
    "i24_uniform_training_pictures too_few_descriptors": lambda: fit(GREY),
    "i24_uniform_without_zeros too_few_descriptors": lambda: fit(GREY, encoder=Hard(1, skip_zero=True)),
    "fewer_descriptors_than_words too_few_descriptors": lambda: fit(encoder=Hard(541)),
    "fewer_descriptors_than_components too_few_descriptors": lambda: fit(
        encoder=Fisher(541, 5), classifier=LINEAR
    ),
    "fewer_words_than_neighbours too_few_words": lambda: fit(encoder=LLC(3, 5), classifier=LINEAR),
    "sample_smaller_than_words too_few_descriptors": lambda: fit(sample=6),
    "more_dims_than_numbers too_many_dims": lambda: fit(encoder=VLAD(5, 129), classifier=LINEAR),
    "d03_one_class one_class": lambda: fit(y=["cat"] * 18),
    "d03_one_class_of_several one_class": lambda: fit(InMemoryDataset(X[..., None], np.ones(18, int), ("a", "b")),
                                                      None),
    "d01_no_pictures no_pictures": lambda: fit(X[:0], []),
    "d01_an_empty_data_set no_pictures": lambda: fit(InMemoryDataset(X[:0, ..., None], np.ones(0, int), ("a", "b")),
                                                     None),
    "no_labels no_labels": lambda: fit(y=None),
    "fewer_labels_than_pictures bad_labels": lambda: fit(y=Y[1:]),
    "float_labels bad_labels": lambda: fit(y=np.arange(18) / 2),
    "float_pictures not_pictures": lambda: fit(X / 255),
    "nan_pictures not_pictures": lambda: fit(np.where(X > 9, np.nan, X)),
    "one_picture_without_its_axis not_pictures": lambda: fit(X[0]),
    "four_channels not_pictures": lambda: fit(np.repeat(X[..., None], 4, axis=3)),
    "text not_pictures": lambda: fit("pictures"),
    "colour_of_grey no_colour": lambda: fit(sift=DenseSIFT((2, 3), 3, colour="hsv")),
    "signed_features_and_chi2 stages_apart": lambda: fit(encoder=Fisher(3, 5), classifier=LinearSVM("chi2")),
    "signed_features_and_neighbours stages_apart": lambda: fit(encoder=VLAD(5)),
    "largest_of_fisher stages_apart": lambda: fit(encoder=Fisher(3, 5), pyramid=SpatialPyramid(pool="max"),
                                                  classifier=LINEAR),
    "a_classifier_as_encoder strange_stage": lambda: fit(encoder=LinearSVM()),
    "a_classifier_as_sift strange_stage": lambda: fit(sift=LinearSVM()),
    "an_encoder_as_pyramid strange_stage": lambda: fit(pyramid=Hard()),
    "an_encoder_as_classifier strange_stage": lambda: fit(classifier=Hard()),
    "a_name_as_encoder strange_stage": lambda: fit(encoder="hard"),
    "a_class_as_encoder strange_stage": lambda: fit(encoder=Hard),
    "sample_0 impossible_value": lambda: fit(sample=0),
    "sample_of_too_many impossible_value": lambda: fit(sample=10**10),
    "sample_half impossible_value": lambda: fit(sample=0.5),
    "sample_true impossible_value": lambda: fit(sample=True),
    "seed_below_0 impossible_value": lambda: fit(seed=-1),
    "seed_of_33_bits impossible_value": lambda: fit(seed=2**32),
    "seed_none impossible_value": lambda: fit(seed=None),
    "threads_0 impossible_value": lambda: fit(threads=0),
    "no_words impossible_value": lambda: fit(encoder=Hard(0)),
    "no_grids bad_grids": lambda: fit(pyramid=SpatialPyramid(())),
    "size_0 bad_size": lambda: fit(size=(0, 19)),
    "size_of_three bad_size": lambda: fit(size=(23, 19, 1)),
    "unknown_fit bad_fit": lambda: fit(resize="stretch"),
    "more_neighbours_than_pictures few_neighbours": lambda: fit(classifier=KNN(k=18)),
    "more_folds_than_pictures few_pictures": lambda: fit(classifier=LinearSVM(folds=19)),
    "predict_floats not_pictures": lambda: fitted().predict(X / 255),
    "predict_nothing no_pictures": lambda: fitted().predict(X[:0]),
    "features_of_nothing no_pictures": lambda: fitted().features(X[:0]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    with pytest.raises(StriateError) as caught:
        REFUSED[name]()
    assert caught.value.code == name.split()[1]


@pytest.mark.parametrize("classifier", CLASSIFIERS)
@pytest.mark.parametrize("encoder", ENCODERS)
def test_i24_a_uniform_picture_is_no_reason_to_fail(encoder: str, classifier: str) -> None:
    recogniser = fitted(encoder=ENCODERS[encoder], classifier=CLASSIFIERS[classifier])
    for value in (0, 77, 255):
        scores = recogniser.predict_proba(np.full((1, 23, 19), value, np.uint8))
        assert np.isfinite(scores).all()
        assert scores.sum() == pytest.approx(1)
    np.testing.assert_array_equal(recogniser.features(GREY[:1]), recogniser.features(GREY[:1] + 9))


@pytest.mark.parametrize(
    "encoder",
    [Hard(4, skip_zero=True), Soft(4, 2, skip_zero=True), Fisher(2, 3, skip_zero=True)],
)
def test_i24_nothing_to_count_is_a_feature_of_zeros(encoder: Hard) -> None:
    recogniser = fitted(encoder=encoder, classifier=LINEAR)
    assert not recogniser.features(GREY[:1]).any()
    assert recogniser.predict_proba(GREY[:1]).sum() == pytest.approx(1)


@pytest.mark.parametrize("classifier", [LINEAR, LinearSVM("chi2"), KernelSVM(), KNN()])
def test_one_word_tells_nothing_apart(classifier: LinearSVM) -> None:
    recogniser = fitted(encoder=Hard(1), classifier=classifier)
    assert recogniser.features(X).shape == (18, 7)
    np.testing.assert_array_equal(recogniser.features(X), recogniser.features(X[:1]).repeat(18, axis=0))
    scores = recogniser.predict_proba(X)
    np.testing.assert_allclose(scores, scores[:1].repeat(18, axis=0))
    np.testing.assert_allclose(scores.sum(axis=1), 1)


@pytest.mark.parametrize("classifier", [LINEAR, LinearSVM("chi2"), KernelSVM(), KNN()])
def test_i24_uniform_pictures_and_one_word(classifier: LinearSVM) -> None:
    scores = fit(GREY, encoder=Hard(1), classifier=classifier).predict_proba(X)
    assert np.isfinite(scores).all()


def test_cells_without_descriptors_are_zeros() -> None:
    recogniser = fitted(pyramid=SpatialPyramid(((11, 13),)))
    features = recogniser.features(X).reshape(18, 11, 13, 7)
    assert not features[:, 0].any()  # the border has no centres
    assert features.any(axis=(0, 3)).sum() == 5 * 3
    np.testing.assert_allclose(features.sum(axis=(1, 2, 3)), 1, rtol=1e-6)
    assert recogniser.score(X, Y) == 1


def test_d06_one_picture_of_a_class() -> None:
    for classifier in (LINEAR, KernelSVM("linear"), KNN(k=1)):
        recogniser = model(classifier=classifier).fit(X[:4], ["a", "b", "b", "b"])
        assert recogniser.predict_proba(X).shape == (18, 2)
    with pytest.raises(DataError):
        model(classifier=KNN(k=2)).fit(X[:2], ["a", "b"])


def test_settings_may_be_numpy_numbers_and_arrays() -> None:
    odd = model(sample=np.int64(2000), seed=np.uint8(3), sift=DenseSIFT(np.array([2, 3]), np.int32(3), enlarge=1),
                pyramid=SpatialPyramid(np.array([[1, 1], [2, 3]])), encoder=Hard(np.int64(7))).fit(X, Y)
    np.testing.assert_array_equal(odd.predict_proba(X), fitted(seed=3).predict_proba(X))
