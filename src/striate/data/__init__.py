"""Pictures in: from files of any origin to one memory-mapped array, split and ready to learn from.

Order of reading: `source` (where pictures come from), `decode` (the only door for untrusted bytes), `resize` (one
size), `file_task` (what is done to one file), `worker_pool` (who does it), `pack` (all in one array), `split`, and
`dataset`, which ties them together. Names are loaded when first used, so that a worker loads no more than it needs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from striate.data.decode import Decoded, decode, probe  # at once: the function has the name of its module

if TYPE_CHECKING:
    from striate.data.dataset import Data, Dataset, load_data, read_picture
    from striate.data.pack import Pictures
    from striate.data.resize import RESIZE_MODES, resize_picture, resize_pictures
    from striate.data.source import Skipped
    from striate.data.split import Split

_HOMES = {
    "dataset": ("Data", "Dataset", "load_data", "read_picture"),
    "resize": ("RESIZE_MODES", "resize_picture", "resize_pictures"),
    "pack": ("Pictures",),
    "source": ("Skipped",),
    "split": ("Split",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Data",
    "Dataset",
    "Decoded",
    "Pictures",
    "RESIZE_MODES",
    "Skipped",
    "Split",
    "decode",
    "load_data",
    "probe",
    "read_picture",
    "resize_picture",
    "resize_pictures",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'striate.data' has no attribute {name!r}")
    value = getattr(import_module(f"striate.data.{_HOME[name]}"), name)
    globals()[name] = value
    return value
