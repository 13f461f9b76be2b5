"""Panels of the figure of `striate filter`: a picture, a table or a kernel, with its title and its value scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont, ImageOps

from striate.report.colours import luma
from striate.report.display_scale import DisplayScale
from striate.report.filter_scale import colours_of
from striate.report.filter_text import written

LONGEST, KERNEL = 640, 240  # pixels of the longer side of a picture at most, and of a kernel
CELL = 40  # pixels of a cell, from which on numbers are written into it
TITLE, BAR, GAP = 22, 12, 8
FONT, SMALL = 14, 12
INK, PAPER, FRAME, MARK = (25, 25, 25), (255, 255, 255), (150, 150, 150), (214, 0, 147)
DARK = 100  # luma below which a cell gets white numbers
LEAST = 7  # pixels of a mark's inside, that it can be seen

Box = tuple[int, int, int, int]  # rows and columns of a mark: top, left, bottom, right


@dataclass(frozen=True)
class Panel:
    """Panel of a figure: its image, with title above and value scale below."""

    image: Image.Image


def panel(title: str, values: NDArray[Any], scale: DisplayScale, longest: int = LONGEST, mark: Box | None = None
          ) -> Panel:
    """The panel of `values` (H, W) or (H, W, 3); `mark` is a part of it that is framed."""
    picture, factor = _fitted(colours_of(values, scale), longest)
    draw = ImageDraw.Draw(picture)
    if factor >= CELL and values.ndim == 2:
        _write_cells(draw, values, scale, int(factor))
    if mark:
        top, left, bottom, right = (side * factor for side in mark)
        high, wide = (max(0.0, LEAST - one) / 2 + 2 for one in (bottom - top, right - left))
        draw.rectangle((left - wide, top - high, right + wide - 1, bottom + high - 1), outline=MARK, width=2)
    picture = ImageOps.expand(picture, 1, FRAME)
    below = _legend(scale, values.ndim == 3, max(picture.width, 200))
    whole = Image.new("RGB", (max(picture.width, below.width), TITLE + picture.height + GAP + below.height), PAPER)
    _text(ImageDraw.Draw(whole), (0, 2), title, FONT)
    whole.paste(picture, (0, TITLE))
    whole.paste(below, (0, TITLE + picture.height + GAP))
    return Panel(whole)


def sheet(heading: str, rows: list[list[Panel]]) -> Image.Image:
    """Panels in rows and columns, below a heading."""
    columns = list(zip(*rows, strict=True))
    widths = [max(one.image.width for one in column) for column in columns]
    heights = [max(one.image.height for one in row) for row in rows]
    margin = 2 * GAP
    needed = int(_font(FONT).getlength(_plain(heading)))
    whole = Image.new("RGB", (max(sum(widths) + margin * (len(widths) + 1), needed + 2 * margin),
                              sum(heights) + margin * (len(heights) + 1) + TITLE), PAPER)
    _text(ImageDraw.Draw(whole), (margin, GAP), heading, FONT)
    y = margin + TITLE
    for row, height in zip(rows, heights, strict=True):
        x = margin
        for one, width in zip(row, widths, strict=True):
            whole.paste(one.image, (x, y))
            x += width + margin
        y += height + margin
    return whole


def _fitted(pixels: NDArray[np.uint8], longest: int) -> tuple[Image.Image, float]:
    """The picture enlarged by a whole factor or reduced by area, and the factor."""
    picture, side = Image.fromarray(pixels), max(pixels.shape[:2])
    factor: float = longest // side if side <= longest else longest / side
    width, height = (max(1, round(length * factor)) for length in picture.size)
    how = Image.Resampling.NEAREST if factor >= 1 else Image.Resampling.BOX
    return picture.resize((width, height), how), factor


def _write_cells(draw: ImageDraw.ImageDraw, values: NDArray[Any], scale: DisplayScale, cell: int) -> None:
    dark = luma(colours_of(values, scale)) < DARK
    for (row, column), value in np.ndenumerate(values):
        text = written(value.item())
        size = next((size for size in (SMALL + 2, SMALL, SMALL - 2) if _font(size).getlength(text) <= cell - 4), None)
        text, size = (f"{value:.3g}", SMALL - 2) if size is None else (text, size)
        at = (cell * (column + 0.5), cell * (row + 0.5))
        draw.text(at, text, PAPER if dark[row, column] else INK, _font(size), anchor="mm")


def _legend(scale: DisplayScale, coloured: bool, width: int) -> Image.Image:
    """A bar from one end of the scale to the other, and its numbers."""
    whole = Image.new("RGB", (width, BAR + 2 + 2 * (SMALL + 4)), PAPER)
    ramp = np.linspace(scale.low, scale.high, width)[None].repeat(BAR, 0)
    whole.paste(Image.fromarray(colours_of(ramp, scale)), (0, 0))
    draw = ImageDraw.Draw(whole)
    draw.rectangle((0, 0, width - 1, BAR - 1), outline=INK)
    ends = [(0, scale.low, "la"), (width - 1, scale.high, "ra")]
    for x, value, anchor in [*ends, *([(width / 2, 0.0, "ma")] if scale.diverging else [])]:
        draw.text((x, BAR + 2), written(value), INK, _font(SMALL), anchor=anchor)
    share = f"{100 * scale.beyond:.2g}" if scale.beyond >= 0.0001 else "less than 0.01"
    notes = [*(["each channel by itself"] if scale.diverging and coloured else []),
             *([f"{share} % lie beyond, shown as the ends"] if scale.beyond else [])]
    _text(draw, (0, BAR + 2 + SMALL + 4), "; ".join(notes), SMALL)
    return whole


def _text(draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, size: int) -> None:
    draw.text(at, _plain(text), INK, _font(size))


def _plain(text: str) -> str:
    """A text in the letters that Pillow's own font has."""
    return text.replace("×", "x").replace("−", "-").encode("latin-1", "replace").decode("latin-1")


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
