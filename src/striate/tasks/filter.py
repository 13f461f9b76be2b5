"""Filtering of one picture or table of numbers: cross-correlated or convolved, with the sum at one pixel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from striate.core import atomic
from striate.core.bounded_file import read_bounded
from striate.core.constraints import Integer, OneOf, Unfit
from striate.core.humanize import join_words
from striate.core.params import Refusal, checked
from striate.data import decode
from striate.data.containers import SUFFIXES, format_of, unread_format
from striate.data.file import read_bytes
from striate.errors import MissingError, UsageError, shown
from striate.filtering import (
    BORDERS,
    KERNELS,
    FilterKernel,
    correlate,
    magnitude,
    named_kernels,
    pixel_sum,
    read_numbers,
    table_of,
    write_numbers,
)
from striate.filtering.kernels import MAX_SIDE
from striate.filtering.number_table import MAX_BYTES, checked_numbers, refusal
from striate.report.filter import write_figure
from striate.report.filter_result import FilteredPicture

if TYPE_CHECKING:
    from striate.model.recogniser import Picture

BAD_BORDER = Refusal("bad_border", "a border was asked for", "Leave border out for zero")
BAD_POSITION = Refusal("bad_position", "the sum at one pixel was asked for", "Give the row, then the column, from 0")
WRITTEN = (".png", ".npy", ".csv")
FIGURE = "filter.png"
GIVE = "Give (H, W) or (H, W, C) of numbers, C = 1 or 3"


@dataclass(frozen=True)
class Position:
    """Constraint of a pixel: its row and column, from 0, in a picture of `height` and `width`."""

    height: int
    width: int

    @property
    def allowed(self) -> str:
        """The range of both."""
        return f"rows 0 to {self.height - 1:,} and columns 0 to {self.width - 1:,} are allowed"

    def read(self, value: Any) -> tuple[int, int]:
        """Row and column as Python ints."""
        if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 2:
            raise Unfit(value)
        return Integer(0, self.height - 1).read(value[0]), Integer(0, self.width - 1).read(value[1])


def filter(picture: Picture, kernel: str | Path | NDArray[Any] = "gaussian", *,  # noqa: A001 - the verb's own name
           sigma: float | None = None, size: int | None = None, convolution: bool = False, border: str = "zero",
           at: tuple[int, int] | None = None, out: str | Path | None = None, force: bool = False) -> FilteredPicture:
    """Filter a picture or a table of numbers: cross-correlate it with a kernel, or convolve it.

    Channels are filtered one by one, and the result has the size of the picture. Whole numbers stay whole: a uint8
    picture and a kernel of whole numbers give int64, exactly; else the result is float64, to the last bit that of
    `scipy.signal.correlate2d` or `convolve2d`.

    Args:
        picture: a picture file or a table of numbers (CSV, or text with white space), its bytes, or an array of numbers
            (H, W) or (H, W, C), C = 1 or 3.
        kernel: gaussian, box, sobel, laplacian or sharpen; a table of numbers in a file; or an array (rows, columns).
        sigma: of the Gaussian exp(−r²/2σ²), in pixels; None is 0.849322, with the kernel 1/16·[1 2 1; 2 4 2; 1 2 1].
        size: rows and columns of gaussian and box, odd; None is 3 for box, and for gaussian all pixels within 2.3
            sigma.
        convolution: turn the kernel by 180° first.
        border: what lies beyond the picture: `zero`, `reflect` (mirrored, its edge twice) or `nearest` (its edge
            continued).
        at: row and column, from 0, of a pixel whose window, weights, products and sum are returned, too.
        out: a file to write: .png is before, kernel and after in one picture; .npy and .csv are the numbers.
        force: write over a file that is there.

    Raises `UsageError` (`bad_kernel`, `bad_border`, `bad_position`, `sums_too_large`, `bad_out`), `DataError`
    (`bad_table`), `MissingError` and `PictureError`.

    >>> found = filter(np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]]), np.arange(9).reshape(3, 3), at=(0, 0))
    >>> found.array.tolist(), found.sums[0].sum
    ([[8, 7, 6], [5, 4, 3], [2, 1, 0]], 8)

    """
    if out is not None:
        _refuse_out(out, force)
    border = checked("border", border, OneOf(*BORDERS), BAD_BORDER)
    kernels = _kernels(kernel, sigma, size)
    source, values = _values(picture)
    height, width = values.shape[:2]
    place = None if at is None else checked("at", at, Position(height, width), BAD_POSITION)
    parts = tuple(correlate(values, one, border, convolution=convolution) for one in kernels)
    planes = values[..., None] if values.ndim == 2 else values
    sums = [] if place is None else [
        pixel_sum(planes[..., channel], one, border, *place, convolution=convolution, channel=channel)
        for channel in range(planes.shape[2]) for one in kernels]
    result = FilteredPicture(
        picture=str(picture) if isinstance(picture, str | Path) else None, source=source, values=values,
        kernel=str(kernel) if isinstance(kernel, str | Path) else None, kernels=kernels, convolution=convolution,
        border=border, array=parts[0] if len(parts) == 1 else magnitude(*parts), parts=parts, at=place,
        sums=tuple(sums))
    return result if out is None else write(result, out)


def write(result: FilteredPicture, out: str | Path) -> FilteredPicture:
    """Write the figure (.png) or the numbers (.npy, .csv) of a result, atomically; returns the result with `out`."""
    path, suffix = Path(out), Path(out).suffix.lower()
    if suffix == ".csv" and result.array.ndim != 2:
        raise UsageError("bad_out", f"{shown(out)} was to be written", allowed="one channel is allowed in a .csv",
                         given=f"the result has {result.array.shape[2]}", do="Write an .npy")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise atomic.disk_error(path, error) from error
    if suffix == ".png":
        write_figure(path, result)
    elif suffix == ".csv":
        atomic.write_text(path, write_numbers(result.array))
    else:
        buffer = BytesIO()
        np.save(buffer, result.array, allow_pickle=False)
        atomic.write_bytes(path, buffer.getvalue())
    return replace(result, out=str(out))


def _refuse_out(out: str | Path, force: bool) -> None:
    if Path(out).suffix.lower() not in WRITTEN:
        raise UsageError("bad_out", f"{shown(out)} was to be written",
                         allowed=f"a {join_words(WRITTEN)} file is allowed",
                         do="Name it .png for the picture, .npy or .csv for the numbers")
    atomic.refuse_taken(out, force)


def _values(picture: Any) -> tuple[Literal["picture", "table", "array"], NDArray[Any]]:
    """What is filtered, (H, W) or (H, W, 3)."""
    if not isinstance(picture, str | Path | bytes):
        return "array", _array(picture)
    name = "the picture" if isinstance(picture, bytes) else str(picture)
    data = picture if isinstance(picture, bytes) else read_bytes(picture, name)
    named = Path(name).suffix.lower() in SUFFIXES and not isinstance(picture, bytes)
    if data and not (named or format_of(data) or unread_format(data) or b"\0" in data):
        return "table", read_numbers(data, name)
    pixels = decode(data, name=name).pixels
    return "picture", pixels[..., 0] if pixels.shape[2] == 1 else pixels


def _array(given: Any) -> NDArray[Any]:
    try:
        array = np.asarray(given)
    except ValueError as error:
        raise refusal("the array", "its rows differ in length", GIVE) from error
    shaped = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (1, 3))
    if not shaped or array.dtype.kind not in "iuf" or not array.size:
        raise refusal("the array", f"shape {array.shape} of {array.dtype} was given",
                      GIVE)
    plain = array[..., 0] if array.ndim == 3 and array.shape[2] == 1 else array
    return plain if plain.dtype == np.uint8 else checked_numbers(plain, "the array")


def _kernels(kernel: Any, sigma: float | None, size: int | None) -> tuple[FilterKernel, ...]:
    if isinstance(kernel, str) and kernel in KERNELS:
        return named_kernels(kernel, sigma, size)
    given = _kernel_of_numbers(kernel)
    if sigma is not None or size is not None:
        raise UsageError("bad_kernel", "sigma or size of a kernel of numbers was asked for",
                         allowed="they are allowed with gaussian, size with box, too", do="Leave them out")
    return (given,)


def _kernel_of_numbers(kernel: Any) -> FilterKernel:
    if not isinstance(kernel, str | Path):
        return FilterKernel("array", table_of(kernel, "the kernel", MAX_SIDE))
    try:
        data = read_bounded(Path(kernel), MAX_BYTES)
    except (FileNotFoundError, ValueError) as error:  # ValueError: of a name that no file can have
        raise MissingError("kernel_missing", f"the kernel {shown(kernel)} was asked for",
                           allowed=f"{join_words([*KERNELS, 'a file of numbers'])} is allowed",
                           given="there is no such file", do="Check the name") from error
    except OSError as error:
        why = "it is a folder" if isinstance(error, IsADirectoryError) else (error.strerror or str(error)).lower()
        raise refusal(str(kernel), why, "Give a file of numbers") from error
    return FilterKernel(str(kernel), read_numbers(data, str(kernel), MAX_SIDE))
