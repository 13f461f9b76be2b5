"""Backward pass over the description of a network, by one of three rules, from any layer to any layer before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from striate.arch.network import INPUT
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.rules import operations_of
from striate.convnet.explain.target import Target
from striate.errors import UsageError, shown


@dataclass(frozen=True, eq=False)
class ForwardPass:
    """Forward pass of a batch that stores what the backward passes by its rule need.

    Attributes:
        volumes: outputs (n, C, H, W) of the requested layers, and `input`, by name; with their torch graph.
        rule: `deconvnet`, `gradient` or `guided`.

    A picture's backward pass does not depend on the others in the batch.

    """

    volumes: Mapping[str, Tensor]
    rule: str

    @classmethod
    def of(cls, model: ExplainedNet, batch: Tensor, layers: Iterable[str], rule: str = "gradient") -> ForwardPass:
        """The pass of a normalised batch (n, C, H, W) through `layers` and all that lead to them.

        Raises `UsageError` (`unknown_rule`, `rule_undefined`, `signals_not_finite`) and `NetworkError`
        (`unknown_layer`).
        """
        asked = list(dict.fromkeys((*layers, INPUT)))
        path = {node.name: node for name in asked if name != INPUT for node in model.path_to(name)}
        operations = operations_of(rule, list(path.values()))
        with torch.enable_grad():
            begun = batch.detach().requires_grad_()
            volumes = model.activations(begun, asked, operations)
        for name, volume in volumes.items():
            refuse_overgrown(volume, f"the output of {name}")
        return cls(volumes, rule)

    def back(self, layer: str, seed: Tensor, to: str = INPUT, last: bool = False) -> Tensor:
        """What `seed`, of the shape of the output of `layer`, becomes at the output of `to`, in the shape of that.

        The `last` one frees, on its way, what the forward pass has stored; `back` can then not be called again. Zero
        where `layer` does not depend on `to`. Raises `UsageError` (`signals_not_finite`).
        """
        if layer == to:
            return seed
        with torch.enable_grad():  # The gradient of this sum is the seed, bit for bit; given one, torch loads SymPy.
            begun = (self.volumes[layer] * seed).sum()
        (found,) = torch.autograd.grad(begun, self.volumes[to], retain_graph=not last, allow_unused=True,
                                       materialize_grads=True)
        refuse_overgrown(found, f"what comes back from {layer}")
        return found


def refuse_overgrown(volume: Tensor, what: str) -> None:
    """Refuse values of a network that are infinite or no numbers (`signals_not_finite`)."""
    if not bool(torch.isfinite(volume).all()):
        raise UsageError("signals_not_finite", "a network was to be explained", allowed="finite signals are allowed",
                         given=f"{shown(what)} outgrew float32", do="Choose a layer nearer to the pictures")


def seed_of(volume: Tensor, target: Target, value: float | None = 1.0) -> Tensor:
    """A seed for `ForwardPass.back`: `value` at one unit of each picture of `volume` (n, C, H, W), and zero elsewhere.

    None as `value` is the activation itself. A target without a position is where the unit is strongest, in each
    picture for itself (the first of equals); one without a unit is every unit, at the position or everywhere.

    >>> volume = torch.tensor([[[[1.0, 5.0], [2.0, 0.0]]]])
    >>> seed_of(volume, Target("conv1", 0)).tolist(), seed_of(volume, Target("conv1", 0, (1, 0)), None).tolist()
    ([[[[0.0, 1.0], [0.0, 0.0]]]], [[[[0.0, 0.0], [2.0, 0.0]]]])
    """
    values = volume.detach() if value is None else torch.full_like(volume, value)
    if target.unit is None and target.at is None:
        return values
    chosen = torch.zeros_like(volume)
    units = slice(None) if target.unit is None else slice(target.unit, target.unit + 1)
    if target.at is not None:
        row, column = target.at
        chosen[:, units, row, column] = 1
    else:
        places = positions(volume, target)
        every = torch.arange(len(volume))
        chosen[every, target.unit, places[:, 0], places[:, 1]] = 1
    return values * chosen


def positions(volume: Tensor, target: Target) -> Tensor:
    """The row and column, (n, 2) int64, where the target's unit is strongest in each picture of `volume` (n, C, H, W).

    The position of the target, where it has one; else the first of equal maxima in row order.
    """
    if target.at is not None:
        return torch.tensor([target.at] * len(volume))
    assert target.unit is not None
    flat = volume.detach()[:, target.unit].flatten(1)
    first = (flat == flat.amax(1, keepdim=True)).to(torch.uint8).argmax(1)
    return torch.stack([first // volume.shape[3], first % volume.shape[3]], 1).cpu()
