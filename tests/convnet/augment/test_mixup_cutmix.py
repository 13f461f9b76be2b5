"""Mixed pictures: what the pixels and the targets say must be the same share, in any part of the batch."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from striate.convnet.augment import MixedTargets, mix, slice_needed
from striate.convnet.recipe.recipe import Recipe

RECIPES = {"mixup": Recipe(mixup=0.4, seed=1), "cutmix": Recipe(cutmix=1.0, seed=1),
           "both": Recipe(mixup=0.4, cutmix=1.0, seed=1)}
COUNT = 11
INDICES = np.random.default_rng(0).permutation(97)[:COUNT]
TARGETS = torch.from_numpy(INDICES.copy())
BATCH = torch.rand(COUNT, 3, 7, 5, generator=torch.Generator().manual_seed(0))


def mixed(recipe: Recipe, batch: torch.Tensor = BATCH, epoch: int = 2) -> tuple[torch.Tensor, MixedTargets]:
    count = len(batch)
    pictures, targets = mix(batch, torch.arange(count), recipe, epoch, np.arange(count))
    assert isinstance(targets, MixedTargets)
    return pictures, targets


def test_nothing_is_mixed_unless_asked_for() -> None:
    for recipe in (Recipe(), Recipe(mixup=0, cutmix=0)):
        batch, targets = mix(BATCH, TARGETS, recipe, 0, INDICES)
        assert batch is BATCH
        assert targets is TARGETS
        assert slice_needed(recipe, slice(3, 6), COUNT) == slice(3, 6)


@pytest.mark.parametrize("kind", RECIPES)
@pytest.mark.parametrize("cuts", [(0, 5, 11), (0, 6, 11), (0, 3, 7, 11), (0, 4, 4, 11), (0, 1, 2, 10, 11), (0, 11, 11)])
def test_parts_of_a_batch_are_the_same_bits_as_the_whole(kind: str, cuts: tuple[int, ...]) -> None:
    recipe = RECIPES[kind]
    whole, targets = mix(BATCH, TARGETS, recipe, 2, INDICES)
    parts = []
    for start, stop in pairwise(cuts):
        part = slice(start, stop)
        wide = slice_needed(recipe, part, COUNT)
        assert start - 1 <= wide.start <= start
        assert stop <= wide.stop <= stop + 1
        parts.append(mix(BATCH[wide], TARGETS[wide], recipe, 2, INDICES, part))
    assert torch.equal(torch.cat([pictures for pictures, _ in parts]), whole)
    assert isinstance(targets, MixedTargets)
    for name in MixedTargets._fields:
        assert torch.equal(torch.cat([getattr(of, name) for _, of in parts]), getattr(targets, name))


@pytest.mark.parametrize("kind", RECIPES)
def test_pure_function_of_seed_epoch_and_place(kind: str) -> None:
    recipe = RECIPES[kind]
    again, other = mixed(recipe)[1].share, mixed(recipe, epoch=3)[1].share
    assert torch.equal(mixed(recipe)[1].share, again)
    assert not torch.equal(again, other)
    elsewhere = mix(BATCH, TARGETS, recipe, 2, INDICES + 1)[1]
    assert isinstance(elsewhere, MixedTargets)
    assert not torch.equal(again, elsewhere.share)  # another batch of the epoch


@pytest.mark.parametrize("kind", RECIPES)
def test_neighbours_are_mixed_and_the_last_of_an_odd_batch_stays(kind: str) -> None:
    pictures, targets = mixed(RECIPES[kind])
    assert targets.first.tolist() == list(range(11))
    assert targets.second.tolist() == [1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 10]
    assert torch.allclose(pictures[10], BATCH[10], atol=1e-6)
    assert pictures.is_contiguous(memory_format=torch.channels_last)


def test_mixup_pixel_by_pixel() -> None:
    pictures, targets = mixed(RECIPES["mixup"])
    for place, (first, second, share) in enumerate(zip(*(each.tolist() for each in targets), strict=True)):
        expected = share * BATCH[first].double() + (1 - share) * BATCH[second].double()
        assert torch.allclose(pictures[place].double(), expected, atol=1e-6)


@pytest.mark.parametrize("kind", ["cutmix", "both"])
def test_the_share_is_that_of_the_pixels(kind: str) -> None:
    """Of pictures that are 1 among pictures that are 0, the mean is the share itself."""
    batch = torch.zeros(600, 1, 11, 13)
    batch[::2] = 1
    pictures, targets = mixed(RECIPES[kind], batch)
    mean = pictures.mean((1, 2, 3))
    assert torch.allclose(mean[::2], targets.share[::2], atol=1e-6)
    assert torch.allclose(1 - mean[1::2], targets.share[1::2], atol=1e-6)


def test_cutmix_pastes_one_rectangle() -> None:
    batch = torch.zeros(400, 1, 11, 13)
    batch[::2] = 1
    pictures, targets = mixed(RECIPES["cutmix"], batch)
    foreign = (pictures != batch)[:, 0].numpy()
    assert set(pictures.unique().tolist()) == {0.0, 1.0}
    for inside, share in zip(foreign, targets.share.tolist(), strict=True):
        rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
        assert inside.sum() == len(rows) * len(columns)
        assert not len(rows) or len(rows) == rows[-1] - rows[0] + 1
        assert share == pytest.approx(1 - inside.mean(), abs=1e-6)
    middle, corner = foreign[:, 5, 6].mean(), foreign[:, 0, 0].mean()
    assert middle > 2 * corner > 0  # rectangles lie anywhere, and reach over the edge


def test_cutmix_rectangle_has_the_area_of_the_share_drawn() -> None:
    batch = torch.zeros(200, 1, 40, 60)
    batch[::2] = 1
    _, targets = mixed(Recipe(cutmix=100.0), batch)  # 0.5 ± 0.035, less what is over the edge
    assert targets.share.min() == pytest.approx(0.45, abs=0.08)


def test_shares_follow_the_beta_distribution() -> None:
    share = mixed(Recipe(mixup=2.0), torch.zeros(4000, 1, 1, 1))[1].share
    assert share.mean().item() == pytest.approx(0.5, abs=0.02)
    assert share.var().item() == pytest.approx(1 / 20, abs=0.005)  # 1 / (4 · (2α + 1))


def test_a_coin_decides_between_the_two() -> None:
    batch = torch.zeros(2000, 1, 8, 8)
    batch[::2] = 1
    pictures, targets = mixed(Recipe(mixup=5.0, cutmix=1.0), batch)
    blended = ((pictures > 0.01) & (pictures < 0.99)).flatten(1).any(1)
    assert 900 < int(blended.sum()) < 1100
    assert ((targets.share >= 0) & (targets.share <= 1)).all()


@pytest.mark.parametrize("kind", RECIPES)
@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (2, 1, 1, 5), (3, 3, 5, 1), (2, 1, 2, 2)])
def test_small_batches(kind: str, shape: tuple[int, ...]) -> None:
    batch = torch.rand(shape)
    pictures, targets = mixed(RECIPES[kind], batch)
    assert pictures.shape == shape
    assert torch.isfinite(pictures).all()
    assert len(targets.share) == len(batch)


@pytest.mark.parametrize("kind", RECIPES)
def test_bytes_are_mixed_as_numbers_and_the_batch_is_left_alone(kind: str) -> None:
    batch = torch.randint(0, 256, (4, 3, 5, 7), dtype=torch.uint8)
    before = batch.clone()
    pictures, _ = mixed(RECIPES[kind], batch)
    assert pictures.dtype == torch.float32
    assert torch.equal(pictures, mixed(RECIPES[kind], batch.float())[0])
    assert torch.equal(batch, before)
