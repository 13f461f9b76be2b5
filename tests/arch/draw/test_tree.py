"""The tree of a drawing has exactly the connections of the network; folding loses no layer."""

from __future__ import annotations

from collections import Counter

import pytest

from striate.arch import Network
from striate.arch.draw.grouping import DrawnUnit, trunk, units_of
from striate.arch.draw.repeats import abreast, bounded, fold_repeats
from striate.arch.draw.series_parallel import decompose
from striate.arch.draw.tree import (
    Item,
    ItemSequence,
    Mesh,
    ParallelBranches,
    RepeatedBlock,
    SingleUnit,
    TreeBuilder,
    drawn_units,
    kinds_of,
)
from tests.arch.draw.networks import SMALL, chain, random_network

Edges = Counter[tuple[int, int]]


def tree(network: Network, maker: TreeBuilder) -> tuple[list[DrawnUnit], ItemSequence]:
    units = units_of(network)
    main = sorted(trunk(units, network) - {0})
    (last,) = (unit for unit in units if network.nodes[-1] in unit.nodes)
    return units, decompose(main, 0, Counter([last.number]), units, maker)


def walk(items: tuple[Item, ...], sources: Counter[int], edges: Edges) -> Counter[int]:
    """Follow the picture as its reader does; returns what leaves at the right."""
    for item in items:
        if isinstance(item, SingleUnit):
            edges.update({(source, item.unit.number): count for source, count in sources.items()})
            sources = Counter([item.unit.number])
        elif isinstance(item, ParallelBranches):
            leaving: Counter[int] = Counter()
            for row in item.rows:
                leaving += walk(row.items, sources, edges)
            sources = leaving
        elif isinstance(item, RepeatedBlock):  # one volume read several times over
            assert item.abreast
            assert not item.body.items
            sources = Counter({source: count * item.times for source, count in sources.items()})
        else:
            assert isinstance(item, Mesh)
            inside = {unit.number for unit in item.units}
            for unit in item.units:
                edges.update((source if source in inside else next(iter(sources)), unit.number)
                             for source in unit.inputs)
            sources = Counter(item.exits)
    return sources


@pytest.mark.parametrize("seed", range(300))
def test_connections_of_random_networks(seed: int) -> None:
    network = random_network(seed, 30)
    numbers = frozenset(range(len(network.nodes) + 1))
    units, seq = tree(network, TreeBuilder(single=numbers))  # no unit equals another, so nothing is folded in a row
    edges: Edges = Counter()
    walk(seq.items, Counter([0]), edges)
    expected = Counter((source, unit.number) for unit in units for source in unit.inputs)
    assert set(edges) == set(expected)
    if not any(isinstance(item, Mesh) for item in everything(seq)):  # which does not say how often it is read
        assert edges == expected
    assert sorted(unit.number for unit in drawn_units(seq.items)) == list(range(1, len(units)))


def test_random_networks_have_branches_and_meshes() -> None:
    kinds = Counter(type(item).__name__ for seed in range(300)
                    for item in everything(tree(random_network(seed, 30), TreeBuilder())[1]))
    assert min(kinds[name] for name in ("SingleUnit", "ParallelBranches", "Mesh", "RepeatedBlock")) > 20


def everything(seq: ItemSequence) -> list[Item]:
    found: list[Item] = []
    for item in seq.items:
        found.append(item)
        for row in (
            item.rows if isinstance(item, ParallelBranches) else [item.body] if isinstance(item, RepeatedBlock) else []
        ):
            found += everything(row)
    return found


@pytest.mark.parametrize("name", SMALL)
def test_folding_keeps_the_sum_of_layers(name: str) -> None:
    network = SMALL[name]()
    units, seq = tree(network, TreeBuilder())
    trunk_layers = Counter(node.layer.kind for unit in units if unit.number in trunk(units, network)
                           for node in unit.nodes)
    trunk_layers -= Counter(node.layer.kind for node in units[0].nodes)
    assert kinds_of(seq.items) == trunk_layers
    assert seq.layers == trunk_layers.total()


@pytest.mark.parametrize("seed", range(100))
def test_a_folded_row_unfolds_to_itself(seed: int) -> None:
    from random import Random

    random = Random(seed)
    units = units_of(chain(40, pattern=1))[1:6]
    maker = TreeBuilder()
    items = [maker.step(random.choice(units[:random.randint(1, 5)])) for _ in range(random.randint(1, 60))]
    seq = fold_repeats(items, maker)
    assert [unit for item in unfolded(seq) for unit in [item.unit]] == [item.unit for item in items]
    assert seq.drawn <= len(items)


def unfolded(seq: ItemSequence) -> list[SingleUnit]:
    found: list[SingleUnit] = []
    for item in seq.items:
        if isinstance(item, RepeatedBlock):
            found += unfolded(item.body) * item.times
        else:
            assert isinstance(item, SingleUnit)
            found.append(item)
    return found


def test_the_repeat_that_saves_most_is_found() -> None:
    a, b, *_ = units_of(chain(9, pattern=1))[1:]
    maker = TreeBuilder()
    seq = fold_repeats([maker.step(unit) for unit in [a, a, a, a, a, a, b] * 4], maker)
    (outer,) = seq.items
    assert isinstance(outer, RepeatedBlock)
    assert outer.times == 4
    inner, _ = outer.body.items
    assert isinstance(inner, RepeatedBlock)
    assert inner.times == 6


def test_what_is_too_much_is_counted() -> None:
    maker = TreeBuilder()
    rows = [maker.seq([maker.step(unit)]) for unit in units_of(chain(900, pattern=1))[1:]]
    seq = bounded(maker.seq(item for row in rows for item in row.items), maker)
    assert seq.layers == 900
    assert seq.drawn <= 301
    kept = abreast(rows, maker)
    assert len(kept) <= 9
    assert sum(row.layers for row in kept) == 900


def test_marks_belong_to_the_unit_they_follow_alone() -> None:
    for seed in range(50):
        network = random_network(seed)
        units = units_of(network)
        assert [node.name for unit in units for node in unit.nodes] != []
        assert sorted(node.name for unit in units for node in unit.nodes) == sorted(n.name for n in network.nodes)
        readers = Counter(name for node in network.nodes for name in node.inputs)
        for unit in units:
            for mark, before in zip(unit.marks, unit.nodes if unit.head else (None, *unit.nodes), strict=False):
                name = before.name if before else "input"
                assert mark.inputs == (name,)
                assert readers[name] == 1
