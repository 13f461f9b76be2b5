"""Training run: its module, pictures, recipe, services and state."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from striate.convnet.build.net import Net
from striate.convnet.build.normalise import InputNormalisation
from striate.convnet.distributed import ProcessGroup
from striate.convnet.inference.precision import Precision
from striate.convnet.recipe.recipe import Recipe
from striate.convnet.training.checkpoint import Checkpoints
from striate.convnet.training.ema import ExponentialMovingAverage
from striate.convnet.training.training_context import Row, TrainingContext
from striate.model.preprocessing import LabelledPictures


@dataclass
class TrainingState:
    """State of a training run; the part of a checkpoint that is no tensor.

    `elapsed`: seconds of training so far, validation and earlier sessions included; `begun`: what was done before the
    first step, in words.
    """

    step: int = 0
    elapsed: float = 0.0
    loss_sum: float = 0.0
    seen: int = 0
    epoch_seconds: float = 0.0
    best_epoch: int = 0
    best_accuracy: float = -1.0
    best_loss: float = float("inf")
    history: list[Row] = field(default_factory=list)
    begun: str = ""


@dataclass
class TrainingRun:
    """Training run: module, pictures, recipe, services and state.

    Attributes:
        pretrained: whether it began with pretrained weights; batch normalisation then keeps its pretrained averages.
        by_clock: whether its steps are planned by a time budget.
        best: the weights of the best epoch on validation, or the last weights where there is no validation.
        average: the moving average of the weights, which is validated, if the recipe has one.

    """

    module: Net
    pictures: LabelledPictures
    labels: NDArray[np.int64]
    validation: tuple[LabelledPictures, NDArray[np.int64]] | None
    recipe: Recipe
    preparation: InputNormalisation
    precision: Precision
    context: TrainingContext = field(default_factory=TrainingContext)
    identity: dict[str, Any] = field(default_factory=dict)
    checkpoints: Checkpoints | None = None
    by_clock: bool = False
    pretrained: bool = False
    progress: TrainingState = field(default_factory=TrainingState)
    best: dict[str, torch.Tensor] = field(default_factory=dict)
    average: ExponentialMovingAverage | None = None

    @property
    def group(self) -> ProcessGroup:
        """The processes that train together."""
        return self.context.group

    @property
    def device(self) -> torch.device:
        """The device of the module."""
        return next(self.module.parameters()).device

    @property
    def steps(self) -> int:
        """Optimiser steps in all, as planned by now."""
        return self.recipe.steps or 0

    @property
    def per_epoch(self) -> int:
        """Steps in one pass over the training pictures."""
        return self.recipe.per_epoch(len(self.pictures), self.recipe.batch_size or 1)
