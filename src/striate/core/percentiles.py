"""Percentiles of a score in a held-out sample: what makes the scores of different recognisers comparable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from striate.core.constraints import Each, Real

Doubles = NDArray[np.float64]
SHARES = np.concatenate([np.arange(20) / 1000, np.arange(4, 201) / 200])  # steps of 0.1 % up to 2 %, then of 0.5 %
STORED = Each(Real(), least=len(SHARES), most=len(SHARES))


@dataclass(frozen=True, eq=False)
class Percentiles:
    """Table of the quantiles of held-out scores at `SHARES`, rising: `quantiles` (217,) float64.

    >>> table = Percentiles.of(np.arange(1, 100))          # of 99 pictures
    >>> table.share_below([0, 1, 50, 100]).tolist()        # the first lies below all, the last above
    [0.0, 0.01, 0.5, 1.0]
    """

    quantiles: Doubles

    @classmethod
    def of(cls, scores: ArrayLike) -> Self:
        """The table of scores (n,), n at least 1. The i-th of n stands at the share i / (n + 1).

        So of new ones like these a share s lies below the quantile of s, on average over samples, where s is at
        least 1 / (n + 1): Weibull, "A statistical theory of the strength of materials" (1939); it is what conformal
        prediction rests on (Vovk, Gammerman & Shafer, *Algorithmic Learning in a Random World*, 2005, section 2.3).
        """
        return cls(np.quantile(np.asarray(scores, np.float64), SHARES, method="weibull"))

    @classmethod
    def from_list(cls, values: object) -> Self:
        """The table that `to_list` gave; ValueError where it is none."""
        try:
            quantiles = np.array(STORED.read(values), np.float64)
        except ValueError as error:
            raise ValueError(f"its quantiles must be {len(SHARES)} finite numbers") from error
        if (np.diff(quantiles) < 0).any():
            raise ValueError("its quantiles must rise")
        return cls(quantiles)

    def to_list(self) -> list[float]:
        """The quantiles as JSON values."""
        return [float(one) for one in self.quantiles]

    def share_below(self, scores: ArrayLike) -> Doubles:
        """The share of the sample that has a lower score, (n,) 0 to 1, of scores (n,)."""
        values = np.asarray(scores, np.float64)
        above = np.searchsorted(self.quantiles, values, side="right")
        place = above.clip(1, len(SHARES) - 1)
        low, high = self.quantiles[place - 1], self.quantiles[place]
        part = np.divide(values - low, high - low, out=np.zeros_like(values), where=high > low).clip(0, 1)
        share = SHARES[place - 1] + part * (SHARES[place] - SHARES[place - 1])
        return np.asarray(np.where(above == 0, 0.0, np.where(above == len(SHARES), 1.0, share)))
