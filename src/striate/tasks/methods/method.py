"""Base class of the training methods."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np

from striate.data import Data, Dataset
from striate.errors import UsageError, shown
from striate.model.recogniser import Recogniser
from striate.stats.metrics import Evaluation
from striate.tasks.progress import Progress
from striate.tasks.run_folder import RunFolder
from striate.tasks.settings import Settings

R = TypeVar("R", bound=Recogniser)


class TrainingMethod(ABC, Generic[R]):
    """Base class of training methods; made from `Settings`, of which it refuses invalid ones."""

    HELD_OUT: ClassVar[bool] = False  # whether its models carry `held_out_`, as `BagOfWords` does
    HAND_CRAFTED: ClassVar[bool] = False  # whether the features are hand-crafted, not learnt
    PRETRAINED: ClassVar[bool] = False  # whether it begins with pretrained weights
    DISTRIBUTED: ClassVar[bool] = False  # whether many processes train it; else rank 0 does, and the others wait

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        for name, value in (("weights", settings.weights), ("network", settings.network)):
            if value is not None and not self.PRETRAINED:
                raise UsageError("option_without_use", f"{shown(settings.model)} was to be trained with --{name}",
                                 allowed="recognisers that begin with weights learnt elsewhere take it",
                                 given=f"--{name} {shown(value)} was given",
                                 do="Leave it out, or use --model transfer, finetune, knn or auto")

    @classmethod
    @abstractmethod
    def matches(cls, settings: Settings) -> bool:
        """Whether this is the method of `settings.model`, a name or a file."""

    @property
    @abstractmethod
    def pack_arguments(self) -> dict[str, Any]:
        """Arguments of `striate.data.load_data` that the method decides: `size`, `usual`, `channels`."""

    @abstractmethod
    def input_size(self, data: Data) -> tuple[int, int]:
        """(height, width) that pictures are resized to; refuses data that do not fit, before anything is written."""

    def describe_split(self, data: Data) -> str:
        """How training and validation pictures are used, in words."""
        return f"{len(data.train):,} training pictures, {len(data.validation):,} for validation"

    @abstractmethod
    def train(self, data: Data, folder: RunFolder, progress: Progress, stop: Callable[[], bool]) -> R:
        """The fitted recogniser."""

    def prepared(self, data: Data) -> Data:
        """`data` as the fitted recogniser reads it, where that is another size than the method was trained with."""
        return data

    def finish(self) -> None:
        """Remove what the run does not need any more; it is finished."""

    @abstractmethod
    def validate(self, model: R, data: Data) -> Evaluation:
        """Evaluation on the pictures used for model selection, each by a classifier that was not fitted on it."""

    @abstractmethod
    def recipe(self, model: R) -> dict[str, Any]:
        """The complete recipe of the training."""

    @abstractmethod
    def report_fields(self, model: R) -> dict[str, Any]:
        """Fields of the report: `seed`, `recipe`, `environment`, and `network`, `history` or `stages`."""


def learnable(data: Data) -> Dataset:
    """Training and validation pictures together."""
    return Dataset(data.pictures, np.concatenate([data.split.train, data.split.validation]))
