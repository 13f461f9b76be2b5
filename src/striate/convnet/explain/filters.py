"""Filters of a layer as pictures at one scale, their norms, and the filters that are dead or duplicates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from striate.arch.layer_traits import SAME_VALUES
from striate.arch.network import INPUT, Node
from striate.arch.volume import Volume
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.target import Target
from striate.core.result import Result
from striate.errors import UsageError, shown
from striate.model.explanation import Explanation

DEAD = 0.01  # of the largest norm
ALIKE = 0.99  # cosine
MOST_COMPARED = 4096  # filters; their cosines take 64 MB in float32


@dataclass(frozen=True)
class FilterPair(Result):
    """Two filters of one direction: their units, and the cosine between them, 0.99 to 1."""

    first: int
    second: int
    cosine: float


@dataclass(frozen=True, eq=False)
class FilterBank(Explanation):
    """Filters of a layer: `array` (n, H, W, C) float32 if the layer reads the picture, else slices (n, H, W).

    Attributes:
        names: of the n tiles: `unit 3`, or `unit 3, map 12`.
        norms: the Euclidean norm of each filter of the layer, without its bias.
        dead: units whose filter has less than a hundredth of the largest norm.
        duplicates: pairs of units whose filters have a cosine of 0.99 or more.
        compared: whether duplicates were looked for, which they are up to 4,096 filters.

    """

    names: tuple[str, ...] = ()
    norms: tuple[float, ...] = ()
    dead: tuple[int, ...] = ()
    duplicates: tuple[FilterPair, ...] = ()
    compared: bool = True


def filters(model: ExplainedNet, target: Target) -> FilterBank:
    """The filters of the target's layer, or of a deeper one the slices of its unit; of every unit if it has none.

    Raises `UsageError` (`no_filters`) for a layer without filters. Values are the weights as they are stored, of a
    normalised picture; a batch normalisation behind the layer is not folded into them.
    """
    model.check(target)
    bank, first = _bank(model, target.layer)
    norms = np.sqrt(np.square(bank, dtype=np.float64).sum((1, 2, 3)))
    dead = np.flatnonzero(norms <= DEAD * norms.max(initial=0.0))
    compared = len(bank) <= MOST_COMPARED
    pairs = _alike(bank, norms, dead) if compared else ()
    told: dict[str, object] = {}
    if first:
        tiles, names = bank.transpose(0, 2, 3, 1), tuple(f"unit {unit}" for unit in range(len(bank)))
        evidence = (f"The filters of {target.layer} as pictures, all at one scale: the pattern in the picture that "
                    "each unit answers most, not how often it occurs or what it is used for.")
    else:
        units = range(len(bank)) if target.unit is None else (target.unit,)
        tiles = bank[list(units)].reshape(-1, *bank.shape[2:])
        names = tuple(f"unit {unit}, map {map_}" for unit in units for map_ in range(bank.shape[1]))
        evidence = (f"The filters of {target.layer}, a slice for each map that it reads, all at one scale: how "
                    "strongly each map counts where, not what that map stands for.")
    told["unit"] = None if first or target.unit is None else str(target.unit)
    return FilterBank(np.ascontiguousarray(tiles), "weights", evidence, target.layer, names=names,
                      norms=tuple(norms.tolist()), dead=tuple(dead.tolist()), duplicates=pairs, compared=compared,
                      **told)  # type: ignore[arg-type]


def filter_layers(model: ExplainedNet) -> tuple[str, ...]:
    """The layers that have filters, in order."""
    return tuple(name for name, node in model.nodes.items() if node.layer.kind in ("conv", "dense"))


def _bank(model: ExplainedNet, layer: str) -> tuple[NDArray[np.float32], bool]:
    """The filters (n, maps, H, W) of a layer, and whether it reads the picture."""
    node = model.nodes.get(layer)
    if node is None or node.layer.kind not in ("conv", "dense"):
        known = ", ".join(shown(one, 40) for one in filter_layers(model)[:8]) or "none here"
        raise UsageError("no_filters", f"the filters of {shown(layer)} were asked for",
                         allowed=f"convolutions and dense layers have filters, as {known}",
                         given=f"{_kind(node, layer)} was given",
                         do="Give one of these layers")
    source = _source(model, node.inputs[0])
    weight = model.net.get_parameter(f"{layer}.weight").cpu().numpy()
    if node.layer.kind == "dense":
        volume = model.network.input if source == INPUT else _volume(model, source)
        weight = weight.reshape(len(weight), *volume)
    return weight, source == INPUT


def _kind(node: Node | None, layer: str) -> str:
    """What a layer without filters is, with its article."""
    if node is None:
        return "the picture" if layer == INPUT else "the head of a transfer"
    return f"{'an' if node.layer.kind[0] in 'aeiou' else 'a'} {node.layer.kind}"


def _source(model: ExplainedNet, name: str) -> str:
    """The layer whose values `name` has in the same order; the input, or one that computes."""
    while name != INPUT and model.nodes[name].layer.kind in SAME_VALUES:
        name = model.nodes[name].inputs[0]
    return name


def _volume(model: ExplainedNet, name: str) -> Volume:
    return model.nodes[name].output


def _alike(bank: NDArray[np.float32], norms: NDArray[np.float64], dead: NDArray[np.int64]) -> tuple[FilterPair, ...]:
    flat = bank.reshape(len(bank), -1)
    if flat.shape[1] < 2:  # of one weight each all filters have one direction
        return ()
    unit = flat / np.maximum(norms, np.finfo(np.float32).tiny)[:, None].astype(np.float32)
    unit[dead] = 0
    cosines: NDArray[np.float32] = np.triu(unit @ unit.T, 1)
    firsts, seconds = np.nonzero(cosines >= ALIKE)
    return tuple(FilterPair(int(a), int(b), min(1.0, float(cosines[a, b])))
                 for a, b in zip(firsts, seconds, strict=True))
