"""Typed result of `striate filter`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from striate.core.result import Result, json_values
from striate.filtering import FilterKernel, PixelSum

PRINTED, WIDEST = 4096, 64  # numbers, and columns, that are given as numbers


@dataclass(frozen=True, eq=False, kw_only=True)
class FilteredPicture(Result):
    """Result of `striate filter`: a filtered picture or table of numbers, and what was done to it.

    Attributes:
        picture: its name, None for bytes and arrays; `source`: what it is.
        values: (H, W), or (H, W, 3) of a colour picture, as it was read; uint8 of a picture, int64 or float64 else.
        kernel: the name or the file that was asked for, None for an array; `kernels`: one, or two whose results are the
            x and y of a vector.
        convolution: whether they were turned by 180°; `border`: what lies beyond the picture.
        array: the result, of the shape of `values`: int64 where it is exact in whole numbers, else float64. Of two
            kernels it is the magnitude. `parts`: the result of each kernel.
        at: row and column of `sums`, from 0; None if none was asked for.
        sums: the arithmetic there, of each channel and kernel.
        out: the file that was written.

    """

    picture: str | None
    source: Literal["picture", "table", "array"]
    values: NDArray[Any] = field(metadata={"key": None})
    kernel: str | None
    kernels: tuple[FilterKernel, ...]
    convolution: bool
    border: str
    array: NDArray[Any] = field(metadata={"key": None})
    parts: tuple[NDArray[Any], ...] = field(metadata={"key": None})
    at: tuple[int, int] | None = None
    sums: tuple[PixelSum, ...] = ()
    out: str | None = None

    @property
    def printable(self) -> bool:
        """Whether the result is small enough, and of one channel, to be given as numbers."""
        return self.array.ndim == 2 and self.array.size <= PRINTED and self.array.shape[1] <= WIDEST

    @property
    def signed(self) -> bool:
        """Whether the result is shown with zero in the middle: of differences, or of numbers below 0."""
        return len(self.parts) == 1 and (self.kernels[0].signed or bool(self.values.min() < 0))

    @property
    def value_at(self) -> tuple[float, ...]:
        """The filtered pixel at `at`, of each channel; empty where none was asked for."""
        return () if self.at is None else tuple(np.atleast_1d(self.array[self.at]).tolist())

    def as_dict(self) -> dict[str, Any]:
        """JSON values; `weights` as they lie on the picture, `result` the numbers if there are few, else None."""
        laid = [{"name": one.name, "weights": one.laid(self.convolution).tolist()} for one in self.kernels]
        return super().as_dict() | {
            "kernels": laid, "shape": list(self.array.shape), "whole": self.array.dtype.kind == "i",
            "minimum": self.array.min().item(), "maximum": self.array.max().item(),
            "value_at": json_values(self.value_at), "result": self.array.tolist() if self.printable else None}
