"""Tree of a drawing: sequences of units, and of branches between a split and a merge.

Every item has its number of `layers` of the network, of places (`drawn`), and a `key`: items of equal keys are the same
block.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from striate.arch.draw.grouping import DrawnUnit


@dataclass(frozen=True)
class SingleUnit:
    """A tree item of one unit."""

    unit: DrawnUnit
    key: int
    layers: int
    drawn: int = 1


@dataclass(frozen=True)
class ParallelBranches:
    """Parallel branches between a split and a merge; an empty one is a connection that skips the others."""

    rows: tuple[ItemSequence, ...]
    key: int
    layers: int
    drawn: int


@dataclass(frozen=True)
class RepeatedBlock:
    """A block repeated `times` times and drawn once: in sequence, or `abreast` as branches."""

    body: ItemSequence
    times: int
    abreast: bool
    key: int
    layers: int
    drawn: int


@dataclass(frozen=True)
class Mesh:
    """Units whose connections are not series-parallel; `exits` are the numbers of those read from outside."""

    units: tuple[DrawnUnit, ...]
    exits: frozenset[int]
    key: int
    layers: int
    drawn: int


@dataclass(frozen=True)
class CountedLayers:
    """Layers that are counted and not drawn; `kinds` are the counts by kind, the most frequent first."""

    kinds: tuple[tuple[str, int], ...]
    key: int
    layers: int
    drawn: int = 1


@dataclass(frozen=True)
class ItemSequence:
    """A sequence of items."""

    items: tuple[Item, ...]
    key: int
    layers: int
    drawn: int


Item = SingleUnit | ParallelBranches | RepeatedBlock | Mesh | CountedLayers


@dataclass
class TreeBuilder:
    """Builder of tree items, equal ones with equal keys. `single` units equal no other: a head reads them."""

    single: frozenset[int] = frozenset()
    keys: dict[object, int] = field(default_factory=dict)

    def step(self, unit: DrawnUnit) -> SingleUnit:
        """One unit; units of the same layers on the same volumes are equal, regardless of names."""
        volumes = tuple(volume.shape for volume in unit.head.input_volumes) if unit.head else ()
        alone = unit.number if unit.number in self.single or not unit.head else None
        return SingleUnit(unit, self._key("step", alone, volumes, *(node.layer for node in unit.nodes)),
                          len(unit.nodes))

    def seq(self, items: Iterable[Item]) -> ItemSequence:
        """A sequence of items."""
        items = tuple(items)
        return ItemSequence(items, self._key("seq", *(item.key for item in items)), sum(item.layers for item in items),
                   sum(item.drawn for item in items))

    def parallel(self, rows: Iterable[ItemSequence]) -> ParallelBranches:
        """Parallel branches; an empty one takes a place too."""
        rows = tuple(rows)
        return ParallelBranches(
            rows,
            self._key("parallel", *(row.key for row in rows)),
            sum(row.layers for row in rows),
            sum(max(1, row.drawn) for row in rows),
        )

    def fold(self, body: ItemSequence, times: int, *, abreast: bool = False) -> RepeatedBlock:
        """A repeated block."""
        return RepeatedBlock(body, times, abreast, self._key("fold", body.key, times, abreast), body.layers * times,
                    max(1, body.drawn))

    def mesh(self, units: Iterable[DrawnUnit], exits: Iterable[int]) -> Mesh:
        """A mesh of units, equal to no other."""
        units = tuple(units)
        layers = sum(len(unit.nodes) for unit in units)
        return Mesh(units, frozenset(exits), self._key("mesh", len(self.keys)), layers, len(units))

    def rest(self, kinds: Counter[str]) -> CountedLayers:
        """Layers that are only counted, equal to no others."""
        most = tuple(sorted(kinds.items(), key=lambda pair: (-pair[1], pair[0])))
        return CountedLayers(most, self._key("rest", len(self.keys)), kinds.total())

    def _key(self, *facts: object) -> int:
        return self.keys.setdefault(facts, len(self.keys))


def kinds_of(items: Iterable[Item]) -> Counter[str]:
    """Number of layers of each kind in the items.

    >>> from striate.arch import Input, Network, ReLU
    >>> from striate.arch.draw.grouping import units_of
    >>> maker = TreeBuilder()
    >>> seq = maker.seq(map(maker.step, units_of(Network(ReLU()(Input(1, 2, 2))))))
    >>> kinds_of([maker.fold(seq, 3)])
    Counter({'relu': 3})
    """
    found: Counter[str] = Counter()
    for item, times in _leaves(items, 1):
        if isinstance(item, CountedLayers):
            found.update({kind: count * times for kind, count in item.kinds})
        else:
            for unit in units_in(item):
                for node in unit.nodes:
                    found[node.layer.kind] += times
    return found


def drawn_units(items: Iterable[Item]) -> Iterator[DrawnUnit]:
    """Every unit that is drawn, once."""
    for item, _ in _leaves(items, 1):
        yield from units_in(item)


def units_in(item: Item) -> tuple[DrawnUnit, ...]:
    """The units directly in an item."""
    return (item.unit,) if isinstance(item, SingleUnit) else item.units if isinstance(item, Mesh) else ()


def _leaves(items: Iterable[Item], times: int) -> Iterator[tuple[Item, int]]:
    for item in items:
        if isinstance(item, RepeatedBlock):
            yield from _leaves(item.body.items, times * item.times)
        elif isinstance(item, ParallelBranches):
            for row in item.rows:
                yield from _leaves(row.items, times)
        else:
            yield item, times
