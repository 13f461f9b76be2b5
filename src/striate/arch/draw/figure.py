"""Figure of a network: title, lines of layers, auxiliary heads, legend."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from striate.arch.draw.auxiliary_heads import AuxiliaryHead, head_of, paint_heads, parts_of
from striate.arch.draw.boxes import DrawingScale
from striate.arch.draw.captions import LEGEND
from striate.arch.draw.grouping import DrawnUnit, trunk, units_of
from striate.arch.draw.layout import layout_row
from striate.arch.draw.layout_item import GAP, LayoutItem, LayoutRow, connect
from striate.arch.draw.repeats import bounded
from striate.arch.draw.series_parallel import decompose
from striate.arch.draw.svg import MARGIN, Canvas, num, text_width, xy
from striate.arch.draw.tree import ItemSequence, ParallelBranches, SingleUnit, TreeBuilder, drawn_units
from striate.arch.network import Network

WIDEST = 1_560.0  # of a line; a longer row continues below, like music
TOP = 74.0
GUTTER = 30.0  # between lines
NOTE = "channels × height × width under each box · 5×5, 20: window, filters · /2: stride · ×3: repeated, drawn once"
PADS = " · pad 0+1 2+3: 0 above, 1 below, 2 left, 3 right"
CONNECTIONS = {"s": "skip", "x": "to an auxiliary head, only while training"}  # those in the legend


def draw(network: Network) -> str:
    """Drawing of a network, the text of a self-contained SVG file.

    Volumes are boxes (see `boxes.py` for the scale), cheap layers are marks under the box they follow, repeated blocks
    are drawn once with how often they repeat. The same network gives the same text. Limits: of networks with more than
    300 boxes after folding, the middle of long rows is only counted.

    >>> from striate.arch import Conv, Input, Network
    >>> picture = draw(Network(Conv(20, 5)(Input(1, 28, 28)), name="small"))
    >>> picture.startswith("<svg"), "5×5, 20" in picture, "20×24×24" in picture
    (True, True, True)
    """
    units = units_of(network)
    body, heads = _tree(network, units)
    scale = DrawingScale.of(unit.volume for unit in units)
    pieces = [list(layout_row(group, scale).pieces) for group in _groups(body)]
    lines = [LayoutRow(line) for line in _wrapped(pieces)]
    canvas = Canvas()
    title, facts = network.name or "network", _facts(network)
    wide = max([line.width for line in lines] + [layout_row(head.seq, scale).width + 4 * GAP for head in heads])
    wide = max(wide, text_width("T", title), text_width("S", facts), text_width("v", NOTE), _legend_width(network))
    canvas.text("T", MARGIN, 34, title)
    canvas.text("S", MARGIN, 56, facts)
    y = TOP
    end: tuple[float, float] | None = None
    for line in lines:
        axis = y + line.up
        if end:
            _connect_lines(canvas, end, (MARGIN + wide, y - GUTTER / 2), (line, axis))
        line.paint(canvas, MARGIN, axis)
        y = axis + line.down
        here = [head for head in heads if line is lines[-1] or any(number in canvas.places for number in head.sources)]
        heads = [head for head in heads if head not in here]
        y = paint_heads(canvas, here, scale, (MARGIN + wide, y)) + GUTTER
        end = (MARGIN + line.leave, axis)
    note = NOTE + PADS * any(re.search(r"pad (\d+ )?\d+\+\d", text) for text in canvas.words)
    wide = max(wide, _legend(canvas, network, y + 8) - MARGIN, text_width("v", note))
    canvas.text("v", MARGIN, y + 29, note)
    return canvas.document((wide + 2 * MARGIN, y + 46), f"{title}: {facts}", _description(network, body))


def _tree(network: Network, units: list[DrawnUnit]) -> tuple[ItemSequence, list[AuxiliaryHead]]:
    """The trunk and the auxiliary heads as trees."""
    main = trunk(units, network)
    parts = parts_of([unit for unit in units if unit.number not in main])
    last = next(unit for unit in units if network.nodes[-1] in unit.nodes[-1:])
    single = frozenset(number for part in parts for unit in part for number in unit.inputs)
    maker = TreeBuilder(single)
    body = decompose(sorted(main - {0}), 0, Counter([last.number]), units, maker)
    body = bounded(maker.seq([maker.step(units[0]), *body.items]), maker)
    return body, [head_of(part, units, maker, network.auxiliary) for part in parts]


def _groups(body: ItemSequence) -> list[ItemSequence]:
    """The items in groups that stay on one line: branches together with their merge."""
    groups: list[list[int]] = []
    for number, item in enumerate(body.items):
        before = body.items[number - 1] if number else None
        if isinstance(before, ParallelBranches) and isinstance(item, SingleUnit):
            groups[-1].append(number)
        else:
            groups.append([number])
    return [ItemSequence(tuple(body.items[number] for number in group), 0, 0, 0) for group in groups]


def _wrapped(groups: Sequence[list[LayoutItem]]) -> list[list[LayoutItem]]:
    """The groups in as few lines as `WIDEST` allows, all about equally long."""
    widths = [LayoutRow(group).width for group in groups]

    def lines(limit: float) -> list[list[LayoutItem]]:
        found: list[list[LayoutItem]] = []
        used = 0.0
        for group, wide in zip(groups, widths, strict=True):
            if found and used + GAP + wide <= limit:
                found[-1] += group
                used += GAP + wide
            else:
                found.append(list(group))
                used = wide
        return found

    most = max(WIDEST, *widths)
    fewest = len(lines(most))
    low, high = max(widths), most
    while high - low > 4:
        middle = (low + high) / 2
        low, high = (low, middle) if len(lines(middle)) == fewest else (middle, high)
    return lines(high)


def _connect_lines(canvas: Canvas, start: tuple[float, float], corner: tuple[float, float],
           to: tuple[LayoutRow, float]) -> None:
    """Connection from the end of one line through the gutter to the beginning of the next."""
    line, axis = to
    right, left = corner[0] + 22, MARGIN - 16
    canvas.path("l", f"M{xy(start)}H{num(right)}V{num(corner[1])}H{num(left)}V{num(axis)}H{num(MARGIN)}")
    connect(canvas, MARGIN, line.pieces[0], MARGIN, axis)


def _facts(network: Network) -> str:
    macs = sum(node.macs for node in network.nodes)
    layers = len(network.nodes)
    return (f"{network.input} → {network.output} · {layers:,} layer{'s' * (layers > 1)} · "
            f"{network.parameters:,} parameters · {macs:,} multiply-adds (MACs)")


def _families(network: Network) -> list[str]:
    used = {"input", *(node.layer.family for node in network.nodes)}
    return [name for name in LEGEND if name in used]


def _legend_width(network: Network) -> float:
    return sum(34 + text_width("L", LEGEND[name]) for name in _families(network))


def _legend(canvas: Canvas, network: Network, y: float) -> float:
    """Paint the legend of colours and connections; returns its right edge."""
    x = MARGIN
    painted = [kind for kind in CONNECTIONS if any(line.startswith(f'<path class="{kind}"') for line in canvas.lines)]
    for name in _families(network):
        canvas.words.append(f'<rect class="h {name}" x="{num(x)}" y="{num(y - 9)}" width="11" height="11" rx="2"/>')
        canvas.text("L", x + 16, y, LEGEND[name])
        x += 34 + text_width("L", LEGEND[name])
    for kind in painted:
        canvas.path(kind, f"M{xy((x, y - 4))}h22")
        canvas.text("L", x + 28, y, CONNECTIONS[kind])
        x += 46 + text_width("L", CONNECTIONS[kind])
    return x


def _description(network: Network, body: ItemSequence) -> str:
    """Description of the picture for screen readers."""
    kinds = Counter(node.layer.kind for node in network.nodes)
    most = ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common(12))
    drawn = [unit for unit in drawn_units(body.items) if unit.head]
    first = "; ".join(f"{unit.head.name} makes {unit.volume}" for unit in drawn[:40] if unit.head)
    return f"From left to right, volumes as boxes. Layers: {most}. {first}{'; …' * (len(drawn) > 40)}."
