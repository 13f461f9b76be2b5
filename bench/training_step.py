"""Claim: a step of training takes no more of a processor's time than one of a loop written by hand with every trick.

    python bench/training_step.py lenet --steps 200
    python bench/training_step.py resnet9 --steps 10

One thread, one process; a step of ours and one of the loop in turn, so that both meet the same neighbours and the same
temperature. Time of the thread that trains: our pictures are prepared by another, the loop's by its own. A fifth of the
steps is not counted.
"""

from __future__ import annotations

import argparse
import statistics
import time
from contextlib import suppress
from typing import Any

import torch

from record import summary, write
from rivals.loops import steps_by_hand
from rivals.nets import NETS
from rivals.ours import model_for
from rivals.work import WORKS, made
from striate.convnet.training.training_context import TrainingContext
from striate.errors import Interrupted

PICTURES = 80  # batches


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("net", choices=WORKS)
    parser.add_argument("--steps", type=int, default=200)
    given = parser.parse_args()
    torch.set_num_threads(1)
    work = WORKS[given.net]
    pictures, labels = made(work, min(work.count, PICTURES * work.batch))
    loop = steps_by_hand(work, NETS[given.net](), *map(torch.from_numpy, (pictures, labels)))
    ours: list[float] = []
    theirs: list[float] = []
    began = [time.thread_time()]

    def on_step(_: Any) -> None:
        now = time.thread_time()
        ours.append(1000 * (now - began[0]))
        next(loop)
        began[0] = time.thread_time()
        theirs.append(1000 * (began[0] - now))

    model, _ = model_for(work)
    with suppress(Interrupted):
        model.fit(pictures, labels, context=TrainingContext(on_step, stop=lambda: len(ours) >= given.steps))
    counted = slice(given.steps // 5, None)
    write(f"training-step-{given.net}", "milliseconds of one thread a step, in turn with a loop written by hand", {
        "network": work.network, "batch": work.batch, "striate": summary(ours[counted]),
        "PyTorch by hand": summary(theirs[counted]),
        "times_as_fast": statistics.median(theirs[counted]) / statistics.median(ours[counted]),
    })


if __name__ == "__main__":
    main()
