"""Tests of every statistical method against a reference implementation or SciPy."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, special, stats

from striate.stats import metrics
from striate.stats.agreement import agreement, only_right
from striate.stats.bootstrap import bootstrap
from striate.stats.five_by_two_cv import five_by_two
from striate.stats.holm import holm
from striate.stats.intervals import accuracy_interval, quantile
from striate.stats.learning_curves import crossing
from striate.stats.paired_tests import mcnemar, paired_difference, tango
from striate.stats.pareto import pareto_front
from striate.stats.variance_components import mean_variance
from tests.examples import examples

Z = stats.norm.ppf(0.975)


def answers(only_first: int, only_second: int, both: int, none: int) -> tuple[np.ndarray, np.ndarray]:
    one = np.repeat([True, False, True, False], [only_first, only_second, both, none])
    two = np.repeat([False, True, True, False], [only_first, only_second, both, none])
    return one[None], two[None]


@pytest.mark.parametrize(("right", "n"), [(0, 7), (7, 7), (1, 2), (356, 360), (1500, 2985)])
def test_one_training_has_wilsons_interval(right: int, n: int) -> None:
    found = accuracy_interval(np.arange(n)[None] < right)
    oracle = stats.binomtest(right, n).proportion_ci(0.95, "wilson")
    np.testing.assert_allclose(found.interval, (oracle.low, oracle.high), atol=1e-12)
    np.testing.assert_allclose(found.interval, metrics.wilson(right, n), atol=1e-12)


@pytest.mark.parametrize(("b", "c"), [(0, 0), (1, 0), (5, 0), (0, 6), (3, 3), (12, 2), (40, 71)])
def test_mcnemar_is_the_binomial_test(b: int, c: int) -> None:
    oracle = stats.binomtest(b, b + c).pvalue if b + c else 1.0
    assert mcnemar(b, c) == pytest.approx(oracle, rel=1e-10)
    assert paired_difference(*answers(b, c, 50, 9)).p == pytest.approx(oracle, rel=1e-10)


def slow_tango(b: int, c: int, n: int) -> tuple[float, float]:
    """The two differences at which the score is ±1.96, its variance by likelihood maximised numerically."""
    def score(delta: float) -> float:
        def loss(q: float) -> float:  # q: only the second is right; q + delta: only the first
            chances = np.array([q + delta, q, 1 - 2 * q - delta])
            return -float(special.xlogy([b, c, n - b - c], np.maximum(chances, 1e-300)).sum())

        low, high = max(0.0, -delta), (1 - delta) / 2
        q = optimize.minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-13}).x
        return (b - c - n * delta) / np.sqrt(max(n * (2 * q + delta - delta**2), 1e-300))

    gap = (b - c) / n
    return (optimize.brentq(lambda d: score(d) - Z, -1 + 1e-9, gap) if score(-1 + 1e-9) > Z else -1.0,
            optimize.brentq(lambda d: score(d) + Z, gap, 1 - 1e-9) if score(1 - 1e-9) < -Z else 1.0)


@pytest.mark.parametrize(("b", "c", "n"), [(12, 2, 50), (3, 1, 44), (5, 5, 30), (40, 71, 359), (7, 3, 2985)])
def test_tango_is_the_score_interval(b: int, c: int, n: int) -> None:
    np.testing.assert_allclose(tango(b, c, n, Z), slow_tango(b, c, n), atol=2e-5)


@pytest.mark.parametrize(("b", "c", "n"), [(0, 0, 30), (6, 0, 6), (0, 6, 6), (1, 0, 1), (0, 0, 1)])
def test_tango_at_the_edges_holds_what_was_found(b: int, c: int, n: int) -> None:
    low, high = tango(b, c, n, Z)
    assert -1 <= low <= (b - c) / n <= high <= 1
    assert low < high


def test_turned_round_a_pair_is_its_mirror_image() -> None:
    generator = np.random.default_rng(0)
    one, two = generator.random((3, 200)) < 0.8, generator.random((3, 200)) < 0.7
    first, second = paired_difference(one, two), paired_difference(two, one)
    assert first.difference == pytest.approx(-second.difference)
    np.testing.assert_allclose(first.interval, (-second.interval[1], -second.interval[0]), atol=1e-9)
    assert first.p == pytest.approx(second.p)


def slow_chance(values: np.ndarray) -> tuple[float, float]:
    """The variance of the mean and its degrees of freedom by loops, for one recogniser: Hillis 2007."""
    count, n = values.shape
    mean = values.mean()
    between = sum(n * (row.mean() - mean) ** 2 for row in values) / (count - 1)
    columns = sum(count * (values[:, i].mean() - mean) ** 2 for i in range(n)) / (n - 1)
    rest = sum((values[s, i] - values[s].mean() - values[:, i].mean() + mean) ** 2
               for s in range(count) for i in range(n)) / ((count - 1) * (n - 1))
    whole = between + max(columns - rest, 0)
    return whole / (count * n), (whole / between) ** 2 * (count - 1)


def test_chance_is_the_crossed_analysis_of_variance() -> None:
    values = (np.random.default_rng(3).normal(size=(5, 41)) + np.linspace(-1, 1, 41) + np.arange(5)[:, None] / 4) > 0
    found = mean_variance(values)
    assert (found.variance, found.freedom) == pytest.approx(slow_chance(values.astype(float)))


def test_seeds_that_differ_widen_the_interval_and_pictures_alone_do_not_hide_it() -> None:
    generator = np.random.default_rng(0)
    same = np.repeat(generator.random((1, 500)) < 0.8, 3, axis=0)
    apart = np.stack([generator.random(500) < p for p in (0.7, 0.8, 0.9)])
    assert accuracy_interval(same).interval == pytest.approx(accuracy_interval(same[:1]).interval, rel=1e-3)
    assert np.ptp(accuracy_interval(apart).interval) > 3 * np.ptp(accuracy_interval(same).interval)
    assert mean_variance(apart).trainings > 10 * mean_variance(same).trainings


def test_students_quantiles() -> None:
    for freedom in (1.0, 2.5, 30.0):
        assert quantile(freedom, 0.95) == pytest.approx(stats.t.ppf(0.975, freedom))
    assert quantile(np.inf, 0.95) == pytest.approx(Z)


@examples(100)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_holm_is_closed_testing_by_bonferroni(values: list[float]) -> None:
    places = range(len(values))
    for i, corrected in enumerate(holm(values)):
        families = (set(f) for k in places for f in combinations(places, k + 1) if i in f)
        assert corrected == pytest.approx(max(min(1.0, len(f) * min(values[j] for j in f)) for f in families))


def test_bootstrap_is_near_the_normal_interval_of_many_pictures() -> None:
    one, two = answers(300, 200, 1500, 400)
    gaps = one[0].astype(float) - two[0]
    half = Z * gaps.std() / len(gaps) ** 0.5
    np.testing.assert_allclose(bootstrap(one, two), (gaps.mean() - half, gaps.mean() + half), atol=half / 8)


def test_five_by_two_by_loops() -> None:
    table = np.random.default_rng(5).normal(0.02, 0.02, (5, 2))
    spreads = [sum((x - (a + b) / 2) ** 2 for x in (a, b)) for a, b in table]
    t, f = table[0, 0] / (sum(spreads) / 5) ** 0.5, (table**2).sum() / (2 * sum(spreads))
    found = five_by_two(table)
    assert (found.t, found.f) == pytest.approx((t, f))
    assert (found.t_p, found.p) == pytest.approx((2 * stats.t.sf(abs(t), 5), stats.f.sf(f, 10, 5)))
    assert five_by_two(np.zeros((5, 2))).p == pytest.approx(1)
    with pytest.raises(ValueError, match="five by two"):
        five_by_two(np.zeros((2, 5)))


@examples(50)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 5)), min_size=1, max_size=7))
def test_the_front_is_who_nobody_beats(points: list[tuple[int, int]]) -> None:
    found = pareto_front([a for a, _ in points], [c for _, c in points])
    for i, (a, c) in enumerate(points):
        beaten = any((x >= a and y < c) or (x > a and y <= c) for x, y in points)
        assert (i in found) == (not beaten)


def test_agreement_and_who_is_alone_by_loops() -> None:
    generator = np.random.default_rng(2)
    given_answers = [generator.integers(0, 3, (2, 60)) for _ in range(3)]
    table = agreement(given_answers)
    for i, j in combinations(range(3), 2):
        by_hand = np.mean([a[k] == b[k] for a in given_answers[i] for b in given_answers[j] for k in range(60)])
        assert table[i][j] == table[j][i] == pytest.approx(by_hand)
    assert table[0][0] == pytest.approx(np.mean(given_answers[0][0] == given_answers[0][1]))
    rights = [one == 1 for one in given_answers]
    for i, alone in enumerate(only_right(rights)):
        assert set(alone) == {k for k in range(60) if [one[:, k].all() for one in rights] == [j == i for j in range(3)]}


def test_a_crossing_lies_where_the_curves_do() -> None:
    generator = np.random.default_rng(4)
    sizes, hard = [5, 10, 20, 40], generator.random(3000)
    first = [np.repeat([hard < 0.7], 2, axis=0)] * 4
    second = [np.repeat([hard < p], 2, axis=0) for p in (0.5, 0.6, 0.8, 0.9)]
    found = crossing(sizes, first, second)
    assert found.size == pytest.approx(10 * 2**0.5, rel=0.02)
    assert found.interval[0] <= found.size <= found.interval[1]
    never = crossing(sizes, second, [np.zeros((1, 3000), bool)] * 4)
    assert never.size == never.interval[1] == np.inf
