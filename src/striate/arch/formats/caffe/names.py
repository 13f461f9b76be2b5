"""Caffe's layer names as ours: one rule, shared by the reader of networks and the reader of weights.

Caffe allows any text, and allows a name twice. Here a name is 1 to 100 letters, digits or _ - + / :, and unique.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

PASSING = {"Input", "Data", "ImageData", "MemoryData", "HDF5Data", "DummyData", "WindowData", "Accuracy", "Silence",
           "HDF5Output", "Split", "SoftmaxWithLoss", "SigmoidCrossEntropyLoss", "EuclideanLoss", "HingeLoss",
           "MultinomialLogisticLoss", "InfogainLoss", "ContrastiveLoss"}
"""Types of layers that make none of ours."""


def legal(name: str) -> str:
    """The name with every other character replaced by an underscore, at most 100 long, and not `input`.

    >>> legal("conv1/3x3 s2"), legal("input"), legal("")
    ('conv1/3x3_s2', 'input_', 'layer')
    """
    name = re.sub(r"[^\w/+:-]", "_", name[:100]) or "layer"
    return "input_" if name == "input" else name


def unique(names: Iterable[str]) -> list[str]:
    """Legal names in the same order; what comes again gets a number.

    >>> unique(["conv.1", "conv_1", "pool", "conv.1"])
    ['conv_1', 'conv_1_2', 'pool', 'conv_1_3']
    """
    taken: dict[str, int] = {}
    found = []
    for name in map(legal, names):
        made = name
        while made in taken:
            taken[name] += 1
            suffix = f"_{taken[name]}"
            made = name[: 100 - len(suffix)] + suffix
        taken.setdefault(made, 1)
        found.append(made)
    return found


def node_names(layers: list[Any]) -> list[list[str]]:
    """Our names of what each Caffe layer makes: one of its own name, one for each top of a Slice, or none."""
    own = [[] if layer.type in PASSING else list(layer.top) if layer.type == "Slice" else [layer.name]
           for layer in layers]
    made = iter(unique(name for names in own for name in names))
    return [[next(made) for _ in names] for names in own]
