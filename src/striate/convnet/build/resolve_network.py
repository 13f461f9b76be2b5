"""Resolution of a network: a name, a file or a `Network`, and the shape of the pictures it gets. No torch here."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from striate.arch import ZOO, Network, Volume, load_network
from striate.errors import NetworkError

SHAPELESS = ("no_input_shape", "keras_input")  # refusals of files that leave their input open


@dataclass(frozen=True)
class InputRequirement:
    """The picture size (height, width) and channels that a network requires; None where it takes any.

    Pictures with a side below `least` pixels are enlarged by a whole number first.
    """

    size: tuple[int, int] | None
    channels: int | None
    least: int = 1

    def size_for(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) that pictures of this size are resized to.

        >>> compact, lenet5 = input_requirement("compact"), input_requirement("lenet5")
        >>> compact.size_for(8, 8), compact.size_for(28, 28), lenet5.size_for(28, 28)
        ((16, 16), (28, 28), (32, 32))
        """
        times = -(-self.least // min(height, width))
        return self.size or (times * height, times * width)


def input_requirement(network: str | Path | Network) -> InputRequirement:
    """The input that `network` requires.

    >>> input_requirement("lenet5")
    InputRequirement(size=(32, 32), channels=None, least=1)
    """
    if not isinstance(network, Network) and str(network) in ZOO:
        entry = ZOO[str(network)]
        return InputRequirement((entry.input.height, entry.input.width) if entry.input else None, None, entry.least)
    built = network if isinstance(network, Network) else read_network(network)
    if built is None:
        return InputRequirement(None, None)
    return InputRequirement((built.input.height, built.input.width), built.input.channels)


def read_network(path: str | Path) -> Network | None:
    """The network of a file; None if it does not give its input shape (Caffe's data layers often do not)."""
    try:
        return load_network(path)
    except NetworkError as error:
        if error.code not in SHAPELESS:
            raise
        return None


def network_for(network: str | Path | Network, size: tuple[int, int], channels: int, classes: int) -> Network:
    """The network for pictures of `size` (height, width) and `channels`, with one score per class.

    Raises `NetworkError` (`class_count`, `input_volume`) when a network given in full does not fit the data.
    """
    volume = Volume(channels, *size)
    if isinstance(network, Network):
        built = network
    elif str(network) in ZOO:
        built = load_network(network, volume, classes)
    else:
        built = read_network(network) or load_network(network, volume)
    name = built.name or str(network)
    if built.input != volume:
        raise NetworkError("input_volume", f"{name} was to learn from pictures of {volume}",
                           given=f"it reads {built.input}", do=f"Change its input to {volume}")
    scores = built.output.channels * built.output.height * built.output.width
    if scores != classes:
        raise NetworkError("class_count", f"{name} was to learn {classes} classes", given=f"it ends in {scores} scores",
                           do=f"Give its last layer {classes} units")
    for head in built.auxiliary:
        ends = next(node.output for node in built.nodes if node.name == head)
        if ends.size != classes:
            raise NetworkError("class_count", f"{name} was to learn {classes} classes",
                               given=f"its auxiliary head {head} ends in {ends.size} scores",
                               do=f"Give {head} {classes} units")
    return built


def without_lr_multipliers(network: Network) -> Network:
    """`network` with all multipliers of the learning rate 1.

    >>> from striate.arch import Conv, Input
    >>> without_lr_multipliers(Network(Conv(2, 3, lr_mult=0)(Input(1, 8, 8)))).tensors["conv1.weight"].lr_mult
    1.0
    """
    return Network.from_dict(without_settings(network, ("lr_mult",)))


def without_settings(network: Network, names: Collection[str]) -> dict[str, Any]:
    """`network.to_dict()` without the settings of layers called `names`, which then have their defaults."""
    values = network.to_dict()
    for layer in values["layers"]:
        for settings in layer.values() if isinstance(layer, dict) else ():
            if isinstance(settings, dict):
                for name in names:
                    settings.pop(name, None)
    return values
