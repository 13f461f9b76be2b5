"""Principal component analysis of descriptors, with their positions appended.

Sánchez, Perronnin & de Campos, Modeling the Spatial Layout of Images Beyond Spatial Pyramids (PRL 2012), section 3.2:
words of descriptors with their positions are words of places, at the price of two dimensions instead of a pyramid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.bow.nearest_words import Floats
from striate.core.executor import one_blas_thread
from striate.core.model_file import shaped
from striate.errors import DataError


@dataclass(frozen=True)
class PCA:
    """PCA projection `(x − mean) @ basis`, followed by (y, x) − ½ times `scale`, where that is not zero.

    `mean` (d,), `basis` (d, dims) with orthonormal columns, or None for the descriptors as they are; `scale` ≥ 0.

    >>> plain = PCA(np.float32([1, 1]), np.float32([[0], [1]]), scale=2)
    >>> plain(np.float32([[5, 4]]), np.float32([[0, 1]])).tolist()  # 4 − 1; (0 − ½) · 2; (1 − ½) · 2
    [[3.0, -1.0, 1.0]]

    """

    mean: Floats | None
    basis: Floats | None
    scale: float = 0.0

    def dims(self, channels: int) -> int:
        """Dimensions of a reduced descriptor that had `channels`."""
        return (channels if self.basis is None else self.basis.shape[1]) + 2 * (self.scale > 0)

    def __call__(self, x: Floats, positions: Floats) -> Floats:
        """Reduced descriptors, (..., M, dims), of `x` (..., M, d) at `positions` (M, 2)."""
        if self.mean is not None and self.basis is not None:
            with np.errstate(invalid="ignore", over="ignore"):
                x = np.matmul(x - self.mean, self.basis)
        if not self.scale:
            return x
        places = (positions - np.float32(0.5)) * np.float32(self.scale)
        return np.concatenate([x, np.broadcast_to(places, (*x.shape[:-1], 2))], axis=-1)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Mean, basis and scale, those that there are, by name, float32."""
        found: dict[str, NDArray[Any]] = {}
        if self.mean is not None and self.basis is not None:
            found |= {"mean": self.mean, "basis": self.basis}
        if self.scale:
            found["position_scale"] = np.array([self.scale], np.float32)
        return found


def fit_pca(rows: Floats, dims: int | None, augment: float) -> PCA:
    """Fit the projection to `dims` principal components of `rows` (M, d); None keeps all d dimensions.

    `augment` times the spread of the first component (without PCA: the largest of a dimension) becomes that of y and x,
    which are taken to be spread evenly. The sign of a component makes its largest coefficient positive.

    Raises `DataError`: `too_many_dims`, `too_few_descriptors`.
    """
    count, channels = rows.shape
    if dims is not None and dims > channels:
        raise DataError("too_many_dims", f"descriptors were to be reduced to {dims} numbers",
                        allowed=f"1 to {channels} are allowed", given=f"the descriptors have {channels}",
                        do="Give fewer dims")
    mean = rows.mean(axis=0, dtype=np.float64)
    if dims is None:
        spread = float(rows.std(axis=0, dtype=np.float64).max())
        return PCA(None, None, _scale(augment, spread))
    scatter = np.zeros((channels, channels))
    with one_blas_thread():
        for start in range(0, count, 1 << 14):
            part = rows[start : start + (1 << 14)] - mean
            scatter += part.T @ part
        values, vectors = np.linalg.eigh(scatter / count)
    basis = vectors[:, ::-1][:, :dims]
    basis = basis * np.where(basis[np.abs(basis).argmax(axis=0), np.arange(dims)] < 0, -1, 1)
    return PCA(mean.astype(np.float32), np.ascontiguousarray(basis, dtype=np.float32),
               _scale(augment, float(np.sqrt(max(values[-1], 0)))))


def pca_from_arrays(arrays: dict[str, NDArray[Any]], inner: str, dims: int | None, augment: float) -> tuple[PCA, int]:
    """The projection in `arrays`, whose parts are removed from them, and the dimensions of a descriptor before it.

    `inner` names the array (K, dims) learnt from reduced descriptors. Raises ValueError where the parts do not fit.
    """
    names = [*(("mean", "basis") if dims is not None else ()), *(("position_scale",) if augment else ())]
    parts = {name: arrays.pop(name) for name in names if name in arrays}
    shapes = {"mean": (None,), "basis": (None, dims), "position_scale": (1,)}
    shaped(parts, {name: shapes[name] for name in names})
    if inner not in arrays or arrays[inner].ndim != 2:
        raise ValueError(f"{inner} must be there, with two axes")
    channels = len(parts["mean"]) if dims is not None else arrays[inner].shape[1] - 2 * (augment > 0)
    if channels < 1 or (dims is not None and not dims <= channels == len(parts["basis"])):
        raise ValueError("mean and basis must fit each other and the reduced descriptors")
    scale = float(parts["position_scale"][0]) if augment else 0.0
    if augment and not scale > 0:
        raise ValueError("position_scale must be positive")
    return PCA(parts.get("mean"), parts.get("basis"), scale), channels


def _scale(augment: float, spread: float) -> float:
    # The standard deviation of a uniform distribution over 0..1 is 1/√12. Equal descriptors have no spread: 1 will do.
    return float(np.float32(max(augment * (spread or 1.0) * np.sqrt(12), 1e-12))) if augment else 0.0
