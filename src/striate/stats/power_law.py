"""Power law of an error: extrapolation of learning curves, with its uncertainty.

Errors fall about as a power of the number of training pictures, or of the training time: e(m) = e(n) · (n / m)^b
(Cortes et al., "Learning curves: asymptotic values and rate of convergence", NIPS 1993; Hestness et al., "Deep learning
scaling is predictable, empirically", 2017). Little is known of b from one short training, so it is a random variable: a
normal prior, sharpened by the errors at two or more sizes where there are any. The error that was measured has binomial
noise. Both are carried over to the logarithm of the extrapolated error, which is taken as normal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from statistics import NormalDist

Z95 = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Slope:
    """Prior of the exponent b of a power law: normal with this `mean` and standard `deviation`."""

    mean: float
    deviation: float


@dataclass(frozen=True)
class Extrapolation:
    """Extrapolated error: its logarithm is normal with `mean` and standard `deviation`."""

    mean: float
    deviation: float

    @property
    def accuracy(self) -> float:
        """The median of the accuracy, 0..1."""
        return max(0.0, 1 - exp(self.mean))

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the accuracy, within 0..1."""
        ends = (1 - exp(self.mean + side * Z95 * self.deviation) for side in (1, -1))
        low, high = (min(1.0, max(0.0, end)) for end in ends)
        return low, high

    def chance_below(self, other: Extrapolation) -> float:
        """The probability that this error is below the `other`, both taken as independent.

        >>> measured(90, 100).chance_below(measured(90, 100))
        0.5
        """
        spread = sqrt(self.deviation**2 + other.deviation**2)
        return 1 - NormalDist().cdf((self.mean - other.mean) / spread)


def measured(right: float, count: int) -> Extrapolation:
    """The error of `right` pictures of `count`, as it was measured, with its binomial noise.

    Half a picture is added to both, so that no error is zero (Agresti, *Categorical Data Analysis*, section 2.4).

    >>> round(measured(90, 100).accuracy, 3), [round(end, 2) for end in measured(90, 100).interval]
    (0.896, [0.82, 0.94])
    """
    wrong = count - right + 0.5
    return Extrapolation(log(wrong / (count + 1)), sqrt(1 / wrong - 1 / (count + 1)))


def extrapolated(sizes: Sequence[float], rights: Sequence[float], count: int, size: float,
                 prior: Slope) -> Extrapolation:
    """The error at `size`, from the `rights` of `count` pictures after trainings of rising `sizes`.

    The exponent is the posterior mean of `prior` and of the slope between the smallest and the largest of `sizes`; the
    noise of both ends is taken as independent, which is cautious where the pictures are the same.

    >>> found = extrapolated([500, 1000], [800, 850], 1000, 8000, Slope(0.3, 0.15))
    >>> round(found.accuracy, 2), [round(end, 2) for end in found.interval]
    (0.93, [0.89, 0.95])
    """
    last = measured(rights[-1], count)
    further = log(max(size / sizes[-1], 1.0))
    mean, variance = prior.mean, prior.deviation**2
    if len(sizes) > 1:
        first, apart = measured(rights[0], count), log(sizes[-1] / sizes[0])
        slope, noise = (first.mean - last.mean) / apart, (first.deviation**2 + last.deviation**2) / apart**2
        mean = (mean * noise + slope * variance) / (variance + noise)
        variance = variance * noise / (variance + noise)
    return Extrapolation(last.mean - mean * further, sqrt(last.deviation**2 + variance * further**2))
