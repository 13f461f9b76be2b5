"""Options shared by several commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from striate.core.atomic import refuse_taken as refuse_taken

Json = Annotated[bool, typer.Option("--json", help="Print one JSON value on stdout and nothing else there.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print the result only.")]
Force = Annotated[bool, typer.Option("--force", "-f", help="Overwrite an existing file.")]
Strict = Annotated[bool, typer.Option("--strict", help="Make every bad picture an error instead of skipping it.")]
Reject = Annotated[
    float | None, typer.Option(min=0, max=1, metavar="SHARE", help="Refuse pictures of no known class as \"none of "
                               "these\", and with them this share of the pictures of known classes, such as 0.05.")
]

Files = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Use only the pictures in this list, as striate check "
                              "--write-list writes it.")
]


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
