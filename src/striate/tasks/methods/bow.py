"""Bags of visual words: `bow`, `bow-knn`, `bow-fisher`, `bow-fisher-quick`, or a YAML file of stages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from striate.bow.recogniser import BagOfWords
from striate.bow.sift.grid import LARGE
from striate.bow.stages import Stages, names_stages, stages_named
from striate.core.cache import cache_subfolder
from striate.core.executor import worker_count
from striate.core.params import check_params
from striate.data import Data
from striate.errors import RunError, shown
from striate.report.train_result import StageResult, StagesResult
from striate.tasks.environment import environment
from striate.tasks.methods.method import learnable
from striate.tasks.methods.stagewise import StagewiseMethod, report_stages
from striate.tasks.progress import Progress
from striate.tasks.run_folder import RunFolder
from striate.tasks.settings import Settings

PHOTOGRAPH = (256, 256)  # pictures of different sizes, or larger than 64 pixels, are resized to this


class BagOfWordsMethod(StagewiseMethod[BagOfWords]):
    """Hand-crafted: there are no epochs, so training and validation pictures are fitted on together.

    Settings are selected by cross-validation inside; its held-out probabilities give the validation accuracy.
    """

    REASON = "it has stages, not epochs"
    HAND_CRAFTED = True

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        sizes = {"small": True, "photographs": False}
        begun = settings.stages  # a resumed run has the stages it was begun with, not those of the file now
        stages = {name: stages_of(begun[name]) if begun else stages_named(settings.model, small=small).checked()
                  for name, small in sizes.items()}
        self.settings = replace(settings, stages={name: one.as_dict() for name, one in stages.items()})
        self.small, self.photographs = stages["small"], stages["photographs"]
        check_params(BagOfWords(**settings.recipe))

    @classmethod
    def matches(cls, settings: Settings) -> bool:
        """A name of a set of stages, or a YAML file that has some."""
        return bool(settings.stages) or names_stages(settings.model)

    @property
    def pack_arguments(self) -> dict[str, Any]:
        """Grey, unless the descriptors look at colour; photographs larger than a network would take them."""
        return {"size": self.settings.size, "usual": PHOTOGRAPH,
                "channels": 1 if self.photographs.sift.colour == "grey" else None}

    def input_size(self, data: Data) -> tuple[int, int]:
        """The packed size, if a descriptor fits."""
        height, width = self.settings.size or data.pictures.images.shape[1:3]
        self.stages = self.small if min(height, width) < LARGE else self.photographs
        self.stages.sift.choice_for(height, width)
        return height, width

    def train(self, data: Data, folder: RunFolder, progress: Progress, stop: Callable[[], bool]) -> BagOfWords:  # noqa: ARG002
        """Stage by stage; stages computed before are read from the cache."""
        stages, settings = self.stages, self.settings
        model = BagOfWords(sift=stages.sift, encoder=stages.encoder, pyramid=stages.pyramid,
                           classifier=stages.classifier, size=settings.size, resize=settings.resize,
                           memory=cache_subfolder("stages"), **settings.recipe)
        model.fit(learnable(data), watch=progress.on_progress, stop=stop)
        report_stages(model.stages_, progress)
        return model

    def recipe(self, model: BagOfWords) -> dict[str, Any]:
        """The seed, the sample for the vocabulary, and whether mirror images were used."""
        return {"seed": model.seed, "sample": model.sample, "flip": model.flip_}

    def report_fields(self, model: BagOfWords) -> dict[str, Any]:
        """Stages with their selected settings."""
        return {
            "seed": model.seed,
            "stages": StagesResult(self.settings.model, self.stages.as_dict(),
                                   tuple(StageResult(**row) for row in model.stages_)),
            "recipe": self.recipe(model),
            "environment": environment(worker_count(model.threads), "float32"),
        }


def stages_of(values: object) -> Stages:
    """The stages that a run was begun with; raises `RunError` (`bad_settings`) when they cannot be read."""
    try:
        return Stages.from_dict(values).checked()
    except ValueError as error:
        raise RunError("bad_settings", "a run was to be resumed", given=shown(str(error)),
                       do="Start again in another folder with --out") from error
