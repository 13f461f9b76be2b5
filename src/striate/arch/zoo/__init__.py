"""Networks known by name. Each file is one paper; each entry says which."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches

from striate.arch.network import Network
from striate.arch.rules import either
from striate.arch.volume import Volume
from striate.arch.zoo.compact import compact
from striate.arch.zoo.lenet import lenet5
from striate.errors import UsageError, shown


@dataclass(frozen=True)
class Entry:
    """A network by name: how to build it, the picture it was made for (None: any), and where it comes from.

    `example` is the input it is shown with when none is given; pictures with a side below `least` pixels do better
    enlarged.
    """

    build: Callable[[Volume, int], Network]
    input: Volume | None
    example: Volume
    paper: str
    year: int
    least: int = 1


ZOO: dict[str, Entry] = {
    "compact": Entry(compact, None, Volume(1, 28, 28), "striate's own: VGG with batch normalisation, made small", 2015,
                     least=16),
    "lenet5": Entry(lenet5, Volume(1, 32, 32), Volume(1, 32, 32),
                    "LeCun, Bottou, Bengio & Haffner, Gradient-based learning applied to document recognition", 1998),
}


def build(name: str, input: Volume | None = None, classes: int = 10) -> Network:  # noqa: A002 - the language's word
    """The network `name` on `input` (its own, or an example, if None), ending in `classes` values.

    Raises `UsageError` for an unknown name, `WindowError` where the picture is too small.

    >>> build("lenet5").parameters  # 60,850 = the paper's 60,000 + (84 + 1)·10
    60850
    """
    if name not in ZOO:
        near = get_close_matches(name, ZOO, 1)
        raise UsageError("unknown_network", "a network was asked for", allowed=f"{either(list(ZOO))} is allowed",
                         given=f"{shown(name)} was given",
                         do=f"Did you mean {near[0]}?" if near else "Choose one, or give a .yaml or .json file")
    entry = ZOO[name]
    return entry.build(input or entry.example, classes)
