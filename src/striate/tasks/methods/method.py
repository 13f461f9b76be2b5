"""What a run asks of a kind of recogniser."""

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
    """One kind of recogniser, for one run; made from `Settings`, it refuses those that cannot be.

    `packing`: the arguments of `striate.data.load_data` that the kind decides.
    """

    HELD_OUT: ClassVar[bool] = False  # whether its models carry `held_out_`, as `BagOfWords` does
    HAND_CRAFTED: ClassVar[bool] = False  # whether the description of pictures is made by hand, not learnt
    WEIGHTS: ClassVar[bool] = False  # whether it begins from weights that were learnt elsewhere
    TOGETHER: ClassVar[bool] = False  # whether many processes train it; else rank 0 does, and the others wait

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        for name, value in (("weights", settings.weights), ("network", settings.network)):
            if value is not None and not self.WEIGHTS:
                raise UsageError("option_without_use", f"{shown(settings.model)} was to be trained with --{name}",
                                 allowed="recognisers that begin with weights learnt elsewhere take it",
                                 given=f"--{name} {shown(value)} was given",
                                 do="Leave it out, or use --model transfer, finetune, knn or auto")

    @classmethod
    @abstractmethod
    def knows(cls, settings: Settings) -> bool:
        """Whether the model of `settings`, a name or a file, is of this kind."""

    @property
    @abstractmethod
    def packing(self) -> dict[str, Any]:
        """`size`, `usual` and `channels` for packing."""

    @abstractmethod
    def size_for(self, data: Data) -> tuple[int, int]:
        """(height, width) the packed pictures are brought to; refuses data that do not fit: nothing is written yet."""

    def shares(self, data: Data) -> str:
        """What becomes of training and validation pictures, in words."""
        return f"{len(data.train):,} pictures to train on, {len(data.validation):,} to choose by"

    @abstractmethod
    def train(self, data: Data, folder: RunFolder, watch: Progress, stop: Callable[[], bool]) -> R:
        """The recogniser, trained."""

    @abstractmethod
    def validated(self, model: R, data: Data) -> Evaluation:
        """How well it does on pictures that it was chosen by, but that the measured machine had not learnt from."""

    @abstractmethod
    def planned(self, model: R) -> dict[str, Any]:
        """The whole recipe, as it was carried out."""

    @abstractmethod
    def facts(self, model: R) -> dict[str, Any]:
        """Its part of the report: `seed`, `recipe`, `environment`, and `network`, `history` or `stages`."""


def learnable(data: Data) -> Dataset:
    """Training and validation part together."""
    return Dataset(data.pictures, np.concatenate([data.split.train, data.split.validation]))
