"""The loss, against sums over pictures and classes in float64."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from striate.arch import Conv, Dense, GlobalPool, Input, Network
from striate.convnet.augment.mixup_cutmix import MixedTargets
from striate.convnet.build.net import Net, build
from striate.convnet.losses import class_weights, loss_of
from striate.convnet.recipe.recipe import Recipe

SCORES = torch.randn(3, 5, 7, generator=torch.Generator().manual_seed(0))  # three outputs, 5 pictures, 7 classes
FIRST, SECOND = torch.tensor([6, 0, 3, 3, 1]), torch.tensor([2, 0, 5, 4, 6])
SHARE = torch.tensor([0.9, 0.3, 0.0, 1.0, 0.55])
WEIGHTS = torch.tensor([0.5, 2.0, 1.0, 0.25, 3.0, 1.5, 0.75])


def made(*heads: float) -> Net:
    x = Conv(4, 3)(Input(1, 8, 8))
    return build(Network(Dense(7)(x), auxiliary=[(Dense(7)(GlobalPool()(x)), weight) for weight in heads]))


def slow(scores, targets, smoothing=0.0, weights=None) -> float:
    """Picture by picture and class by class."""
    total = 0.0
    for row, truth in zip(scores.double().numpy(), targets.tolist(), strict=True):
        chances = np.exp(row) / np.exp(row).sum()
        loss = 0.0
        for one, chance in enumerate(chances):
            wanted = smoothing / len(row) + (1 - smoothing) * (one == truth)
            loss -= wanted * np.log(chance)
        total += loss * (1 if weights is None else float(weights[truth]))
    return total / len(scores)


@pytest.mark.parametrize("smoothing", [None, 0.0, 0.2])
@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize("heads", [(), (0.3,), (0.3, 1.7)])
def test_smoothing_weights_and_heads(smoothing, weights, heads) -> None:
    scores = list(SCORES[: 1 + len(heads)]) if heads else SCORES[0]
    got = loss_of(scores, FIRST, made(*heads), Recipe(label_smoothing=smoothing), weights)
    each = [slow(one, FIRST, smoothing or 0.0, weights) for one in SCORES[: 1 + len(heads)]]
    assert got.item() == pytest.approx(each[0] + sum(w * one for w, one in zip(heads, each[1:], strict=True)), rel=1e-5)
    assert got.shape == ()


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_mixed_targets(smoothing, weights) -> None:
    got = loss_of(
        [SCORES[0], SCORES[1]],
        MixedTargets(FIRST, SECOND, SHARE),
        made(0.5),
        Recipe(label_smoothing=smoothing),
        weights,
    )
    wanted = 0.0
    for scores, weight in ((SCORES[0], 1.0), (SCORES[1], 0.5)):
        for place, share in enumerate(SHARE.tolist()):
            here = slice(place, place + 1)
            wanted += weight / 5 * (share * slow(scores[here], FIRST[here], smoothing, weights)
                                    + (1 - share) * slow(scores[here], SECOND[here], smoothing, weights))
    assert got.item() == pytest.approx(wanted, rel=1e-5)


def test_a_picture_mixed_with_its_own_class_is_not_mixed() -> None:
    mixed = loss_of(SCORES[0], MixedTargets(FIRST, FIRST, SHARE), made(), Recipe())
    assert mixed.item() == pytest.approx(loss_of(SCORES[0], FIRST, made(), Recipe()).item(), rel=1e-6)


def test_the_plain_loss_is_torchs_to_the_bit() -> None:
    assert torch.equal(loss_of(SCORES[0], FIRST, made(), Recipe()), cross_entropy(SCORES[0], FIRST))


def test_scores_in_bfloat16_give_a_loss_in_float32() -> None:
    scores = [one.bfloat16() for one in SCORES[:2]]
    exact = slow(scores[0].float(), FIRST) + 0.5 * slow(scores[1].float(), FIRST)
    loss = loss_of(scores, FIRST, made(0.5), Recipe())
    alone = loss_of(scores[0], FIRST, made(), Recipe())
    assert (loss.dtype, alone.dtype) == (torch.float32, torch.float32)
    assert loss.item() == pytest.approx(exact, rel=1e-6)


def test_a_picture_counts_the_same_in_any_batch() -> None:
    whole = loss_of(SCORES[0], FIRST, made(), Recipe(label_smoothing=0.1), WEIGHTS)
    parts = [loss_of(SCORES[0][part], FIRST[part], made(), Recipe(label_smoothing=0.1), WEIGHTS)
             for part in (slice(0, 2), slice(2, 5))]
    assert whole.item() == pytest.approx((2 * parts[0].item() + 3 * parts[1].item()) / 5, rel=1e-6)


def test_the_gradient_flows_through_all_heads() -> None:
    scores = [one.clone().requires_grad_() for one in SCORES[:2]]
    loss_of(scores, MixedTargets(FIRST, SECOND, SHARE), made(0.25), Recipe(), WEIGHTS).backward()
    assert all(one.grad is not None and one.grad.abs().sum() > 0 for one in scores)


@pytest.mark.parametrize("counts", [(3, 3), (1, 99), (7, 0, 2), (5,)])
def test_classes_count_the_same_and_pictures_1_in_the_mean(counts: tuple[int, ...]) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    weights = class_weights(labels, len(counts), balance=True)
    assert weights is not None
    assert weights.dtype == torch.float32
    assert len(weights) == len(counts)
    assert weights[torch.from_numpy(labels)].mean().item() == pytest.approx(1)
    sums = [weight * count for weight, count in zip(weights.tolist(), counts, strict=True) if count]
    assert sums == pytest.approx([sums[0]] * len(sums))
    assert torch.isfinite(weights).all()


def test_without_balance_there_are_no_weights() -> None:
    assert class_weights(np.array([0, 0, 1]), 2, balance=False) is None
