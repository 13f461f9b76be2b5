"""What changes greys and colours, against PIL and against loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from striate.convnet.augment.colour_jitter import jittered, recoloured
from striate.convnet.augment.randaugment import randaugment
from striate.convnet.augment.randaugment_operations import BITS, FACTOR, OPERATIONS
from tests.examples import examples

PICTURES = np.random.default_rng(0).integers(30, 200, (7, 11, 13, 3), dtype=np.uint8)
LEVELS = np.array([-1, -0.6, -0.1, 0, 0.2, 0.5, 1.0])
NO_LEVEL = ("autocontrast", "equalise")
GEOMETRY = ("rotate", "shear_x", "shear_y", "translate_x", "translate_y")


def both(name: str, pictures: np.ndarray, pil: object, worst: int = 0) -> None:
    got = OPERATIONS[name](pictures, LEVELS[: len(pictures)])
    for picture, level, out in zip(pictures, LEVELS, got, strict=False):
        image = Image.fromarray(picture if picture.shape[2] == 3 else picture[:, :, 0])
        expected = np.asarray(pil(image, level)).reshape(picture.shape)  # type: ignore[operator]
        assert np.abs(out.astype(int) - expected).max() <= worst


PIL = {
    "autocontrast": (lambda image, _: ImageOps.autocontrast(image), 1),
    "equalise": (lambda image, _: ImageOps.equalize(image), 0),
    "solarise": (lambda image, level: ImageOps.solarize(image, 256 * (1 - abs(level))), 0),
    "posterise": (lambda image, level: ImageOps.posterize(image, 8 - round(BITS * abs(level))), 0),
    "brightness": (lambda image, level: ImageEnhance.Brightness(image).enhance(1 + FACTOR * level), 1),
    "contrast": (lambda image, level: ImageEnhance.Contrast(image).enhance(1 + FACTOR * level), 2),
    "colour": (lambda image, level: ImageEnhance.Color(image).enhance(1 + FACTOR * level), 2),
}


@pytest.mark.parametrize("name", PIL)
@pytest.mark.parametrize("channels", [1, 3])
def test_operations_are_pils(name: str, channels: int) -> None:
    pil, worst = PIL[name]
    both(name, PICTURES[..., :channels], pil, worst)
    skewed = (np.random.default_rng(1).random((7, 32, 32, channels)) ** 3 * 255).astype(np.uint8)
    both(name, skewed, pil, worst)
    both(name, np.full((7, 4, 4, channels), 77, np.uint8), pil, worst)  # a single grey


def test_sharpness_is_pils_away_from_the_edge() -> None:
    got = OPERATIONS["sharpness"](PICTURES, LEVELS)
    for picture, level, out in zip(PICTURES, LEVELS, got, strict=True):
        smooth = np.asarray(Image.fromarray(picture).filter(ImageFilter.SMOOTH)).astype(float)
        expected = (smooth + (1 + FACTOR * level) * (picture - smooth)).clip(0, 255)
        assert np.abs(out - expected)[1:-1, 1:-1].max() < 1.6  # PIL rounds what is smooth


@pytest.mark.parametrize("name", OPERATIONS)
def test_level_0_changes_nothing(name: str) -> None:
    pictures = np.tile(PICTURES, (1, 2, 2, 1))  # equalise leaves pictures of fewer than 256 pixels
    same = np.array_equal(OPERATIONS[name](pictures, np.zeros(7)), pictures)
    assert same == (name not in NO_LEVEL)


@pytest.mark.parametrize("name", OPERATIONS)
def test_operations_leave_their_input_and_every_picture_alone(name: str) -> None:
    before = PICTURES.copy()
    whole = OPERATIONS[name](PICTURES, LEVELS)
    assert np.array_equal(PICTURES, before)
    assert whole.dtype == np.uint8
    assert whole.shape == PICTURES.shape
    for index in range(7):
        one = slice(index, index + 1)
        assert np.array_equal(OPERATIONS[name](PICTURES[one], LEVELS[one]), whole[one])


@examples(60)
@given(st.sampled_from(sorted(OPERATIONS)), st.integers(1, 6), st.integers(1, 6), st.sampled_from((1, 3)))
def test_operations_on_any_size(name: str, height: int, width: int, channels: int) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (7, height, width, channels), dtype=np.uint8)
    assert OPERATIONS[name](pictures, LEVELS).shape == pictures.shape


def test_translations_and_shears_move_the_middle_pixel_and_the_rows_as_said() -> None:
    dot = np.zeros((2, 33, 33, 1), np.uint8)
    dot[:, 16, 16] = 200
    level = np.array([-1.0, 1.0])
    move = round(150 / 331 * 33)  # 14.95 pixels, so that nearly all of the dot lands on one
    for name, axis in (("translate_y", 0), ("translate_x", 1)):
        for out, sign in zip(OPERATIONS[name](dot, level)[..., 0], level, strict=True):
            place = [16, 16]
            place[axis] -= int(sign) * move
            assert out[tuple(place)] > 180
    bar = np.zeros((1, 21, 21, 1), np.uint8)
    bar[:, :, 10] = 200
    sheared = OPERATIONS["shear_x"](bar, np.array([1.0]))[0, :, :, 0]
    assert [int(sheared[row].argmax()) for row in (0, 10, 20)] == [13, 10, 7]  # 0.3 · 10 pixels
    assert np.array_equal(OPERATIONS["shear_y"](bar.swapaxes(1, 2), np.array([1.0]))[0, :, :, 0], sheared.T)


def test_colour_against_the_three_steps_in_float64() -> None:
    random = np.random.default_rng(5)
    factors = random.uniform(0.8, 1.2, (3, 7))
    got = recoloured(PICTURES, *factors).permute(0, 2, 3, 1).numpy()
    luma = np.array([0.299, 0.587, 0.114])
    for picture, (bright, contrast, saturation), out in zip(PICTURES, factors.T, got, strict=True):
        step = picture.astype(np.float64) * bright
        mean = (step @ luma).mean()
        step = mean + contrast * (step - mean)
        grey = (step @ luma)[..., None]
        assert np.abs(out - (grey + saturation * (step - grey)).clip(0, 255)).max() < 1e-3


def test_colour_strength_is_how_far_the_factors_go() -> None:
    grey = np.full((2, 2, 2, 1), 100, np.uint8)
    ends = jittered(grey, np.float32([[0, 0.5, 0.5], [1, 0.5, 0.5]]), 0.4)
    assert ends[:, 0, 0, 0].tolist() == pytest.approx([60, 140], abs=1e-4)


def test_each_operation_is_as_frequent_and_both_directions_are() -> None:
    """One pixel of each picture says which operation it met, where the operations are marked instead of carried out."""
    with pytest.MonkeyPatch.context() as patch:
        for number, name in enumerate(list(OPERATIONS)):
            patch.setitem(OPERATIONS, name, lambda pictures, level, mark=2 * number: (
                pictures * 0 + mark + (level > 0)[:, None, None, None]).astype(np.uint8))
        pictures = np.zeros((14_000, 1, 1, 1), np.uint8)
        draws = np.random.default_rng(6).random((14_000, 2, 2), dtype=np.float32)
        counts = np.bincount(randaugment(pictures, draws, 5).ravel(), minlength=28)
    assert len(counts) == 28
    assert counts.min() > 400  # of 500
    assert counts.max() < 600


def test_two_operations_in_the_order_drawn() -> None:
    names = list(OPERATIONS)
    draws = np.float32([[[(names.index(name) + 0.5) / 14, 0.9] for name in ("solarise", "posterise")]])
    level = np.array([0.5])
    expected = OPERATIONS["posterise"](OPERATIONS["solarise"](PICTURES[:1], level), level)
    assert np.array_equal(randaugment(PICTURES[:1], draws, 5), expected)
    assert not np.array_equal(randaugment(PICTURES[:1], draws[:, ::-1], 5), expected)
