"""From a resized picture back onto the original: a marked spot is found within a pixel."""

from pathlib import Path

import numpy as np
import pytest

from striate.data import decode, load_data, resize_picture
from striate.data.file import digest_of
from striate.data.original import original_of
from striate.data.placement import Box, Placement
from striate.data.resize import RESIZE_MODES, resize_image
from tests.data.fixtures import exif, picture, with_exif

SHAPES = [(97, 61), (61, 97), (131, 131), (40, 23), (23, 211)]


def spotted(height: int, width: int, spot: tuple[int, int], radius: int) -> np.ndarray:
    """A black picture with a white square around the pixel `spot`."""
    pixels = np.zeros((height, width, 3), np.uint8)
    row, column = spot
    pixels[row - radius : row + radius + 1, column - radius : column + radius + 1] = 255
    return pixels


def centre(pixels: np.ndarray) -> Box:
    """The centre of what is bright, as an empty box."""
    weights = pixels[:, :, 0].astype(np.float64)
    down, across = (np.average(np.arange(side) + 0.5, weights=weights.sum(axis=1 - axis))
                    for axis, side in enumerate(weights.shape))
    return Box(across, down, across, down)


@pytest.mark.parametrize("resize", RESIZE_MODES)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_spot_is_found_within_a_pixel_of_the_original(resize: str, shape: tuple[int, int]) -> None:
    height, width = shape
    size, radius = (37, 29), 5
    # A crop of the narrowest has the middle alone.
    for down, across in [(0.5, 0.5), (0.5, 0.52)] if resize == "crop" else [(0.4, 0.6), (0.3, 0.5), (0.5, 0.8)]:
        spot = round(height * down), round(width * across)
        seen = resize_picture(spotted(height, width, spot, radius), size, resize)
        found = Placement.of(shape, size, resize).back(centre(seen))
        assert abs(found.top - (spot[0] + 0.5)) <= 1
        assert abs(found.left - (spot[1] + 0.5)) <= 1


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("resize", RESIZE_MODES)
def test_a_jpeg_that_is_decoded_at_a_fraction_and_turned_is_found_too(tmp_path: Path, orientation: int,
                                                                      resize: str) -> None:
    height, width = 523, 441  # neither a multiple of 8: the last block of each axis is a partial one
    for spot in [(50, 50), (470, 390), (261, 220)]:
        stored = with_exif(picture(spotted(height, width, spot, 24), "JPEG", quality=95), exif(orientation))
        (tmp_path / "a.jpg").write_bytes(stored)
        size = (31, 31)
        decoded = decode(stored, at_least=size)
        assert decoded.reduced == 8
        packed = resize_image(decoded.image, size, resize, 3)
        found = original_of(tmp_path, "a.jpg", digest_of(stored), size, resize)
        assert found.pixels.shape[:2] == ((height, width) if orientation < 5 else (width, height))
        if resize == "crop" and spot != (261, 220):
            continue  # outside the crop, in part
        wanted, back = centre(found.pixels), found.back(centre(packed))
        assert abs(back.top - wanted.top) <= 1
        assert abs(back.left - wanted.left) <= 1


def test_black_bars_show_nothing_and_a_picture_of_the_right_size_is_itself() -> None:
    placed = Placement.of((10, 30), (6, 6), "pad")
    assert placed.back(Box(0, 0, 6, 2)).is_empty
    assert placed.back(Box(0, 0, 6, 6)) == Box(0, 0, 30, 10)
    for resize in RESIZE_MODES:
        assert Placement.of((7, 9), (7, 9), resize).back(Box(2, 3, 5, 4)) == Box(2, 3, 5, 4)
    assert Placement.of((30, 10), (6, 6), "crop").back(Box(0, 0, 6, 6)) == Box(0, 10, 10, 20)
    assert Placement.of((10, 30), (6, 6), "crop").back(Box(3, 3, 6, 6)) == Box(15, 5, 20, 10)


def test_a_data_set_without_files_has_no_originals() -> None:
    assert load_data("digits").original(0) is None
