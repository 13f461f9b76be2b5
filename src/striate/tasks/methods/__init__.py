"""The kinds of recogniser that a run can train: one file each, one row here."""

from __future__ import annotations

from typing import Any

from striate.tasks.methods.auto import AutoMethod
from striate.tasks.methods.bow import BagOfWordsMethod
from striate.tasks.methods.convnet import ConvNetMethod
from striate.tasks.methods.finetune import FinetuneMethod
from striate.tasks.methods.method import TrainingMethod
from striate.tasks.methods.transfer import TransferMethod
from striate.tasks.settings import Settings

__all__ = ["KINDS", "TrainingMethod", "kind_for"]

# The last takes whatever no other knows, and refuses it by name.
KINDS: tuple[type[TrainingMethod[Any]], ...] = (
    BagOfWordsMethod,
    AutoMethod,
    TransferMethod,
    FinetuneMethod,
    ConvNetMethod,
)


def kind_for(settings: Settings) -> TrainingMethod[Any]:
    """The kind that `settings.model` names, with its settings checked."""
    return next(kind for kind in KINDS if kind.knows(settings))(settings)
