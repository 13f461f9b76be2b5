"""Fully sharded weights, for networks too large for one device: each rank stores a part and fetches the rest by layer.

Fully sharded data parallelism (Rajbhandari et al., *ZeRO*, SC 2020, section 5; torch's `fully_shard`). The largest
layers are fetched and let go one by one, all others together. Running averages stay whole on every rank.

torch's part is imported where it is used: it takes 40 MB and half a second, which a prediction has no use for.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, TypeGuard, cast

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from torch.distributed.tensor import DTensor

ALONE = 1 << 20  # values in a layer that is fetched by itself


def shard(module: nn.Module, world_size: int) -> None:
    """Divide the parameters of `module` among the ranks, in place; the optimiser is to be made afterwards. Collective.

    Its gradients are sums over the ranks, as `BatchShard.portion` wants them.
    """
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import FSDPModule, fully_shard

    # Nothing changes the scores in place, which is what torch warns of.
    warnings.filterwarnings("ignore", "FSDP2-wrapped module .* returned a view tensor", UserWarning)
    # torch 2.13 divides plain tensors only; channels last is left to the pictures.
    module.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    device = next(module.parameters()).device.type
    mesh = init_device_mesh(device, (world_size,))
    for layer in module.children():
        if sum(p.numel() for p in layer.parameters()) >= ALONE:
            fully_shard(layer, mesh=mesh)
    fully_shard(module, mesh=mesh)
    for part in module.modules():
        if isinstance(part, FSDPModule):
            part.set_gradient_divide_factor(1.0)
            part.set_force_sum_reduction_for_comms(True)  # gloo has no other


def is_divided(tensor: Tensor) -> TypeGuard[DTensor]:
    """Whether a parameter, or the optimiser's state of it, is divided among the ranks."""
    from torch.distributed.tensor import DTensor

    return isinstance(tensor, DTensor)


def whole(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors, undivided; those that are so already are not copied. Collective."""
    return {name: tensor.full_tensor() if is_divided(tensor) else tensor for name, tensor in tensors.items()}


def divided(tensor: Tensor, like: Tensor) -> Tensor:
    """`tensor`, whole on every rank, as `like` is divided: a parameter, or the optimiser's state of it.

    >>> divided(torch.ones(2), torch.zeros(2)).tolist()
    [1.0, 1.0]
    """
    from torch.distributed.tensor import distribute_tensor

    if not is_divided(like) or tensor.shape != like.shape:
        return tensor
    placed = tensor.to(like.device)
    return cast(Tensor, distribute_tensor(placed, like.device_mesh, like.placements, src_data_rank=None))


def load(module: nn.Module, tensors: dict[str, Tensor]) -> None:
    """Put whole `tensors`, by name, into a module that may be sharded."""
    own = module.state_dict()
    with torch.no_grad():
        for name, tensor in tensors.items():
            own[name].copy_(divided(tensor, own[name]))
