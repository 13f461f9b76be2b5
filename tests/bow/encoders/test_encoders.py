"""Tests of every encoder against its reference loops, and of their common contract."""

import numpy as np
import pytest
from sklearn.base import clone

from striate.bow import encoders
from striate.bow.encoders import encoder as base
from tests.bow.encoders.loops import LOOPS, encoded
from tests.bow.encoders.table import CASES, ENCODERS, fitted, pictures, sample


def test_the_table_names_every_encoder() -> None:
    kinds = {type(encoder).__name__ for encoder in ENCODERS.values()}
    assert kinds == set(LOOPS) == {kind.__name__ for kind in encoders.ENCODERS.values()}


@pytest.mark.parametrize(("name", "skip", "pool"), CASES)
def test_against_loops(name: str, skip: bool, pool: str) -> None:
    encoder = fitted(name, skip)
    x, where, regions = pictures()
    found = encoder.encode(x, where, regions, pool)
    assert found.dtype == np.float32
    assert found.shape == (3, len(regions), encoder.width)
    expected = encoded(encoder, x, where, regions, pool)
    np.testing.assert_allclose(found, expected, rtol=2e-4, atol=2e-5 * max(1, np.abs(expected).max()))
    assert not found[:, 3].any()  # the empty region
    assert not skip or not found[-1].any()  # a picture without any contrast


@pytest.mark.parametrize(("name", "skip", "pool"), CASES)
def test_in_pieces(name: str, skip: bool, pool: str, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = fitted(name, skip)
    x, where, regions = pictures()
    whole = encoder.encode(x, where, regions, pool)
    monkeypatch.setattr(base, "ROWS", 4)  # slices are cut, and pictures are worked on in runs of slices
    np.testing.assert_allclose(encoder.encode(x, where, regions, pool), whole, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ENCODERS)
def test_alone_in_a_batch_and_on_threads(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = clone(fitted(name)).fit(*sample())
    x, where, regions = pictures(31)
    monkeypatch.setattr(base, "ROWS", 100)  # four pictures at a time
    batch = encoder.set_params(threads=3).encode(x, where, regions)
    np.testing.assert_array_equal(encoder.set_params(threads=1).encode(x, where, regions), batch)
    alone = [encoder.encode(x[i : i + 1], where, regions) for i in range(len(x))]
    np.testing.assert_array_equal(np.concatenate(alone), batch)


@pytest.mark.parametrize("name", ENCODERS)
def test_same_seed_same_bits(name: str) -> None:
    again = clone(ENCODERS[name]).fit(*sample())
    for key, array in fitted(name).to_arrays()[1].items():
        np.testing.assert_array_equal(again.to_arrays()[1][key], array)


@pytest.mark.parametrize("name", ENCODERS)
def test_skipping_zeros_is_learning_and_coding_without_them(name: str) -> None:
    x, where = sample()
    alive = x.any(axis=1)
    without = clone(ENCODERS[name]).fit(x[alive], where[alive])
    for key, array in fitted(name, skip_zero=True).to_arrays()[1].items():
        np.testing.assert_array_equal(without.to_arrays()[1][key], array)


@pytest.mark.parametrize("name", ENCODERS)
def test_no_pictures_and_no_regions(name: str) -> None:
    x, where, regions = pictures()
    width = fitted(name).width
    assert fitted(name).encode(x[:0], where, regions).shape == (0, len(regions), width)
    assert fitted(name).encode(x, where, []).shape == (3, 0, width)
    assert not fitted(name).encode(x, where, [np.array([], int)]).any()


def test_a_negative_maximum_needs_every_descriptor() -> None:
    encoder = fitted("llc")
    x, where, _ = pictures()
    one = encoder.encode(x[:1], where, [np.array([j]) for j in range(23)], "max")[0]
    assert one.min() < -0.01  # a single descriptor is its own maximum, negative weights included
    assert encoder.encode(x[:1], where, [np.arange(23)], "max").min() >= 0
