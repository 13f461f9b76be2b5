"""`striate inspect`: a network layer by layer, counted before it has a weight. Loads no torch and no NumPy."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from striate.cli.options import Json, Quiet
from striate.errors import UsageError, shown

if TYPE_CHECKING:
    from striate.arch import Row, Survey, Volume

EXAMPLE = "Example: striate inspect lenet5 --input 1,28,28"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=EXAMPLE)(inspect)


def inspect(
    net: Annotated[str, typer.Argument(metavar="NET", help="A network by name (lenet5, compact) or a YAML file.")],
    volume: Annotated[
        str | None, typer.Option("--input", metavar="C,H,W", help="Channels, height and width of its pictures.")
    ] = None,
    classes: Annotated[int | None, typer.Option(min=1, help="How many values it ends in.")] = None,
    batch: Annotated[int, typer.Option(min=1, help="Pictures at a time, for the memory.")] = 1,
    strict: Annotated[bool, typer.Option("--strict", help="Make pixels that no window reads an error.")] = False,
    torch_code: Annotated[
        bool, typer.Option("--torch-code", help="Print the network as PyTorch source text instead.")
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show the layers of a network: volume, parameters, MACs, receptive field, memory; and the totals.

    MACs are multiply-adds and FLOPs all operations for one picture. Neurons are units that form a weighted sum. The
    receptive field is what one unit sees of the picture, from the narrowest to the widest branch. Unread are pixels
    that no window reads. With --quiet, only the totals.
    """
    from striate.arch import load_network, refuse_unread, survey

    network = load_network(net, parse_volume(volume), classes)
    if strict:
        refuse_unread(network)
    counted = survey(network, batch)
    source = ""
    if torch_code:
        from striate.arch.formats.torch_code import write_torch

        source = write_torch(network)
    if as_json:
        text = json.dumps(counted.as_dict() | ({"torch_code": source} if torch_code else {})) + "\n"
    else:
        text = source or ("" if quiet else table(counted) + "\n") + totals(counted)
    sys.stdout.write(text)


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


def table(counted: Survey) -> str:
    """The layers in aligned columns, numbers to the right."""
    heads = ["layer", "kind", "from", "output", "parameters", "MACs", "sees", "memory", "unread"]
    before = ["input", *(row.name for row in counted.rows)]
    lines = [
        [row.name, row.kind, "" if row.sources == (last,) else ", ".join(row.sources), str(row.output),
         f"{row.parameters:,}", f"{row.macs:,}", sees(row), size(row.memory), unread(row)]
        for last, row in zip(before, counted.rows, strict=False)
    ]
    total = ["total", "", "", "", f"{counted.total('parameters'):,}", f"{counted.total('macs'):,}", "",
             size(sum(row.memory for row in counted.rows)), ""]
    # A column that says nothing is left out: `from` in a network without branches, `unread` where all is read.
    columns = []
    for column in zip(heads, *lines, total, strict=True):
        if any(column[1:]):
            width, right = max(map(len, column)), column[0] in ("parameters", "MACs", "memory")
            columns.append([cell.rjust(width) if right else cell.ljust(width) for cell in column])
    return "".join("  ".join(line).rstrip() + "\n" for line in zip(*columns, strict=True))


def totals(counted: Survey) -> str:
    """What the network comes to, in a few lines."""
    total = counted.total
    layers = "1 layer" if len(counted.rows) == 1 else f"{len(counted.rows):,} layers"
    pictures = "1 picture" if counted.batch == 1 else f"{counted.batch:,} pictures"
    return (
        f"{counted.name or 'network'}: {counted.input} → {counted.rows[-1].output}, {layers}, "
        f"{total('neurons'):,} neurons\n"
        f"parameters: {total('parameters'):,} ({total('weights'):,} weights, {total('biases'):,} biases), "
        f"and {total('buffers'):,} buffers\n"
        f"one picture: {total('macs'):,} MACs, {total('flops'):,} FLOPs\n"
        f"activations of {pictures}: {size(counted.training_memory)} to train, "
        f"{size(counted.inference_memory)} to predict\n"
    )


def sees(row: Row) -> str:
    """The receptive field, height×width, from the narrowest to the widest branch."""
    vertical, horizontal = row.fields
    widest, narrowest = f"{vertical.size}×{horizontal.size}", f"{vertical.least}×{horizontal.least}"
    return widest if widest == narrowest else f"{narrowest}..{widest}"


def size(count: int) -> str:
    """Bytes for people.

    >>> size(18816), size(800)
    ('18.4 KiB', '800 B')
    """
    number = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if number < 1024:
            return f"{number:.1f} {unit}" if unit != "B" else f"{count} B"
        number /= 1024
    return f"{number:,.1f} TiB"


def unread(row: Row) -> str:
    """Rows and columns that no window reads.

    >>> from striate.arch import Input, Network, Pool, survey
    >>> unread(survey(Network(Pool(2)(Input(1, 7, 9)))).rows[0])
    '1 bottom, 1 right'
    """
    rows, columns = row.unread
    return ", ".join(f"{count} {side}" for count, side in ((rows, "bottom"), (columns, "right")) if count)
