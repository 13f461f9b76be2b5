"""Largest activations of every unit of a layer over a set of pictures, in one pass and in bounded memory.

The pass is that of features: the network is cut behind the layer, batch normalisation folded, convolutions fused, in
float32. Of each unit only the k best are held, one for each picture, as Yosinski's toolbox does (Yosinski et al. 2015,
`find_maxes`); so memory does not depend on the number of pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from striate.convnet.explain.batch_size import batch_size
from striate.convnet.explain.explained_net import HEAD, ExplainedNet
from striate.convnet.explain.look_data import LookData
from striate.convnet.inference.features import FeatureExtractor, cut
from striate.convnet.training.malloc import reuse_freed_memory
from striate.core import model_file
from striate.core.cache import DiskCache, Stored, cache_subfolder, code_digest, key_of

BEST = 9
# That of the pass up to a layer is in the description of its extractor.
CODE = ("convnet/explain/top_activations.py", "convnet/explain/linear_head.py")

OnProgress = Callable[[str, int, int], object]


@dataclass(frozen=True, eq=False)
class TopActivations:
    """The k largest activations of each of C units over N pictures, at most one for each picture and unit.

    Attributes:
        values: (C, k) float32, the largest first; of equal ones that of the earlier picture. k is 9, or N if less.
        pictures: (C, k) int64, the picture of each.
        positions: (C, k, 2) int64, the row and column of each in the layer's output, the first of equals.
        count: N.

    """

    values: NDArray[np.float32]
    pictures: NDArray[np.int64]
    positions: NDArray[np.int64]
    count: int

    @classmethod
    def none(cls, units: int, best: int) -> TopActivations:
        """Those before the first picture: minus infinity, of picture −1."""
        return cls(np.full((units, best), -np.inf, np.float32), np.full((units, best), -1, np.int64),
                   np.full((units, best, 2), -1, np.int64), 0)

    def merged(self, volume: Tensor) -> TopActivations:
        """With the activations (n, C, H, W) of the next n pictures."""
        maxima = np.ascontiguousarray(volume.amax((2, 3)).cpu().numpy().T)  # (C, n)
        units = np.flatnonzero((maxima > self.values[:, -1:]).any(axis=1))
        values, pictures, positions = self.values.copy(), self.pictures.copy(), self.positions.copy()
        best = values.shape[1]
        both = np.concatenate([values[units], maxima[units]], axis=1)
        # Stable: what was there comes first, then the pictures in their order.
        order = np.argsort(-both, axis=1, kind="stable")[:, :best]
        values[units] = np.take_along_axis(both, order, 1)
        new = order >= best
        old = np.where(new, 0, order)
        pictures[units] = np.where(new, self.count + order - best, np.take_along_axis(pictures[units], old, 1))
        positions[units] = np.take_along_axis(positions[units], old[:, :, None], 1)
        rows, places = np.nonzero(new)
        maps = volume[order[rows, places] - best, units[rows]].flatten(1)
        first = (maps == maps.amax(1, keepdim=True)).byte().argmax(1).cpu().numpy()  # the first of equals
        positions[units[rows], places] = np.stack(np.divmod(first, volume.shape[3]), axis=1)
        return TopActivations(values, pictures, positions, self.count + len(volume))


def top_activations(model: ExplainedNet, data: LookData, layer: str, *, cache: DiskCache | None = None,
                    on_progress: OnProgress | None = None) -> TopActivations:
    """The nine largest activations of each unit of `layer` over the pictures of `data`.

    cache: None is that of the user's cache folder. Cached under the hash of source, network, weights, preparation,
    layer and pictures. on_progress(stage, done, total). Raises `NetworkError` (`unknown_layer`).
    """
    volume = model.volume(layer)
    extractor = extractor_of(model, layer)
    key = key_of(code_digest(CODE, ("numpy", "torch")), *identity_of(model, layer, extractor), data.digests)
    cache = DiskCache(cache_subfolder("look")) if cache is None else cache

    def compute() -> Stored:
        found = TopActivations.none(volume.channels, min(BEST, len(data.pictures)))
        for some in batches_of(model, layer, len(data.pictures), on_progress):
            found = found.merged(outputs(model, layer, extractor, data.pictures.take(some)))
        return {"count": found.count}, {"values": found.values, "pictures": found.pictures,
                                        "positions": found.positions}

    (settings, arrays), _ = cache.arrays("strongest", key, compute)
    return TopActivations(arrays["values"], arrays["pictures"], arrays["positions"], int(settings["count"]))


def extractor_of(model: ExplainedNet, layer: str) -> FeatureExtractor:
    """The fused network up to a layer; for the head of a transfer, up to its features."""
    inner = model.net.output if layer == HEAD and model.head else layer
    return FeatureExtractor(cut(model.network, inner), model.net.state_dict(), model.preparation, "float32")


def identity_of(model: ExplainedNet, layer: str, extractor: FeatureExtractor | None = None) -> list[object]:
    """JSON values that the output of a layer depends on, besides the pictures; `extractor` is that of the layer."""
    head = model.head if layer == HEAD else None
    arrays = {} if head is None else {"weights": head.weights.numpy(), "bias": head.bias.numpy(),
                                      "mean": head.mean.numpy()}
    return [*(extractor or extractor_of(model, layer)).describe(), model_file.digest({}, arrays), layer]


def outputs(model: ExplainedNet, layer: str, extractor: FeatureExtractor, pictures: NDArray[np.uint8]) -> Tensor:
    """The output (n, C, H, W) of a layer, the head's among them, for pictures (n, H, W, C) uint8."""
    volume = extractor.volumes(pictures)
    return model.head(volume) if layer == HEAD and model.head else volume


def batches_of(model: ExplainedNet, layer: str, count: int,
               on_progress: OnProgress | None) -> Iterator[NDArray[np.int64]]:
    """The indices of `count` pictures in order, as many at a time as `batch_size` says."""
    size = batch_size(model)
    with reuse_freed_memory():
        for first in range(0, count, size):
            yield np.arange(first, min(first + size, count))
            if on_progress:
                on_progress(f"activations of {layer}", min(first + size, count), count)
