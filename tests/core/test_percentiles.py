"""Tests of percentiles: exact coverage of the sample and of new ones, ties, the ends, and hostile tables."""

import numpy as np
import pytest

from striate.core.percentiles import SHARES, Percentiles


def test_new_scores_lie_below_as_often_as_said() -> None:
    rng = np.random.default_rng(0)
    for count in (19, 199):
        below = [Percentiles.of(rng.normal(size=count)).share_below(rng.normal(size=200)) < 0.05 for _ in range(300)]
        assert np.mean(below) == pytest.approx(0.05, abs=0.012)


def test_the_order_of_scores_is_kept_and_shares_are_shares() -> None:
    scores = np.sort(np.random.default_rng(1).normal(size=333))
    shares = Percentiles.of(scores).share_below(np.linspace(-5, 5, 1001))
    assert (np.diff(shares) >= 0).all()
    assert (shares[0], shares[-1]) == (0, 1)
    np.testing.assert_allclose(Percentiles.of(scores).share_below(scores), np.arange(1, 334) / 334, atol=0.005)


def test_equal_scores_are_not_refused_for_a_smaller_share_than_they_have() -> None:
    table = Percentiles.of([1.0] * 30 + [2.0] * 70)
    below, first, second = table.share_below([0.5, 1.0, 2.0])
    assert below == 0
    assert first >= 0.29  # all thirty are answered at 5 %
    assert second == 1


def test_tables_are_checked() -> None:
    values = Percentiles.of(np.arange(50)).to_list()
    assert np.array_equal(Percentiles.from_list(values).quantiles, np.array(values))
    for wrong in (None, values[1:], [*values[:-1], float("nan")], values[::-1], "x", [*values, 1.0], {}, True):
        with pytest.raises(ValueError, match="quantiles"):
            Percentiles.from_list(wrong)
    assert len(values) == len(SHARES) == 217
    assert (np.diff(SHARES) > 0).all()
