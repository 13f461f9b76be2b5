"""Muon: momentum whose every step is made orthogonal (Jordan et al. 2024, kellerjordan.github.io/posts/muon).

The step of a weight matrix G = U·S·Vᵀ is about U·Vᵀ: all its directions are equally long. Five Newton–Schulz steps come
close enough. The weight of a convolution is the matrix (out, in·k·k). Where we differ: what Muon is not for (biases,
norms, the first convolution, the last layer of the trunk and of each auxiliary head) goes by Nesterov's momentum here,
and by AdamW there. Weight decay is decoupled: it is not part of the gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from striate.arch.network import INPUT, Node
from striate.convnet.build.net import Net
from striate.convnet.optimisers.parameter_groups import groups_of
from striate.convnet.recipe.recipe import Recipe

POLYNOMIAL = (3.4445, -4.7750, 2.0315)  # a·x + b·x³ + c·x⁵ brings singular values fast, if roughly, to 1
ROUNDS = 5
WIDE = 3.0  # columns per row, from which the rounds are cheaper on squares: 2.2 times so at 64×576
REST = 1.0  # the learning rate of what goes by Nesterov's momentum, as a multiple of Muon's
MATRICES = ("conv", "dense")  # kinds of layers whose weight is a matrix (out, …); table_conv's is a list of kernels


class Muon(torch.optim.Optimizer):
    """Muon for matrices (groups with `matrices`), Nesterov momentum for all else.

    The state is `momentum_buffer`, in each parameter's shape. Same-shaped matrices are multiplied in one batch.

    Args:
        groups: with `params`, `lr`, `lr_mult`, `weight_decay`, `momentum`, `matrices`.

    """

    def __init__(self, groups: list[dict[str, Any]]) -> None:
        super().__init__(groups, {"lr": 0.0, "lr_mult": 1.0, "weight_decay": 0.0, "momentum": 0.0, "matrices": False})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One step down the gradients that are there."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            parameters = [parameter for parameter in group["params"] if parameter.grad is not None]
            if not parameters or not group["lr"]:
                continue
            steps = self._nesterov(parameters, group["momentum"])
            if group["matrices"]:
                steps = orthogonalised(steps)
            if group["weight_decay"]:
                torch._foreach_mul_(parameters, 1 - group["lr"] * group["weight_decay"])
            torch._foreach_add_(parameters, steps, alpha=-group["lr"])
        return loss

    def _nesterov(self, parameters: list[nn.Parameter], momentum: float) -> list[Tensor]:
        """The gradients g become g + momentum·m, after their running sum m has become momentum·m + g."""
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        if not momentum:
            return gradients
        buffers = []
        for parameter in parameters:
            state = self.state[parameter]
            if "momentum_buffer" not in state:
                state["momentum_buffer"] = torch.zeros_like(parameter)
            buffers.append(state["momentum_buffer"])
        torch._foreach_mul_(buffers, momentum)
        torch._foreach_add_(buffers, gradients)
        return list(torch._foreach_add(gradients, buffers, alpha=momentum))


def orthogonalised(tensors: list[Tensor]) -> list[Tensor]:
    """Each tensor, (out, in) or (out, in, k, k), as a matrix with singular values near 1, times √max(1, rows/columns).

    The factor gives tall matrices steps as large as others (Jordan's implementation).

    >>> matrix = torch.tensor([[3.0, 0.0, 0.0], [0.0, 0.1, 0.0]])
    >>> orthogonalised([matrix])[0].abs().gt(0.6).tolist()  # both directions are now about equally long
    [[True, False, False], [False, True, False]]
    """
    alike: dict[torch.Size, list[int]] = {}
    matrices = [_matrix(tensor) for tensor in tensors]
    for place, matrix in enumerate(matrices):
        alike.setdefault(matrix.shape, []).append(place)  # one batch of 6 of 16×144 takes 0.3 of the time of six
    result = list(tensors)
    for (rows, columns), places in alike.items():
        made = newton_schulz(torch.stack([matrices[place] for place in places]))
        made = made.to(tensors[places[0]].dtype) * max(1.0, rows / columns) ** 0.5
        for place, matrix in zip(places, made, strict=True):
            result[place] = _as_kernel(matrix, tensors[place])
    return result


def newton_schulz(matrices: Tensor) -> Tensor:
    """Matrices (n, rows, columns) with their singular values near 0.7 to 1.2; a matrix of zeros stays so.

    What was below a thousandth of the whole norm may stay smaller.
    """
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = x / (torch.linalg.matrix_norm(x, keepdim=True) + 1e-7)
    if x.shape[2] >= WIDE * x.shape[1]:
        x = _newton_schulz_wide(x)
    else:
        a, b, c = POLYNOMIAL
        for _ in range(ROUNDS):
            square = x @ x.mT
            x = torch.baddbmm(x, torch.baddbmm(square, square, square, beta=b, alpha=c), x, beta=a)
    return x.mT if tall else x


def _newton_schulz_wide(x: Tensor) -> Tensor:
    """Newton–Schulz for wide matrices (n, rows, columns): the rounds are on X·Xᵀ, which is small; X is read twice.

    With A = X·Xᵀ and Q = a + b·A + c·A², a round makes X into Q·X and A into Q·A·Q. Of columns = 9·rows, as 3×3
    convolutions have, that is 35·rows³ multiply-adds and not 95. Bfloat16 would be too
    coarse for squares, and on a processor is no faster at this size.
    """
    a, b, c = POLYNOMIAL
    square = x @ x.mT
    identity = torch.eye(x.shape[1], dtype=x.dtype, device=x.device).expand_as(square)
    whole = identity
    for turn in range(ROUNDS):
        factor = torch.baddbmm(a * identity + b * square, square, square, alpha=c)
        whole = factor @ whole if turn else factor
        if turn < ROUNDS - 1:
            square = factor @ square @ factor
    return whole @ x


def _matrix(tensor: Tensor) -> Tensor:
    # Channels last, a convolution's weight is in memory as (out, k·k·in): this order needs no copy.
    return (tensor.permute(0, 2, 3, 1) if tensor.ndim == 4 else tensor).flatten(1)


def _as_kernel(matrix: Tensor, like: Tensor) -> Tensor:
    if like.ndim != 4:
        return matrix.reshape(like.shape)
    out, channels, height, width = like.shape
    return matrix.reshape(out, height, width, channels).permute(0, 3, 1, 2)


def make(module: Net, recipe: Recipe) -> Muon:
    """Muon for the weights of convolutions and dense layers between the first and the last, Nesterov for the rest."""
    inner = set(inner_weights(module))
    rest = {name for name, _ in module.named_parameters()} - inner
    groups = [group | {"matrices": True} for group in groups_of(module, recipe, inner)]
    groups += [group | {"lr_mult": REST * group["lr_mult"]} for group in groups_of(module, recipe, rest)]
    return Muon([group | {"momentum": recipe.momentum or 0.0} for group in groups])


def inner_weights(module: Net) -> Iterator[str]:
    """The names of the weights that Muon steps.

    >>> from striate.arch import load_network
    >>> from striate.convnet.build.net import build
    >>> list(inner_weights(build(load_network("lenet5"))))  # c1 is the first, c3 has a table, output is the last
    ['c5.weight', 'f6.weight']
    """
    learning = [node for node in module.nodes if _has_weight(node)]
    outer = {node.name for node in [node for node in learning if "conv" in node.layer.kind][:1]}
    for end in (module.output, *module.heads):
        outer |= _last_weighted(module, end)
    for node in learning:
        if node.layer.kind in MATRICES and node.name not in outer:
            yield f"{node.name}.weight"


def _last_weighted(module: Net, end: str) -> set[str]:
    """The layers with a weight matrix that the scores `end` come from with no other between."""
    nodes = {node.name: node for node in module.nodes}
    found, open_ = set(), [end]
    while open_:
        name = open_.pop()
        if name == INPUT:
            continue
        if _has_weight(nodes[name]):
            found.add(name)
        else:
            open_ += nodes[name].inputs
    return found


def _has_weight(node: Node) -> bool:
    """Whether it has a weight of two or more dimensions."""
    return any(tensor.role == "weight" and len(tensor.shape) >= 2 for tensor in node.tensors.values())
