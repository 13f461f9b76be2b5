"""Files of a look at a network: every map as NPY, PNG and SVG, and all numbers as JSON."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.core import atomic
from striate.errors import UsageError, shown
from striate.report.look_network import draw
from striate.report.network_look_result import NetworkLookResult


def write_figures(folder: str | Path, result: NetworkLookResult) -> Path:
    """Write `look.json` and the files of every map, named after it, into `folder`; returns `folder`.

    Arrays that an explanation has beside its own are in files of their names: `occlusion.probability.npy`. Each file is
    replaced atomically. Raises `DiskError`.
    """
    folder = made_folder(folder)
    for panel in result.panels:
        for one in panel.maps:
            found, drawing = result.explanations[one.name], draw(result, one)
            files = {"npy": _npy(found.array), "png": drawing.png() if callable(drawing.png) else drawing.png,
                     "svg": None if drawing.svg is None else drawing.svg.encode("utf-8")}
            files |= {f"{name}.npy": _npy(value) for name, value in vars(found).items()
                      if name != "array" and isinstance(value, np.ndarray) and value.size}
            for ending, content in files.items():
                if content is not None:
                    atomic.write_bytes(folder / f"{one.name}.{ending}", content)
    text = json.dumps(result.as_dict(), ensure_ascii=False, allow_nan=False, indent=1)
    atomic.write_text(folder / "look.json", text + "\n")
    return folder


def made_folder(folder: str | Path) -> Path:
    """The folder of the figures, made if it is not there; refuses one with files but no `look.json` (`not_figures`)."""
    folder = Path(folder)
    atomic.make_folder(folder)
    try:
        foreign = not (folder / "look.json").exists() and next(folder.iterdir(), None)
    except OSError as error:
        raise atomic.disk_error(folder, error) from error
    if foreign:
        raise UsageError("not_figures", f"figures were to be written into {shown(folder)}",
                         allowed="a new folder, an empty one, or one of an earlier look is allowed",
                         given=f"it has {shown(foreign.name)} and no look.json", do="Give another folder")
    return folder


def _npy(array: NDArray[Any]) -> bytes:
    buffer = BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()
