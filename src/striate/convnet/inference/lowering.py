"""Lowering of a network to the list of operations that predict: fused ones where there are, the layers' own elsewhere.

Of each layer on the path to the scores one kernel is made, a function of tensors whose weights are packed for it. A
layer without a kernel of its own runs as `striate.convnet.build.operations` has it, in the number format of the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import torch
from torch import Tensor, nn

from striate.arch.network import INPUT, Node
from striate.convnet.build.net import Net, NodeModule, is_max_pooling
from striate.convnet.build.normalise import InputNormalisation
from striate.convnet.build.operations import OPERATIONS, UnitContext
from striate.convnet.inference.channel_windows import channel_normalisation
from striate.convnet.inference.fold_batch_norm import InPlaceReLU, folded, needs_rotation
from striate.convnet.inference.fused_conv import AVAILABLE, DTYPES, FusedConvReLU
from striate.convnet.inference.fused_dense import dense_kernel
from striate.convnet.inference.input_conversion import byte_conversion, normalisation
from striate.convnet.inference.max_pooling import max_pooling

Kernel = Callable[..., Tensor]
POSITIVE = ("pool", "concat", "lrn", "dropout", "global_pool", "maximum", "multiply", "slice")  # if their inputs are
OWN = ("add", "relu", "batch_norm", "pool")  # the volume that they give is a tensor of its own


@dataclass(frozen=True)
class Step:
    """One operation: the kernel, the volumes that it reads, that which it makes, and those that are then freed."""

    kernel: Kernel
    inputs: tuple[str, ...]
    output: str
    freed: tuple[str, ...]


def lower(net: Net, preparation: InputNormalisation, dtype: torch.dtype, batch: int) -> tuple[Step, ...]:
    """The steps from bytes (n, C, H, W), channels last, called `input`, to the scores (n, …) float32: the last output.

    Args:
        net: stays as it is.
        preparation: of its pictures.
        dtype: of weights and volumes, float32 or bfloat16.
        batch: pictures of a batch, for which weights are packed; others are as right.

    """
    turned = needs_rotation(net)
    return _Lowering(folded(net, turned), preparation, dtype, batch, turned).steps()


class _Lowering:
    """The steps of one folded network, layer by layer."""

    def __init__(self, net: Net, preparation: InputNormalisation, dtype: torch.dtype, batch: int, turned: bool) -> None:
        self.net, self.preparation, self.dtype, self.batch, self.turned = net, preparation, dtype, batch, turned
        self.nodes = {node.name: node for node in net.path}
        self.alias: dict[str, str] = {}  # layers that compute nothing, and the volume that is theirs
        for node in net.path:
            if node.layer.kind == "dropout" or isinstance(net.module_of(node.name), nn.Identity):
                self.alias[node.name] = self._volume(node.inputs[0])
        self.order = [node.name for node in net.path if node.name not in self.alias]
        self.uses = Counter(self._volume(name) for node in net.path if node.name not in self.alias
                            for name in node.inputs)
        self.uses[self._volume(net.output)] += 1
        self.readers: dict[str, Node] = {self._volume(name): node for node in net.path if node.name not in self.alias
                                         for name in node.inputs}
        self.positive: set[str] = set()
        self.made: list[tuple[Kernel, tuple[str, ...], str]] = []

    def steps(self) -> tuple[Step, ...]:
        """The steps, each with the volumes that none behind it reads."""
        self._begin()
        for node in self.net.path:
            if node.name not in self.alias:
                self._add(node)
        output = self._volume(self.net.output)
        last = {name: place for place, (_, inputs, _) in enumerate(self.made) for name in inputs}
        return tuple(
            Step(kernel, inputs, made, tuple({name for name in inputs if last[name] == place and name != output}))
            for place, (kernel, inputs, made) in enumerate(self.made))

    def _volume(self, name: str) -> str:
        """The name of the volume that the layer `name` gives."""
        return self.alias.get(name, name)

    def _before(self, node: Node) -> Any:
        name = node.inputs[0]
        return self.nodes[name].output if name in self.nodes else self.net.network.input

    def _only_reader(self, name: str) -> Node | None:
        """The one layer that reads the volume `name`, if nothing else does."""
        return self.readers.get(name) if self.uses[name] == 1 else None

    def _begin(self) -> None:
        """The first step: from bytes to what the network reads."""
        reader = self._only_reader(INPUT)
        unit = self.net.module_of(reader.name) if reader else None
        self.absorbing = reader.name if reader and isinstance(unit, FusedConvReLU) and unit.settings[3] == 1 else ""
        if isinstance(unit, FusedConvReLU) and self.absorbing:
            sides = unit.absorb(self.preparation.mean, self.preparation.std, self.dtype)
            kernel = byte_conversion(self.preparation, self.dtype, sides, self.turned)
        else:
            kernel = normalisation(self.preparation, self.dtype, self.turned)
        self.made.append((kernel, (INPUT,), INPUT))

    def _add(self, node: Node) -> None:
        inputs = tuple(self._volume(name) for name in node.inputs)
        unit = self.net.module_of(node.name)
        if self._is_added_to(node):
            return  # a part of the addition
        kernel: Kernel
        output = node.name
        if isinstance(unit, FusedConvReLU):
            kernel = unit.kernel(self._before(node), self.dtype)
            self._mark(output, unit.has_relu)
        elif node.layer.kind == "add" and (conv := self._added_conv(node)):
            inner = self.nodes[conv]
            (other,) = (name for name in inputs if name != conv)
            relu = self._relu_behind(output)
            kernel = cast(FusedConvReLU, self.net.module_of(conv)).adding_kernel(
                self._before(inner), self.dtype, bool(relu))
            inputs = (self._volume(inner.inputs[0]), other)
            self._merge(output, relu)
        elif node.layer.kind == "dense":
            relu = self._relu_behind(output)
            kernel = dense_kernel(cast(NodeModule, unit), self._before(node), self.dtype, self.batch, bool(relu),
                                  output == self.net.output or relu == self.net.output)
            self._merge(output, relu)
        else:
            kernel = self._kernel(node, unit, inputs)
            self._mark(output, node.layer.kind == "relu" or (
                node.layer.kind in POSITIVE and all(name in self.positive for name in inputs)))
        self.made.append((kernel, inputs, output))

    def _mark(self, name: str, positive: bool) -> None:
        if positive:
            self.positive.add(name)

    def _relu_behind(self, name: str) -> str:
        """The name of an unlimited ReLU that alone reads the volume `name`, or nothing."""
        reader = self._only_reader(name)
        plain = reader and reader.layer.kind == "relu" and getattr(reader.layer, "limit", None) is None
        return reader.name if reader and plain and name != self._volume(self.net.output) else ""

    def _merge(self, name: str, relu: str) -> None:
        """Let the layer `relu` be a part of the layer `name`."""
        if not relu:
            return
        self._mark(name, True)
        for layer, volume in (*self.alias.items(), (relu, relu)):
            if volume == relu:
                self.alias[layer] = name
        self.uses[name] = self.uses[relu]
        if relu in self.readers:
            self.readers[name] = self.readers[relu]

    def _is_added_to(self, node: Node) -> bool:
        reader = self._only_reader(node.name)
        return bool(reader and reader.layer.kind == "add" and self._added_conv(reader) == node.name)

    def _added_conv(self, node: Node) -> str:
        """The convolution that an addition can be fused with, or nothing: the layer before it, which it alone reads.

        The sum is written over the other volume. So that must be a tensor of its own, which neither the
        convolution reads nor anything later on.
        """
        place = self.order.index(node.name)
        conv, inputs = self.order[place - 1], [self._volume(name) for name in node.inputs]
        unit = self.net.module_of(conv)
        if not (AVAILABLE and self.dtype in DTYPES and isinstance(unit, FusedConvReLU) and not unit.has_relu):
            return ""
        if len(inputs) != 2 or inputs.count(conv) != 1 or getattr(node.layer, "coefficients", None):
            return ""
        (other,) = (name for name in inputs if name != conv)
        if self._only_reader(conv) is not node or conv == self.absorbing or other not in self.nodes:
            return ""
        later = {self._volume(name) for after in (conv, *self.order[place + 1 :]) for name in self.nodes[after].inputs}
        own = isinstance(self.net.module_of(other), FusedConvReLU) or self.nodes[other].layer.kind in OWN
        return conv if own and other not in later and other != self._volume(self.net.output) else ""

    def _kernel(self, node: Node, unit: nn.Module, inputs: Sequence[str]) -> Kernel:
        """The kernel of a layer that is no convolution and no dense layer."""
        layer: Any = node.layer
        if isinstance(unit, InPlaceReLU):
            return unit
        before = self._before(node)
        if is_max_pooling(node) and layer.kind == "pool":
            axes = layer.window.axes(before.height, before.width)
            pool = max_pooling(axes, layer.rounding, inputs[0] in self.positive)
            if pool:
                return pool
        if layer.kind == "lrn" and layer.region == "across":
            return channel_normalisation(layer, before, self.dtype)
        if layer.kind == "global_pool" and node.name == self.net.output:  # scores: not rounded
            return lambda x: OPERATIONS["global_pool"](layer, UnitContext({}), x.float())
        wide = layer.kind == "batch_norm"  # its averages are float32 beside any input
        tensors = {name: tensor.detach().to(torch.float32 if wide else self.dtype)
                   for name, tensor in cast(NodeModule, unit).tensors.items()}
        return partial(OPERATIONS[layer.kind], layer, UnitContext(tensors))
