"""Novelty detection: how known a picture is, so that a classifier can say "none of these".

The score of a picture x, higher for known ones, is its largest decision, and where features are at most `MOST_WIDTH`
wide, their relative Mahalanobis distance is taken from it, each in units of its interquartile range in held-out
pictures:

    min over c of (x − μ_c)ᵀ S⁻¹ (x − μ_c) − (x − μ)ᵀ T⁻¹ (x − μ)

with the mean μ_c of each class, the covariance S around these, μ and T of all pictures: Lee et al., "A simple unified
framework for detecting out-of-distribution samples and adversarial attacks" (2018); Ren et al., "A simple fix to
Mahalanobis distance for improving near-OOD detection" (2021). A ridge on both, `RIDGE` times the mean variance in S, is
ours. T is S plus K directions, so the difference of the two forms needs K numbers of a picture only (Woodbury).

Held-out distances are those of `DISTANCE_FOLDS` folds. Of fewer, covariances are of too few pictures, whose distances
are far too large, so that less is refused than was asked for: of known and of other pictures 2.1 and 43 % with 5 folds,
4.0 and 53 % with 20, 4.5 and 55 % with 40, where 5 % was asked for (Scene-15's training part, 70 pictures of each of
twelve classes, eight draws). What follows compares scores where 5 % of known pictures are indeed refused.

On Scene-15's training part, features of EfficientNet-Lite0, three classes left out, eight draws: at 5 % of known
pictures refused, 54 % of pictures of other classes are; by the relative distance alone 52 %, which lets noise through;
by the largest decision alone 44 %. On the first four draws: by the energy (Liu et al., 2020) 42 %, by the largest
probability 30 %, by the distance to the nearest picture 24 %, by the Mahalanobis distance itself 27 % at most.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from striate.core.constraints import Real
from striate.core.model_file import shaped
from striate.core.percentiles import Percentiles

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Labels = NDArray[np.int64]
MOST_WIDTH = 1536  # a covariance of 19 MB
RIDGE = 0.3
DISTANCE_FOLDS = 40
SCORES = ("decision", "decision and distance")
WEIGHT = Real(0)
SMALLEST = 1e-3  # of the mean squared length of the features, for the variance within classes
ROWS = 4096  # pictures of a block
PREFIX = "novelty."  # of its arrays in a model file


@dataclass(frozen=True, eq=False)
class RelativeMahalanobis:
    """Relative Mahalanobis distance in K numbers v = xᵀW − w: its score is max over c of (2 v_c − q_c) − vᵀ H v.

    Attributes:
        projection: W, (D, K) float32; `offsets`: w, (K,); `lengths`: q, (K,); `background`: H, (K, K).

    """

    projection: Floats
    offsets: Floats
    lengths: Floats
    background: Floats

    @classmethod
    def of(cls, counts: Doubles, sums: Doubles, squares: Doubles, *, least: float) -> Self:
        """From the sums over pictures: `counts` (K,) and `sums` (K, D) by class, `squares` Σ x xᵀ (D, D) of all.

        `least`: what the trace of S counts as at least, as where all pictures of a class are the same.
        """
        some = counts > 0
        counts, sums = counts[some], sums[some]
        n, width = counts.sum(), len(squares)
        mean = sums.sum(axis=0) / n
        away, share = sums / counts[:, None] - mean, np.sqrt(counts / n)
        between = away * share[:, None]
        within = squares / n
        around = np.vstack([mean, between])
        within -= around.T @ around
        ridge = RIDGE * max(float(np.trace(within)), least) / width
        within[np.diag_indices(width)] += ridge
        # The transpose is the same matrix, in the order of columns that is solved in place.
        solved = linalg.cho_factor(within.T, lower=True, overwrite_a=True, check_finite=False)
        projection = linalg.cho_solve(solved, away.T, check_finite=False)
        inner = away @ projection
        background = np.outer(share, share) * np.linalg.inv(np.eye(len(share)) + np.outer(share, share) * inner)
        made = (projection, mean @ projection, np.diag(inner), background)
        return cls(*(np.ascontiguousarray(one, np.float32) for one in made))

    def score(self, features: Floats) -> Doubles:
        """How known each row of `features` (n, D) is, (n,) float64."""
        v = (features @ self.projection - self.offsets).astype(np.float64)
        return np.asarray((2 * v - self.lengths).max(axis=1) - ((v @ self.background) * v).sum(axis=1))


@dataclass(frozen=True, eq=False)
class NoveltyDetector:
    """Novelty detector: a score, and its `percentiles` among held-out pictures of known classes.

    The score is the largest decision, times `weight`, plus that of the `distance` if there is one.
    """

    percentiles: Percentiles
    weight: float = 1.0
    distance: RelativeMahalanobis | None = None

    @classmethod
    def fit(cls, features: Floats, labels: Labels, folds: Labels, held_out: tuple[Labels, Doubles]) -> Self:
        """Fit on `features` (n, D) with labels (n,), in `folds` (n,) that are held out in turn.

        `held_out`: indices (m,) of pictures and their decisions (m, K) by classifiers that were not fitted on them.

        >>> rng = np.random.default_rng(0)
        >>> known = rng.normal(size=(400, 8)).astype(np.float32)
        >>> known[np.arange(400), np.arange(400) % 3] += 6                       # three classes in eight dimensions
        >>> found = NoveltyDetector.fit(known, np.arange(400) % 3, np.arange(400) // 80,
        ...                             (np.arange(400), known[:, :3]))
        >>> other = rng.normal(size=(400, 8)).astype(np.float32)
        >>> other[:, 5] += 6                                                     # a fourth class
        >>> [round(float((found.confidence(x, x) < 0.05).mean()), 2) for x in (known, other)]
        [0.04, 0.96]
        """
        indices, largest = held_out[0], held_out[1].max(axis=1)
        if features.shape[1] > MOST_WIDTH:
            return cls(Percentiles.of(largest))
        centred = features - features.mean(axis=0)  # differences of large squares would be inexact
        whole = _sums(centred, labels, labels.max() + 1)
        least = SMALLEST * float(np.square(features, dtype=np.float64).sum(axis=1).mean()) or 1.0
        held = np.empty(len(labels))
        squares = np.empty_like(whole[2])
        for fold in np.unique(folds):
            here = folds == fold
            part = _sums(centred[here], labels[here], labels.max() + 1)
            others = RelativeMahalanobis.of(whole[0] - part[0], whole[1] - part[1],
                                            np.subtract(whole[2], part[2], out=squares), least=least)
            held[here] = others.score(centred[here])
        centre = features.mean(axis=0)
        found = RelativeMahalanobis.of(*whole, least=least)
        offsets = (found.offsets + centre @ found.projection).astype(np.float32)
        held, spread = held[indices], _spread(largest)
        weight = _spread(held) / spread if spread else 0.0
        return cls(Percentiles.of(weight * largest + held), weight,
                   RelativeMahalanobis(found.projection, offsets, found.lengths, found.background))

    def confidence(self, features: Floats, decisions: Doubles) -> Doubles:
        """The share of held-out known pictures that look less known, (n,) 0 to 1."""
        scores = self.weight * decisions.max(axis=1)
        return self.percentiles.share_below(scores + self.distance.score(features) if self.distance else scores)

    def to_arrays(self) -> tuple[dict[str, Any], dict[str, Floats]]:
        """Settings and arrays."""
        arrays = vars(self.distance) if self.distance else {}
        settings = {"score": SCORES[self.distance is not None], "weight": self.weight,
                    "quantiles": self.percentiles.to_list()}
        return {"novelty": settings}, {PREFIX + name: array for name, array in arrays.items()}

    @classmethod
    def from_arrays(cls, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], width: int) -> Self | None:
        """The detector that `to_arrays` gave, None where there is none; ValueError where it does not fit `width`."""
        own = {name.removeprefix(PREFIX): array for name, array in arrays.items() if name.startswith(PREFIX)}
        values = settings.get("novelty")
        if values is None and "novelty" not in settings and not own:
            return None
        if not isinstance(values, dict) or values.get("score") != SCORES[bool(own)]:
            raise ValueError("its novelty detector has a score, a weight and quantiles, and arrays of a distance")
        percentiles = Percentiles.from_list(values.get("quantiles"))
        try:
            weight = WEIGHT.read(values.get("weight"))
        except ValueError as error:
            raise ValueError("the weight of its novelty detector must be a number from 0 up") from error
        if not own:
            return cls(percentiles, weight)
        classes = own["lengths"].size if "lengths" in own else 0
        shaped(own, {"projection": (width, classes), "offsets": (classes,), "lengths": (classes,),
                     "background": (classes, classes)})
        return cls(percentiles, weight, RelativeMahalanobis(**own))


def _spread(values: Doubles) -> float:
    """The interquartile range of values (n,)."""
    low, high = np.quantile(values, (0.25, 0.75))
    return float(high - low)


def _sums(features: Floats, labels: Labels, classes: int) -> tuple[Doubles, Doubles, Doubles]:
    """The number of pictures and the sum of features by class, (K,) and (K, D), and Σ x xᵀ (D, D), in float64."""
    sums, squares = np.zeros((classes, features.shape[1])), np.zeros((features.shape[1], features.shape[1]))
    for start in range(0, len(features), ROWS):
        some = features[start : start + ROWS].astype(np.float64)
        np.add.at(sums, labels[start : start + ROWS], some)
        squares += some.T @ some
    return np.bincount(labels, minlength=classes).astype(np.float64), sums, squares
