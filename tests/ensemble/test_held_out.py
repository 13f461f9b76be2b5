"""Held-out probabilities of members: their own, or of a part that a copy was not fitted on; and those in common."""

from typing import Any, Self

import numpy as np
import pytest

from striate import ConvNet
from striate.ensemble.held_out import held_out, in_common
from striate.model.preprocessing import InMemoryDataset
from tests.bow.small import labels, pictures
from tests.ensemble.small import network, words

PICTURES = np.arange(30, dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 1), np.uint8)
TRUTH = np.arange(30) % 3
CLASSES = ("a", "b", "c")


def test_a_member_with_folds_keeps_its_own() -> None:
    member = words().fit(pictures(), labels())
    assert held_out(member, pictures(), np.arange(18) % 2, CLASSES, 0) is member.held_out_


@pytest.mark.parametrize("given", [PICTURES, InMemoryDataset(PICTURES, TRUTH, CLASSES)])
def test_a_copy_is_fitted_on_the_other_pictures(given: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fitted: list[Any] = []

    def fit(self: ConvNet, X: Any, y: object = None) -> Self:  # type: ignore[misc]
        fitted.append(X)
        return self  # type: ignore[return-value]

    monkeypatch.setattr(ConvNet, "fit", fit)
    monkeypatch.setattr(ConvNet, "predict_proba", lambda _, X: np.tile(X.take(np.arange(len(X)))[:, 0, 0], (1, 3)))
    indices, found = held_out(network(), given, TRUTH, CLASSES, seed=5)
    assert len(indices) == 6
    assert np.bincount(TRUTH[indices]).tolist() == [2, 2, 2]
    assert found[:, 0].tolist() == indices.tolist()  # a picture's value is its number
    learnt = fitted[0].take(np.arange(len(fitted[0])))[:, 0, 0, 0]
    assert sorted([*learnt.tolist(), *indices.tolist()]) == list(range(30))
    assert fitted[0].labels.tolist() == TRUTH[learnt].tolist()
    assert fitted[0].classes == CLASSES


def test_pictures_in_common_are_in_one_order() -> None:
    one = np.array([4, 2, 9, 0]), np.array([[4.0], [2.0], [9.0], [0.0]])
    other = np.array([0, 1, 2, 4]), np.array([[0.5], [1.5], [2.5], [4.5]])
    indices, rows = in_common([one, other])
    assert indices.tolist() == [0, 2, 4]
    assert [part[:, 0].tolist() for part in rows] == [[0, 2, 4], [0.5, 2.5, 4.5]]
