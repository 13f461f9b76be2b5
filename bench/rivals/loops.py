"""Two loops one writes in PyTorch, on pictures held in memory. Prints the speed.

    cd bench && python -m rivals.loops resnet9 --precision bfloat16      with every trick we know
    cd bench && python -m rivals.loops resnet9 --plain                   as one writes it first: float32, nothing else

The tricks: channels last, bfloat16 products (or float32, where that is faster), pictures kept as bytes and taken by
index, one fused optimiser step, gradients dropped instead of zeroed, no synchronising, and `--compile`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from rivals.nets import NETS, learnt
from rivals.work import DECAY, MEAN, MOMENTUM, RATE, SPREAD, WORKS, Timer, Work, made, parser


def main() -> None:
    arguments = parser()
    arguments.add_argument("--precision", choices=("bfloat16", "float32"), default="bfloat16")
    arguments.add_argument("--compile", action="store_true")
    arguments.add_argument("--plain", action="store_true")
    given = arguments.parse_args()
    work = WORKS[given.net]
    torch.manual_seed(0)
    loop = plain if given.plain else by_hand
    loop(given, *map(torch.from_numpy, made(work)), Timer(work.batch, given.seconds))


def by_hand(given: argparse.Namespace, pictures: torch.Tensor, labels: torch.Tensor, timer: Timer) -> None:
    """As fast as we can write it; `pictures` (N, H, W, C) uint8, `labels` (N,) int64."""
    work, module = WORKS[given.net], NETS[given.net]()
    losses = steps_by_hand(work, module, pictures, labels, getattr(torch, given.precision), given.compile)
    for step, loss in enumerate(losses, 1):
        if timer.tick(step):
            timer.report(work, learnt(module), loss.item())
            return


def steps_by_hand(work: Work, module: nn.Module, pictures: torch.Tensor, labels: torch.Tensor,
                  kind: torch.dtype = torch.bfloat16, compiled: bool = False) -> Iterator[torch.Tensor]:
    """Train `module` for ever; the loss of each step, ()."""
    module.to(memory_format=torch.channels_last).train()
    optimiser = torch.optim.SGD(module.parameters(), RATE, MOMENTUM, weight_decay=DECAY, nesterov=True, fused=True)

    def loss_of(taken: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        x = taken.permute(0, 3, 1, 2).to(kind).sub_(MEAN).mul_(1 / SPREAD)  # the view is channels last already
        with torch.autocast("cpu", kind, enabled=kind != torch.float32):
            scores = module(x)
        return cross_entropy(scores.float(), targets)

    forward = torch.compile(loss_of) if compiled else loss_of
    while True:
        for indices in torch.randperm(len(pictures)).split(work.batch):
            loss = forward(pictures[indices], labels[indices])
            loss.backward()
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
            yield loss


def plain(given: argparse.Namespace, pictures: torch.Tensor, labels: torch.Tensor, timer: Timer) -> None:
    """As it is written first: float32 pictures (N, C, H, W) normalised once, everything else by default."""
    work = WORKS[given.net]
    inputs = ((pictures.permute(0, 3, 1, 2).float() - MEAN) / SPREAD).contiguous()
    module = NETS[given.net]()
    module.train()
    optimiser = torch.optim.SGD(module.parameters(), RATE, MOMENTUM, weight_decay=DECAY, nesterov=True)
    step = 0
    while True:
        for indices in torch.randperm(work.count).split(work.batch):
            optimiser.zero_grad()
            loss = cross_entropy(module(inputs[indices]), labels[indices])
            loss.backward()
            optimiser.step()
            step += 1
            if timer.tick(step):
                timer.report(work, learnt(module), loss.item())
                return


if __name__ == "__main__":
    main()
