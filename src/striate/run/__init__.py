"""One training run from pictures to report, in a folder of its own.

Names are loaded when first used: a process that only trains does not wait for what draws reports.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from striate.run.evaluation import evaluate_model
    from striate.run.folder import RunFolder
    from striate.run.job import train_model
    from striate.run.settings import Settings
    from striate.run.watch import Watch

_HOME = {"evaluate_model": "evaluation", "RunFolder": "folder", "train_model": "job", "Settings": "settings",
         "Watch": "watch"}

__all__ = ["RunFolder", "Settings", "Watch", "evaluate_model", "train_model"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'striate.run' has no attribute {name!r}")
    value = getattr(import_module(f"striate.run.{_HOME[name]}"), name)
    globals()[name] = value
    return value
