"""Caffe's LeNet in plain PyTorch, stopped by the clock: Adam, float32, all the pictures, nothing drawn or chosen.

    cd bench && python -m rivals.clock_lenet fashion.npz --minutes 1

Prints the share of right answers; the last weights are judged, once.
"""

from __future__ import annotations

import time

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from rivals.clock import read, tell
from rivals.nets import lenet

BATCH = 128


def main() -> None:
    given = read()
    torch.manual_seed(given.seed)
    inputs, tests = (torch.from_numpy(one[0]).permute(0, 3, 1, 2).float() / 255 for one in (given.learnt, given.judged))
    labels = torch.from_numpy(given.learnt[1])
    module, seen = lenet(), 0
    optimiser = torch.optim.Adam(module.parameters())
    given.start()
    while not given.out:
        for indices in torch.randperm(len(inputs)).split(BATCH):
            optimiser.zero_grad()
            cross_entropy(module(inputs[indices]), labels[indices]).backward()
            optimiser.step()
            seen += len(indices)
            if given.out:
                break
    seconds = time.monotonic() - given.began
    module.eval()
    with torch.inference_mode():
        answers = np.concatenate([module(part).argmax(1).numpy() for part in tests.split(1_000)])
    tell(given, seconds, answers == given.judged[1], seen)


if __name__ == "__main__":
    main()
