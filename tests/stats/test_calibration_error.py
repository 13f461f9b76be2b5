"""Tests of the calibration error: its interval against a plain bootstrap, its coverage, and the error by chance."""

import numpy as np
import pytest

from striate.stats import metrics
from striate.stats.calibration_error import calibration_error


def draw(count: int, over: float, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Bins, confidences and answers that are right less often, by `over`, than the confidence says."""
    generator = np.random.default_rng(seed)
    confidence = 1 - 0.9 * generator.beta(0.3, 3, count)
    right = generator.random(count) < np.clip(confidence - over, 0, 1)
    return np.digitize(confidence, np.arange(1, 15) / 15, right=True), confidence, right


def loops(bins: np.ndarray, confidence: np.ndarray, right: np.ndarray) -> float:
    gaps = [abs(float(right[bins == b].sum()) - float(confidence[bins == b].sum())) for b in range(15)]
    return sum(gaps) / len(bins)


def test_the_error_is_that_of_loops_and_the_interval_that_of_resampled_pictures() -> None:
    bins, confidence, right = draw(3001, 0.1, 1)
    found = calibration_error(bins, confidence, right)
    assert found.value == pytest.approx(loops(bins, confidence, right), abs=1e-12)
    generator = np.random.default_rng(2)
    again = [loops(bins[i], confidence[i], right[i]) for i in generator.integers(0, 3001, (800, 3001))]
    low, high = np.quantile(again, (0.025, 0.975)) - 2 * (np.mean(again) - found.value)
    np.testing.assert_allclose(found.interval, (low, high), atol=0.002)


@pytest.mark.parametrize(("over", "least"), [(0.0, 0.93), (0.1, 0.9)])
def test_the_interval_holds_the_truth(over: float, least: float) -> None:
    truth = calibration_error(*draw(500_000, over, 0)).value
    inside = [low <= truth + 1e-3 and truth <= high
              for low, high in (calibration_error(*draw(400, over, s), seed=s).interval for s in range(1, 201))]
    assert np.mean(inside) >= least


def test_by_chance_is_what_true_probabilities_show() -> None:
    shown = np.mean([calibration_error(*draw(300, 0.0, seed)).value for seed in range(100)])
    assert calibration_error(*draw(300, 0.0, 7)).by_chance == pytest.approx(shown, rel=0.1)


def test_an_evaluation_has_it() -> None:
    probabilities = np.tile([0.8, 0.2], (50, 1))
    found = metrics.evaluate(np.arange(50) // 30, probabilities, ("a", "b"))  # 30 of 50 are right
    assert found.ece == pytest.approx(0.2)
    assert 0.05 < found.ece_interval[0] < 0.12 < 0.28 < found.ece_interval[1] < 0.36
    assert found.ece_by_chance == pytest.approx(np.sqrt(0.8 * 0.2 / 50 * 2 / np.pi), rel=0.05)
    assert found.as_dict()["ece_interval"] == list(found.ece_interval)
    sure = metrics.evaluate([0, 1], [[1.0, 0.0], [0.0, 1.0]], ("a", "b"))
    assert (sure.ece, sure.ece_interval, sure.ece_by_chance) == (0, (0, 0), 0)
