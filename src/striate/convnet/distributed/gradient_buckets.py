"""Gradients summed over the ranks in buckets: each rank adds the gradient of its slice of the batch.

Gradients are gathered in buckets, in the reverse order of the parameters, and a bucket is sent as soon as it is full,
while the backward pass through the lower layers still goes on (Li et al., *PyTorch Distributed*, VLDB 2020, 3.2).
Where we differ from DistributedDataParallel: it lays out its buckets anew after the first step, so a run that is
resumed adds in another order than one that was not, and more than two ranks then end in other bits; ours never change.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch import distributed as dist

BYTES = 25 << 20  # of a bucket


class GradientBucket:
    """A group of parameters and one flat tensor of their gradients, to be summed over the ranks."""

    def __init__(self, parameters: Sequence[nn.Parameter]) -> None:
        self.parameters = parameters
        self.flat = torch.zeros(sum(p.numel() for p in parameters), dtype=parameters[0].dtype,
                                device=parameters[0].device)
        pieces = torch.split(self.flat, [p.numel() for p in parameters])
        # With the strides of the parameter, channels last included: the optimiser's loops want both alike.
        self.views = [piece.as_strided(p.shape, p.stride(), piece.storage_offset())
                      for piece, p in zip(pieces, parameters, strict=True)]
        self.missing = len(parameters)
        self.work: dist.Work | None = None

    def send(self) -> None:
        """Begin the sum; parameters that had no gradient count as 0."""
        filled = [(view, p.grad) for view, p in zip(self.views, self.parameters, strict=True) if p.grad is not None]
        if len(filled) < len(self.parameters):
            self.flat.zero_()
        torch._foreach_copy_([view for view, _ in filled], [gradient for _, gradient in filled])
        self.work = dist.all_reduce(self.flat, async_op=True)

    def receive(self) -> None:
        """Wait for the sum and make it the parameters' gradient."""
        assert self.work
        self.work.wait()
        for view, parameter in zip(self.views, self.parameters, strict=True):
            parameter.grad = view
        self.work, self.missing = None, len(self.parameters)


class GradientBuckets:
    """The backward pass from a loss, its gradients summed over all ranks; with one rank just `backward`.

    Args:
        module: whose parameters learn; where they are sharded, torch sums their gradients itself.
        world_size: how many ranks there are.
        size: bytes of a bucket.

    Limits: every parameter that learns must be of one type and on one device.

    >>> weight = nn.Linear(1, 1)
    >>> GradientBuckets(weight).backward(weight(torch.ones(1, 1)).sum() * 0 + 3, 1.0).tolist()  # the loss, and one vote
    [3.0, 1.0]
    >>> weight.weight.grad.tolist()
    [[0.0]]

    """

    def __init__(self, module: nn.Module, world_size: int = 1, size: int = BYTES) -> None:
        self.world_size = world_size
        learning = [p for p in module.parameters() if p.requires_grad]
        self.buckets: list[GradientBucket] = []
        self.sent = 0
        if world_size == 1 or any(hasattr(p, "to_local") for p in learning):
            return
        self.buckets = [GradientBucket(some) for some in group_by_size(learning, size)]
        for bucket in self.buckets:
            for parameter in bucket.parameters:
                arrived = partial(self._on_gradient, bucket)
                parameter.register_post_accumulate_grad_hook(arrived)  # type: ignore[no-untyped-call]

    def backward(self, loss: Tensor, *votes: float) -> Tensor:
        """Set every parameter's gradient; `loss` is this rank's part of the batch's, see `BatchShard.portion`.

        Returns the sums over all ranks of loss and `votes`, (1 + votes,) float64 on the loss's device: the same
        bits on every rank, so what they decide by them they decide alike.
        """
        values = torch.tensor([0.0, *votes], dtype=torch.float64).to(loss.device, non_blocking=True)
        values[0] = loss.detach()
        voting = dist.all_reduce(values, async_op=True) if self.world_size > 1 else None
        loss.backward()  # type: ignore[no-untyped-call]
        for bucket in self.buckets[self.sent :]:
            bucket.send()
        for bucket in self.buckets:
            bucket.receive()
        self.sent = 0
        if voting:
            voting.wait()
        return values

    def _on_gradient(self, bucket: GradientBucket, parameter: Tensor) -> None:  # noqa: ARG002 - torch passes it
        bucket.missing -= 1
        # All ranks send in the order of the buckets, whatever fills first.
        while self.sent < len(self.buckets) and not self.buckets[self.sent].missing:
            self.buckets[self.sent].send()
            self.sent += 1


def group_by_size(parameters: Sequence[nn.Parameter], size: int) -> list[list[nn.Parameter]]:
    """The parameters, last first, in groups of about `size` bytes.

    >>> many = [nn.Parameter(torch.zeros(n)) for n in (5, 1, 2)]
    >>> [[len(one) for one in bucket] for bucket in group_by_size(many, 12)]  # 4 bytes a number: (2 + 1)·4 = 12
    [[2, 1], [5]]
    """
    buckets: list[list[nn.Parameter]] = []
    room = 0
    for parameter in reversed(parameters):
        needed = parameter.numel() * parameter.element_size()
        if needed > room:
            buckets.append([])
            room = max(size, needed)
        buckets[-1].append(parameter)
        room -= needed
    return buckets
