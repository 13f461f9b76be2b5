"""The range test: what it reads off a curve whose answer is known, and what it sees of a real network."""

import numpy as np
import pytest

from striate import ConvNet
from striate.convnet.training.lr_finder import RangeTest, range_test, smoothed
from striate.convnet.training.training_context import TrainingContext
from striate.data import Data
from striate.errors import Interrupted, UsageError


def valley(rates: np.ndarray, steepest: float, lowest: float) -> np.ndarray:
    """Losses that are flat, fall fastest at `steepest`, and rise again behind `lowest`."""
    x = np.log(rates)
    fall = 1 / (1 + np.exp(3 * (x - np.log(steepest))))
    return 1 + fall + np.exp(np.minimum(5 * (x - np.log(lowest)), 3))


@pytest.mark.parametrize("steepest", [1e-4, 1e-3, 1e-2])
def test_the_steepest_fall_of_a_known_curve(steepest: float) -> None:
    rates = np.geomspace(1e-6, 10, 100)
    noise = np.random.default_rng(0).normal(0, 0.01, 100)
    test = RangeTest.of(rates, valley(rates, steepest, 300 * steepest) + noise)
    assert test.steepest == pytest.approx(steepest, rel=0.5)
    assert test.tenth is not None
    exact = rates[valley(rates, steepest, 300 * steepest).argmin()] / 10
    assert test.tenth == pytest.approx(exact, rel=0.8)


def test_a_curve_that_only_rises_suggests_nothing() -> None:
    test = RangeTest.of(np.geomspace(1e-6, 10, 20), np.arange(20.0))
    assert (test.steepest, test.tenth) == (None, None)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_curve_that_is_hardly_one(count: int) -> None:
    assert RangeTest.of(np.geomspace(1e-6, 1, count), np.ones(count)).steepest is None


def test_smoothing_by_loops() -> None:
    losses = np.random.default_rng(1).normal(size=11)
    slow = []
    for i in range(11):
        weights = [float(np.exp(-((i - j) ** 2) / 18)) for j in range(11)]
        slow.append(sum(w * loss for w, loss in zip(weights, losses, strict=True)) / sum(weights))
    np.testing.assert_allclose(smoothed(losses), slow, rtol=1e-12)


def test_the_rates_are_those_that_were_trained_with(digits: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop's own rates, seen where they reach the optimiser."""
    from striate.convnet.training import loop

    seen: list[float] = []
    set_rate = loop.set_rate
    monkeypatch.setattr(loop, "set_rate", lambda optimiser, rate: (seen.append(rate), set_rate(optimiser, rate)))
    test = range_test(ConvNet("lenet5", optimiser="adamw", seed=3), digits.validation, low=1e-4, high=1e-2, steps=5)
    assert test.rates == pytest.approx(np.geomspace(1e-4, 1e-2, 5))
    assert seen == pytest.approx(test.rates.tolist())


def test_a_real_network_learns_in_between_and_is_left_alone(digits: Data) -> None:
    model = ConvNet("lenet5", optimiser="sgd", seed=0, epochs=3)
    before = model.get_params()
    test = range_test(model, digits.train, steps=60)
    assert test.diverged
    assert len(test.rates) < 60
    assert test.steepest is not None
    assert 1e-4 < test.steepest < 1
    assert test.tenth is not None
    assert test.smooth[0] == pytest.approx(np.log(10), rel=0.2)  # it knows nothing of ten classes at first
    assert model.get_params() == before
    assert not hasattr(model, "module_")
    again = range_test(model, digits.train, steps=60)
    assert again.as_dict() == test.as_dict()


def test_stopped_on_request(digits: Data) -> None:
    with pytest.raises(Interrupted):
        range_test(ConvNet("lenet5", optimiser="sgd"), digits.validation, context=TrainingContext(stop=lambda: True))


def test_a_range_that_is_none(digits: Data) -> None:
    with pytest.raises(UsageError):
        range_test(ConvNet("lenet5"), digits.validation, low=1.0, high=0.1)
