"""Layer coverage table, `python -m striate.arch.layers`: the parts of the program that support each layer.

It shows what a new layer still lacks. Each column is read from the tables that the program itself uses; a reader of
another program's layers supports those layers of ours that its modules name.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable
from importlib import import_module
from typing import cast

from striate.arch.layers import LAYERS
from striate.core.named_object import named_object

# Column → its source: tables by our kinds of layer (module:name), or the package that reads another program's.
COLUMNS = {
    "YAML": ("striate.arch.schema:LAYERS",),
    "reference": ("striate.arch.reference:FORWARD",),
    "torch": ("striate.convnet.build.net:OPERATIONS",),
    "torch source": ("striate.arch.formats.torch.module_table:MODULES",
                     "striate.arch.formats.torch.module_table:FUNCTIONS"),
    "from_torch": ("striate.convnet.from_torch",),
    "folding": ("striate.convnet.inference.fold_batch_norm:TURNABLE",),
    "Caffe read": ("striate.arch.formats.caffe",),
    "Caffe write": ("striate.arch.formats.caffe.prototxt_writer:WRITTEN",),
    "Keras read": ("striate.arch.formats.keras",),
    "Keras write": ("striate.arch.formats.keras.layer_writers:WRITERS",),
    "tf1": ("striate.arch.formats.tf1",),
    "ONNX": (),  # not yet
}
OBLIGATORY = ("YAML", "reference", "torch", "torch source")


def coverage() -> dict[str, set[str]]:
    """The kinds of layer that each column covers."""
    # Imported by name: these tables lie on floors above this one, and torch is loaded by this command alone.
    return {column: {kind for path in paths for kind in (_in_table if ":" in path else _named_in)(path)}
            for column, paths in COLUMNS.items()}


def coverage_table() -> str:
    """The table in Markdown, one row for each layer; `drawing` is the family that gives its colour."""
    found = coverage()
    rows = [["layer", "drawing", *found], *(
        [kind, layer.family, *("✓" if kind in kinds else "" for kinds in found.values())]
        for kind, layer in LAYERS.items())]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rows.insert(1, ["-" * width for width in widths])
    return "".join("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |\n"
                   for row in rows)


def _in_table(path: str) -> Iterable[str]:
    return cast(Iterable[str], named_object(path))


def _named_in(package: str) -> Iterable[str]:
    for module in pkgutil.iter_modules(import_module(package).__path__, f"{package}."):
        values = vars(import_module(module.name)).values()
        yield from (kind for kind, layer in LAYERS.items() if any(value is layer for value in values))


if __name__ == "__main__":
    print(coverage_table(), end="")  # noqa: T201 - a command
