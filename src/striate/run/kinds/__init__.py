"""The kinds of recogniser that a run can train: one file each, one row here."""

from __future__ import annotations

from typing import Any

from striate.run.kinds.auto import AutoRun
from striate.run.kinds.convnet import ConvNetRun
from striate.run.kinds.finetune import FinetuneRun
from striate.run.kinds.kind import Kind
from striate.run.kinds.transfer import TransferRun
from striate.run.kinds.words import WordsRun
from striate.run.settings import Settings

__all__ = ["KINDS", "Kind", "kind_for"]

# The last takes whatever no other knows, and refuses it by name.
KINDS: tuple[type[Kind[Any]], ...] = (WordsRun, AutoRun, TransferRun, FinetuneRun, ConvNetRun)


def kind_for(settings: Settings) -> Kind[Any]:
    """The kind that `settings.model` names, with its settings checked."""
    return next(kind for kind in KINDS if kind.knows(settings))(settings)
