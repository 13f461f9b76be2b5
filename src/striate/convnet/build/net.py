"""Networks as torch modules: one module a node, tensors named as the network names them (`conv1.weight`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, cast

import torch
from torch import Tensor, nn

from striate.arch import Network
from striate.arch.network import INPUT, Node
from striate.convnet.build.operations import OPERATIONS, Operation, UnitContext, max_pool_switches
from striate.convnet.distributed.shard import BatchShard
from striate.errors import NetworkError, shown

NAMED = 12  # layers, in a refusal


class NodeModule(nn.Module):
    """One node: its tensors, and its operation on the outputs of the nodes before it."""

    def __init__(self, node: Node) -> None:
        super().__init__()
        self.node, self.layer = node, node.layer
        for name, tensor in node.tensors.items():
            if tensor.role == "buffer":
                self.register_buffer(name, torch.zeros(tensor.shape))
            else:
                self.register_parameter(name, nn.Parameter(torch.zeros(tensor.shape)))

    @property
    def tensors(self) -> dict[str, Tensor]:
        """Parameters and buffers by name."""
        return cast(dict[str, Tensor], self._parameters | self._buffers)  # ten times as fast as access by name

    def forward(self, *inputs: Tensor, step: int | None = None, shard: BatchShard | None = None) -> Tensor:
        """(N, C, H, W) tensors in, one out; `step` and `shard` as in `Net.forward`."""
        return OPERATIONS[self.layer.kind](self.layer, UnitContext(self.tensors, self.training, step, shard), *inputs)

    def extra_repr(self) -> str:
        """The text that `print(module)` shows."""
        return f"{self.layer} -> {self.node.output}"


@dataclass(frozen=True, eq=False)
class Activations:
    """Activations of one batch, as `Net.activations` returns them.

    Attributes:
        volumes: the output (N, C, H, W) of each requested layer, by name.
        switches: of each max pooling among them, if switches were requested, the winner of each output value,
            (N, C, H', W') int64: row · W + column in its channel of the layer's input; see `max_pool_switches`.

    """

    volumes: dict[str, Tensor]
    switches: dict[str, Tensor]


class Net(nn.Module):
    """A network as a torch module; returns scores (N, K), before any final softmax.

    While training, a network with auxiliary heads returns a list: its scores, then those of the heads, whose loss
    weights are in `heads`. At other times the heads are not computed.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network
        by_name = {node.name: node for node in network.nodes}
        # The loss and the softmax of predict_proba take scores; a final softmax layer would be applied twice.
        ends = {name: by_name[name].inputs[0] if by_name[name].layer.kind == "softmax" else name
                for name in (network.nodes[-1].name, *network.auxiliary)}
        dropped = {name for name, scores in ends.items() if scores != name}
        self.nodes = tuple(node for node in network.nodes if node.name not in dropped)
        self.output = ends[network.nodes[-1].name]
        self.heads = {ends[name]: weight for name, weight in network.auxiliary.items()}
        trunk = {node.name for node in network.trunk.nodes}
        self.path = tuple(node for node in self.nodes if node.name in trunk)
        for node in self.nodes:
            if node.name == "training":  # torch assigns to it, whenever train() or eval() is called
                raise NetworkError("reserved_name", "a layer called training was to be built",
                                   allowed="any other name is allowed", given="torch keeps this one for itself",
                                   do="Rename the layer")
            self.exchange(node.name, NodeModule(node))
        self.last_use = last_uses(self.nodes, {self.output, *self.heads})  # scores may feed other layers too

    def module_of(self, name: str) -> nn.Module:
        """The module of the node `name`: a `NodeModule`, unless another was put in its place."""
        return cast(nn.Module, self._modules[name])

    def exchange(self, name: str, module: nn.Module) -> None:
        """Put `module` in the place of that of the node `name`."""
        # Not add_module: a layer may be called `type` or `half`, which are attributes of every module.
        self._modules[name] = module

    def forward(self, x: Tensor, step: int | None = None, shard: BatchShard | None = None) -> Tensor | list[Tensor]:
        """(N, C, H, W) float to (N, K) scores; with heads and while training, to a list of scores.

        Args:
            x: pictures, normalised.
            step: which step of a training this is, from 0: running averages begin with the first.
            shard: which slice of the step's batch `x` is; None is the whole batch.

        """
        own: dict[str, Any] = {} if step is None else {"step": step, "shard": shard}
        volumes = {INPUT: x}
        heads = list(self.heads) if self.training else []
        for node in self.nodes if heads else self.path:
            volumes[node.name] = self.module_of(node.name)(*(volumes[name] for name in node.inputs), **own)
            for name in node.inputs:
                if self.last_use.get(name) == node.name:
                    volumes.pop(name, None)
        scores = [volumes[name].flatten(1) for name in (self.output, *heads)]
        return scores if heads else scores[0]

    def activations(self, x: Tensor, layers: Iterable[str], switches: bool = False,
                    operations: Mapping[str, Operation] = OPERATIONS) -> Activations:
        """The outputs of named `layers` for a batch `x` (N, C, H, W), computed as for a prediction.

        Nothing is dropped and no running average moves, whatever mode the module is in; it keeps no state. Only
        what leads to the layers is computed, and of it only the requested layers are stored (under `torch.no_grad()`;
        with gradients torch stores what the backward pass needs). A final softmax, auxiliary heads and `input` can be
        requested. Refuses other names (`unknown_layer`). `operations` replaces the table that computes the layers.

        >>> from striate.arch import load_network
        >>> found = build(load_network("lenet_caffe")).activations(torch.zeros(2, 1, 28, 28), ["pool1"], switches=True)
        >>> tuple(found.volumes["pool1"].shape), int(found.switches["pool1"][0, 0, 1, 2])  # row 2 and column 4 of 24
        ((2, 20, 12, 12), 52)
        """
        asked = dict.fromkeys(layers)
        for name in asked:
            refuse_unknown_layer(name, [*(node.name for node in self.network.nodes), INPUT], self.network.name)
        path = self.path_to(asked)
        last_use, volumes, winners = last_uses(path, asked), {INPUT: x}, {}
        for node in path:
            inputs = [volumes[name] for name in node.inputs]
            unit = self._modules.get(node.name)  # a final softmax has none
            if switches and node.name in asked and is_max_pooling(node):
                volumes[node.name], winners[node.name] = max_pool_switches(node.layer, *inputs)
            else:
                own = UnitContext(cast(NodeModule, unit).tensors if unit else {})
                volumes[node.name] = operations[node.layer.kind](node.layer, own, *inputs)
            for name in node.inputs:
                if last_use.get(name) == node.name:
                    volumes.pop(name, None)
        return Activations({name: volumes[name] for name in asked}, winners)

    def path_to(self, layers: Iterable[str]) -> list[Node]:
        """The nodes that lead to any of `layers`, with these, in order.

        >>> from striate.arch import load_network
        >>> [node.name for node in build(load_network("lenet5")).path_to(["s2"])]
        ['c1', 'c1_tanh', 's2_pool', 's2']
        """
        needed, path = set(layers), []
        for node in reversed(self.network.nodes):
            if node.name in needed:
                path.append(node)
                needed.update(node.inputs)
        return path[::-1]


