"""Layers that take a pass over memory of their own in predictions, `unfused`: known before a weight exists.

The compiled form of a network (`striate.convnet.inference`) folds normalisations into the convolution before them, and
computes ReLUs and additions together with the convolution or dense layer before them. The same rules are here without
weights: a batch normalisation behind a max pooling is taken to have no negative factor.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from striate.arch.layer_traits import ELEMENTWISE, SAME_VALUES
from striate.arch.network import INPUT, Network, Node

CONVOLUTIONS = frozenset({"conv", "table_conv"})
FACTORS = frozenset({"batch_norm", "scale"})  # folded into a convolution
FUSABLE = (ELEMENTWISE - SAME_VALUES) | {"add", "multiply", "maximum"}
OWN_TENSOR = frozenset({"add", "relu", "batch_norm", "pool"})  # an addition may be written over what they give


def unfused(network: Network) -> tuple[str, ...]:
    """Names of the elementwise layers, sums, products and maxima of `network` that no other layer computes with it.

    >>> from striate.arch import BatchNorm, Conv, Dense, Input, Network, ReLU, Tanh
    >>> x = Tanh()(ReLU()(BatchNorm()(Conv(8, 3)(Input(3, 9, 9)))))
    >>> unfused(Network(Dense(5)(ReLU()(Dense(7)(x)))))
    ('tanh1',)
    """
    nodes = network.trunk.nodes
    path = nodes[:-1] if nodes[-1].layer.kind == "softmax" else nodes  # its scores are used in its place
    return _Fusion(path).unfused()


class _Fusion:
    """The layers on the path to the scores, and what each of them is computed with."""

    def __init__(self, path: Sequence[Node]) -> None:
        self.path, self.output = path, path[-1].name
        self.nodes = {node.name: node for node in path}
        self.rectified: set[str] = set()  # convolutions with a ReLU
        self.volume = {INPUT: INPUT}  # the layer whose tensor a layer gives
        self._fold()
        self.order = [node.name for node in path if self.volume[node.name] == node.name]
        self.readers: dict[str, list[Node]] = {}
        for name in self.order:
            for read in self.nodes[name].inputs:
                self.readers.setdefault(self.volume[read], []).append(self.nodes[name])

    def unfused(self) -> tuple[str, ...]:
        """Names of the layers with a pass of their own, in order."""
        joined = set()
        for name in self.order:
            node = self.nodes[name]
            added = node.layer.kind == "add" and self._is_fused(node)
            if added:
                joined.add(name)
            reader = self._only_reader(name) if added or node.layer.kind == "dense" else None
            if reader and reader.layer.kind == "relu" and getattr(reader.layer, "limit", None) is None:
                joined.add(reader.name)
        return tuple(name for name in self.order if self.nodes[name].layer.kind in FUSABLE and name not in joined)

    def _fold(self) -> None:
        """Find what convolutions take up: factors and ReLUs behind them, behind a max pooling as well."""
        uses = Counter(name for node in self.path for name in node.inputs)
        source = {node.name: node.name for node in self.path}
        for node in self.path:
            name, kind = node.inputs[0], node.layer.kind
            self.volume[node.name] = self.volume[name] if kind == "dropout" else node.name
            if len(node.inputs) > 1 or name == INPUT or uses[name] > 1 or name == self.output:
                continue
            conv = source[name]
            if self.nodes[conv].layer.kind not in CONVOLUTIONS or conv in self.rectified:
                continue
            if kind == "pool" and getattr(node.layer, "mode", "") == "max":
                source[node.name] = conv
            elif kind in FACTORS or kind == "relu":
                source[node.name], self.volume[node.name] = conv, self.volume[name]
                if kind == "relu":
                    self.rectified.add(conv)

    def _only_reader(self, name: str) -> Node | None:
        readers = self.readers.get(name, [])
        return readers[0] if len(readers) == 1 and name != self.volume[self.output] else None

    def _is_fused(self, node: Node) -> bool:
        """Whether the convolution right before an addition writes the sum, over a tensor that nothing else reads."""
        place, inputs = self.order.index(node.name), [self.volume[name] for name in node.inputs]
        conv = self.order[place - 1]
        before = self.nodes[conv]
        if before.layer.kind not in CONVOLUTIONS or conv in self.rectified or self._only_reader(conv) is not node:
            return False
        if len(inputs) != 2 or inputs.count(conv) != 1 or getattr(node.layer, "coefficients", None):
            return False
        (other,) = (name for name in inputs if name != conv)
        later = {self.volume[name] for after in (conv, *self.order[place + 1 :]) for name in self.nodes[after].inputs}
        return (other != INPUT and other not in later and other != self.volume[self.output]
                and self.nodes[other].layer.kind in CONVOLUTIONS | OWN_TENSOR)
