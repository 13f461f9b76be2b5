"""Initialisation of weights: each tensor drawn by its initializer, from a seed of its own name.

A layer added elsewhere in the network leaves the weights of the others as they were.
"""

from __future__ import annotations

import numpy as np
import torch

from striate.arch.initializer import bilinear
from striate.convnet.build.net import Net
from striate.convnet.training.seeding import generator


def fill(net: Net, seed: int) -> None:
    """Fill every tensor of `net`, in place; the same seed gives the same bits.

    >>> from striate.arch import load_network
    >>> from striate.convnet.build.net import build
    >>> net = build(load_network("lenet5"))
    >>> fill(net, 0)
    >>> bool(net.state_dict()["c1.weight"].std() > 0)
    True
    """
    state = net.state_dict()
    for node in net.nodes:
        for name, tensor in node.tensors.items():
            law = tensor.filler.distribution(tensor.fan_in, tensor.fan_out)
            draw = generator(seed, "fill", node.name, name)
            match law.name:
                case "constant":
                    values = np.full(tensor.shape, law.a)
                case "uniform":
                    values = draw.uniform(law.a, law.b, tensor.shape)
                case "normal":
                    values = draw.normal(law.a, law.b, tensor.shape)
                    if tensor.filler.sparse:
                        values *= draw.random(tensor.shape) < tensor.filler.sparse / tensor.shape[0]
                case "bilinear":
                    values = np.broadcast_to(bilinear(*tensor.shape[-2:]), tensor.shape)
            with torch.no_grad():
                state[f"{node.name}.{name}"].copy_(torch.from_numpy(values.astype(np.float32)))
