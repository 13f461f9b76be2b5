"""Network depth as in papers: the layers that form weighted sums, on the longest path from input to output."""

from __future__ import annotations

from striate.arch.network import INPUT, Network

COUNTED = frozenset({"conv", "table_conv", "deconv", "dense"})


def depth(network: Network) -> int:
    """Depth of a network: convolutions and dense layers on the longest path through the trunk.

    >>> from striate.arch import Conv, Dense, Input, Network, Pool
    >>> depth(Network(Dense(10)(Pool(2)(Conv(20, 5)(Input(1, 28, 28))))))
    2
    """
    longest = {INPUT: 0}
    for node in network.trunk.nodes:
        longest[node.name] = max(longest[name] for name in node.inputs) + (node.layer.kind in COUNTED)
    return longest[network.nodes[-1].name]
