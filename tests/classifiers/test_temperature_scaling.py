"""Tests of temperature scaling: what was taken comes back, binary cases by hand, and few pictures."""

import numpy as np
import pytest
from scipy import special

from striate.classifiers.temperature_scaling import log_probabilities, temperature, tempered
from striate.stats import metrics


def test_a_temperature_gives_back_what_was_taken() -> None:
    generator = np.random.default_rng(1)
    logits = generator.normal(0, 2, (4000, 5))
    labels = np.array([generator.choice(5, p=p) for p in special.softmax(logits, axis=1)])
    sharp = special.softmax(3 * logits, axis=1)
    t = temperature(labels, log_probabilities(sharp))
    assert t == pytest.approx(3, rel=0.06)
    assert (tempered(sharp, t).argmax(1) == sharp.argmax(1)).all()
    before, after = (metrics.evaluate(labels, one, tuple("abcde")).ece for one in (sharp, tempered(sharp, t)))
    assert after < 0.2 * before


@pytest.mark.parametrize(("right", "n"), [(7, 7), (9, 10), (180, 200), (1, 2)])
def test_a_binary_case_by_hand(right: int, n: int) -> None:
    # All scores are alike, so the one probability is that of Platt's prior: (right + ...) / n, by his targets.
    scores = np.tile([4.0, 0.0], (n, 1))
    labels = np.arange(n) >= right
    expected = (right * (n + 1) + (n - right)) / (n * (n + 2))
    found = special.expit(4 / temperature(labels.astype(int), scores))
    assert found == pytest.approx(max(expected, 0.5), abs=2e-3)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_the_unit_of_the_scores_does_not_matter(scale: float) -> None:
    generator = np.random.default_rng(2)
    scores, labels = generator.normal(size=(300, 4)), generator.integers(0, 4, 300)
    scores[np.arange(300), labels] += 2
    assert temperature(labels, scale * scores) == pytest.approx(scale * temperature(labels, scores), rel=1e-4)


def test_scores_without_information_become_even() -> None:
    scores = np.random.default_rng(3).normal(size=(4000, 3))
    t = temperature(np.arange(4000) % 3, scores)
    np.testing.assert_allclose(special.softmax(scores / t, axis=1), 1 / 3, atol=0.03)
