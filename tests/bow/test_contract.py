"""Tests of scikit-learn's contract for BagOfWords."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline

from striate.bow import descriptors
from striate.bow.encoders import Hard
from striate.bow.recogniser import BagOfWords
from striate.bow.sift import DenseSIFT
from striate.classifiers import KNN, LinearSVM
from striate.errors import UsageError
from striate.model.preprocessing import InMemoryDataset
from tests.bow.small import CLASSIFIERS, ENCODERS, fitted, labels, model, pictures

NEW = pictures(6, seed=9)


def test_it_learns() -> None:
    recogniser = fitted()
    scores = recogniser.predict_proba(NEW)
    assert scores.shape == (6, 2)
    assert scores.dtype == np.float64
    np.testing.assert_allclose(scores.sum(axis=1), 1)
    assert recogniser.predict(NEW).tolist() == ["across", "down"] * 3
    assert recogniser.score(NEW, labels(6)) == recogniser.score(NEW, [0, 1] * 3) == 1
    assert [row["stage"] for row in recogniser.stages_] == ["dense SIFT", "words", "features", "classifier"]
    assert recogniser.features(NEW).shape == (6, 7 * 7)


def test_clone_params_and_repr() -> None:
    recogniser = fitted().set_params(encoder__words=5, classifier__k=1, pyramid__grids=((1, 1),), sift__step=4)
    copy = clone(recogniser)
    assert not hasattr(copy, "pipeline_")
    assert copy.get_params()["encoder__words"] == 5
    assert repr(copy) == repr(recogniser)
    assert clone(BagOfWords()).get_params() == BagOfWords().get_params()


def test_fit_leaves_the_stages_given_as_they_were() -> None:
    recogniser = model(seed=3, threads=1)
    before = repr(recogniser.get_params())
    recogniser.fit(pictures(), labels())
    assert repr(recogniser.get_params()) == before
    assert not hasattr(recogniser.encoder, "centres_")


def test_cross_validation_pipeline_and_grid_search() -> None:
    assert cross_val_score(model(), pictures(), labels(), cv=2).min() > 0.7
    chain = make_pipeline(model()).fit(pictures(), labels())
    assert chain.predict_proba(NEW).shape == (6, 2)
    searched = model(classifier=LinearSVM("hellinger"))
    values = {"encoder__words": np.array([1, 7]), "classifier__C": [0.1, 10.0], "sample": np.array([500]),
              "pyramid__grids": [((1, 1),), ((1, 1), (1, 2))]}
    search = GridSearchCV(searched, values, cv=2, error_score="raise").fit(pictures(), labels())
    assert search.best_params_["encoder__words"] == 7
    assert len(search.cv_results_["mean_test_score"]) == 8


@pytest.mark.parametrize("y", [labels(), np.arange(18) % 2 + 5, np.arange(18) % 2 == 0, ["ä\n", "<b>"] * 9])
def test_labels_of_every_kind_come_back(y: np.ndarray, tmp_path: Path) -> None:
    recogniser = model().fit(pictures(), y)
    assert recogniser.predict(pictures()).tolist() == list(np.asarray(y).tolist())
    assert recogniser.score(pictures(), y) == 1


def test_a_data_set_is_as_good_as_arrays_and_an_absent_class_has_probability_0() -> None:
    data = InMemoryDataset(pictures(channels=1), np.arange(18) % 2 * 2, ("across", "never", "down"))
    recogniser = model().fit(data)
    scores = recogniser.predict_proba(InMemoryDataset(NEW[..., None]))
    assert recogniser.classes_.tolist() == ["across", "never", "down"]
    assert (scores[:, 1] == 0).all()
    np.testing.assert_array_equal(scores[:, [0, 2]], fitted().predict_proba(NEW))
    assert recogniser.score(data) == 1
    assert recogniser.held_out_[1].shape == (18, 3)


def test_refit_forgets() -> None:
    recogniser = fitted(encoder=Hard(3))
    recogniser.set_params(encoder=Hard(7)).fit(pictures(), labels())
    again = fitted()
    np.testing.assert_array_equal(recogniser.predict_proba(NEW), again.predict_proba(NEW))
    assert len(recogniser.stages_) == 4
    assert recogniser.notes_ == again.notes_


@pytest.mark.parametrize("classifier", CLASSIFIERS)
@pytest.mark.parametrize("encoder", ENCODERS)
def test_r01_same_seed_same_bytes(encoder: str, classifier: str, tmp_path: Path) -> None:
    one, two = (fitted(encoder=ENCODERS[encoder], classifier=CLASSIFIERS[classifier], seed=1).save(tmp_path / name)
                for name in ("a", "b"))
    assert one.read_bytes() == two.read_bytes()


def test_another_seed_has_other_words() -> None:
    assert fitted(seed=1).features(NEW).tolist() != fitted(seed=2).features(NEW).tolist()


@pytest.mark.parametrize("encoder", ENCODERS)
def test_r06_threads_change_no_bit_once_the_words_are_learnt(encoder: str) -> None:
    recogniser = fitted(encoder=ENCODERS[encoder], classifier=LinearSVM("linear"), threads=1)
    one = recogniser.features(NEW)
    for stage in (recogniser.pipeline_.description.sift, recogniser.pipeline_.description.encoder):
        stage.threads = 2
    np.testing.assert_array_equal(recogniser.features(NEW), one)


def test_r06_threads_change_no_prediction() -> None:
    # Words may differ in their last bits: k-means adds up in another order.
    one, two = fitted(threads=1), fitted(threads=2)
    np.testing.assert_allclose(two.predict_proba(NEW), one.predict_proba(NEW), atol=1e-6)


@pytest.mark.parametrize("encoder", ENCODERS)
def test_a_picture_alone_and_in_batches(encoder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    recogniser = fitted(encoder=ENCODERS[encoder], classifier=LinearSVM("linear"))
    features, scores = recogniser.features(NEW), recogniser.predict_proba(NEW)
    alone = [recogniser.features(NEW[i : i + 1]) for i in range(6)]
    np.testing.assert_array_equal(np.concatenate(alone), features)
    probable = [recogniser.predict_proba(NEW[i : i + 1]) for i in range(6)]
    np.testing.assert_allclose(np.concatenate(probable), scores, atol=1e-6)
    grid = recogniser.pipeline_.description.grid
    monkeypatch.setattr(descriptors, "BATCH", 4 * 4 * 128 * len(grid.y))  # four pictures at a time, then two
    monkeypatch.setattr("striate.bow.pipeline.MOST_PICTURES", 5)
    np.testing.assert_array_equal(recogniser.features(NEW), features)
    np.testing.assert_allclose(recogniser.predict_proba(NEW), scores, atol=1e-6)


def test_colour_and_other_sizes() -> None:
    colour = pictures(channels=3)
    recogniser = model(sift=DenseSIFT((2, 3), 3, enlarge=1, colour="opponent")).fit(colour, labels())
    assert recogniser.score(colour, labels()) == 1
    assert recogniser.predict_proba(NEW).shape == (6, 2)  # grey ones are read as colour
    smaller = model(size=(21, 17), resize="crop").fit(colour, labels())
    assert smaller.preparation_.as_dict() == {"size": [21, 17], "channels": 1, "resize": "crop"}
    assert smaller.predict(NEW.repeat(2, axis=1).repeat(2, axis=2)).shape == (6,)


def test_progress_is_told() -> None:
    told: list[tuple[str, int, int]] = []
    model(flip=True).fit(pictures(), labels(), watch=lambda *step: told.append(step))
    assert [stage for stage, done, total in told if done == total] == [
        "descriptors to learn words from", "words", "features", "features of mirror images", "classifier"]


def test_before_fit_it_says_so_as_scikit_learn_does(tmp_path: Path) -> None:
    for use in (lambda m: m.predict(NEW), lambda m: m.score(NEW, labels(6)), lambda m: m.save(tmp_path / "m"),
                lambda m: m.predict_proba(NEW), lambda m: m.features(NEW)):
        with pytest.raises(NotFittedError):
            use(model())


def test_by_name_with_settings() -> None:
    recogniser = BagOfWords("bow-knn", encoder=Hard(5), sample=500, seed=4).fit(pictures(), labels())
    assert (recogniser.sample, recogniser.seed) == (500, 4)
    assert isinstance(recogniser.pipeline_.classifier, KNN)


def test_unknown_labels_are_refused() -> None:
    with pytest.raises(UsageError) as caught:
        fitted().score(NEW, ["giraffe"] * 6)
    assert caught.value.code == "unknown_label"
