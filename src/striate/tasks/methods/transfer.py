"""Transfer learning: a classifier on features of a frozen, pretrained network (`transfer`, `knn`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from striate.arch import survey
from striate.convnet.inference.precision import choose
from striate.convnet.pretrained import locate, pretrained
from striate.convnet.training.training_context import TrainingContext
from striate.convnet.transfer import Transfer
from striate.core.cache import cache_subfolder
from striate.data import Data
from striate.tasks.environment import environment
from striate.tasks.methods.method import learnable
from striate.tasks.methods.stagewise import StagewiseMethod, report_stages
from striate.tasks.progress import Progress
from striate.tasks.run_folder import RunFolder
from striate.tasks.settings import Settings

HEADS = {"transfer": "linear_svm", "knn": "knn"}


class TransferMethod(StagewiseMethod[Transfer]):
    """The network is frozen; the classifier is fitted on training and validation pictures, and cross-validated."""

    OPTIONS = "weights, seed, size, resize, flip and precision"
    FIELDS = ("seed", "flip", "precision")
    REASON = "its network is not trained"
    PRETRAINED = True

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        locate(settings.network, settings.weights)  # refuses what is missing before any picture is read

    @classmethod
    def matches(cls, settings: Settings) -> bool:
        """By name."""
        return settings.model in HEADS

    @property
    def pack_arguments(self) -> dict[str, Any]:
        """Those of the pretrained network."""
        made = pretrained(self.settings.network, self.settings.weights).network.input
        return {"size": self.settings.size or (made.height, made.width), "channels": made.channels}

    def input_size(self, data: Data) -> tuple[int, int]:
        """The packed size."""
        height, width = data.pictures.images.shape[1:3]
        return height, width

    def train(self, data: Data, folder: RunFolder, progress: Progress, stop: Callable[[], bool]) -> Transfer:  # noqa: ARG002
        """Features once, then the classifier."""
        settings = self.settings
        model = Transfer(settings.network, weights=settings.weights, head=HEADS[settings.model], size=settings.size,
                         resize=settings.resize, memory=cache_subfolder("features"), **settings.recipe)
        model.fit(learnable(data), context=TrainingContext(on_progress=progress.on_progress, stop=stop))
        report_stages(model.stages_, progress)
        return model

    def recipe(self, model: Transfer) -> dict[str, Any]:
        """The seed, the weights, and whether mirror images were used."""
        return {"seed": model.seed, "flip": model.flip_, "precision": model.precision, "weights": model.source_}

    def report_fields(self, model: Transfer) -> dict[str, Any]:
        """Network and classifier."""
        return {
            "seed": model.seed,
            "network": replace(survey(model.features_.network), name=self.settings.model),
            "recipe": self.recipe(model),
            "reasons": (model.source_, model.classifier_.chosen()),
            "environment": environment(torch.get_num_threads(), str(choose(model.precision))),
        }
