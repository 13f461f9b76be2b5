"""Table of the zoo: every network with its year, depth, size and published errors.

What `striate inspect --list` prints. Loads no torch and no NumPy.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from striate.core.humanize import operations

if TYPE_CHECKING:
    from striate.arch.zoo import ZooEntry

HEADS = ("name", "year", "depth", "parameters", "MACs", "top-1", "top-5", "errors on", "paper")
TO_THE_RIGHT = HEADS[1:7]
NOTES = (
    "depth: convolutions and dense layers on the longest path; MACs: multiply-adds of one picture; no auxiliary heads",
    "top-1, top-5: published errors, per cent of pictures whose class is not the first prediction (not among five)",
    "crops: parts of each picture whose predictions are averaged; dense: run over the whole picture",
)


def zoo_table(as_json: bool) -> str:
    """The table as text of up to 120 columns, or as JSON, by year; both end in a line break.

    Counts are of each network's own example picture and classes, without auxiliary heads.
    """
    from striate.arch.zoo import ZOO

    rows = [zoo_row(name, entry) for name, entry in sorted(ZOO.items(), key=lambda item: item[1].year)]
    if as_json:
        return json.dumps({"networks": rows}) + "\n"
    lines = [HEADS, *(cells(row, ZOO[row["name"]].cite) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    text = ""
    for line in lines:
        aligned = (cell.rjust(width) if head in TO_THE_RIGHT else cell.ljust(width)
                   for head, cell, width in zip(HEADS, line, widths, strict=True))
        text += "  ".join(aligned).rstrip() + "\n"
    return text + "\n" + "".join(f"{note}\n" for note in NOTES)


def zoo_row(name: str, entry: ZooEntry) -> dict[str, Any]:
    """One network, JSON-able; errors are per cent, None where none is published."""
    from striate.arch.depth import depth
    from striate.arch.zoo import build

    trunk = build(name).trunk
    return {
        "name": name, "year": entry.year, "depth": depth(trunk), "input": list(trunk.input),
        "classes": trunk.output.size, "parameters": trunk.parameters, "macs": sum(node.macs for node in trunk.nodes),
        "published_parameters": entry.published, "top1_error": entry.top1, "top5_error": entry.top5,
        "errors_on": entry.measured, "errors_from": entry.source, "paper": entry.paper, "variant": entry.variant,
    }


def cells(row: dict[str, Any], cite: str) -> tuple[str, ...]:
    """The cells of one row, as text."""
    return (row["name"], str(row["year"]), str(row["depth"]), f"{row['parameters']:,}", operations(row["macs"]),
            error(row["top1_error"]), error(row["top5_error"]), row["errors_on"], cite)


def error(value: float | None) -> str:
    """Per cent as published, or nothing.

    >>> error(23.85), error(18.2), error(None)
    ('23.85', '18.2', '')
    """
    return "" if value is None else f"{value:g}"
