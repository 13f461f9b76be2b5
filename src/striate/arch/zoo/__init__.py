"""The zoo: published networks by name. Each file is one paper; each entry cites it and names the variant.

Layers have the names of the paper or of its public Caffe file; where such a file gives fillers and multipliers of the
learning rate these are used, otherwise weights are filled by `msra`. No network ends in a softmax: a loss takes the
values before it. Networks of one year are in the reading order of a lecture.
"""

from __future__ import annotations

from difflib import get_close_matches

from striate.arch.network import Network
from striate.arch.volume import Volume
from striate.arch.zoo import (
    alexnet,
    compact,
    efficientnet_lite,
    googlenet,
    lenet,
    mobilenet,
    one_tower,
    resnet,
    resnet9,
    resnet20,
    squeezenet,
    vgg,
    zfnet,
)
from striate.arch.zoo.zoo_entry import ZooEntry
from striate.core.humanize import join_words
from striate.errors import UsageError, shown

ZOO: dict[str, ZooEntry] = {
    name: entry
    for paper in (lenet, alexnet, one_tower, zfnet, vgg, googlenet, resnet, resnet20, compact, squeezenet, mobilenet,
                  resnet9, efficientnet_lite)
    for name, entry in paper.ENTRIES.items()
}

__all__ = ["ZOO", "ZooEntry", "build"]


def build(name: str, input: Volume | None = None, classes: int | None = None) -> Network:  # noqa: A002 - our word
    """The network `name` on `input` (its own, or an example, if None), ending in `classes` values (its own if None).

    Raises `UsageError` for an unknown name, `WindowError` where the picture is too small.

    >>> build("lenet5").parameters  # 60,850 = the paper's 60,000 + (84 + 1)·10
    60850
    >>> str(build("alexnet").output), str(build("alexnet", classes=15).output)
    ('1000×1×1', '15×1×1')
    """
    if name not in ZOO:
        near = get_close_matches(name, ZOO, 3, 0.75)
        raise UsageError("unknown_network", "a network was asked for",
                         allowed="a name that striate inspect --list shows is allowed",
                         given=f"{shown(name)} was given",
                         do=f"Did you mean {join_words(near)}?" if near else "Choose one, or give a network file")
    entry = ZOO[name]
    return entry.build(input or entry.example, entry.classes if classes is None else classes)
