"""One training run from pictures to report, in a folder of its own.

Names are loaded when first used: a process that only trains does not wait for what draws reports.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from striate.tasks.progress import Progress
    from striate.tasks.run_folder import RunFolder
    from striate.tasks.settings import Settings
    from striate.tasks.train import train_model

_HOME = {"RunFolder": "run_folder", "train_model": "train", "Settings": "settings",
         "Progress": "progress"}

__all__ = ["RunFolder", "Settings", "Progress", "train_model"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'striate.tasks' has no attribute {name!r}")
    value = getattr(import_module(f"striate.tasks.{_HOME[name]}"), name)
    globals()[name] = value
    return value
