from dataclasses import replace

import numpy as np
import pytest
import torch

from striate.nets.augment import Augmenter, shift_and_flip, turn_and_zoom
from striate.nets.recipe import Recipe

PICTURES = np.random.default_rng(0).integers(0, 256, (11, 7, 5, 3), dtype=np.uint8)
EVERY = np.arange(11)
RECIPE = Recipe(flip=True, shift=0.2, rotate=15, zoom=0.1, seed=3)


def test_pure_function_of_seed_epoch_and_index() -> None:
    whole = Augmenter(RECIPE, 2, 11)(PICTURES, EVERY)
    some = Augmenter(RECIPE, 2, 11)(PICTURES[[8, 3]], np.array([8, 3]))
    assert torch.equal(whole[[8, 3]], some)  # the company a picture is in does not matter
    assert not torch.equal(whole, Augmenter(RECIPE, 3, 11)(PICTURES, EVERY))
    assert not torch.equal(whole, Augmenter(replace(RECIPE, seed=4), 2, 11)(PICTURES, EVERY))


def test_nothing_switched_on_changes_nothing() -> None:
    same = Augmenter(Recipe(flip=False, shift=0), 0, 11)(PICTURES, EVERY)
    assert np.array_equal(same.permute(0, 2, 3, 1).numpy(), PICTURES)


@pytest.mark.parametrize("draw", [(0.0, 0.0), (0.999, 0.0), (0.0, 0.999), (0.5, 0.5)])
def test_shift_against_numpy_pad(draw: tuple[float, float]) -> None:
    picture, most = PICTURES[:1], (round(0.4 * 7), round(0.4 * 5))
    moves = [int(np.floor(d * (2 * m + 1))) - m for d, m in zip(draw, most, strict=True)]
    padded = np.pad(picture[0], ((most[0],) * 2, (most[1],) * 2, (0, 0)), mode="reflect")
    top, left = most[0] - moves[0], most[1] - moves[1]
    expected = padded[top : top + 7, left : left + 5]
    assert np.array_equal(shift_and_flip(picture, np.array([draw], np.float32), 0.4, np.array([False]))[0], expected)
    mirrored = shift_and_flip(picture, np.array([draw], np.float32), 0.4, np.array([True]))[0]
    assert np.array_equal(mirrored, expected[:, ::-1])


def test_half_of_many_pictures_are_mirrored() -> None:
    gradient = np.broadcast_to(np.arange(4, dtype=np.uint8)[None, None, :, None], (2000, 1, 4, 1))
    batch = Augmenter(Recipe(flip=True, shift=0), 0, 2000)(gradient, np.arange(2000))
    assert 900 < int((batch[:, 0, 0, 0] == 3).sum()) < 1100


def test_quarter_turn_is_numpys() -> None:
    batch = torch.rand(1, 1, 6, 6)
    turned = turn_and_zoom(batch, np.array([[1.0, 0.5]], np.float32), 90, 0)
    assert any(torch.allclose(turned, torch.rot90(batch, k, (2, 3)), atol=1e-5) for k in (1, 3))


def test_one_pixel_wide_pictures_survive() -> None:
    thin = np.full((2, 9, 1, 1), 7, np.uint8)
    assert Augmenter(RECIPE, 0, 2)(thin, np.arange(2)).shape == (2, 1, 9, 1)
