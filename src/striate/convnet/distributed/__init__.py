"""Distributed training with torch.distributed: process group, shard of each batch, one gradient, sharded weights.

`torchrun --nproc-per-node 2 -m striate train …` starts the ranks; each holds the whole network (or, sharded, a part of
it), takes its slice of every batch, and steps with the gradient of the whole batch's loss. A single process needs none
of this, and torch.distributed is then not even initialised.
"""

from striate.convnet.distributed.gradient_buckets import GradientBuckets
from striate.convnet.distributed.process_group import ProcessGroup
from striate.convnet.distributed.shard import BatchShard

__all__ = ["BatchShard", "GradientBuckets", "ProcessGroup"]
