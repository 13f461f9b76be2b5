"""Base class of encoders: the codes of a picture's descriptors are pooled, region by region, into one vector each.

A subclass gives how it is fitted (`_learn`), what it collects over a slice of descriptors (`_collect`, which can be
added up or maximised over slices) and how the vector of a region follows from that (`_finish`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from striate.bow.encoders.regions import layout_of
from striate.bow.nearest_words import Floats, NearestWords, Words, float_rows, not_finite
from striate.core.constraints import OneOf
from striate.core.estimator import Estimator, check_is_fitted
from striate.core.executor import map_blocks
from striate.core.params import Refusal, check_params, checked, params_of
from striate.errors import DataError

ROWS = 4096  # descriptors worked on at once by one thread
COLLECTED = 1 << 22  # float32 values collected at once by one thread: 16 MiB


class Encoder(Estimator, ABC):
    """Turns the descriptors of a picture into one vector for each region.

    Learnt by every encoder: `channels_` (dimensions of a descriptor), `width` (dimensions of the vector of a region).

    Results are equal, bit for bit, for any number of threads and for a picture alone or in a batch. Low-contrast
    descriptors, all zeros, count as any other; with `skip_zero` they are left out of learning, codes and counts.

    Limits: a thread holds at most 4,096 descriptors with their codes, or one picture's collected vectors.
    """

    REFUSAL: ClassVar = Refusal("impossible_value", "{name} of the {owner} encoder was set", "Give one of these")
    POOLS: ClassVar[tuple[str, ...]] = ("sum",)
    channels_: int
    skip_zero: bool
    threads: int | None

    @property
    @abstractmethod
    def width(self) -> int:
        """Dimensions of the vector of one region, after `fit`."""

    @property
    @abstractmethod
    def words_(self) -> Floats:
        """The words, or the means of the components, (K, dims) float32, after `fit`."""

    def _reduced(self, x: Floats, positions: Floats) -> Floats:
        """Descriptors (M, d) at positions (M, 2) in the space of the words."""
        del positions
        return x

    @abstractmethod
    def _learn(self, rows: Floats, positions: Floats) -> None:
        """Learn from descriptors (M, d) at positions (M, 2)."""

    @abstractmethod
    def _collect(self, x: Floats, positions: Floats, alive: NDArray[np.bool_] | None, starts: NDArray[np.intp],
                 pool: str) -> Floats:
        """Sums or maxima over slices: descriptors (g, D, d) at (D, 2), slices from `starts` (S + 1,) → (g, S, w).

        `alive` (g, D) marks the descriptors that count; None: all.
        """

    @abstractmethod
    def _to_arrays(self) -> dict[str, NDArray[Any]]:
        """Arrays by name: all that `encode` needs besides the settings."""

    @abstractmethod
    def _restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Take over arrays that are finite float32; raises ValueError where shapes or ranges do not fit."""

    def _finish(self, collected: Floats, counts: NDArray[np.int64]) -> Floats:
        """Vectors (g, R, width) from collected values of regions, (g, R, w), and their descriptor counts, (g, R)."""
        del counts
        return collected

    def fit(self, descriptors: NDArray[Any], positions: NDArray[Any] | None = None) -> Self:
        """Learn from `descriptors` (M, d) float32 at `positions` (M, 2) float32, (y, x) in 0..1 (None: the middle).

        Raises `UsageError` (`impossible_value`) and `DataError`: `not_descriptors`, `descriptors_not_finite`,
        `bad_positions`, `too_few_descriptors`.
        """
        check_params(self)
        rows = float_rows(descriptors)
        if rows.ndim != 2:
            rows = rows.reshape(-1, rows.shape[-1])
        if not np.isfinite(rows).all():
            raise not_finite()
        where = _checked_positions(np.full((len(rows), 2), 0.5) if positions is None else positions, len(rows))
        if self.skip_zero:
            alive = rows.any(axis=1)
            rows, where = rows[alive], where[alive]
        if not rows.size:
            raise DataError("too_few_descriptors", "an encoder was to learn",
                            allowed="one descriptor or more is allowed", given="there were none that count",
                            do="Give more pictures, or pictures with more contrast")
        self.channels_ = rows.shape[1]
        self._learn(rows, where)
        return self

    def assigned(self, descriptors: NDArray[Any], positions: NDArray[Any]) -> tuple[Words, Floats]:
        """The nearest word of each descriptor (M, d) at positions (M, 2): (M,) int32, and its squared distance.

        For explanations; soft codes and mixtures weigh other words, too.
        """
        check_is_fitted(self, "channels_")
        rows = float_rows(descriptors, self.channels_)
        reduced = self._reduced(rows, _checked_positions(positions, len(rows)))
        words, squared = NearestWords(self.words_).search(reduced, 1, self.threads)
        return words[:, 0], squared[:, 0]

    def encode(self, descriptors: NDArray[Any], positions: NDArray[Any], regions: Sequence[NDArray[Any]],
               pool: str = "sum") -> Floats:
        """One vector for each picture and region, (n, R, width) float32, not normalised; zeros for an empty region.

        Args:
            descriptors: (n, D, d) float32, D of each of n pictures.
            positions: (D, 2) float32, (y, x) in 0..1, the same in each picture.
            regions: R index arrays into D; they may overlap.
            pool: `sum` or `max` over the descriptors of a region.

        Raises `UsageError`: `unknown_pool`, `bad_regions`; `DataError`: `not_descriptors`, `descriptors_not_finite`,
        `bad_positions`.

        """
        check_is_fitted(self, "channels_")
        checked("pool", pool, OneOf(*self.POOLS, phrase=f"{' and '.join(self.POOLS)} can be done"), Refusal(
            "unknown_pool", f"pooling by the {type(self).__name__} encoder was asked for", "Give one of these"))
        rows = float_rows(descriptors, self.channels_)
        if rows.ndim != 3:
            raise DataError("not_descriptors", "the descriptors of pictures were asked for",
                            allowed="shape (n, D, d) is allowed", given=f"shape {rows.shape} was given",
                            do="Give one picture as an array of shape (1, D, d)")
        n, count = rows.shape[:2]
        where = _checked_positions(positions, count)
        layout = layout_of(regions, count, ROWS)
        result = np.zeros((n, len(regions), self.width), np.float32)
        if not len(layout.order) or not n:
            return result
        where = where[layout.order]
        slices = layout.member.shape[1]
        deep = max(1, min(ROWS // len(layout.order), COLLECTED // (slices * self.width)))
        runs = layout.chunks(ROWS if len(layout.order) > ROWS else len(layout.order))

        def some(start: int) -> None:
            x = rows[start : start + deep, layout.order]
            alive = np.asarray(x.any(axis=2)) if self.skip_zero else None
            held = []
            for first, last in runs:
                a, b = layout.starts[first], layout.starts[last]
                held.append(self._collect(x[:, a:b], where[a:b], None if alive is None else alive[:, a:b],
                                          layout.starts[first : last + 1] - a, pool))
            collected = held[0] if len(held) == 1 else np.concatenate(held, axis=1)
            counts = (np.diff(layout.starts)[None].repeat(len(x), axis=0) if alive is None
                      else np.add.reduceat(alive, layout.starts[:-1], axis=1, dtype=np.int64))
            inside = np.einsum("gs,rs->gr", counts, layout.member.astype(np.int64))
            vectors = self._finish(_pool_regions(collected, layout.member, pool), inside)
            vectors[inside == 0] = 0
            result[start : start + deep] = vectors

        map_blocks(some, range(0, n, deep), self.threads)
        return result

    def to_arrays(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Settings (JSON values) and arrays: all that `encode` needs; `threads` is not among them."""
        check_is_fitted(self, "channels_")
        return check_params(self), self._to_arrays()

    @classmethod
    def from_arrays(cls, settings: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Self:
        """The encoder that `to_arrays` gave; raises ValueError on anything that does not fit."""
        if not isinstance(settings, dict) or settings.keys() != params_of(cls).keys():
            raise ValueError(f"the settings of a {cls.__name__} encoder must be {', '.join(params_of(cls))}")
        encoder = cls(**settings)
        check_params(encoder)
        encoder._restore(dict(arrays))
        return encoder


def _pool_regions(collected: Floats, member: NDArray[np.bool_], pool: str) -> Floats:
    """Values of regions, (g, R, w), from those of slices, (g, S, w)."""
    if pool == "sum":
        whole: Floats = np.matmul(member.astype(np.float32), collected)
        return whole
    joined = np.zeros((len(collected), len(member), collected.shape[2]), np.float32)
    for region, inside in enumerate(member):
        if inside.any():
            collected[:, inside].max(axis=1, out=joined[:, region])
    return joined


def _checked_positions(given: NDArray[Any], count: int) -> Floats:
    array = np.asarray(given)
    if array.shape != (count, 2) or array.dtype.kind not in "fiu" or not ((array >= 0) & (array <= 1)).all():
        raise DataError("bad_positions", "the positions of descriptors were asked for",
                        allowed=f"(y, x) between 0 and 1 in an array of shape ({count}, 2) is allowed",
                        given=f"shape {array.shape} of {array.dtype}, or other values, was given",
                        do="Divide y by the height and x by the width of the picture")
    return array.astype(np.float32)
