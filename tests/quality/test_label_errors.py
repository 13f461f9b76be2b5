"""Tests of label errors: ranked, and counted by confident learning."""

from __future__ import annotations

import numpy as np
import pytest

from striate.quality import label_doubts
from striate.quality.label_errors import thresholds


def held_out(seed: int, count: int = 400, K: int = 5, wrong: float = 0.05):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, K, count)
    scores = rng.normal(0, 1, (count, K))
    scores[np.arange(count), truth] += 3
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    bad = rng.choice(count, round(wrong * count), replace=False)
    labels = truth.copy()
    labels[bad] = (labels[bad] + rng.integers(1, K, len(bad))) % K
    return labels, probabilities, set(bad.tolist()), truth


@pytest.mark.parametrize("seed", range(3))
def test_planted_labels_come_first(seed: int) -> None:
    labels, probabilities, bad, truth = held_out(seed)
    doubts = label_doubts(labels, probabilities)
    first = doubts[: len(labels) // 10]
    assert len(bad & {one.index for one in first}) >= 0.8 * len(bad)
    right = [one.suggested == truth[one.index] for one in first if one.index in bad]
    assert np.mean(right) > 0.8
    assert sorted(one.index for one in doubts) == list(range(len(labels)))


def test_likely_errors_are_those_of_the_paper_written_as_loops() -> None:
    labels, probabilities, _, _ = held_out(4)
    K = probabilities.shape[1]
    t = [float(np.mean([p[k] for p, label in zip(probabilities, labels, strict=True) if label == k]))
         for k in range(K)]
    assert np.allclose(t, thresholds(labels, probabilities))
    expected = set()
    for i, p in enumerate(probabilities):
        reached = [(p[k], k) for k in range(K) if p[k] >= t[k]]
        if reached and max(reached)[1] != labels[i]:
            expected.add(i)
    assert {one.index for one in label_doubts(labels, probabilities) if one.likely} == expected
    assert expected


def test_a_class_without_pictures_is_never_suggested_as_likely() -> None:
    labels = np.array([0, 0, 1, 1])
    probabilities = np.array([[0.1, 0.1, 0.8], [0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.8, 0.1]])
    assert not any(one.likely for one in label_doubts(labels, probabilities) if one.suggested == 2)
