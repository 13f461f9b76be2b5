"""Zoo entries: builder, paper and published figures of a network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from striate.arch.network import Network
from striate.arch.volume import Volume


@dataclass(frozen=True)
class ZooEntry:
    """A network of the zoo: its builder, the picture size it was made for (None: any), and its paper.

    `example` is the input, and `classes` the number of classes, it is shown with when none is given; pictures with a
    side below `least` pixels do better enlarged. `year` is that of the first publication, `cite` names the paper in a
    few words, `variant` its form.

    `top1` and `top5` are published errors: per cent of the pictures whose class is not the first, or not among the
    first five, predicted; `measured` names the pictures and the crops, `source` the publisher (the errors are those of
    published weights, not of ours). `published` is the published number of parameters, as rounded there.
    """

    build: Callable[[Volume, int], Network]
    input: Volume | None
    example: Volume
    paper: str
    year: int
    least: int = 1
    classes: int = 1000
    cite: str = ""
    variant: str = ""
    top1: float | None = None
    top5: float | None = None
    measured: str = ""
    source: str = ""
    published: int | None = None
