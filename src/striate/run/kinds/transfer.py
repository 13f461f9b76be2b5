"""Networks that were trained elsewhere, with a classifier on top: `transfer`, and `knn` for nearest neighbours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from striate import metrics
from striate.arch import ZOO, survey
from striate.data import Data
from striate.errors import UsageError, shown
from striate.metrics import Evaluation
from striate.nets.precision import choose
from striate.nets.pretrained import KNOWN
from striate.nets.pretrained.known import DEFAULT
from striate.nets.transfer import Transfer
from striate.run.environment import environment
from striate.run.folder import RunFolder
from striate.run.kinds.kind import Kind, learnable
from striate.run.settings import Settings
from striate.run.watch import Watch

HEADS = {"transfer": "linear_svm", "knn": "knn"}


class TransferRun(Kind[Transfer]):
    """The network is frozen; the classifier learns from training and validation part, and chooses by folds."""

    HELD_OUT = True

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        useless = [name for name in settings.recipe if name not in ("seed", "flip")]
        if useless or settings.sharded:
            given = "--sharded" if settings.sharded else f"{useless[0]} {shown(str(settings.recipe[useless[0]]))}"
            raise UsageError("option_without_use", f"{shown(settings.model)} was to be trained with an option",
                             allowed="weights, seed, size, resize and flip are allowed: its network is not trained",
                             given=f"{given} was given", do="Leave it out, or train a network")
        known = settings.weights in KNOWN
        self.network = str(settings.weights) if known else DEFAULT
        self.weights = None if known else settings.weights
        if self.weights is None:
            KNOWN[self.network].path()  # refuses what is not installed before any picture is read

    @classmethod
    def knows(cls, settings: Settings) -> bool:
        """By name."""
        return settings.model in HEADS

    @property
    def packing(self) -> dict[str, Any]:
        """What the network was trained with."""
        made = ZOO[self.network].example
        return {"size": self.settings.size or (made.height, made.width), "channels": made.channels}

    def size_for(self, data: Data) -> tuple[int, int]:
        """As they are packed."""
        height, width = data.pictures.images.shape[1:3]
        return height, width

    def shares(self, data: Data) -> str:
        """Both are learnt from."""
        return f"{len(learnable(data)):,} pictures to learn from and, by cross-validation, to choose by"

    def train(self, data: Data, folder: RunFolder, watch: Watch, stop: Callable[[], bool]) -> Transfer:  # noqa: ARG002
        """Features once, then the classifier."""
        settings = self.settings
        model = Transfer(self.network, weights=self.weights, head=HEADS[settings.model], size=settings.size,
                         resize=settings.resize, **settings.recipe)
        model.fit(learnable(data), watch=watch.stage, stop=stop)
        watch.say(f"{model.source_}: features {model.seconds_['features']:.1f} s, classifier "
                  f"{model.seconds_['classifier']:.1f} s; {model.classifier_.chosen()}")
        return model

    def validated(self, model: Transfer, data: Data) -> Evaluation:
        """Training and validation pictures, each by a classifier that had not seen it."""
        indices, scores = model.held_out_
        return metrics.evaluate(learnable(data).labels[indices], scores, data.classes)

    def planned(self, model: Transfer) -> dict[str, Any]:
        """The seed, the weights, and whether mirror images were learnt from."""
        return {"seed": model.seed, "flip": model.flip_, "weights": model.source_}

    def facts(self, model: Transfer) -> dict[str, Any]:
        """Network and classifier."""
        return {
            "seed": model.seed,
            "network": {**survey(model.features_.network).as_dict(), "name": self.settings.model},
            "recipe": self.planned(model),
            "reasons": [model.source_, model.classifier_.chosen()],
            "environment": environment(torch.get_num_threads(), str(choose("auto"))),
        }
