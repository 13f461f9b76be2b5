"""The work that `bench/training.py` gives to all alike: networks, made-up pictures, and how speed is taken.

Only NumPy and the standard library are imported, so that a rival in any environment can use it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from dataclasses import dataclass

import numpy as np

WARM_STEPS, WARM_SECONDS = 5, 4.0  # steps and seconds that do not count: kernels are chosen and memory is taken


@dataclass(frozen=True)
class Work:
    """A network of the zoo and its pictures, (count, side, side, channels) uint8; how many parameters are learnt."""

    network: str
    side: int
    channels: int
    classes: int
    batch: int
    count: int  # a multiple of the batch, so that every step is of the same size
    parameters: int


WORKS = {
    "lenet": Work("lenet_caffe", 28, 1, 10, 128, 468 * 128, 431_080),
    "resnet9": Work("resnet9", 28, 1, 10, 128, 468 * 128, 6_571_968),  # 6,573,120 with three channels
    "alexnet": Work("alexnet_one_tower", 224, 3, 1000, 32, 64 * 32, 61_100_840),
}
RATE, MOMENTUM, DECAY = 0.001, 0.9, 0.0005  # of all; so low that random labels do no harm
MEAN, SPREAD = 124.5, 60.0  # about those of the made-up pictures, for rivals that are told rather than measure


def made(work: Work, count: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Pictures (count, side, side, channels) uint8 of 7×7 blocks with some noise, and labels (count,) int64 in turn."""
    rng = np.random.default_rng(0)
    count = count or work.count
    blocks = rng.integers(0, 200, (count, work.side // 7, work.side // 7, work.channels), np.uint8)
    pictures = blocks.repeat(7, axis=1).repeat(7, axis=2)
    pictures += rng.integers(0, 50, pictures.shape, np.uint8)
    return pictures, np.arange(count, dtype=np.int64) % work.classes


def parser() -> argparse.ArgumentParser:
    """The arguments of every rival."""
    one = argparse.ArgumentParser()
    one.add_argument("net", choices=WORKS)
    one.add_argument("--seconds", type=float, default=15.0)
    return one


class Timer:
    """Told of every finished step, it takes the speed of the steady part, and says when there is enough of it.

    >>> timer = Timer(batch=128, seconds=15)
    >>> timer.tick(1)
    False
    """

    def __init__(self, batch: int, seconds: float) -> None:
        self.batch, self.seconds = batch, seconds
        self.began: float | None = None  # when the first step ended: building and compiling are no part of the warm-up
        self.ticks: list[tuple[int, float]] = []  # (steps so far, when), from the end of the warm-up on

    def tick(self, step: int) -> bool:
        """Step number `step`, counted from 1, has ended; True when enough was measured."""
        now = time.perf_counter()
        self.began = self.began or now
        if self.ticks or (step >= WARM_STEPS and now - self.began > WARM_SECONDS):
            self.ticks.append((step, now))
        return self.done

    @property
    def done(self) -> bool:
        """Whether enough was measured."""
        return bool(self.ticks) and self.ticks[-1][1] - self.ticks[0][1] >= self.seconds

    def report(self, work: Work, parameters: int, loss: float, **more: object) -> None:
        """Print what was measured; refuses another network than that asked for, and a loss that is no number."""
        if parameters != work.parameters:
            raise SystemExit(f"another network: {parameters} parameters, not {work.parameters}")
        if not np.isfinite(loss):
            raise SystemExit(f"nothing was learnt: the loss is {loss}")
        (first, start), (last, end) = self.ticks[0], self.ticks[-1]
        steps = [1000 * (b[1] - a[1]) / (b[0] - a[0]) for a, b in zip(self.ticks, self.ticks[1:])]  # noqa: B905
        print(json.dumps({
            "pictures_per_second": (last - first) * self.batch / (end - start), "seconds": end - start,
            "steps": last - first, "step_ms_median": statistics.median(steps), "step_ms_least": min(steps),
            "parameters": parameters, "loss": loss, **more}))
