"""What a network lost or changed in form on its way through a dialect, in phrases."""

from __future__ import annotations

from collections import Counter
from dataclasses import MISSING, fields

from striate.arch.network import Network

# What PyTorch source has no place for: it only matters to a training.
LEARNING = ("weight_filler", "bias_filler", "filler", "lr_mult", "decay_mult")


def changes(before: Network, after: Network) -> list[str]:
    """How `after`, read back from what was written, differs from `before`; nothing if they are equal.

    >>> from striate.arch import Conv, Input, Network, Pad
    >>> x = Input(1, 6, 6)
    >>> changes(Network(Conv(2, 3, padding=1)(x)), Network(Conv(2, 3)(Pad(1)(x))))
    ['1 layer becomes 2 (1 more pad)', 'conv padding differs (1)']
    """
    found = []
    if before.input != after.input:
        found.append(f"the input {before.input} becomes {after.input}")
    if dict(before.auxiliary) != dict(after.auxiliary):
        found.append(f"auxiliary heads left out: {', '.join(before.auxiliary)}" if not after.auxiliary
                     else "auxiliary heads differ")
    base = before.trunk if before.auxiliary and not after.auxiliary else before
    old, new = (Counter(node.layer.kind for node in network.nodes) for network in (base, after))
    if old != new:
        moves = [f"{count} more {kind}" for kind, count in (new - old).items()]
        moves += [f"{count} fewer {kind}" for kind, count in (old - new).items()]
        layers = "1 layer becomes" if len(base.nodes) == 1 else f"{len(base.nodes):,} layers become"
        found.append(f"{layers} {len(after.nodes):,} ({', '.join(moves)})")
    again = {node.name: node for node in after.nodes}
    differing: Counter[str] = Counter()
    renamed = 0
    for node in base.nodes:
        other = again.get(node.name)
        if other is None or other.layer.kind != node.layer.kind:
            renamed += new[node.layer.kind] >= old[node.layer.kind]
            continue
        for field in fields(node.layer):
            if field.name != "name" and getattr(node.layer, field.name) != getattr(other.layer, field.name):
                differing[f"{node.layer.kind} {field.name}"] += 1
    found += [f"{what} differs ({count})" for what, count in differing.items()]
    if renamed:
        found.append("1 name differs" if renamed == 1 else f"{renamed:,} names differ")
    if not found and base != after:
        found.append("the order of the layers differs")
    return found


def unsaid(network: Network) -> list[str]:
    """What PyTorch source leaves out of a network.

    >>> from striate.arch import Dense, Input, Network
    >>> unsaid(Network(Dense(10, lr_mult=(1, 2))(Input(3, 1, 1))))
    ['lr_mult left out (1)']
    """
    lost: Counter[str] = Counter()
    for node in network.nodes:
        for field in fields(node.layer):
            default = field.default if field.default is not MISSING else None
            if field.name in LEARNING and getattr(node.layer, field.name) != default:
                lost[field.name] += 1
    return [f"{name} left out ({count})" for name, count in lost.items()]
