"""Figure of `striate filter`: before, kernel and after in one PNG, drawn by Pillow, without a display."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from striate.core import atomic
from striate.errors import shown
from striate.filtering import FilterKernel
from striate.report.filter_panels import KERNEL, Box, Panel, panel, sheet
from striate.report.filter_result import FilteredPicture
from striate.report.filter_scale import scale_of_input, scale_of_result
from striate.report.filter_text import BEYOND


def write_figure(path: str | Path, result: FilteredPicture) -> Path:
    """Write the figure to `path`, replacing it atomically; returns `path`. Raises `DiskError`."""
    buffer = BytesIO()
    draw_figure(result).save(buffer, "PNG", optimize=True)
    atomic.write_bytes(path, buffer.getvalue())
    return Path(path)


def draw_figure(result: FilteredPicture) -> Image.Image:
    """Before, kernel and after side by side; of two kernels each with its result, and the magnitude below the first.

    A result of differences has zero in the middle of its scale and a scale of its own; any other has the scale of what
    was filtered. Kernels are drawn as they lie on the picture: those of a convolution turned by 180°.
    """
    before = scale_of_input(result.values)
    window, pixel = _marks(result)
    first = panel("before", result.values, before, mark=window)
    rows = []
    for kernel, part in zip(result.kernels, result.parts, strict=True):
        alone = len(result.parts) == 1
        signed = result.signed if alone else True
        scale = scale_of_result(part, signed, before if alone and signed == before.diverging else None)
        title = "after" if alone else f"after {kernel.name}"
        rows.append([_kernel_panel(kernel, result.convolution), panel(title, part, scale, mark=pixel)])
    left = [first]
    if len(result.parts) > 1:
        left.append(panel("after: magnitude", result.array, scale_of_result(result.array, False, None),
                          mark=pixel))
    how = "convolution (kernels turned by 180°)" if result.convolution else "cross-correlation"
    heading = f"{shown(Path(result.picture or 'array').name, 60)}: {how}, {BEYOND[result.border]}"
    return sheet(heading, [[one, *row] for one, row in zip(left, rows, strict=True)])


def _kernel_panel(kernel: FilterKernel, convolution: bool) -> Panel:
    weights = kernel.laid(convolution)
    scale = scale_of_result(weights, bool(weights.min() < 0), None)
    return panel(f"kernel {shown(Path(kernel.name).name, 30)}{', turned' if convolution else ''}", weights, scale,
                 KERNEL)


def _marks(result: FilteredPicture) -> tuple[Box | None, Box | None]:
    """The window on the picture, as far as it lies on it, and the pixel of the result."""
    if result.at is None:
        return None, None
    row, column = result.at
    above, left = np.max([one.before(result.convolution) for one in result.kernels], axis=0).tolist()
    height, width = result.kernels[0].weights.shape
    top, start = row - above, column - left
    return ((max(0, top), max(0, start), min(top + height, result.values.shape[0]),
             min(start + width, result.values.shape[1])), (row, column, row + 1, column + 1))
