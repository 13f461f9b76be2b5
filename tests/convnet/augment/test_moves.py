"""What moves bytes or stretches them, against loops, `numpy.pad` and a bilinear rule in float64."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate.convnet.augment.conversion import reflected, span
from striate.convnet.augment.cutout import cutout
from striate.convnet.augment.flip import mirror, mirrored
from striate.convnet.augment.random_resized_crop import boxes, cropped
from striate.convnet.augment.translate import shift_and_flip
from tests.examples import examples

PICTURES = np.random.default_rng(0).integers(0, 256, (11, 7, 5, 3), dtype=np.uint8)
sides = st.integers(1, 11)


@examples(80)
@given(sides, sides, st.sampled_from((1, 2, 3)), st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_shift_against_numpy_pad(height: int, width: int, channels: int, fraction: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    pictures = random.integers(0, 256, (5, height, width, channels), dtype=np.uint8)
    draws, mirrors = random.random((5, 2), dtype=np.float32), random.random(5) < 0.5
    most = [min(round(fraction * side), side - 1) for side in (height, width)]
    got = shift_and_flip(pictures, draws, fraction, mirrors)
    for picture, draw, mirrored_, out in zip(pictures, draws, mirrors, got, strict=True):
        moves = [int(np.floor(d * (2 * m + 1))) - m for d, m in zip(draw, most, strict=True)]
        padded = np.pad(picture, ((most[0],) * 2, (most[1],) * 2, (0, 0)), mode="reflect")
        top, left = most[0] - moves[0], most[1] - moves[1]
        expected = padded[top : top + height, left : left + width]
        assert np.array_equal(out, expected[:, ::-1] if mirrored_ else expected)


def test_shift_of_pictures_that_are_a_view() -> None:
    view = np.broadcast_to(PICTURES[:1], PICTURES.shape)[:, ::-1, ::-1]
    draws = np.random.default_rng(1).random((11, 2), dtype=np.float32)
    mirrors = np.arange(11) % 2 == 0
    assert np.array_equal(shift_and_flip(view, draws, 0.4, mirrors), shift_and_flip(view.copy(), draws, 0.4, mirrors))


@given(sides, st.integers(0, 40))
def test_reflected_against_numpy_pad(side: int, margin: int) -> None:
    expected = np.pad(np.arange(side), margin, mode="reflect")
    assert np.array_equal(reflected(np.arange(-margin, side + margin), side), expected)


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5])
def test_mirror(channels: int) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (3, 7, 37, channels), dtype=np.uint8)
    assert np.array_equal(mirror(pictures), pictures[:, :, ::-1])


def test_mirrored_depends_on_seed_and_not_on_how_many_there_are() -> None:
    assert np.array_equal(mirrored(5, 1, 100)[:30], mirrored(5, 1, 30))
    assert not np.array_equal(mirrored(5, 1, 100), mirrored(6, 1, 100))


@pytest.mark.parametrize("side", [0.0, 0.1, 0.4, 0.5, 1.0])
def test_cutout_against_a_loop_over_pixels(side: float) -> None:
    draws = np.random.default_rng(2).random((11, 2), dtype=np.float32)
    got = PICTURES.copy()
    cutout(got, draws, side, fill=9)
    long = round(side * 7), round(side * 5)
    for picture, draw, out in zip(PICTURES, draws, got, strict=True):
        centre = int(draw[0] * 7), int(draw[1] * 5)
        for y in range(7):
            for x in range(5):
                inside = all(c - n // 2 <= at < c - n // 2 + n for at, c, n in zip((y, x), centre, long, strict=True))
                assert np.array_equal(out[y, x], [9, 9, 9] if inside else picture[y, x])


def test_cutout_centres_are_spread_over_the_whole_picture() -> None:
    pictures = np.zeros((6000, 3, 4, 1), np.uint8)
    cutout(pictures, np.random.default_rng(3).random((6000, 2), dtype=np.float32), 0.3, fill=1)  # one pixel each
    assert (pictures.sum((1, 2, 3)) == 1).all()
    counts = pictures.sum(0, dtype=np.int64)
    assert counts.min() > 400  # of 500
    assert counts.max() < 600


def test_span_at_the_ends() -> None:
    first, stop = span(np.float32([0, 1, 1]), np.array([3, 3, 0]), 5)  # 1 itself comes of no generator, but is no error
    assert first.tolist() == [0, 3, 4]
    assert stop.tolist() == [2, 5, 4]


@examples(40)
@given(sides, sides, st.sampled_from((1, 3)), st.integers(0, 2**32 - 1))
def test_crop_against_the_bilinear_rule(height: int, width: int, channels: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    pictures = random.integers(0, 256, (3, height, width, channels), dtype=np.uint8)
    draws = random.random((3, 4), dtype=np.float32)
    got = cropped(pictures, draws, 0.2)
    for picture, box, out in zip(pictures, boxes(draws, 0.2, height, width), got, strict=True):
        top, left, high, wide = box
        part = picture[top : top + high, left : left + wide].astype(np.float64)
        read = []
        for side, length in ((height, high), (width, wide)):
            at = ((np.arange(side) + 0.5) * length / side - 0.5).clip(0, length - 1)
            low = np.floor(at).astype(int)
            read.append((low, np.minimum(low + 1, length - 1), at - low))
        (y, below, v), (x, right, u) = read
        u, v = u[None, :, None], v[:, None, None]
        expected = (1 - v) * ((1 - u) * part[y][:, x] + u * part[y][:, right]) + v * (
            (1 - u) * part[below][:, x] + u * part[below][:, right])
        assert np.abs(out - expected).max() <= 1.6  # rounded to bytes after each of two passes, and weights are too


def test_the_whole_picture_is_a_crop_that_changes_nothing() -> None:
    draws = np.float32([[0, 0.5, 0.3, 0.3]])
    assert np.array_equal(cropped(PICTURES[:1], draws, 1.0), PICTURES[:1])


def test_crops_have_the_shares_and_aspects_of_the_paper() -> None:
    draws = np.random.default_rng(4).random((20_000, 4), dtype=np.float32)
    top, left, height, width = boxes(draws, 0.25, 1000, 500).T
    share, aspect = height * width / 500_000, (width / 500) / (height / 1000)
    whole = (height == 1000) | (width == 500)  # cut to the picture
    assert share.min() > 0.245
    assert aspect.min() > 0.745
    assert aspect.max() < 1.345
    assert abs(np.median(share[~whole]) - 0.57) < 0.03  # evenly drawn from 0.25 to 1, less some of the largest
    assert abs(np.mean(np.log(aspect))) < 0.005
    assert (top + height <= 1000).all()
    assert (left + width <= 500).all()
    assert (top >= 0).all()
    assert (left >= 0).all()
    loose = ~whole
    for first, length, side in ((top, height, 1000), (left, width, 500)):
        place = first[loose] / (side - length[loose])  # even from one edge to the other
        assert abs(place.mean() - 0.5) < 0.01
        assert abs(place.std() - np.sqrt(1 / 12)) < 0.02
    top, _, height, _ = boxes(draws, 0.25, 8, 8).T
    assert [0.23 < (top[height == 5] == place).mean() < 0.27 for place in range(4)] == [True] * 4
