"""Many processes that train one network: who they are, which pictures each takes, and how they come to one gradient.

`torchrun --nproc-per-node 2 -m striate train …` starts them; each holds the whole network (or, sharded, a part of it),
takes its slice of every batch, and steps with the gradient of the whole batch's loss. One process needs none of this,
and torch.distributed is then not even initialised.
"""

from striate.nets.ranks.gradients import Gradients
from striate.nets.ranks.part import Part
from striate.nets.ranks.ranks import Ranks

__all__ = ["Gradients", "Part", "Ranks"]
