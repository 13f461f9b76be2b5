"""Tests of the verdict sentence against the statistics, on made-up findings and simulated recognisers."""

import re
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate.stats.verdict import LEVEL, Verdict, verdict
from tests.examples import examples
from tests.stats.simulated import tally

NAMES = ("alpha", "beta", "gamma", "delta")


@st.composite
def families(draw: st.DrawFn) -> tuple[list[str], list[Verdict]]:
    accuracies = sorted((draw(st.integers(0, 100)) / 100 for _ in range(draw(st.integers(2, 4)))), reverse=True)
    ranking, findings = list(NAMES[: len(accuracies)]), []
    for i, j in combinations(range(len(ranking)), 2):
        gap = accuracies[i] - accuracies[j]
        half, p = draw(st.floats(0.001, 0.3)), draw(st.floats(0, 0.2))
        two = [ranking[i], ranking[j]]
        if draw(st.booleans()):
            two, gap = two[::-1], -gap
        findings.append(Verdict(*two, gap, (gap - half, gap + half), p))
    return ranking, findings


@examples(300)
@given(families())
def test_nothing_is_said_that_was_not_found(family: tuple[list[str], list[Verdict]]) -> None:
    ranking, findings = family
    sure = {frozenset((one.first, one.second)): one.sure for one in findings}
    better = {(one.better_first().first, one.better_first().second) for one in findings if one.sure}
    said = verdict(ranking, findings, 100, ranking[-2:])
    for clause in re.split(r"; ", said.removesuffix(" on 100 pictures").removesuffix(",")):
        for first, second in re.findall(r"(\w+) is better than (\w+)", clause):
            assert (first, second) in better
            for more in re.findall(r"than (\w+(?:(?:, | and )\w+)*) by more", clause):
                assert all((first, name) in better for name in re.findall("|".join(NAMES), more))
            if "others by more" in clause:
                assert all((first, name) in better for name in ranking[1:])
        if match := re.fullmatch(r"(.*) can't be told apart", clause):
            named = re.findall("|".join(NAMES), match[1])
            assert len(named) > 1
            assert not any(sure[frozenset(two)] for two in combinations(named, 2))
        if match := re.fullmatch(r"(\w+) can't be told from (.*)", clause):
            assert not any(sure[frozenset((match[1], name))] for name in re.findall("|".join(NAMES), match[2]))
    assert len(said) < 500
    assert bool(better) or "better" not in said


def test_the_pair_that_was_asked_about_is_in_it() -> None:
    good = (0.05, 0.15)
    findings = [Verdict("a", "b", 0.1, good, 0.001), Verdict("a", "c", 0.2, (0.1, 0.3), 0.001),
                Verdict("a", "d", 0.3, (0.2, 0.4), 0.001), Verdict("b", "c", 0.1, good, 0.001),
                Verdict("b", "d", 0.2, (0.1, 0.3), 0.001), Verdict("c", "d", 0.1, (-0.01, 0.2), 0.2)]
    said = verdict(["a", "b", "c", "d"], findings, 100, ("d", "c"))
    assert said.startswith("a is better than b by 10.0 points")
    assert said.endswith("and than the 2 others by more; d and c can't be told apart on 100 pictures")


def test_better_needs_both_the_test_and_the_interval() -> None:
    assert Verdict("a", "b", 0.1, (0.01, 0.2), LEVEL).sure
    assert not Verdict("a", "b", 0.1, (0.01, 0.2), 0.051).sure
    assert not Verdict("a", "b", 0.1, (-0.001, 0.2), 0.001).sure


CASES = [((0.99, 0.99, 0.98), 359, 1, 0.0), ((0.8, 0.8, 0.75), 359, 3, 0.03), ((0.9, 0.9, 0.9), 359, 3, 0.0)]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_intervals_cover_and_better_is_seldom_false(case: tuple[tuple[float, ...], int, int, float]) -> None:
    found = tally(*case, repeats=200)
    assert 0.92 <= found.shares <= 0.985
    assert 0.925 <= found.pairs <= 0.985
    assert found.false <= 0.09  # 5 % and 2.6 standard errors of 200 repeats


def test_seeds_that_differ_much_are_counted() -> None:
    found = tally((0.8, 0.8, 0.8), 2985, 3, 0.15, repeats=100)  # by pictures alone, intervals would cover a third
    assert found.shares >= 0.83
    assert found.pairs >= 0.88
    assert found.false <= 0.13


@pytest.mark.slow
@pytest.mark.parametrize("pictures", [359, 2985])
@pytest.mark.parametrize(("seeds", "spread"), [(1, 0.0), (3, 0.0), (3, 0.03), (5, 0.03)])
@pytest.mark.parametrize("accuracies", [(0.6, 0.6, 0.6), (0.9, 0.9, 0.85), (0.99, 0.99, 0.98)], ids=str)
def test_a_thousand_comparisons(accuracies: tuple[float, ...], seeds: int, spread: float, pictures: int) -> None:
    found = tally(accuracies, pictures, seeds, spread, repeats=1000)
    assert 0.93 <= found.shares <= 0.975
    assert 0.93 <= found.pairs <= 0.975
    assert found.false <= 0.064  # 5 % and two standard errors
