"""Claim: a training step of LeNet waits for its pictures during at most 5 % of its time.

    python bench/feeding.py                       Fashion-MNIST from its pack, batches of 128, mirrored and shifted

`waited` is the loop's own measure of the seconds in which a step had to wait for its batch, as a share of all the time
between steps; null where the loop does not measure it. Beside it, what the same pictures cost in a plain
loop that does nothing else, one batch after the other: `take` (out of the mapped pack) and augmentation, as a share of
a step. That would be the waiting time without prefetching; it is measured in turn with the training.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from contextlib import suppress
from typing import Any

import numpy as np

from record import summary, write
from rivals.ours import model_for
from rivals.work import WARM_SECONDS, WARM_STEPS, WORKS
from striate.convnet.augment import Augmenter
from striate.convnet.recipe.recipe import Recipe
from striate.convnet.training.training_context import TrainingContext
from striate.data import Dataset, load_data
from striate.errors import Interrupted

DRAWN = {"flip": True, "shift": 0.04}


def trained(data: Dataset, seconds: float) -> tuple[float, float | None]:
    """Seconds of a step, and the share of it that is waited, over `seconds` after a warm-up."""
    model, _ = model_for(WORKS["lenet"], **DRAWN)
    began = time.perf_counter()
    times: list[float] = []
    waits: list[float | None] = []

    def on_step(step: Any) -> None:
        now = time.perf_counter()
        if times or (step.step >= WARM_STEPS and now - began > WARM_SECONDS):
            times.append(now)
            waits.append(getattr(step, "waited", None))

    with suppress(Interrupted):
        model.fit(data, context=TrainingContext(
            on_step, stop=lambda: bool(times) and times[-1] - times[0] > seconds))
    whole, told = times[-1] - times[0], [one for one in waits[1:] if one is not None]
    return whole / (len(times) - 1), sum(told) / whole if told else None


def fed(data: Dataset, seconds: float) -> dict[str, float]:
    """Seconds of taking and of augmenting one batch, in a loop that does nothing else."""
    batch = WORKS["lenet"].batch
    off = {"rotate": 0.0, "zoom": 0.0, "cutout": 0.0, "crop": 0.0, "colour": 0.0, "randaugment": 0.0, "mixup": 0.0,
           "cutmix": 0.0, "batch_size": batch}
    there = {field.name for field in dataclasses.fields(Recipe)}
    augment = Augmenter(Recipe(**DRAWN, **{name: off[name] for name in off.keys() & there}), 0, len(data))
    order = np.random.default_rng(0).permutation(len(data))
    took = drew = 0.0
    count, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        first = count * batch % (len(data) - batch)
        indices = order[first : first + batch]
        started = time.perf_counter()
        pictures = data.take(indices)
        taken = time.perf_counter()
        augment(pictures, indices)
        took, drew, count = took + taken - started, drew + time.perf_counter() - taken, count + 1
    return {"take": took / count, "augment": drew / count}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="fashion-mnist", help="28×28 grey, ten classes")
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--name", default="feeding", help="of the result")
    given = parser.parse_args()
    data = load_data(given.data).train
    steps: list[float] = []
    waits: list[float | None] = []
    loops: list[dict[str, float]] = []
    for _ in range(given.repeats):
        step, waited = trained(data, given.seconds)
        steps.append(step)
        waits.append(waited)
        loops.append(fed(data, given.seconds / 3))
    alone = [one["take"] + one["augment"] for one in loops]
    told = [one for one in waits if one is not None]
    write(given.name, "a training step of LeNet waits for its pictures during at most 5 % of its time", {
        "batch": WORKS["lenet"].batch, "pictures": len(data),
        "waited_share": summary(told) if told else None,
        "step_ms": summary([1000 * one for one in steps]),
        "take_ms": summary([1000 * one["take"] for one in loops]),
        "augment_ms": summary([1000 * one["augment"] for one in loops]),
        "share_if_not_ahead": summary([one / step for one, step in zip(alone, steps, strict=True)]),
    })


if __name__ == "__main__":
    main()
