"""Dense SIFT: a descriptor of 128 dimensions for the neighbourhood of every grid point."""

from striate.bow.sift.dense_sift import DenseSIFT
from striate.bow.sift.grid import Grid

__all__ = ["DenseSIFT", "Grid"]
