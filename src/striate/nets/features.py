"""What a trained network says of pictures before its last layer: one row of numbers for each.

The network is cut behind the layer, batch normalisation is folded (`folding.py`), memory is kept from batch to batch.
Where the hardware multiplies bfloat16 natively, weights and volumes are bfloat16: features take half the time and
differ by some per cent of their length from those in float32, which are the same on every machine within rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from striate.arch import Network
from striate.errors import NetworkError, shown
from striate.fitting import Labelled
from striate.nets.build import build
from striate.nets.folding import folded
from striate.nets.precision import best_device, choose
from striate.nets.prepare import Preparation
from striate.nets.training import memory

BATCH = 32


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


class Features:
    """Features of pictures by a network whose output they are.

    Args:
        network: from `cut`; tensors: by its names, others are left out.
        preparation: how its pictures are made.
        precision: `float32`, `bfloat16`, or `auto`: bfloat16 where the hardware multiplies it natively.

    """

    def __init__(self, network: Network, tensors: Mapping[str, Tensor], preparation: Preparation,
                 precision: str = "auto") -> None:
        self.network, self.preparation = network, preparation
        module = build(network)
        module.load_state_dict({name: tensors[name] for name in module.state_dict()})
        self.tensors = module.state_dict()
        self.dtype = torch.bfloat16 if choose(precision).name == "bfloat16" else torch.float32
        self.module = folded(module).to(best_device(), self.dtype)

    def __call__(
        self, pictures: Labelled, *, mirrored: bool = False, watch: Callable[[int, int], object] | None = None,
        stop: Callable[[], bool] = bool,
    ) -> NDArray[np.float32]:
        """(N, D) float32 of pictures of the right size; `mirrored`: of their mirror images.

        `watch` is called with (done, N); when `stop` turns true, what is done is returned.
        """
        device, parts = best_device(), []
        with torch.inference_mode(), memory.kept():
            for first in range(0, len(pictures), BATCH):
                if stop():
                    break
                some = pictures.take(np.arange(first, min(first + BATCH, len(pictures))))
                batch = self.preparation.batch(np.ascontiguousarray(some[:, :, ::-1] if mirrored else some), device)
                parts.append(self.module(batch.to(self.dtype)).float().cpu().numpy())
                if watch:
                    watch(min(first + BATCH, len(pictures)), len(pictures))
        return np.concatenate(parts) if parts else np.empty((0, self.network.output.size), np.float32)
