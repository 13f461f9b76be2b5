"""Conversion of Caffe's layer names to ours, for the readers of networks and of weights.

Caffe allows any text, and allows a name twice. Here a name is 1 to 100 letters, digits or _ - + / :, and unique.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from itertools import count
from typing import Any

# Types without a layer of ours: inputs, layers that only training uses, and copies.
DATA_LAYERS = ("Input", "Data", "ImageData", "MemoryData", "HDF5Data", "DummyData", "WindowData")
LOSSES = ("SoftmaxWithLoss", "SigmoidCrossEntropyLoss", "EuclideanLoss", "MultinomialLogisticLoss", "HingeLoss",
          "InfogainLoss", "ContrastiveLoss")
WATCHERS = ("Accuracy", "Silence", "HDF5Output")
PASSING = {*DATA_LAYERS, *LOSSES, *WATCHERS, "Split"}


def legal_name(name: str) -> str:
    """A layer name with other characters replaced by underscores, at most 100 long, and not `input`.

    >>> legal_name("conv1/3x3 s2"), legal_name("input"), legal_name("")
    ('conv1/3x3_s2', 'input_', 'layer')
    """
    name = re.sub(r"[^\w/+:-]", "_", name[:100]) or "layer"
    return "input_" if name == "input" else name


def unique_names(names: Iterable[str]) -> list[str]:
    """Legal names in the same order; repeated ones get a number.

    >>> unique_names(["conv.1", "conv_1", "pool", "conv.1"])
    ['conv_1', 'conv_1_2', 'pool', 'conv_1_3']
    """
    taken: dict[str, None] = {}  # in order
    tried: dict[tuple[str, int], int] = {}
    for name in map(legal_name, names):
        taken[_numbered(name, taken, tried) if name in taken else name] = None
    return list(taken)


def _numbered(name: str, taken: Container[str], tried: dict[tuple[str, int], int]) -> str:
    """The name, cut to make room, with the least free number; `tried` has the last one for each stem and length of
    the number, so that names cut to the same stem do not all count from 2.
    """
    for digits in count(1):
        stem = name[:99 - digits]
        number = tried.get((stem, digits), max(2, 10 ** (digits - 1)))
        while number < 10 ** digits and f"{stem}_{number}" in taken:
            number += 1
        tried[stem, digits] = number
        if number < 10 ** digits:
            return f"{stem}_{number}"
    raise AssertionError  # `count` has no end


def caffe_names(layer: Any) -> list[str]:
    """Caffe's names for the outputs of a layer: its own, that of each top of a Slice, or none."""
    return [] if layer.type in PASSING else list(layer.top) if layer.type == "Slice" else [layer.name]


def node_names(layers: list[Any]) -> list[list[str]]:
    """Our names for the outputs of each Caffe layer, in order."""
    own = [caffe_names(layer) for layer in layers]
    made = iter(unique_names(name for names in own for name in names))
    return [[next(made) for _ in names] for names in own]
