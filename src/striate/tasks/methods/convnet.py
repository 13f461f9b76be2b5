"""ConvNets: a network of the zoo or a file, trained epoch by epoch; the default method."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from striate.arch import survey
from striate.convnet.build.resolve_network import input_requirement, network_for
from striate.convnet.distributed.rank import RankInfo
from striate.convnet.inference.precision import choose
from striate.convnet.recipe.recipe import Recipe
from striate.convnet.recogniser import ConvNet, refuse_unsharded
from striate.convnet.training.training_context import TrainingContext
from striate.data import Data
from striate.errors import RunError, shown
from striate.report.train_result import EpochResult
from striate.stats import metrics
from striate.stats.metrics import Evaluation
from striate.tasks.environment import environment
from striate.tasks.methods.method import TrainingMethod
from striate.tasks.progress import Progress
from striate.tasks.run_folder import RunFolder
from striate.tasks.settings import Settings


class ConvNetMethod(TrainingMethod[ConvNet]):
    """A convolutional network; the epoch is chosen on the validation part."""

    DISTRIBUTED = True
    network: str
    weights: str | None = None
    feature_cache: Path | None = None

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.network = settings.model
        recipe = Recipe.from_dict(settings.recipe)
        if settings.sharded:
            refuse_unsharded(recipe, RankInfo.read().world_size)

    @classmethod
    def matches(cls, settings: Settings) -> bool:  # noqa: ARG003 - the default matches every name
        """The default: any other model name or file."""
        return True

    @property
    def pack_arguments(self) -> dict[str, Any]:
        """What the network requires."""
        asked = input_requirement(self.network)
        return {"size": self.settings.size or asked.size, "channels": asked.channels}

    def input_size(self, data: Data) -> tuple[int, int]:
        """The input size of the network for pictures of this size."""
        height, width, channels = data.pictures.images.shape[1:]
        asked = input_requirement(self.network)
        size = self.settings.size or asked.size_for(height, width)
        network_for(self.network, size, asked.channels or channels, len(data.classes))
        return size

    def untrained(self, recipe: Mapping[str, Any]) -> ConvNet:
        """The network, with the settings of the run and this recipe."""
        return ConvNet(self.network, size=self.settings.size, resize=self.settings.resize, weights=self.weights,
                       **recipe)

    def train(self, data: Data, folder: RunFolder, progress: Progress, stop: Callable[[], bool]) -> ConvNet:
        """From random weights or those that are given, or from the checkpoints in the folder."""
        model = self.untrained(self.settings.recipe)
        context = TrainingContext(
            on_step=progress.on_step, message=progress.message, stop=stop, checkpoints=folder.checkpoints,
            checkpoint_seconds=progress.checkpoint_seconds, predictions_after=len(data.validation) + len(data.test),
            group=progress.group, sharded=self.settings.sharded, feature_cache=self.feature_cache)
        try:
            model.fit(data.train, validation=data.validation, context=context)
        except RunError as error:
            if error.code == "loss_not_finite" and hasattr(model, "module_") and progress.group.is_rank_zero:
                model.save(folder.model)
                error.do = f"Use {shown(folder.model)} as it was, or start again with a smaller --learning-rate"
            raise
        if progress.group.is_rank_zero:
            folder.write_log(model.history_)
        return model

    def validate(self, model: ConvNet, data: Data) -> Evaluation:
        """Evaluation on the validation part, which epoch and temperature were selected on."""
        assert model.validated_ is not None
        return metrics.evaluate(data.validation.labels, model.validated_, data.classes)

    def recipe(self, model: ConvNet) -> dict[str, Any]:
        """The recipe with its budget in steps."""
        return model.recipe_.as_dict()

    def report_fields(self, model: ConvNet) -> dict[str, Any]:
        """Network, recipe and history."""
        history: list[Any] = model.history_
        return {
            "seed": model.recipe_.seed,
            "network": replace(survey(model.network_), name=self.settings.model),
            "weights": model.source_,
            "began": {name: value for name, value in (("weights", self.settings.weights),
                                                      ("network", self.settings.network)) if value is not None},
            "recipe": model.recipe_.as_dict(),
            "asked": self.settings.recipe,
            "reasons": tuple(model.reasons_),
            "history": tuple(EpochResult(**row) for row in history),
            "best_epoch": model.best_epoch_,
            "environment": environment(torch.get_num_threads(), str(choose(model.recipe_.precision))),
        }
