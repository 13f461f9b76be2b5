"""The test that an ensemble is better: its p by hand, and the choices of the whole procedure against the truth."""

import math

import numpy as np
import pytest

from striate.ensemble.improvement import improvement
from tests.ensemble import simulated
from tests.ensemble.simulated import KINDS, choices

DIFFERENT = "different, of equal worth"


def decided(rights: np.ndarray) -> np.ndarray:
    """Probabilities (n, 2) that are right for class 0 where `rights`."""
    return np.where(rights[:, None], [0.7, 0.3], [0.3, 0.7])


@pytest.mark.parametrize(("only_together", "only_best"), [(9, 1), (5, 0), (3, 3), (0, 4), (0, 0), (30, 14)])
def test_p_is_the_upper_tail_of_a_fair_coin(only_together: int, only_best: int) -> None:
    best, together = np.ones(100, bool), np.ones(100, bool)
    best[:only_together] = False
    together[only_together : only_together + only_best] = False
    found = improvement(np.zeros(100, int), decided(best), decided(together))
    tossed = only_together + only_best
    tail = sum(math.comb(tossed, heads) for heads in range(only_together, tossed + 1)) / 2**tossed
    assert found.p_value == pytest.approx(tail)
    assert found.points == only_together - only_best
    assert found.surely == (tail <= 0.05)
    assert found.as_dict() == {"points": found.points, "p_value": found.p_value}


def test_a_smaller_log_loss_is_not_better() -> None:
    truth = np.arange(200) % 2
    unsure = np.where(truth[:, None] == np.arange(2), 0.51, 0.49)
    sure = np.where(truth[:, None] == np.arange(2), 0.99, 0.01)
    assert not improvement(truth, unsure, sure).surely


def test_a_true_improvement_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulated, "FRESH", 2_000)
    assert all(one.chosen and one.gain > 3 for one in choices(KINDS[DIFFERENT], 5, seed=1))


def test_at_most_one_of_twenty_choices_is_false(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulated, "FRESH", 3_000)
    made = [one for kind in KINDS.values() for one in choices(kind, math.ceil(200 / len(KINDS)), seed=7)]
    assert len(made) >= 200
    assert sum(one.false for one in made) <= 10
    assert sum(one.gain <= 0 for one in made) > 100
