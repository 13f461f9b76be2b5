"""Fine-tuning: training of all layers of a pretrained network continues (`finetune`, or a network with `--weights`)."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from striate.arch import Volume
from striate.convnet.finetuning import adapt_head
from striate.convnet.pretrained import PretrainedWeights, locate, pretrained
from striate.core.cache import cache_subfolder
from striate.data import Data
from striate.errors import UsageError, shown
from striate.tasks.methods.convnet import ConvNetMethod
from striate.tasks.settings import Settings

NAME = "finetune"


class FinetuneMethod(ConvNetMethod):
    """A network with the given pretrained weights, else those of EfficientNet-Lite0; trained as others are."""

    PRETRAINED = True

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        if settings.network is not None and settings.model != NAME:
            raise UsageError("option_without_use", f"{shown(settings.model)} was to be trained with --network",
                             allowed="--model finetune takes it: another name is the network itself",
                             given=f"--network {shown(settings.network)} was given",
                             do="Leave it out, or use --model finetune")
        asked = settings.network if settings.model == NAME else settings.model
        network, path, _ = locate(asked, settings.weights)  # refuses what is missing before any picture is read
        self.weights = settings.weights or network or str(path)
        self.network = network or str(self.source.network.name)
        self.feature_cache = cache_subfolder("features")

    @classmethod
    def matches(cls, settings: Settings) -> bool:
        """By name, or by its weights."""
        return settings.model == NAME or settings.weights is not None

    @cached_property
    def source(self) -> PretrainedWeights:
        """The weights, read."""
        asked = self.settings.network if self.settings.model == NAME else self.settings.model
        return pretrained(asked, self.settings.weights)

    @property
    def pack_arguments(self) -> dict[str, Any]:
        """Those of the pretrained network."""
        made = self.source.network.input
        return {"size": self.settings.size or (made.height, made.width), "channels": made.channels}

    def input_size(self, data: Data) -> tuple[int, int]:
        """The packed size; refuses networks that cannot be given another head, or another size."""
        height, width, channels = data.pictures.images.shape[1:]
        made = adapt_head(self.source.network, len(data.classes))
        if (height, width) != (made.input.height, made.input.width):
            made.on(Volume(channels, height, width))
        return height, width
