"""Survey table: the layers of a network as text, its totals and its origin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from striate.core.humanize import size
from striate.core.result import Result

if TYPE_CHECKING:
    from striate.arch import Network, Survey, SurveyRow

NAMED = 8  # layers, in a line of text


def table(counted: Survey) -> str:
    """The layers in aligned columns, numbers to the right."""
    heads = ["layer", "kind", "from", "output", "parameters", "MACs", "FLOPs", "sees", "memory", "unread"]
    before = ["input", *(row.name for row in counted.rows)]
    lines = [
        [row.name, row.kind, "" if row.sources == (last,) else ", ".join(row.sources), str(row.output),
         f"{row.parameters:,}", f"{row.macs:,}", f"{row.flops:,}", receptive_field(row), size(row.memory), unread(row)]
        for last, row in zip(before, counted.rows, strict=False)
    ]
    total = ["total", "", "", "", f"{counted.total('parameters'):,}", f"{counted.total('macs'):,}",
             f"{counted.total('flops'):,}", "",
             size(sum(row.memory for row in counted.rows)), ""]
    # An empty column is left out: `from` in a network without branches, `unread` where all is read.
    columns = []
    for column in zip(heads, *lines, total, strict=True):
        if any(column[1:]):
            width, right = max(map(len, column)), column[0] in ("parameters", "MACs", "FLOPs", "memory")
            columns.append([cell.rjust(width) if right else cell.ljust(width) for cell in column])
    return "".join("  ".join(line).rstrip() + "\n" for line in zip(*columns, strict=True))


def totals(counted: Survey) -> str:
    """The totals of a network, in a few lines."""
    total = counted.total
    layers = "1 layer" if len(counted.rows) == 1 else f"{len(counted.rows):,} layers"
    pictures = "1 picture" if counted.batch == 1 else f"{counted.batch:,} pictures"
    return (
        f"{counted.name or 'network'}: {counted.input} → {counted.rows[-1].output}, {layers}, "
        f"{total('neurons'):,} neurons\n"
        f"parameters: {total('parameters'):,} ({total('weights'):,} weights, {total('biases'):,} biases), "
        f"and {total('buffers'):,} buffers\n"
        f"one picture: {total('macs'):,} MACs, {total('flops'):,} FLOPs\n"
        f"activations of {pictures}: {size(counted.training_memory)} to train, "
        f"{size(counted.inference_memory)} to predict\n"
    )


def receptive_field(row: SurveyRow) -> str:
    """The receptive field, height×width, from the narrowest to the widest branch."""
    vertical, horizontal = row.fields
    widest, narrowest = f"{vertical.size}×{horizontal.size}", f"{vertical.least}×{horizontal.least}"
    return widest if widest == narrowest else f"{narrowest}..{widest}"


def unread(row: SurveyRow) -> str:
    """Rows and columns that no window reads.

    >>> from striate.arch import Input, Network, Pool, survey
    >>> unread(survey(Network(Pool(2)(Input(1, 7, 9)))).rows[0])
    '1 bottom, 1 right'
    """
    places = zip((*row.unread, *row.between), ("bottom", "right", "rows between", "columns between"), strict=True)
    return ", ".join(f"{count} {place}" for count, place in places if count)


@dataclass(frozen=True)
class AuxiliaryHeads(Result):
    """The auxiliary heads of a network by name with their loss weights, and what they add to the counts."""

    heads: Mapping[str, float]
    parameters: int
    macs: int


def auxiliary_heads(network: Network) -> AuxiliaryHeads:
    """The auxiliary heads of `network`."""
    trunk = network.trunk
    return AuxiliaryHeads(dict(network.auxiliary), network.parameters - trunk.parameters,
                          sum(node.macs for node in network.nodes) - sum(node.macs for node in trunk.nodes))


def auxiliary_line(found: AuxiliaryHeads) -> str:
    """A line about the auxiliary heads, if there are any."""
    if not found.heads:
        return ""
    names = " and ".join(f"{name} (loss weight {weight:g})" for name, weight in found.heads.items())
    return f"of these, only while training, for {names}: {found.parameters:,} parameters, {found.macs:,} MACs\n"


def unfused_line(names: Sequence[str]) -> str:
    r"""A line about layers that predictions compute by themselves, if there are any.

    >>> unfused_line(["tanh1", "tanh2"])
    'unfused in predictions: tanh1, tanh2\n'
    """
    if not names:
        return ""
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return f"unfused in predictions: {', '.join(names[:NAMED])}{more}\n"


def origin(net: str) -> dict[str, str]:
    """Paper, variant and published figures of a network of the zoo."""
    from striate.arch import ZOO

    entry = ZOO.get(net)
    if entry is None:
        return {}
    errors = [f"top-{k} error {value:g} %" for k, value in ((1, entry.top1), (5, entry.top5)) if value is not None]
    published = [f"{entry.published:,} parameters"] if entry.published else []
    published += [f"{' and '.join(errors)} on {entry.measured} ({entry.source})"] if errors else []
    return {"paper": f"{entry.paper}, {entry.year}", "variant": entry.variant, "published": "; ".join(published)}
