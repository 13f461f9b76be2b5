"""Views at test time, against the same views cut from `numpy.pad`."""

import numpy as np
import pytest
import torch
from torch import nn

from striate.convnet.inference.tta import VIEWS, scores, view
from striate.convnet.recipe.recipe import Recipe

BATCH = torch.rand(5, 3, 7, 11, generator=torch.Generator().manual_seed(0)).to(memory_format=torch.channels_last)


def curved(batch: torch.Tensor) -> torch.Tensor:
    """A network that notices every pixel's place, and is not linear."""
    weights = torch.linspace(-1, 1, batch[0].numel() * 4, dtype=torch.float64).sin().reshape(4, -1)
    return (batch.double().flatten(1) @ weights.T).square().float()


class Curved(nn.Module):
    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        return curved(batch)


def padded(batch: torch.Tensor, top: int, left: int) -> torch.Tensor:
    wide = np.pad(batch.numpy(), ((0, 0), (0, 0), (1, 1), (1, 1)), mode="reflect")
    return torch.from_numpy(wide[:, :, top : top + batch.shape[2], left : left + batch.shape[3]].copy())


def test_none_is_the_network_itself() -> None:
    assert torch.equal(scores(Curved(), BATCH, "none"), curved(BATCH))


def test_flip_is_the_mean_of_a_picture_and_its_mirror_image() -> None:
    expected = (curved(BATCH) + curved(BATCH.flip(3))) / 2
    assert torch.allclose(scores(Curved(), BATCH, "flip"), expected, rtol=1e-5)


def test_shift_weighs_half_a_quarter_and_a_quarter() -> None:
    def both(batch: torch.Tensor) -> torch.Tensor:
        return (curved(batch) + curved(batch.flip(3))) / 2

    expected = both(BATCH) / 2 + both(padded(BATCH, 0, 0)) / 4 + both(padded(BATCH, 2, 2)) / 4
    assert torch.allclose(scores(Curved(), BATCH, "shift"), expected, rtol=1e-5)


@pytest.mark.parametrize("how", VIEWS)
def test_weights_add_up_to_one_and_a_recipe_may_ask_for_each(how: str) -> None:
    assert sum(weight for *_, weight in VIEWS[how]) == 1
    assert Recipe(test_time=how).test_time == how


@pytest.mark.parametrize("how", VIEWS)
@pytest.mark.parametrize("size", [(1, 1), (1, 5), (5, 1), (2, 2)])
def test_thin_pictures(how: str, size: tuple[int, int]) -> None:
    thin = torch.rand(2, 1, *size)
    assert scores(nn.Flatten(), thin, how).shape == (2, size[0] * size[1])


@pytest.mark.parametrize("how", VIEWS)
def test_a_batch_in_halves_gives_the_same_scores(how: str) -> None:
    halves = torch.cat([scores(nn.Flatten(), half, how) for half in (BATCH[:2], BATCH[2:])])
    assert torch.equal(scores(nn.Flatten(), BATCH, how), halves)


def test_views_are_channels_last_and_scores_float32() -> None:
    for further, mirrored, _ in VIEWS["shift"]:
        assert view(BATCH, further, mirrored).is_contiguous(memory_format=torch.channels_last)
    assert scores(nn.Flatten(), BATCH.bfloat16(), "shift").dtype == torch.float32
