"""Options that several commands share, so that they read the same everywhere."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from striate.errors import UsageError, shown

Json = Annotated[bool, typer.Option("--json", help="Print one JSON value on stdout and nothing else there.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print the answer only.")]
Force = Annotated[bool, typer.Option("--force", help="Write over a file that is there.")]
Strict = Annotated[bool, typer.Option("--strict", help="Make every bad picture an error instead of skipping it.")]

Files = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Use only the pictures of the folder that this list names, as "
                              "striate check --write-list writes it.")
]


def refuse_taken(out: str | Path, force: bool) -> None:
    """Refuse to write over what is there, a link to nothing too; with `force` a link is replaced, not followed."""
    path = Path(out)
    if not os.path.lexists(path):
        return
    if not (path.is_symlink() or path.is_file()):
        raise UsageError("out_not_a_file", f"{shown(out)} was to be written", given="it is a folder or a device",
                         do="Name a file in it")
    if not force:
        raise UsageError("out_exists", f"{shown(out)} was to be written", given="it is there already",
                         do="Choose another name, or add --force to write over it")


def parse_size(text: str | None) -> tuple[int, int] | None:
    """`64` or `48,64` as (height, width).

    >>> parse_size("64"), parse_size("48,64"), parse_size(None)
    ((64, 64), (48, 64), None)
    """
    if text is None:
        return None
    sides = text.replace("x", ",").split(",")
    if len(sides) > 2 or not all(side.strip().isdecimal() and 0 < int(side) <= 4096 for side in sides):
        raise typer.BadParameter(f"'{text}' is not a size; give one side, or height,width, each 1 to 4096.")
    return int(sides[0]), int(sides[-1])
