import numpy as np
import pytest
from PIL import Image

from striate.data import resize_picture, resize_pictures
from striate.errors import UsageError
from tests.data.fixtures import pattern


def test_a_picture_that_fits_is_returned_untouched():
    pixels = pattern()
    assert resize_picture(pixels, (11, 7), "squash", 3) is pixels


def test_squash_is_a_weighted_mean_written_out_by_hand():
    """Halving by the triangle filter of radius 2: weights 1, 3, 3, 1 over 8 inside, 3, 3, 1 over 7 at the border."""
    row = np.array([0, 80, 160, 40, 200, 240, 8, 16], np.float64)
    edge, inner = np.array([3, 3, 1]) / 7, np.array([1, 3, 3, 1]) / 8
    expected = [edge @ row[:3], inner @ row[1:5], inner @ row[3:7], edge[::-1] @ row[5:]]
    pixels = np.tile(row.astype(np.uint8), (8, 1))[:, :, np.newaxis]
    resized = resize_picture(pixels, (4, 4), "squash", 1)
    assert np.abs(resized[0, :, 0] - np.array(expected)).max() <= 1
    assert (resized == resized[:1]).all()


def test_crop_keeps_the_middle():
    pixels = pattern(6, 10, 1)
    assert (resize_picture(pixels, (6, 6), "crop", 1) == pixels[:, 2:8]).all()
    assert (resize_picture(pixels.swapaxes(0, 1), (6, 6), "crop", 1) == pixels.swapaxes(0, 1)[2:8]).all()


def test_pad_keeps_everything_and_blackens_the_rest():
    pixels = pattern(4, 10, 3)
    resized = resize_picture(pixels, (10, 10), "pad", 3)
    assert (resized[3:7] == pixels).all()
    assert not resized[:3].any()
    assert not resized[7:].any()


def test_colour_becomes_luma_and_grey_is_repeated():
    pixels = pattern(5, 7, 3)
    luma = pixels @ np.array([0.299, 0.587, 0.114])
    assert np.abs(resize_picture(pixels, (5, 7), "squash", 1)[:, :, 0] - luma).max() <= 1
    grey = pattern(5, 7, 1)
    assert (resize_picture(grey, (5, 7), "squash", 3) == grey).all()


@pytest.mark.parametrize("resize", ["squash", "crop", "pad"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 100, 3), (100, 1, 1), (2, 3, 3), (97, 89, 3)])
def test_every_shape_becomes_the_size_asked_for(resize, channels, shape):
    resized = resize_picture(np.full(shape, 77, np.uint8), (13, 17), resize, channels)
    assert resized.shape == (13, 17, channels)
    assert resized.dtype == np.uint8
    assert (resized == 77).any()


def test_a_batch_is_fitted_one_by_one():
    batch = np.stack([pattern(9, 9, 3, seed) for seed in range(3)])
    resized = resize_pictures(batch, (5, 5), "squash", 1)
    assert all((a == resize_picture(b, (5, 5), "squash", 1)).all() for a, b in zip(resized, batch, strict=True))
    assert resize_pictures(batch, (9, 9), "squash", 3) is batch


@pytest.mark.parametrize("batch", [np.zeros((2, 5, 5)), np.zeros((5, 5), np.uint8), np.zeros((2, 5, 5, 4), np.uint8)])
def test_a_batch_that_is_no_pictures_is_refused(batch):
    with pytest.raises(UsageError) as refused:
        resize_pictures(batch, (5, 5))
    assert refused.value.code == "bad_pictures"


def test_scaling_does_not_alias():
    """A one-pixel checkerboard reduced by ten is grey, not black or white."""
    board = (np.indices((100, 100)).sum(0) % 2 * 255).astype(np.uint8)[:, :, np.newaxis]
    resized = resize_picture(board, (10, 10), "squash", 1)
    assert np.abs(resized.astype(int) - 127).max() <= 6
    assert Image.fromarray(resized[:, :, 0]).size == (10, 10)