def refuse_unknown_layer(layer: str, known: Sequence[str], title: str) -> None:
    """Refuse a layer that is not one of the `known` ones of a network (`unknown_layer`); names one alike, or some."""
    if layer not in known:
        near = get_close_matches(str(layer), known, 1)
        listed = ", ".join(shown(one, 40) for one in known[:NAMED])
        more = f" and {len(known) - NAMED:,} more" if len(known) > NAMED else ""
        raise NetworkError("unknown_layer", f"activations of {shown(title or 'a network')} were asked for",
                           allowed="its layers by name, and input, are allowed",
                           given=f"{shown(str(layer))} was given",
                           do=f"Did you mean {shown(near[0], 80)}?" if near else f"Choose one of {listed}{more}")


def last_uses(nodes: Iterable[Node], kept: Iterable[str]) -> dict[str, str]:
    """The last of `nodes`, in order, that reads each volume, by the volume's name; without those that are `kept`."""
    uses = {name: node.name for node in nodes for name in node.inputs}
    return {name: last for name, last in uses.items() if name not in set(kept)}


def is_max_pooling(node: Node) -> bool:
    """Whether its outputs are maxima over pixels, which have switches."""
    return node.layer.kind in ("pool", "global_pool") and getattr(node.layer, "mode", "") == "max"


def build(network: Network) -> Net:
    """The torch module of `network`, with its tensors still zero; see `striate.convnet.build.initialise`.

    >>> from striate.arch import load_network
    >>> [name for name in build(load_network("lenet5")).state_dict()][:3]
    ['c1.weight', 'c1.bias', 's2.weight']
    """
    return Net(network)
