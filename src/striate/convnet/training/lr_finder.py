"""Learning-rate range test: one short run in which the rate rises from far too small to far too large.

Source: Smith, "Cyclical learning rates for training neural networks" (2017), section 3.3. There the rate rises linearly
and the accuracy is read by eye; here it rises by a constant factor per step, and the loss is read, smoothed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from striate.convnet.recogniser import ConvNet
from striate.convnet.training.training_context import StepRecord, TrainingContext
from striate.core.result import Result
from striate.errors import Interrupted, RunError, UsageError

LOW, HIGH, STEPS = 1e-6, 10.0, 100
SMOOTHING = 0.9  # of the running mean of the loss, per step; it lags behind, so it only detects the end
DIVERGED = 4.0  # times the lowest running mean: training has diverged
WIDTH = 3.0  # steps; the spread of the window that the curve is smoothed with, which looks both ways and does not lag


@dataclass(frozen=True, eq=False)
class RangeTest(Result):
    """Result of a range test: `rates`, `losses` (nats) and `smooth` losses, (n,) float64, a value per step.

    `steepest` is the rate at which the loss fell fastest per factor of the rate, `tenth` one tenth of the rate at its
    minimum; both None where it never fell. `diverged`: whether it was ended early, because the loss rose.
    """

    rates: NDArray[np.float64]
    losses: NDArray[np.float64]
    smooth: NDArray[np.float64]
    steepest: float | None
    tenth: float | None
    diverged: bool

    @classmethod
    def of(cls, rates: ArrayLike, losses: ArrayLike, *, diverged: bool = False) -> RangeTest:
        """Read the curve of finite `losses` (n,) at rising `rates` (n,).

        >>> test = RangeTest.of(np.logspace(-3, 0, 4), [2.0, 2.0, 2.0, 2.0])
        >>> test.steepest, test.tenth                                    # the loss fell at no rate
        (None, None)
        """
        rates, losses = np.asarray(rates, np.float64), np.asarray(losses, np.float64)
        smooth = smoothed(losses)
        lowest = int(smooth.argmin()) if len(smooth) else 0
        if lowest < 1 or smooth[0] - smooth[lowest] <= 1e-6 * abs(smooth[0]):
            return cls(rates, losses, smooth, None, None, diverged)
        slope = np.gradient(smooth, np.log(rates))[: lowest + 1]
        return cls(rates, losses, smooth, float(rates[slope.argmin()]), float(rates[lowest] / 10), diverged)


def range_test(model: ConvNet, X: Any, y: ArrayLike | None = None, *, low: float = LOW, high: float = HIGH,
               steps: int = STEPS, context: TrainingContext | None = None) -> RangeTest:
    """Train a copy of `model`, as yet untrained, on pictures `X` with labels `y` (or a `Dataset`) for `steps` steps.

    The rate rises from `low` to `high` by the same factor each step; the test ends when the loss has diverged. `model`
    itself is left as it was. `context` is as in `ConvNet.fit`, but for `on_step`. Raises `UsageError` (`bad_range`),
    and `Interrupted` when its `stop` turns true.

    >>> pictures = np.repeat(np.array([0, 255], np.uint8), 8)[:, None, None] * np.ones((1, 8, 8), np.uint8)
    >>> test = range_test(ConvNet("lenet5", optimiser="sgd", size=(28, 28)), pictures, [0] * 8 + [1] * 8, steps=20)
    >>> len(test.rates) == len(test.losses) <= 20
    True
    """
    from sklearn.base import clone  # here, because it takes half a second that others need not wait for

    if not (0 < low < high and steps > 1):
        raise UsageError("bad_range", "a range of learning rates was to be tried",
                         allowed="a low rate above 0, a higher one and at least 2 steps are allowed",
                         given=f"{low:g} to {high:g} in {steps} steps was given", do="Give the lower rate first")
    factor = (high / low) ** (1 / (steps - 1))
    trial = clone(model).set_params(learning_rate=low, schedule="exp", gamma=factor, power=None, step_size=None,
                                    step_values=None, warmup=0.0, steps=steps, plan=None, epochs=None, minutes=None)
    losses: list[float] = []
    best = running = float("inf")

    def on_step(step: StepRecord) -> None:
        nonlocal best, running
        losses.append(step.loss)
        running = step.loss if len(losses) == 1 else SMOOTHING * running + (1 - SMOOTHING) * step.loss
        best = min(best, running)

    context, diverged = context or TrainingContext(), False
    stop = context.stop
    try:
        trial.fit(X, y, context=replace(context, on_step=on_step, stop=lambda: running > DIVERGED * best or stop()))
    except Interrupted:
        if stop():
            raise
        diverged = True
    except RunError as error:
        if error.code != "loss_not_finite":
            raise
        diverged = True
    return RangeTest.of(low * factor ** np.arange(len(losses)), losses, diverged=diverged)


def smoothed(losses: NDArray[np.float64]) -> NDArray[np.float64]:
    """The losses (n,) as means over a bell-shaped window around each step, cut off at the ends.

    >>> smoothed(np.array([1.0, 1.0, 1.0])).tolist()
    [1.0, 1.0, 1.0]
    """
    distance = np.arange(len(losses))[:, None] - np.arange(len(losses))
    weights = np.exp(-0.5 * (distance / WIDTH) ** 2)
    return np.asarray(weights @ losses / weights.sum(axis=1), np.float64)
