"""`striate inspect`: a network layer by layer, counted before it has a weight. Loads no torch and no NumPy."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from striate.cli.options import Force, Json, Quiet
from striate.errors import UsageError, shown
from striate.report.survey_table import auxiliary_line, table, totals, unfused_line

if TYPE_CHECKING:
    from striate.arch import Volume
    from striate.tasks.inspect import Inspection

EXAMPLE = "Example: striate inspect lenet5 --input 1,28,28"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLE)(inspect)


def inspect(
    net: Annotated[
        str | None, typer.Argument(metavar="NET", help="A network by name (see --list) or a file: YAML, JSON, Caffe "
                                   "prototxt or Keras JSON.")
    ] = None,
    listing: Annotated[bool, typer.Option("--list", help="Show every network known by name, by year.")] = False,
    volume: Annotated[
        str | None, typer.Option("--input", metavar="C,H,W", help="Channels, height and width of its pictures.")
    ] = None,
    classes: Annotated[int | None, typer.Option(min=1, help="Number of outputs.")] = None,
    batch: Annotated[int, typer.Option(min=1, help="Batch size, for the memory.")] = 1,
    phase: Annotated[
        str | None, typer.Option(help="TEST or TRAIN, for a prototxt. [default: TEST]")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Make pixels that no window reads an error.")] = False,
    svg: Annotated[
        Path | None, typer.Option("--svg", metavar="FILE", help="Draw the network into this SVG file, too.")
    ] = None,
    force: Force = False,
    torch_code: Annotated[
        bool, typer.Option("--torch-code", help="Print the network as PyTorch source text instead.")
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show the layers of a network: volume, parameters, MACs, receptive field, memory; and the totals.

    MACs are multiply-adds and FLOPs all operations for one picture. Neurons are units that form a weighted sum. The
    receptive field is what one unit reads of the picture, from the narrowest to the widest branch. Unread are rows and
    columns that no window reads, at the end or between windows that step over them. Predictions compute ReLUs,
    normalisations and additions with the layer before them; those that they cannot are named as unfused. With --quiet,
    only the totals.
    """
    if listing:
        from striate.report.zoo_table import zoo_table

        sys.stdout.write(zoo_table(as_json))
        return
    if net is None:
        raise UsageError("no_network", "a network was to be inspected", allowed="a name or a file is allowed",
                         given="none was given", do="Give one; striate inspect --list shows the names")
    from striate.tasks.inspect import inspect as count

    result = count(net, input=parse_volume(volume), classes=classes, batch=batch, phase=phase, strict=strict, svg=svg,
                   force=force, torch_code=torch_code)
    sys.stdout.write(json.dumps(result.as_dict()) + "\n" if as_json else text(result, quiet))


def text(result: Inspection, quiet: bool) -> str:
    """The table, the totals and the origin; or the PyTorch source, if requested."""
    if result.torch_code:
        return result.torch_code
    text = ("" if quiet else table(result.survey) + "\n") + totals(result.survey) + auxiliary_line(result.auxiliary)
    text += unfused_line(result.unfused)
    text += "".join(f"{what}: {how}\n" for what, how in result.origin.items() if how and not quiet)
    return text + (f"drawn: {shown(result.svg, 200)}\n" if result.svg else "")


def parse_volume(text: str | None) -> Volume | None:
    """`1,28,28` as a volume.

    >>> str(parse_volume("3,32,32")), parse_volume(None)
    ('3×32×32', None)
    """
    from striate.arch import Volume

    if text is None:
        return None
    sides = text.split(",")
    if len(sides) != 3 or not all(side.strip().isdecimal() and len(side) < 20 for side in sides):
        raise UsageError("bad_volume", "--input was asked for", allowed="channels,height,width is allowed",
                         given=f"{shown(text, 60)} was given", do="Write --input 1,28,28")
    channels, height, width = map(int, sides)
    return Volume(channels, height, width)
