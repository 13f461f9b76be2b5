"""Cross-correlation and convolution against SciPy, bit for bit, and against loops; zeros, mirrors and edges beyond."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import correlate as correlate_nd
from scipy.signal import convolve2d, correlate2d

from striate.errors import UsageError
from striate.filtering import BORDERS, FilterKernel, correlate, pixel_sum
from striate.filtering import correlation as module
from tests.examples import examples

SCIPY = {"zero": "fill", "reflect": "symm"}
SIZES = [(1, 1), (1, 4), (2, 2), (3, 3), (2, 5), (4, 3), (5, 7), (7, 9), (6, 13)]


def kernel(weights: object) -> FilterKernel:
    return FilterKernel("test", np.asarray(weights))


def by_loops(values: NDArray[np.int64], weights: NDArray[np.int64], border: str, convolution: bool) -> list[list[int]]:
    """The definition, number by number: Σ w[r, c] · x[i ± r, j ± c], r and c counted from the middle."""
    (height, width), (rows, columns) = values.shape, weights.shape
    middle, sign = ((rows - 1) // 2, (columns - 1) // 2), -1 if convolution else 1

    def at(place: int, length: int) -> int | None:
        if border == "zero":
            return place if 0 <= place < length else None
        if border == "nearest":
            return min(max(place, 0), length - 1)
        while not 0 <= place < length:
            place = -1 - place if place < 0 else 2 * length - 1 - place
        return place

    def one(i: int, j: int) -> int:
        total = 0
        for r, c in product(range(rows), range(columns)):
            y, x = at(i + sign * (r - middle[0]), height), at(j + sign * (c - middle[1]), width)
            total += 0 if y is None or x is None else int(weights[r, c]) * int(values[y, x])
        return total

    return [[one(i, j) for j in range(width)] for i in range(height)]


@pytest.mark.parametrize("border", SCIPY)
@pytest.mark.parametrize("size", SIZES)
def test_floats_equal_scipy_to_the_last_bit(size: tuple[int, int], border: str) -> None:
    random = np.random.default_rng(sum(size))
    for shape in ((11, 17), (3, 2), (1, 1)):
        values, weights = random.normal(size=shape), random.normal(size=size)
        with np.errstate(all="raise"):
            assert np.array_equal(correlate(values, kernel(weights), border),
                                  correlate2d(values, weights, "same", SCIPY[border]))
            assert np.array_equal(correlate(values, kernel(weights), border, convolution=True),
                                  convolve2d(values, weights, "same", SCIPY[border]))


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("size", SIZES)
def test_whole_numbers_are_exact(size: tuple[int, int], border: str) -> None:
    random = np.random.default_rng(sum(size))
    values, weights = random.integers(-1000, 1000, (5, 7)), random.integers(-9, 10, size)
    for convolution in (False, True):
        found = correlate(values, kernel(weights), border, convolution=convolution)
        assert found.dtype == np.int64
        assert found.tolist() == by_loops(values, weights, border, convolution)
    if border in SCIPY:
        assert np.array_equal(correlate(values, kernel(weights), border),
                              correlate2d(values, weights, "same", SCIPY[border]))


@pytest.mark.parametrize(("border", "mode"), [("zero", "constant"), ("reflect", "reflect"), ("nearest", "nearest")])
def test_borders_are_those_of_ndimage(border: str, mode: str) -> None:
    values, weights = np.arange(20).reshape(4, 5), np.arange(1, 26).reshape(5, 5)
    assert np.array_equal(correlate(values, kernel(weights), border), correlate_nd(values, weights, mode=mode))


@given(seed=st.integers(0, 2**32 - 1), height=st.integers(1, 9), width=st.integers(1, 9), rows=st.integers(1, 6),
       columns=st.integers(1, 9))
@examples(60)
def test_any_shapes_and_a_convolution_is_a_correlation_turned(seed: int, height: int, width: int, rows: int,
                                                              columns: int) -> None:
    random = np.random.default_rng(seed)
    values, weights = random.normal(size=(height, width)), random.normal(size=(rows, columns))
    assert np.array_equal(correlate(values, kernel(weights)), correlate2d(values, weights, "same"))
    turned = correlate(values, kernel(weights[::-1, ::-1]))
    if rows % 2 and columns % 2:
        assert correlate(values, kernel(weights), convolution=True) == pytest.approx(turned, abs=1e-12)


def test_an_impulse_gives_the_kernel_and_correlated_the_kernel_turned() -> None:
    impulse, weights = np.zeros((5, 7), int), np.arange(1, 10).reshape(3, 3)
    impulse[2, 3] = 1
    assert correlate(impulse, kernel(weights), convolution=True)[1:4, 2:5].tolist() == weights.tolist()
    assert correlate(impulse, kernel(weights))[1:4, 2:5].tolist() == weights[::-1, ::-1].tolist()


def test_channels_are_filtered_one_by_one() -> None:
    values, weights = np.random.default_rng(0).integers(0, 256, (6, 5, 3)).astype(np.uint8), np.arange(9).reshape(3, 3)
    found = correlate(values, kernel(weights))
    assert found.shape == (6, 5, 3)
    for channel in range(3):
        assert np.array_equal(found[..., channel], correlate(values[..., channel], kernel(weights)))


def test_strips_of_rows_meet_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    values, weights = np.random.default_rng(0).normal(size=(23, 8)), np.random.default_rng(1).normal(size=(4, 5))
    whole = correlate(values, kernel(weights), "reflect")
    monkeypatch.setattr(module, "STRIP", 40)
    assert np.array_equal(correlate(values, kernel(weights), "reflect"), whole)


def test_whole_sums_are_exact_up_to_what_float64_holds() -> None:
    values = np.array([[2**52 - 1, 1 - 2**52]])
    assert correlate(values, kernel([[1, -1]])).tolist() == [[2**53 - 2, 1 - 2**52]]
    with pytest.raises(UsageError, match="sums below 2\\^53 are allowed"):
        correlate(values - np.array([[0, 1]]), kernel([[1, -1]]))


def test_the_input_stays_as_it_was() -> None:
    values = np.arange(12.0).reshape(3, 4)
    correlate(values, kernel(np.ones((3, 3))))
    assert values.tolist() == np.arange(12.0).reshape(3, 4).tolist()


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("convolution", [False, True])
@pytest.mark.parametrize("size", [(3, 3), (2, 4), (5, 9), (1, 1)])
def test_the_sum_at_a_pixel_is_that_pixel_to_the_last_bit(size: tuple[int, int], convolution: bool,
                                                         border: str) -> None:
    random = np.random.default_rng(3)
    values, one = random.normal(size=(6, 7)), kernel(random.normal(size=size))
    found = correlate(values, one, border, convolution=convolution)
    for row, column in product(range(6), range(7)):
        told = pixel_sum(values, one, border, row, column, convolution=convolution)
        assert told.sum == found[row, column]
        assert np.array_equal(told.products, told.window * told.weights)
        exact = sum((Fraction(x) * Fraction(w) for x, w in zip(told.window.ravel().tolist(),
                                                               told.weights.ravel().tolist(), strict=True)), Fraction())
        assert told.sum == pytest.approx(float(exact), abs=1e-13)
    assert np.array_equal(told.weights, one.weights[::-1, ::-1] if convolution else one.weights)


def test_the_sum_of_whole_numbers_is_whole() -> None:
    told = pixel_sum(np.arange(9).reshape(3, 3), kernel([[1, 2], [3, 4]]), "zero", 2, 2)
    assert told.as_dict() == {"kernel": "test", "channel": 0, "window": [[8, 0], [0, 0]], "weights": [[1, 2], [3, 4]],
                              "products": [[8, 0], [0, 0]], "sum": 8}
    assert type(told.sum) is int
