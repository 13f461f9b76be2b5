"""Features: the output of an inner layer of a pretrained network, one vector per picture.

The network is cut behind the layer and compiled (`compiled_net.py`). Where the hardware multiplies bfloat16 natively,
weights and volumes are bfloat16: features take half the time and differ by some per cent of their length from those in
float32, which are the same on every machine within rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from striate.arch import Network
from striate.convnet.build.net import build
from striate.convnet.build.normalise import InputNormalisation
from striate.convnet.build.resolve_network import without_settings
from striate.convnet.inference.compiled_net import CompiledNet
from striate.convnet.inference.feature_cache import FeatureCache, pixel_hash
from striate.core import model_file
from striate.core.cache import code_digest, key_of
from striate.errors import NetworkError, shown
from striate.model.preprocessing import LabelledPictures

CODE = ("convnet/build", "convnet/distributed", "convnet/inference", "data/placement.py", "data/resize.py",
        "model/preprocessing.py", "core/cache.py", "core/model_file.py")  # that features depend on
LIBRARIES = ("numpy", "torch")
LEARNING = ("lr_mult", "decay_mult", "weight_filler", "bias_filler")  # settings that change no feature


def cut(network: Network, layer: str | None = None) -> Network:
    """`network` as far as `layer`; None is what its last dense layer reads, before any dropout.

    >>> from striate.arch import load_network
    >>> cut(load_network("efficientnet_lite0")).output
    Volume(channels=1280, height=1, width=1)
    """
    trunk = network.trunk
    by_name = {node.name: node for node in trunk.nodes}
    if layer is None:
        dense = [node for node in trunk.nodes if node.layer.kind == "dense"]
        layer = dense[-1].inputs[0] if dense else trunk.nodes[-1].name
        while layer in by_name and by_name[layer].layer.kind == "dropout":
            layer = by_name[layer].inputs[0]
    if layer not in by_name:
        raise NetworkError("no_such_layer", f"features of {shown(network.name)} were asked for",
                           allowed="a layer of its trunk is allowed", given=f"{shown(layer)} was given",
                           do="See its layers with: striate inspect")
    values = trunk.to_dict()
    last = [node.name for node in trunk.nodes].index(layer)
    return Network.from_dict({**values, "layers": values["layers"][: last + 1]})


class FeatureExtractor:
    """Extractor of features: the output of a network that ends in them.

    Args:
        network: from `cut`; tensors: by its names, others are left out.
        preparation: size, colour and normalisation of its pictures.
        precision: `float32`, `bfloat16`, or `auto`: bfloat16 where the hardware multiplies it natively.
        memory: the folder of a feature cache, see `feature_cache.py`.

    Immutable: many threads may extract features at the same time.

    """

    def __init__(self, network: Network, tensors: Mapping[str, Tensor], preparation: InputNormalisation,
                 precision: str = "auto", memory: Path | None = None) -> None:
        self.network, self.preparation = network, preparation
        with torch.device("meta"):
            module = build(network)
        # Shared with the caller: folding copies what it changes.
        module.load_state_dict({name: tensors[name] for name in module.state_dict()}, assign=True)
        self.tensors = module.state_dict()
        self.memory = memory
        self.compiled = CompiledNet(network, self.tensors, preparation, precision)

    def __call__(self, pictures: LabelledPictures, *, mirrored: bool = False,
                 on_progress: Callable[[int, int], object] | None = None,
                 stop: Callable[[], bool] = bool) -> NDArray[np.float32]:
        """(N, D) float32 of pictures of the right size, as `extract` gives them."""
        return self.extract(pictures, mirrored=mirrored, on_progress=on_progress, stop=stop)[0]

    def extract(self, pictures: LabelledPictures, *, mirrored: bool = False,
                on_progress: Callable[[int, int], object] | None = None,
                stop: Callable[[], bool] = bool) -> tuple[NDArray[np.float32], int]:
        """Features (N, D) float32 of pictures of the right size, and how many of them were not cached.

        `mirrored`: of their mirror images. `on_progress` is called with (done, N); when `stop` turns true, the array is
        empty.
        """
        cache = FeatureCache(self.memory, self._key(mirrored), self.network.output.size) if self.memory else None
        rows = np.empty((len(pictures), self.network.output.size), np.float32)
        fresh: dict[str, int] = {}  # row by the hash of a picture that is not cached

        def fill(places: NDArray[np.int64]) -> tuple[int, dict[str, int]]:
            """Fill the rows of these pictures; returns how many had to be computed, and their rows by hash."""
            some, missing = pictures.take(places), {}
            new = np.ones(len(some), bool)
            if cache:
                digests = [pixel_hash(one) for one in some]
                new = np.array([digest not in cache for digest in digests])
                rows[places[~new]] = cache[[digest for digest in digests if digest in cache]]
                missing = {digest: int(i) for digest, i, is_new in zip(digests, places, new, strict=True) if is_new}
            if new.any():
                rows[places[new]] = self._computed(some[new], mirrored)
            return int(new.sum()), missing

        computed, done, stopped = 0, 0, False
        for places, (new, missing) in self.compiled.mapped(lambda places: (places, fill(places)), len(pictures)):
            fresh |= missing
            computed, done = computed + new, done + len(places)
            if on_progress:
                on_progress(done, len(pictures))
            if stopped := stop():
                break
        if cache and fresh:  # of a run that was stopped, too
            cache.add(list(fresh), rows[list(fresh.values())])
        return rows[:0] if stopped else rows, computed

    def volumes(self, images: NDArray[np.uint8]) -> Tensor:
        """The output of the network, (n, C, H, W) float32, for a batch of pictures (n, H, W, C) uint8 of its size."""
        return self.compiled.forward(images).reshape(len(images), *self.network.output)

    def describe(self) -> list[object]:
        """JSON values that tell it from any other: source, network, weights, preparation and number format."""
        arrays = {name: tensor.cpu().numpy() for name, tensor in self.tensors.items()}
        return [code_digest(CODE, LIBRARIES), without_settings(self.network, LEARNING), model_file.digest({}, arrays),
                self.preparation.as_dict(), str(self.compiled.dtype)]

    def _computed(self, images: NDArray[np.uint8], mirrored: bool) -> NDArray[np.float32]:
        seen = np.ascontiguousarray(images[:, :, ::-1] if mirrored else images)
        return np.asarray(self.volumes(seen).flatten(1).cpu().numpy(), np.float32)

    def _key(self, mirrored: bool) -> str:
        return key_of(*self.describe(), mirrored)
