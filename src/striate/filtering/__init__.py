"""Filtering of pictures and tables of numbers: kernels by name, cross-correlation and convolution, one pixel's sum."""

from striate.filtering.correlation import BORDERS, correlate, magnitude
from striate.filtering.filter_kernel import FilterKernel
from striate.filtering.kernels import KERNELS, named_kernels
from striate.filtering.number_table import read_numbers, table_of, write_numbers
from striate.filtering.pixel_sum import PixelSum, pixel_sum

__all__ = ["BORDERS", "FilterKernel", "KERNELS", "PixelSum", "correlate", "magnitude", "named_kernels", "pixel_sum",
           "read_numbers", "table_of", "write_numbers"]
