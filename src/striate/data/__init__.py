"""Pictures in: from files of any origin to one memory-mapped array, split and ready to learn from.

Order of reading: `source` (where pictures come from), `decode` (the only door for untrusted bytes), `fit` (one size),
`task` (what is done to one file), `crew` (who does it), `store` (packed once), `splits`, and `dataset`, which ties
them together. Names are loaded when first used, so that a helper process loads no more than it needs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from striate.data.decode import Decoded, decode, probe  # at once: the function has the name of its module

if TYPE_CHECKING:
    from striate.data.dataset import Data, Dataset, load_data, read_picture
    from striate.data.pack import Pictures
    from striate.data.resize import FITS, fit_picture, fit_pictures
    from striate.data.source import Skipped
    from striate.data.split import Split

_HOMES = {
    "dataset": ("Data", "Dataset", "load_data", "read_picture"),
    "resize": ("FITS", "fit_picture", "fit_pictures"),
    "pack": ("Pictures",),
    "source": ("Skipped",),
    "split": ("Split",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Data",
    "Dataset",
    "Decoded",
    "FITS",
    "Pictures",
    "Skipped",
    "Split",
    "decode",
    "fit_picture",
    "fit_pictures",
    "load_data",
    "probe",
    "read_picture",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'striate.data' has no attribute {name!r}")
    value = getattr(import_module(f"striate.data.{_HOME[name]}"), name)
    globals()[name] = value
    return value
