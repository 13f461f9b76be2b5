"""`striate filter`: one picture or table of numbers, cross-correlated or convolved with a kernel. Loads no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from striate.cli.options import Force, Json, Quiet
from striate.cli.screen import Screen
from striate.errors import UsageError, shown

EXAMPLE = "Example: striate filter photo.jpg --kernel gaussian --sigma 2"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("filter", epilog=EXAMPLE)(filter_picture)


def filter_picture(
    picture: Annotated[Path, typer.Argument(metavar="PICTURE", help="A picture, or a small table of numbers: CSV, or "
                                            "text with white space.")],
    kernel: Annotated[str, typer.Option(help="gaussian; box: the mean; sobel: the gradient, its x, its y and, as the "
                                        "result, its magnitude; laplacian; sharpen; or a table of numbers.")],
    sigma: Annotated[float | None, typer.Option(help="Of gaussian, exp(-r²/2σ²), in pixels. "
                                                "[default: 0.849322, 1/16·(1 2 1; 2 4 2; 1 2 1)]")] = None,
    size: Annotated[int | None, typer.Option(help="Rows and columns of gaussian and box, odd. [default: 3; of gaussian "
                                             "all pixels within 2.3 sigma]")] = None,
    convolution: Annotated[bool, typer.Option("--convolution", help="Turn the kernel by 180° first.")] = False,
    border: Annotated[str, typer.Option(help="What lies beyond the picture: zero; reflect: the picture mirrored, its "
                                        "edge twice; nearest: its edge continued.")] = "zero",
    at: Annotated[str | None, typer.Option(metavar="Y,X", help="Print the sum at the pixel in this row and column, "
                                           "from 0.")] = None,
    out: Annotated[Path | None, typer.Option(
        metavar="FILE", help="A .png of before, kernel and after, or the numbers as .npy or .csv. [default: of a "
        "picture runs/PICTURE-filter/filter.png, which is replaced; of a table none]")] = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Filter a picture or a table of numbers with a kernel: by cross-correlation, or by true convolution.

    Channels are filtered one by one. Whole numbers with a kernel of whole numbers stay exact. Of a table the result is
    printed. Differences are drawn with zero in the middle of their scale.
    """
    from striate.report.filter_text import numbers, told
    from striate.tasks.filter import FIGURE, write
    from striate.tasks.filter import filter as run
    from striate.tasks.run_folder import RUNS, run_name

    result = run(picture, kernel, sigma=sigma, size=size, convolution=convolution, border=border,
                 at=parse_position(at), out=out, force=force)
    if out is None and result.source == "picture":
        result = write(result, RUNS / run_name(picture.stem, "filter") / FIGURE)
    brief = numbers(result) if result.source == "table" else shown(result.out or "", 2000)
    Screen(quiet=quiet, as_json=as_json).answer(result, brief if quiet else told(result))


def parse_position(text: str | None) -> tuple[int, int] | None:
    """`2,3` as row and column.

    >>> parse_position("2,3"), parse_position(None)
    ((2, 3), None)
    """
    if text is None:
        return None
    sides = text.split(",")
    if len(sides) != 2 or not all(side.strip().isdecimal() and len(side) < 10 for side in sides):
        raise UsageError("bad_position", "--at was asked for", allowed="row,column is allowed, from 0",
                         given=f"{shown(text, 60)} was given", do="Write --at 2,3")
    return int(sides[0]), int(sides[1])
