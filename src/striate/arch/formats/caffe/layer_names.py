"""Layer names of Caffe as ours: one rule, shared by the reader of networks and the reader of weights.

Caffe allows any text, and allows a name twice. Here a name is 1 to 100 letters, digits or _ - + / :, and unique.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from itertools import count
from typing import Any

# Types that make no layer of ours: what feeds a network, what only training looks at, and what only passes on.
DATA_LAYERS = ("Input", "Data", "ImageData", "MemoryData", "HDF5Data", "DummyData", "WindowData")
LOSSES = ("SoftmaxWithLoss", "SigmoidCrossEntropyLoss", "EuclideanLoss", "MultinomialLogisticLoss", "HingeLoss",
          "InfogainLoss", "ContrastiveLoss")
WATCHERS = ("Accuracy", "Silence", "HDF5Output")
PASSING = {*DATA_LAYERS, *LOSSES, *WATCHERS, "Split"}


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
    taken: dict[str, None] = {}  # in order
    tried: dict[tuple[str, int], int] = {}
    for name in map(legal, names):
        taken[_numbered(name, taken, tried) if name in taken else name] = None
    return list(taken)


def _numbered(name: str, taken: Container[str], tried: dict[tuple[str, int], int]) -> str:
    """The name, cut to make room, with the least number that is free; `tried` keeps how far each stem and length of
    the number has come, so that names which are cut to the same stem do not all count from 2.
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
    """Caffe's names of what a layer makes: its own, that of each top of a Slice, or none."""
    return [] if layer.type in PASSING else list(layer.top) if layer.type == "Slice" else [layer.name]


def node_names(layers: list[Any]) -> list[list[str]]:
    """Our names of what each Caffe layer makes, in order."""
    own = [caffe_names(layer) for layer in layers]
    made = iter(unique(name for names in own for name in names))
    return [[next(made) for _ in names] for names in own]
