"""Dense SIFT: what the neighbourhood of every grid point looks like, in 128 numbers."""

from striate.words.sift.dense import DenseSIFT
from striate.words.sift.grid import Grid

__all__ = ["DenseSIFT", "Grid"]
