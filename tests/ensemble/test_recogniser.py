"""Ensemble as a recogniser: its pool, pictures of other sizes, batches, its file, scikit-learn's contract."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import striate
from striate.bow.recogniser import BagOfWords
from striate.data.resize import resize_pictures
from striate.ensemble import recogniser as module
from striate.ensemble.opinion_pool import pooled
from striate.ensemble.recogniser import Ensemble
from striate.model.preprocessing import InMemoryDataset, Preprocessing
from tests.bow.small import labels, pictures
from tests.ensemble.small import few_words, network, together, weighting, words

NEW = pictures(7, seed=9)


def test_it_is_the_pool_of_its_members() -> None:
    model = together()
    apart = [member.predict_proba(NEW) for member in model.members_.values()]
    np.testing.assert_array_equal(model.predict_proba(NEW), pooled(apart, [0.75, 0.25], 0.8))
    assert model.predict(NEW).tolist() == ["across", "down"] * 3 + ["across"]
    assert model.describe_training() == "words (weight 0.75) and net (weight 0.25)"
    assert list(model.member_probabilities(NEW)) == ["words", "net"]


def test_members_of_weight_zero_are_left_out() -> None:
    model = Ensemble.of({"a": words().fit(pictures(), labels()), "b": network().fit(pictures(), labels())},
                        weighting(0.0, 1.0))
    assert list(model.members_) == ["b"]
    assert model.weights_.tolist() == [1]


def test_it_reads_the_largest_sides_and_members_resize_from_them(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"wide": words(size=(20, 30)).fit(pictures(), labels()),
             "high": words(size=(33, 19)).fit(pictures(channels=3), labels())}
    seen: list[np.ndarray] = []
    monkeypatch.setattr(BagOfWords, "predict_proba",
                        lambda _, X: seen.append(X.take(np.arange(len(X)))) or np.full((len(X), 2), 0.5))
    model = Ensemble.of(given, weighting(0.5, 0.5))
    assert model.preparation_.as_dict() == {"size": [33, 30], "channels": 1, "resize": "squash"}
    model.predict_proba(NEW)
    Ensemble.of(given, weighting(0.5, 0.5), preparation=Preprocessing((23, 19), 1, "squash")).predict_proba(NEW)
    for found, read in zip(seen, [resize_pictures(NEW, (33, 30), channels=1)] * 2 + [NEW[..., None]] * 2, strict=True):
        np.testing.assert_array_equal(found, read)


def test_fit_finds_weights_and_predicts_from_what_was_fitted() -> None:
    members = [("words", words()), ("more", few_words(5)), ("net", network())]
    model = Ensemble(members, seed=1).fit(pictures(30), labels(30))
    assert model.classes_.tolist() == ["across", "down"]
    assert model.preparation_.as_dict() == {"size": [23, 19], "channels": 1, "resize": "squash"}
    assert model.weights_.sum() == pytest.approx(1)
    assert set(model.members_) <= {"words", "more", "net"}
    assert model.score(NEW, labels(7)) == 1
    indices, held = model.held_out_
    assert set(indices.tolist()) <= set(range(30))
    assert held.shape == (len(indices), 2)
    assert not hasattr(members[0][1], "pipeline_")  # copies were fitted


def test_numbers_as_labels_and_a_data_set() -> None:
    model = Ensemble([("words", words()), ("more", few_words(5))]).fit(pictures(), np.arange(18) % 2 + 5)
    assert model.predict(NEW).tolist() == [5, 6] * 3 + [5]
    data = InMemoryDataset(pictures(channels=1), np.arange(18) % 2, ("across", "down"))
    named = Ensemble([("words", words()), ("net", network())]).fit(data)
    assert named.score(data) == 1


def test_a_data_set_is_read_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    model = together()
    whole = model.predict_proba(NEW)
    taken: list[int] = []

    class Watched(InMemoryDataset):
        def take(self, indices: np.ndarray) -> np.ndarray:
            taken.append(len(indices))
            return super().take(indices)

    monkeypatch.setattr(module, "BATCH", 3 * 23 * 19)
    np.testing.assert_allclose(model.predict_proba(Watched(NEW[..., None])), whole, atol=1e-6)
    assert max(taken) == 3


def test_it_is_saved_and_loaded_with_the_same_bits(tmp_path: Path) -> None:
    model = together()
    path = model.save(tmp_path / "a")
    assert path.read_bytes() == together().save(tmp_path / "b").read_bytes()
    loaded = striate.load(path)
    assert isinstance(loaded, Ensemble)
    np.testing.assert_array_equal(loaded.predict_proba(NEW), model.predict_proba(NEW))
    assert loaded.save(tmp_path / "c").read_bytes() == path.read_bytes()
    assert [one.label for one in striate.predict(path, [NEW[0], NEW[1]])] == ["across", "down"]


def test_clone_and_before_fit(tmp_path: Path) -> None:
    model = Ensemble([("words", words())], seed=3)
    copy = clone(model)
    assert copy.seed == 3
    assert copy.members[0][1] is not model.members[0][1]
    for use in (lambda m: m.predict(NEW), lambda m: m.save(tmp_path / "m"), lambda m: m.predict_proba(NEW)):
        with pytest.raises(NotFittedError):
            use(copy)
