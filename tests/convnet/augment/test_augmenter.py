"""The augmenter as a whole: what every kind must keep to, on pictures whose sides are prime numbers."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from striate.convnet.augment import Augmenter, turn_and_zoom
from striate.convnet.recipe.recipe import Recipe
from tests.examples import examples

PICTURES = np.random.default_rng(0).integers(0, 256, (11, 7, 5, 3), dtype=np.uint8)
EVERY = np.arange(11)
OFF = Recipe(flip=False, shift=0, rotate=0, zoom=0, cutout=0, crop=0, colour=0, randaugment=0, seed=3)
MOVING: dict[str, dict[str, float]] = {"flip": {"flip": True}, "shift": {"shift": 0.2}, "cutout": {"cutout": 0.5}}
COMPUTING: dict[str, dict[str, float]] = {
    "rotate": {"rotate": 15}, "zoom": {"zoom": 0.1}, "crop": {"crop": 0.3}, "colour": {"colour": 0.5},
    "randaugment": {"randaugment": 9}, "all": {name: value for one in MOVING.values() for name, value in one.items()}
    | {"rotate": 15, "zoom": 0.1, "crop": 0.3, "colour": 0.5, "randaugment": 9},
}
KINDS = MOVING | COMPUTING


def augmented(recipe: Recipe, epoch: int = 2, indices: np.ndarray = EVERY,
              pictures: np.ndarray = PICTURES) -> torch.Tensor:
    return Augmenter(recipe, epoch, len(pictures))(pictures[indices], indices)


@pytest.mark.parametrize("kind", KINDS)
def test_pure_function_of_seed_epoch_and_index(kind: str) -> None:
    recipe = replace(OFF, **KINDS[kind])
    whole = augmented(recipe)
    for indices in (np.array([8, 3]), np.array([3]), EVERY[::-1].copy(), EVERY[:5], EVERY[5:], np.repeat(EVERY, 13)):
        assert torch.equal(whole[indices], augmented(recipe, indices=indices))  # its company does not matter
    assert not torch.equal(whole, augmented(recipe, epoch=3))
    assert not torch.equal(whole, augmented(replace(recipe, seed=4)))


@pytest.mark.parametrize("side", [(28, 28, 1), (23, 29, 3), (64, 64, 3)])
def test_alone_or_among_many_at_sizes_with_vector_code(side: tuple[int, int, int]) -> None:
    pictures = np.random.default_rng(1).integers(0, 256, (37, *side), dtype=np.uint8)
    recipe = replace(OFF, **KINDS["all"])
    whole = augmented(recipe, indices=np.arange(37), pictures=pictures)
    for index in range(37):
        assert torch.equal(whole[index : index + 1], augmented(recipe, indices=np.array([index]), pictures=pictures))


@pytest.mark.parametrize("kind", KINDS)
def test_type_layout_and_range(kind: str) -> None:
    before = PICTURES.copy()
    PICTURES.flags.writeable = False
    batch = Augmenter(replace(OFF, **KINDS[kind]), 0, 11)(PICTURES, EVERY)
    PICTURES.flags.writeable = True
    assert batch.dtype == (torch.uint8 if kind in MOVING else torch.float32)
    assert batch.shape == (11, 3, 7, 5)
    assert batch.is_contiguous(memory_format=torch.channels_last)
    assert float(batch.min()) >= 0
    assert float(batch.max()) <= 255 + 1e-3  # bilinear weights add up to 1 but for rounding
    batch.zero_()
    assert np.array_equal(PICTURES, before)  # the data set's own memory is never written to


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_changes_pictures_and_none_leaves_them(kind: str) -> None:
    same = augmented(OFF)
    assert np.array_equal(same.permute(0, 2, 3, 1).numpy(), PICTURES)
    changed = (augmented(replace(OFF, **KINDS[kind])).float() != same).flatten(1).any(1)
    assert changed.float().mean() > 0.3


def test_nothing_planned_yet_changes_nothing() -> None:
    assert torch.equal(augmented(Recipe(seed=3)), augmented(OFF))


def test_switching_one_kind_on_leaves_the_others() -> None:
    shifted, shifted_and_cut = (augmented(replace(OFF, shift=0.2, flip=True, cutout=side)) for side in (0, 0.3))
    kept = shifted_and_cut != 128
    assert torch.equal(shifted[kept], shifted_and_cut[kept])
    draws = Augmenter(replace(OFF, **KINDS["all"]), 0, 11).draws
    assert len(np.unique(np.concatenate([one.ravel() for one in draws.values()]))) == 11 * (4 + 2 + 4 + 3 + 2 + 2)


def test_flips_alternate() -> None:
    gradient = np.broadcast_to(np.arange(4, dtype=np.uint8)[None, None, :, None], (2000, 1, 4, 1))
    epochs = [Augmenter(replace(OFF, flip=True), epoch, 2000)(gradient, np.arange(2000))[:, 0, 0, 0] == 3
              for epoch in range(4)]
    assert 900 < int(epochs[0].sum()) < 1100
    assert torch.equal(epochs[0], ~epochs[1])
    assert torch.equal(epochs[0], epochs[2])
    assert torch.equal(epochs[1], epochs[3])


def test_every_shift_is_as_frequent() -> None:
    ramp = np.broadcast_to(np.arange(100, dtype=np.uint8).reshape(10, 10)[None, :, :, None], (5000, 10, 10, 1))
    batch = Augmenter(replace(OFF, shift=0.2), 0, 5000)(ramp, np.arange(5000))
    places, counts = np.unique(batch[:, 0, 5, 5].numpy(), return_counts=True)  # 25 shifts, 200 pictures each
    assert places.tolist() == [10 * row + column for row in range(3, 8) for column in range(3, 8)]
    assert counts.min() > 140
    assert counts.max() < 260


@pytest.mark.parametrize("kind", KINDS)
def test_empty_batch(kind: str) -> None:
    assert augmented(replace(OFF, **KINDS[kind]), indices=EVERY[:0]).shape == (0, 3, 7, 5)


@examples(60)
@given(st.sampled_from(sorted(KINDS)), st.integers(0, 3), st.sampled_from((1, 2, 3, 5, 8)), st.integers(1, 9),
       st.sampled_from((1, 3)))
def test_any_size_keeps_its_shape_and_its_purity(kind: str, count: int, height: int, width: int, channels: int) -> None:
    pictures = np.random.default_rng(height).integers(0, 256, (count, height, width, channels), dtype=np.uint8)
    recipe = replace(OFF, **{name: value if name != "shift" else 0.5 for name, value in KINDS[kind].items()})
    batch = augmented(recipe, indices=np.arange(count), pictures=pictures)
    assert batch.shape == (count, channels, height, width)
    assert torch.isfinite(batch.float()).all()
    for index in range(count):
        assert torch.equal(batch[[index]], augmented(recipe, indices=np.array([index]), pictures=pictures))


@pytest.mark.parametrize("kind", [*MOVING, "rotate", "zoom", "crop"])
@pytest.mark.parametrize("size", [(1, 1), (1, 5), (5, 1)])
def test_a_uniform_picture_stays_uniform_where_nothing_recolours(kind: str, size: tuple[int, int]) -> None:
    grey = np.full((4, *size, 1), 128, np.uint8)
    assert torch.allclose(augmented(replace(OFF, **KINDS[kind]), indices=np.arange(4), pictures=grey).float(),
                          torch.tensor(128.0), atol=1e-4)


def test_quarter_turn_is_numpys() -> None:
    batch = torch.rand(1, 1, 6, 6)
    turned = turn_and_zoom(batch, np.array([[1.0, 0.5]], np.float32), 90, 0)
    assert torch.allclose(turned, torch.rot90(batch, -1, (2, 3)), atol=1e-5) or torch.allclose(
        turned, torch.rot90(batch, 1, (2, 3)), atol=1e-5)


def test_turning_a_picture_that_is_not_square_keeps_right_angles() -> None:
    batch = torch.zeros(1, 1, 9, 21)
    batch[0, 0, 4, 7:14] = 1  # a level bar of seven pixels in the middle
    turned = turn_and_zoom(batch, np.array([[1.0, 0.5]], np.float32), 90, 0)
    expected = torch.zeros(1, 1, 9, 21)
    expected[0, 0, 1:8, 10] = 1
    assert torch.allclose(turned[..., 5:16], expected[..., 5:16], atol=1e-4)  # what is farther out reflects


def test_zoom_of_two_reads_every_second_pixel_from_the_middle() -> None:
    ramp = torch.arange(7.0).reshape(1, 1, 1, 7)
    zoomed = turn_and_zoom(ramp, np.array([[0.5, 1.0]], np.float32), 0, 1.0)
    assert torch.allclose(zoomed.ravel(), torch.tensor([1.5, 2, 2.5, 3, 3.5, 4, 4.5]), atol=1e-5)
