"""Tests of evidence maps and word maps against loops."""

import numpy as np
import pytest

from striate.bow.explain.maps import (
    DescribedPicture,
    contributions,
    evidence_map,
    scatter,
    strongest_words,
    word_map,
    word_positions,
)
from striate.bow.explain.word_pages import likeness, word_pages
from striate.bow.sift import Grid
from tests.bow.explain.models import ENCODERS, WORDS, model, pictures


def squares(shares: np.ndarray, grid: Grid) -> np.ndarray:
    """Reference implementation of `scatter`: pixel by pixel."""
    whole = np.zeros((grid.height, grid.width))
    for share, y, x, size in zip(shares, grid.y, grid.x, grid.bin, strict=True):
        inside = [(i, j) for i in range(grid.height) for j in range(grid.width)
                  if y - 2 * size <= i < y + 2 * size and x - 2 * size <= j < x + 2 * size]
        for i, j in inside:
            whole[i, j] += share / len(inside)
    return whole


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("number", [0, 1])
def test_pixels_sum_to_the_contributions(encoder: str, number: int) -> None:
    fitted = model(encoder, "linear")
    parts = contributions(fitted, pictures()[number], 1).array
    placed = evidence_map(fitted, pictures()[number], 1).array
    assert placed.shape == pictures()[number].shape
    assert placed.sum() == pytest.approx(parts.sum(), abs=1e-10)


def test_shares_go_to_their_descriptors() -> None:
    fitted = model("hard without blanks")
    seen = DescribedPicture.of(fitted, pictures()[0])
    said = contributions(fitted, seen, 0).array
    shares = np.zeros(len(seen.words))
    for cell, region in enumerate(seen.regions):
        for word in range(WORDS):
            owners = [d for d in region if seen.words[d] == word and not seen.blank[d]]
            for d in owners:
                shares[d] += said[cell, word] / len(owners)
    assert seen.blank.any()
    assert not shares[seen.blank].any()
    assert np.allclose(evidence_map(fitted, seen, 0).array, squares(shares, seen.grid), atol=1e-12)


def test_spreading_is_that_of_a_loop_at_prime_sizes() -> None:
    rng = np.random.default_rng(5)
    height, width, count = 11, 7, 13
    y, x = (rng.uniform(0, length - 1, count).astype(np.float32) for length in (height, width))
    grid = Grid(y, x, rng.choice([0.5, 1, 1.5, 5], count).astype(np.float32), height, width)
    shares = rng.normal(size=count)
    assert np.allclose(scatter(shares, grid), squares(shares, grid), atol=1e-12)


@pytest.mark.parametrize("encoder", ["hard", "vlad", "fisher"])
def test_the_word_map_is_that_of_a_loop(encoder: str) -> None:
    fitted = model(encoder, "linear")
    description, picture = fitted.pipeline_.description, pictures()[3]
    found = word_map(fitted, picture).array
    y, x = word_positions(fitted)
    descriptors, grid = description.sift.transform(picture[None])[0], description.grid
    assert found.shape == (len(y), len(x))
    assert (found == -1).any()
    assert (found >= 0).any()
    reduction = getattr(description.encoder, "reduction_", None)
    for d in np.flatnonzero(grid.bin == grid.bin.min()):
        row, column = list(y).index(grid.y[d]), list(x).index(grid.x[d])
        one = descriptors[d]
        if not one.any():
            assert found[row, column] == -1
            continue
        place = reduction(one[None], np.zeros((1, 2), np.float32))[0] if reduction else one
        apart = [float(((place.astype(np.float64) - word) ** 2).sum()) for word in description.encoder.words_]
        assert apart[found[row, column]] <= min(apart) + 1e-5


def test_counts_are_what_the_encoder_counts() -> None:
    for encoder in ("hard", "hard without blanks"):
        fitted = model(encoder)
        seen, description = DescribedPicture.of(fitted, pictures()[0]), fitted.pipeline_.description
        joined = description.pyramid.join(seen.counts(WORDS)[None].astype(np.float32))
        assert np.allclose(joined[0], seen.features, atol=1e-6)
        assert np.array_equal(seen.times(WORDS), seen.counts(WORDS)[0])
        assert np.array_equal(seen.features, fitted.features(pictures()[:1])[0])


def test_telling_words_come_in_order() -> None:
    fitted = model(kernel="intersection", kind="kernel_svm")
    whole = contributions(fitted, pictures()[2], 2)
    said = whole.array.sum(axis=0)
    times = DescribedPicture.of(fitted, pictures()[2]).times(WORDS)
    most, least = strongest_words(whole, times, WORDS)
    assert [one.word for one in most] == [w for w in np.argsort(-said) if said[w] > 0]
    assert [one.word for one in least] == [w for w in np.argsort(said) if said[w] < 0]
    assert all(one.value == said[one.word] and one.times == times[one.word] for one in most + least)
    assert len(strongest_words(whole, times, 1)[0]) == 1


def test_the_codebook_has_every_word_the_commonest_first() -> None:
    fitted = model()
    book = word_pages(fitted)
    assert sorted(book.words) == list(range(WORDS))
    assert (np.diff(book.counts) <= 0).all()
    assert np.array_equal(book.mean, fitted.patches_.mean[book.words])
    assert np.array_equal(book.nearest, fitted.patches_.nearest[book.words])
    assert book.evidence_for is not None
    assert set(book.evidence_for) <= {-1, 0, 1, 2}
    assert word_pages(model(kind="knn")).evidence_for is None
    assert word_pages(model("fisher", "linear")).evidence_for is None


def test_like_words_have_like_numbers() -> None:
    fitted = model()
    found = likeness(fitted)
    words = fitted.pipeline_.description.encoder.words_.astype(np.float64)
    first = np.linalg.svd(words - words.mean(axis=0))[2][0]
    along = (words - words.mean(axis=0)) @ first
    assert np.array_equal(np.argsort(found[:, 0]), np.argsort(along * np.sign(first[np.abs(first).argmax()])))
    assert found.min() == -1
    assert found.max() == 1
