"""Tests of nearest words against loops in float64, of ties, and of the vocabulary."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.cluster import KMeans

from striate.bow import nearest_words as room
from striate.bow.nearest_words import NearestWords, nearest
from striate.bow.vocabulary import Vocabulary
from tests.bow.encoders.loops import nearest as slow
from tests.bow.encoders.table import sample


@pytest.mark.parametrize(("rows", "words", "channels"), [(1, 1, 1), (7, 3, 2), (211, 31, 11), (97, 257, 5)])
@pytest.mark.parametrize("scores", [1, 1 << 9, room.SCORES])
def test_against_loops(rows: int, words: int, channels: int, scores: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "SCORES", scores)
    rng = np.random.default_rng(rows)
    x = rng.normal(size=(rows, channels)).astype(np.float32)
    centres = rng.normal(size=(words, channels)).astype(np.float32)
    k = min(3, words)
    indices, squared = NearestWords(centres).search(x, k)
    for row, found, distances in zip(x, indices, squared, strict=True):
        expected, lengths = slow(row, centres, k)
        assert found.tolist() == expected
        np.testing.assert_allclose(distances, lengths, rtol=1e-4, atol=1e-5)
    one = nearest(x, centres, threads=1)
    assert one.dtype == np.int32
    np.testing.assert_array_equal(one, indices[:, 0])
    np.testing.assert_array_equal(nearest(x, centres, threads=3), one)


def test_ties_go_to_the_lower_index() -> None:
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(101, 13)).astype(np.float32)
    centres[[7, 40, 100]] = centres[3]
    centres[99] = centres[40 + 1]
    x = np.repeat(centres, 5, axis=0) + rng.normal(0, 0.01, (505, 13)).astype(np.float32)
    found = nearest(x, centres)
    assert not np.isin(found, [7, 40, 99, 100]).any()
    indices, squared = NearestWords(centres).search(x[15:20], 4)
    assert indices.tolist() == [[3, 7, 40, 100]] * 5
    assert (squared == squared[:, :1]).all()
    whole = np.float32([[2, 0], [0, 2], [0, 0]])
    assert nearest(np.float32([[1, 1], [1, 0], [0, 1]]), whole).tolist() == [0, 0, 1]


def test_shapes_and_blocks_that_do_not_depend_on_the_batch() -> None:
    rng = np.random.default_rng(0)
    x, centres = rng.random((5, 37, 11), dtype=np.float32), rng.random((19, 11), dtype=np.float32)
    whole = NearestWords(centres).search(x, 2)
    assert whole[0].shape == (5, 37, 2)
    for i in range(5):
        for part, alone in zip(whole, NearestWords(centres).search(x[i], 2), strict=True):
            np.testing.assert_array_equal(part[i], alone)
    assert nearest(x[:, :0], centres).shape == (5, 0)
    assert nearest(x[:0], centres).shape == (0, 37)


def test_words_are_those_of_scikit_learn() -> None:
    x, _ = sample()
    found = Vocabulary(11, seed=3, threads=1).fit(x)
    other = KMeans(11, n_init=1, random_state=3, max_iter=100).fit(x)
    np.testing.assert_allclose(found.centres_, other.cluster_centers_, atol=1e-4)
    assert found.inertia_ == pytest.approx(other.inertia_, rel=1e-4)
    np.testing.assert_array_equal(found.transform(x), other.labels_)
    again = clone(found).fit(x)
    np.testing.assert_array_equal(again.centres_, found.centres_)


def test_one_word_is_the_mean_and_as_many_words_as_descriptors_are_these() -> None:
    x = sample()[0]
    np.testing.assert_allclose(Vocabulary(1).fit(x).centres_[0], x.mean(axis=0), atol=1e-5)
    few = np.unique(x, axis=0)[:13]
    words = Vocabulary(13).fit(np.repeat(few, 3, axis=0))
    assert words.inertia_ == pytest.approx(0, abs=1e-6)
    np.testing.assert_allclose(np.unique(words.centres_, axis=0), few, atol=1e-5)
