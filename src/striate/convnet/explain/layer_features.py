"""Features of layers: which layers of a network are compared, and how each is described by a bounded vector.

A volume is described by the mean and the maximum of each channel over the cells of the finest grid, of 4×4, 2×2 or 1×1,
that gives at most 2,048 numbers, or over all positions; a volume without positions is taken as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own custom

from striate.arch.layer_traits import ELEMENTWISE, SAME_VALUES
from striate.arch.network import INPUT
from striate.arch.volume import Volume
from striate.convnet.explain.batch_size import batch_size
from striate.convnet.explain.explained_net import HEAD, ExplainedNet
from striate.convnet.explain.look_data import LookData
from striate.convnet.explain.top_activations import OnProgress

WIDEST = 2_048  # dimensions
GRIDS = (4, 2, 1)
LAST = 2  # layers, features and scores, that are probed in any case


def probed_layers(model: ExplainedNet, last: str) -> tuple[str, ...]:
    """The layers that may be probed, in order: `input`, the end of each chain of layers up to `last`, and `last`.

    A convolution that is only normalised and rectified has its end in the ReLU.
    """
    path = {node.name for node in model.path_to(last)}
    readers = Counter(name for node in model.nodes.values() for name in node.inputs)
    inner = {node.inputs[0] for node in model.nodes.values()
             if node.layer.kind in ELEMENTWISE - SAME_VALUES and readers[node.inputs[0]] == 1}
    ends = [node.name for node in model.nodes.values()
            if node.name in path and node.name not in inner and node.layer.kind not in SAME_VALUES]
    return tuple(dict.fromkeys((INPUT, *ends, *((model.net.output,) if last == HEAD and model.head else ()), last)))


def spaced(layers: Sequence[str], most: int) -> tuple[str, ...]:
    """At most `most` of the layers: the last two, and of the others evenly from the first one.

    >>> spaced("abcdefgh", 5)
    ('a', 'c', 'f', 'g', 'h')
    """
    if len(layers) <= most:
        return tuple(layers)
    places = np.linspace(0, len(layers) - 1 - LAST, most - LAST).round().astype(int)
    return (*(layers[i] for i in places), *layers[-LAST:])


def pooling_of(volume: Volume) -> tuple[int, str]:
    """How a volume is described: the side of the grid, 0 for its values as they are, and a clause for people.

    >>> pooling_of(Volume(96, 55, 55)), pooling_of(Volume(10, 1, 1))
    ((2, 'mean and maximum over a 2×2 grid'), (0, 'as it is'))
    """
    channels, height, width = volume
    if height == width == 1:
        return 0, "as it is"
    for side in GRIDS:
        if side <= min(height, width) and 2 * channels * side**2 <= WIDEST:
            return side, f"mean and maximum over a {side}×{side} grid"
    return 1, "mean and maximum over all positions"


def pooled(volume: Tensor) -> Tensor:
    """Features (n, D) of a volume (n, C, H, W), as `pooling_of` says."""
    side, _ = pooling_of(Volume(*volume.shape[1:]))
    if not side:
        return volume.flatten(1)
    parts = F.adaptive_avg_pool2d(volume, side), F.adaptive_max_pool2d(volume, side)
    return torch.cat([part.flatten(1) for part in parts], 1)


def features_of_layers(model: ExplainedNet, layers: Sequence[str], data: LookData, picked: NDArray[np.int64],
                       on_progress: OnProgress | None = None) -> dict[str, NDArray[np.float32]]:
    """Pooled features (n, D) of each layer for the pictures `picked`, in one pass in float32."""
    found: dict[str, list[NDArray[np.float32]]] = {layer: [] for layer in layers}
    size = batch_size(model, stored=True)  # the volumes of all `layers` are held until they are described
    for first in range(0, len(picked), size):
        with torch.no_grad():
            batch = model.batch(data.pictures.take(picked[first : first + size]))
            for layer, volume in model.activations(batch, layers).items():
                found[layer].append(pooled(volume).cpu().numpy())
        if on_progress:
            on_progress("activations of all layers", min(first + size, len(picked)), len(picked))
    return {layer: np.concatenate(rows) for layer, rows in found.items()}
