"""Shard of a batch: the slice of pictures of a rank, and its weight in the loss of the whole batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own custom


@dataclass(frozen=True)
class BatchShard:
    """A rank's contiguous slice, [first, last), of `count` items; the ranks' sizes differ by one at most.

    A slice may be empty where there are fewer items than ranks: that rank takes part in the step all the same, with a
    batch of no pictures, because the others wait for it.

    >>> [BatchShard.of(10, rank, 4).size for rank in range(4)]
    [2, 3, 2, 3]
    """

    first: int
    last: int
    count: int
    rank: int = 0
    world_size: int = 1

    @classmethod
    def of(cls, count: int, rank: int = 0, world_size: int = 1) -> BatchShard:
        """The slice of `rank` out of `world_size`."""
        return cls(count * rank // world_size, count * (rank + 1) // world_size, count, rank, world_size)

    @property
    def size(self) -> int:
        """The number of items in the slice."""
        return self.last - self.first

    @property
    def slice(self) -> slice:
        """The slice as an index into the whole batch."""
        return slice(self.first, self.last)

    @property
    def sizes(self) -> list[int]:
        """The number of items of each rank."""
        return [BatchShard.of(self.count, rank, self.world_size).size for rank in range(self.world_size)]

    def portion(self, mean: Tensor, scores: Tensor | Sequence[Tensor]) -> Tensor:
        """The contribution of the slice to the loss of the whole batch, (): over the ranks they sum to its mean loss.

        Args:
            mean: the mean loss of the slice's own pictures, (); NaN where there are none.
            scores: what the loss was computed of; without pictures their sum, 0, keeps the graph of the backward pass.

        >>> losses = torch.tensor([1.0, 2.0, 6.0])
        >>> parts = [BatchShard.of(3, rank, 2) for rank in range(2)]
        >>> float(sum(shard.portion(losses[shard.slice].mean(), losses[shard.slice]) for shard in parts))  # (1+2+6)/3
        3.0

        """
        if self.world_size == 1:
            return mean
        if not self.size:
            outputs = [scores] if isinstance(scores, Tensor) else scores
            return torch.stack([output.float().sum() for output in outputs]).sum()
        return mean * (self.size / self.count)


def dropped(x: Tensor, rate: float, shard: BatchShard | None) -> Tensor:
    """Dropout of the slice `x`, (n, …), by a mask drawn for the whole batch: so no world size changes what is dropped.

    torch's generator must stand at the same place on all ranks. `world_size` times as much is drawn as is used.

    >>> x = torch.ones(5, 2, 1, 1)
    >>> _ = torch.manual_seed(0)
    >>> whole = dropped(x, 0.5, None)
    >>> _ = torch.manual_seed(0)
    >>> bool((dropped(x[2:], 0.5, BatchShard.of(5, 1, 2)) == whole[2:]).all())
    True
    """
    if shard is None or shard.world_size == 1:
        return F.dropout(x, rate)
    ones = torch.ones((shard.count, *x.shape[1:]), dtype=x.dtype, device=x.device)
    if x.ndim == 4:
        ones = ones.contiguous(memory_format=torch.channels_last)
    return x * F.dropout(ones, rate)[shard.slice]
