"""The logarithmic pool against loops in Python's own arithmetic."""

import math

import numpy as np
import pytest

from striate.ensemble.opinion_pool import SMALLEST, pooled


def by_loops(members: list[list[list[float]]], weights: list[float], temperature: float) -> list[list[float]]:
    rows = []
    for i in range(len(members[0])):
        products = [math.prod(max(one[i][k], SMALLEST) ** (w / temperature)
                              for one, w in zip(members, weights, strict=True)) for k in range(len(members[0][i]))]
        rows.append([product / math.fsum(products) for product in products])
    return rows


@pytest.mark.parametrize(("members", "classes", "temperature"), [(1, 2, 1.0), (2, 3, 0.5), (3, 7, 1.7), (5, 2, 0.8)])
def test_it_is_the_normalised_product_of_powers(members: int, classes: int, temperature: float) -> None:
    rng = np.random.default_rng(members)
    given = rng.dirichlet(np.full(classes, 0.3), (members, 11))
    weights = rng.dirichlet(np.ones(members))
    found = pooled(list(given), weights, temperature)
    np.testing.assert_allclose(found, by_loops(given.tolist(), weights.tolist(), temperature), rtol=1e-12)
    np.testing.assert_allclose(found.sum(axis=1), 1)


def test_no_member_has_a_veto_and_an_absent_class_stays_impossible() -> None:
    one, other = np.array([[0.0, 1.0, 0.0]]), np.array([[0.6, 0.4, 0.0]])
    found = pooled([one, other], [0.5, 0.5], 1)
    assert 0 < found[0, 0] < found[0, 1]
    assert found[0, 2] == 0


def test_one_member_at_temperature_one_stays_as_it_is() -> None:
    given = np.random.default_rng(0).dirichlet(np.ones(4), 9)
    np.testing.assert_allclose(pooled([given], [1.0], 1.0), given, rtol=1e-12)
