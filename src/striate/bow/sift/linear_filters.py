"""Linear filters of SIFT along one axis, as float64 matrices: enlargement, smoothing, differences, pooling.

All are separable, so that a picture I is smoothed by S·I·Sᵀ and its bins are P·M·Pᵀ for a map M of gradients.
Bin geometry: Lowe, "Distinctive image features from scale-invariant keypoints" (IJCV 2004, §6); the flat window and the
smoothing for a bin size: Vedaldi & Fulkerson, VLFeat (2008), "Dense SIFT".
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

BINS = 4  # along each axis
MAGNIFICATION = 6.0  # a bin of this many pixels belongs to a smoothing of 1 pixel
NOMINAL = 0.5  # σ in pixels that a picture is assumed to be smoothed with already
REACH = 4.0  # a Gaussian is cut at this many σ: what is left out weighs 6e-5
SPREAD = 2.0  # σ of the Gaussian window, in bins: half a descriptor, as in the paper


def enlargement(length: int, factor: int) -> Matrix:
    """Bilinear enlargement by a whole factor, (factor·length, length); pixels are areas, borders are continued.

    >>> enlargement(2, 2)  # the new centres are at −0.25, 0.25, 0.75 and 1.25 of the old pixels
    array([[1.  , 0.  ],
           [0.75, 0.25],
           [0.25, 0.75],
           [0.  , 1.  ]])
    """
    at = ((np.arange(length * factor) + 0.5) / factor - 0.5).clip(0, length - 1)
    matrix: Matrix = np.maximum(1 - np.abs(at[:, None] - np.arange(length)), 0)
    return matrix


def mirrored(at: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """Positions outside the picture, reflected at the centre of the border pixel.

    >>> mirrored(np.arange(-3, 6), 3)
    array([1, 2, 1, 0, 1, 2, 1, 0, 1])
    """
    period = max(2 * (length - 1), 1)
    return length - 1 - np.abs(at % period - (length - 1))


def smoothing(length: int, size: float) -> Matrix:
    """The Gaussian for bins of `size` pixels, σ = √((size/6)² − 0.25), (length, length); borders are continued.

    >>> smoothing(3, 3.0)  # (3/6)² = 0.25: the picture is smooth enough
    array([[1., 0., 0.],
           [0., 1., 0.],
           [0., 0., 1.]])
    """
    sigma = math.sqrt(max((size / MAGNIFICATION) ** 2 - NOMINAL**2, 0))
    radius = math.ceil(REACH * sigma)
    offsets = np.arange(-radius, radius + 1)
    weights = np.exp(-0.5 * (offsets / (sigma or 1)) ** 2)
    matrix = np.zeros((length, length))
    rows = np.arange(length)
    for offset, weight in zip(offsets, weights / weights.sum(), strict=True):
        np.add.at(matrix, (rows, mirrored(rows + offset, length)), weight)
    return matrix


def difference(matrix: Matrix) -> Matrix:
    """Central differences of the rows of `matrix`, mirrored like the picture, so 0 at the first and the last row.

    >>> difference(np.eye(4)) @ np.array([0.0, 1.0, 4.0, 9.0])  # (4 − 0)/2, (9 − 1)/2
    array([0., 2., 4., 0.])
    """
    slope = np.zeros_like(matrix)
    slope[1:-1] = (matrix[2:] - matrix[:-2]) / 2
    return slope


def triangles(length: int, size: int, centres: Matrix) -> Matrix:
    """Bilinear pooling into bins of `size` pixels around `centres`, (len(centres), length); a row's sum is 1.

    Beyond the border there is no gradient, so that the sum is less there.

    >>> triangles(5, 2, np.array([2.0, 0.0]))
    array([[0.  , 0.25, 0.5 , 0.25, 0.  ],
           [0.5 , 0.25, 0.  , 0.  , 0.  ]])
    """
    matrix: Matrix = np.maximum(1 - np.abs(np.arange(length) - centres[:, None]) / size, 0) / size
    return matrix


def bin_offsets(size: int) -> Matrix:
    """Centres of the four bins beside the centre of the descriptor, in pixels.

    >>> bin_offsets(4)
    array([-6., -2.,  2.,  6.])
    """
    return size * np.linspace(-(BINS - 1) / 2, (BINS - 1) / 2, BINS)


def window(length: int, size: int, centres: Matrix) -> Matrix:
    """The Gaussian window of σ = 2 bins around each descriptor centre, (len(centres), length), 1 at the centre."""
    return _bell((np.arange(length) - centres[:, None]) / (SPREAD * size))


def flat_weights(size: int) -> Matrix:
    """Weights of the flat window: the mean of the Gaussian one over each of the four bins.

    >>> flat_weights(4).round(3)  # inner and outer bins
    array([0.745, 0.942, 0.942, 0.745])
    """
    inside = np.arange(-size + 1, size)
    weights: Matrix = _bell((bin_offsets(size)[:, None] + inside) / (SPREAD * size)).mean(axis=1)
    return weights


def _bell(z: Matrix) -> Matrix:
    weights: Matrix = np.exp(-0.5 * z**2)
    return weights
