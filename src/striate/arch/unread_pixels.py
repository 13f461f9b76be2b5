"""Unread pixels: the refusal of networks whose windows skip part of the picture."""

from __future__ import annotations

from striate.arch.network import Network
from striate.errors import WindowError


def refuse_unread(network: Network) -> None:
    """Raise one `WindowError` with every layer whose windows leave pixels unread, its arithmetic and fixes.

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
        if window is None:
            continue
        unread, between = (ask(volume.height, volume.width) for ask in (window.unread, window.between))
        if any(unread + between):
            axes = window.axes(volume.height, volume.width)
            sums = dict.fromkeys(axis.arithmetic() for axis, *counts in zip(axes, unread, between, strict=True)
                                 if any(counts))
            facts.append(f"{node.name}: {' and '.join(sums)} leaves {unread_phrase(unread, between)} unread")
            fixes.append(f"{node.name}: {window.advice(window.fixes(volume.height, volume.width, read_all=True))}")
    if facts:
        raise WindowError("unread_pixels", f"{network.name or 'network'}: windows that read every pixel were asked for",
                          given="; ".join(facts), do=f"Use for {'; for '.join(fixes)}")


def unread_phrase(unread: tuple[int, int], between: tuple[int, int] = (0, 0)) -> str:
    """Unread rows and columns with their place.

    >>> unread_phrase((1, 2)), unread_phrase((0, 0), (3, 4))
    ('1 row at the bottom and 2 columns on the right', '3 rows and 4 columns between the windows')
    """
    places = ((unread[0], "row", " at the bottom"), (unread[1], "column", " on the right"),
              (between[0], "row", "" if between[1] else " between the windows"),
              (between[1], "column", " between the windows"))
    return " and ".join(f"{count} {thing}{'s' if count > 1 else ''}{place}" for count, thing, place in places if count)
