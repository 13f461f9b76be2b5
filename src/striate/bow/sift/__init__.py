"""Dense SIFT: what the neighbourhood of every grid point looks like, in 128 numbers."""

from striate.bow.sift.dense_sift import DenseSIFT
from striate.bow.sift.grid import Grid

__all__ = ["DenseSIFT", "Grid"]
