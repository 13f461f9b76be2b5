"""Series-parallel decomposition of units into a tree: branches lie between two units that every path passes.

Branches are the connected parts of what lies between the two, and one empty branch for each connection that skips it.
Parts that are not series-parallel are a `Mesh`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from striate.arch.draw.grouping import DrawnUnit
from striate.arch.draw.repeats import MAX_MESH, abreast, fold_repeats
from striate.arch.draw.tree import Item, ItemSequence, TreeBuilder

MAX_DEPTH = 8  # of branches within branches


def decompose(members: Sequence[int], source: int, ends: Counter[int], units: Sequence[DrawnUnit], maker: TreeBuilder,
          depth: int = 0) -> ItemSequence:
    """The tree of `members` (rising numbers), whose input is `source`; `ends` counts their readers outside.

    >>> from striate.arch import Add, Conv, Input, Network
    >>> from striate.arch.draw.grouping import units_of
    >>> x = Input(4, 5, 5)
    >>> units = units_of(Network(Add()(x, Conv(4, 1)(x))))
    >>> branches, add = decompose([1, 2], 0, Counter([2]), units, TreeBuilder()).items
    >>> [row.layers for row in branches.rows], add.unit.kind  # the convolution, and the input as it is
    ([1, 0], 'add')
    """
    if depth > MAX_DEPTH:
        return maker.seq([maker.rest(Counter(node.layer.kind for number in members for node in units[number].nodes))])
    inside = set(members)
    feeders = {number: Counter(feeder if feeder in inside else source for feeder in units[number].inputs)
               for number in members}
    last_reader: dict[int, float] = {feeder: number for number in members for feeder in feeders[number]}
    last_reader |= {number: float("inf") for number in ends}
    items: list[Item] = []
    before, waiting, reach = source, list[int](), last_reader.get(source, 0)
    for number in members:
        if reach <= number:  # no connection bypasses it
            items += _between(waiting, before, feeders[number], feeders, units, maker, depth)
            items.append(maker.step(units[number]))
            before, waiting = number, []
        else:
            waiting.append(number)
        reach = max(reach, last_reader.get(number, 0))
    return fold_repeats([*items, *_between(waiting, before, ends, feeders, units, maker, depth)], maker)


def _between(members: list[int], before: int, after: Counter[int], feeders: dict[int, Counter[int]],
             units: Sequence[DrawnUnit], maker: TreeBuilder, depth: int) -> list[Item]:
    """The items between the unit `before` and one that reads `after`: none, branches, or a mesh."""
    skips = after[before]
    if not members and skips <= 1:
        return []
    parts = _parts(members, feeders)
    if len(parts) == 1 and not skips:
        found = [units[number] for number in members]
        if len(found) <= MAX_MESH:
            return [maker.mesh(found, [number for number in members if after[number]])]
        return [maker.rest(Counter(node.layer.kind for unit in found for node in unit.nodes))]
    rows = [decompose(part, before, Counter({number: after[number] for number in part if after[number]}), units, maker,
                  depth + 1) for part in parts]
    return [maker.parallel(abreast([*rows, *[maker.seq([])] * skips], maker))]


def _parts(members: list[int], feeders: dict[int, Counter[int]]) -> list[list[int]]:
    """The members in connected parts, each in order, the part with the first member first."""
    inside = set(members)
    root = {number: number for number in members}

    def find(number: int) -> int:
        while root[number] != number:
            root[number] = root[root[number]]
            number = root[number]
        return number

    for number in members:
        for feeder in feeders[number]:
            if feeder in inside:
                one, other = find(number), find(feeder)
                root[max(one, other)] = min(one, other)
    parts: dict[int, list[int]] = {}
    for number in members:
        parts.setdefault(find(number), []).append(number)
    return [parts[first] for first in sorted(parts)]
