"""Holding a network to reading every pixel."""

from __future__ import annotations

from striate.arch.network import Network
from striate.errors import WindowError


def refuse_unread(network: Network) -> None:
    """Raise one `WindowError` that names every layer whose windows leave pixels unread, with its arithmetic and fixes.

    >>> from striate.arch import Input, Network, Pool
    >>> try:
    ...     refuse_unread(Network(Pool(2)(Input(1, 7, 8))))
    ... except WindowError as error:
    ...     print(error.given)
    pool1: (7 − 2 + 2·0)/2 + 1 = 3.5 leaves 1 row at the bottom unread
    """
    facts, fixes = [], []
    for node in network.nodes:
        window, volume = node.layer.window, node.input_volumes[0]
        unread = window.unread(volume.height, volume.width) if window else (0, 0)
        if window and any(unread):
            axes = window.axes(volume.height, volume.width)
            sums = dict.fromkeys(axis.arithmetic() for axis, count in zip(axes, unread, strict=True) if count)
            facts.append(f"{node.name}: {' and '.join(sums)} leaves {in_words(unread)} unread")
            fixes.append(f"{node.name}: {window.advice(window.fixes(volume.height, volume.width))}")
    if facts:
        raise WindowError("unread_pixels", f"{network.name or 'network'}: windows that read every pixel were asked for",
                          given="; ".join(facts), do=f"Use for {'; for '.join(fixes)}")


def in_words(unread: tuple[int, int]) -> str:
    """Unread rows and columns with their side.

    >>> in_words((1, 2))
    '1 row at the bottom and 2 columns on the right'
    """
    rows, columns = unread
    return " and ".join(
        f"{count} {thing}{'s' if count > 1 else ''} {side}"
        for count, thing, side in ((rows, "row", "at the bottom"), (columns, "column", "on the right")) if count)
