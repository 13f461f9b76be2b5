"""Pictures and labels of a data set from one `.npz`, and a clock, for rivals that are stopped after some minutes."""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass
class Given:
    """Arrays (N, H, W, C) uint8 and (N,) int64 to learn from and to judge by; minutes; seed."""

    learnt: tuple[np.ndarray, np.ndarray]
    judged: tuple[np.ndarray, np.ndarray]
    minutes: float
    seed: int
    began: float = 0.0

    def start(self) -> None:
        """Training begins now."""
        self.began = time.monotonic()

    @property
    def out(self) -> bool:
        """Whether the minutes are out."""
        return time.monotonic() - self.began >= 60 * self.minutes


def read() -> Given:
    """What the command line gives: FILE --minutes --seed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with np.load(given.file) as arrays:
        return Given((arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"]),
                     given.minutes, given.seed)


def tell(given: Given, seconds: float, right: np.ndarray, pictures: int, **more: object) -> None:
    """Print the share of right answers, the seconds of training, and how many pictures were learnt from."""
    print(json.dumps({"accuracy": float(np.mean(right)), "count": len(right), "seed": given.seed,
                      "training_seconds": seconds, "epochs": pictures / len(given.learnt[0]), **more}))
