"""Grouping of layers for a drawing: a layer that changes the volume, with the cheap layers after it as marks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from striate.arch.draw.captions import BOXES
from striate.arch.network import INPUT, Network, Node
from striate.arch.volume import Volume


@dataclass(frozen=True)
class DrawnUnit:
    """A unit of a drawing: a layer, or the input (`head` None), and its marks; `inputs` are numbers of units."""

    number: int
    head: Node | None
    marks: tuple[Node, ...]
    inputs: tuple[int, ...]
    volume: Volume

    @property
    def kind(self) -> str:
        """The kind of its layer, or `input`."""
        return self.head.layer.kind if self.head else INPUT

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The layers of the network in this unit."""
        return ((self.head,) if self.head else ()) + self.marks


def units_of(network: Network) -> list[DrawnUnit]:
    """The units in the order of the layers, the input first.

    A cheap layer is the mark of a unit if nothing else reads the unit; where a branch begins it is a unit of its own.

    >>> from striate.arch import BatchNorm, Conv, Input, ReLU
    >>> units = units_of(Network(ReLU()(BatchNorm()(Conv(8, 3)(Input(1, 5, 5))))))
    >>> [[node.name for node in unit.nodes] for unit in units]
    [[], ['conv1', 'batch_norm1', 'relu1']]
    """
    readers = Counter(name for node in network.nodes for name in node.inputs)
    readers[network.nodes[-1].name] += 1  # the reader of the output
    heads: list[Node | None] = [None]
    marks: list[list[Node]] = [[]]
    owner = {INPUT: 0}
    for node in network.nodes:
        source = node.inputs[0]
        if node.layer.family in BOXES or readers[source] > 1 or node.layer.kind == "slice":
            owner[node.name] = len(heads)
            heads.append(node)
            marks.append([])
        else:
            owner[node.name] = owner[source]
            marks[owner[source]].append(node)
    return [DrawnUnit(number, head, tuple(marks[number]), tuple(owner[name] for name in head.inputs) if head else (),
                 head.output if head else network.input) for number, head in enumerate(heads)]


def trunk(units: list[DrawnUnit], network: Network) -> set[int]:
    """The numbers of the units that the output needs; the others belong to auxiliary heads."""
    last = network.nodes[-1].name
    waiting = [unit.number for unit in units if unit.nodes and unit.nodes[-1].name == last]
    found: set[int] = {0}
    while waiting:
        number = waiting.pop()
        if number not in found:
            found.add(number)
            waiting.extend(units[number].inputs)
    return found
