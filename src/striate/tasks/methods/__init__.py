"""Training methods: one file each, one row in `METHODS`."""

from __future__ import annotations

from typing import Any

from striate.tasks.methods.auto import AutoMethod
from striate.tasks.methods.bow import BagOfWordsMethod
from striate.tasks.methods.convnet import ConvNetMethod
from striate.tasks.methods.finetune import FinetuneMethod
from striate.tasks.methods.method import TrainingMethod
from striate.tasks.methods.transfer import TransferMethod
from striate.tasks.settings import Settings

__all__ = ["METHODS", "TrainingMethod", "method_for"]

# The last matches every name, and refuses those that it does not know.
METHODS: tuple[type[TrainingMethod[Any]], ...] = (
    BagOfWordsMethod,
    AutoMethod,
    TransferMethod,
    FinetuneMethod,
    ConvNetMethod,
)


def method_for(settings: Settings) -> TrainingMethod[Any]:
    """The training method that `settings.model` names, with its settings checked."""
    return next(method for method in METHODS if method.matches(settings))(settings)
