"""Repeated blocks of a drawing, drawn once with their count, and bounds of its size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from striate.arch.draw.tree import Item, ItemSequence, Mesh, ParallelBranches, RepeatedBlock, TreeBuilder, kinds_of

LONGEST = 64  # items in a repeating block
WORTH = 4  # places saved, from which a repeat of single units is folded; of a block with branches always
MAX_ROWS = 8  # branches side by side
MAX_DRAWN = 300  # places in a drawing; in a larger one the middle of every long row is only counted
LONG_ROW = 10  # places that remain of a row of a branch in such a picture
MAX_MESH = 40


@dataclass(frozen=True)
class RepeatMatch:
    """A repeat: `times` blocks of `period` items each."""

    period: int
    times: int
    saved: int


def fold_repeats(items: Sequence[Item], maker: TreeBuilder) -> ItemSequence:
    """The items with exact repeats folded: at each place the repeat that saves most, the shortest block of several.

    >>> from striate.arch import Conv, Input, Network
    >>> from striate.arch.draw.grouping import units_of
    >>> x = Input(8, 9, 9)
    >>> for _ in range(7):
    ...     x = Conv(8, 1)(x)
    >>> maker = TreeBuilder()
    >>> (fold,) = fold_repeats([maker.step(unit) for unit in units_of(Network(x))[1:]], maker).items
    >>> fold.times, fold.body.layers
    (7, 1)
    """
    same = _same_ahead(items)
    places = [0]
    for item in items:
        places.append(places[-1] + item.drawn)
    branching = [0]
    for item in items:
        branching.append(branching[-1] + isinstance(item, ParallelBranches | Mesh | RepeatedBlock))
    result: list[Item] = []
    start = 0
    while start < len(items):
        best = RepeatMatch(1, 1, 0)
        # A merge stays with the branches before it: no block begins with one.
        for period, runs in enumerate([] if start and isinstance(items[start - 1], ParallelBranches) else same, 1):
            times = runs[start] // period + 1
            saved = places[start + period * times] - places[start + period] if times > 1 else 0
            if saved > best.saved and (saved >= WORTH or branching[start + period] > branching[start]):
                best = RepeatMatch(period, times, saved)
        block = items[start:start + best.period]
        result += [maker.fold(fold_repeats(block, maker), best.times)] if best.times > 1 else block
        start += best.period * best.times
    return maker.seq(result)


def _same_ahead(items: Sequence[Item]) -> list[list[int]]:
    """For each period from 1 and each start: the number of items from there on that equal the one a period later."""
    keys = [item.key for item in items]
    found = []
    for period in range(1, min(LONGEST, len(keys) // 2) + 1):
        runs = [0] * len(keys)
        for place in range(len(keys) - period - 1, -1, -1):
            if keys[place] == keys[place + period]:
                runs[place] = runs[place + 1] + 1
        found.append(runs)
    return found


def abreast(rows: Sequence[ItemSequence], maker: TreeBuilder) -> list[ItemSequence]:
    """Branches with three or more equal neighbours folded into one; of too many branches the middle is counted."""
    result: list[ItemSequence] = []
    start = 0
    while start < len(rows):
        end = start
        while end < len(rows) and rows[end].key == rows[start].key:
            end += 1
        equal = rows[start:end]
        result += [maker.seq([maker.fold(equal[0], len(equal), abreast=True)])] if len(equal) > 2 else equal
        start = end
    if len(result) > MAX_ROWS:
        half = MAX_ROWS // 2
        kinds = kinds_of(item for row in result[half:-half] for item in row.items)
        result[half:-half] = [maker.seq([maker.rest(kinds)])]
    return result


def bounded(seq: ItemSequence, maker: TreeBuilder, most: int = MAX_DRAWN) -> ItemSequence:
    """A sequence of about `most` places at most: of a longer one the beginning, a count, and the end."""
    return seq if seq.drawn <= most else _shorter(seq, most, maker)


def _shorter(seq: ItemSequence, most: int, maker: TreeBuilder) -> ItemSequence:
    items = [_inside(item, maker) for item in seq.items]
    if sum(item.drawn for item in items) <= most:
        return maker.seq(items)
    first = _fitting(items, most // 2)
    last = _fitting(items[first:][::-1], most // 2)
    middle = items[first:len(items) - last]
    return maker.seq([*items[:first], maker.rest(kinds_of(middle)), *items[len(items) - last:]])


def _inside(item: Item, maker: TreeBuilder) -> Item:
    if isinstance(item, RepeatedBlock):
        return maker.fold(_shorter(item.body, LONG_ROW, maker), item.times, abreast=item.abreast)
    if isinstance(item, ParallelBranches):
        return maker.parallel(_shorter(row, LONG_ROW, maker) for row in item.rows)
    return item


def _fitting(items: Sequence[Item], room: int) -> int:
    """Number of items from the first on that fit into `travel` places."""
    for count, item in enumerate(items):
        room -= item.drawn
        if room < 0:
            return count
    return len(items)
