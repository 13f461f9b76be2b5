"""Faithfulness of maps: what the class loses with the places a map calls important, and gains by them.

Deletion and insertion of RISE (Petsiuk, Das & Saenko, BMVC 2018, section 4.2). Deletion covers the most important
places in the mean colour first, and the probability of the class should fall early: its area is small. Insertion
uncovers them first in a blurred picture, and the probability should rise early: its area is large. Both are compared
with random orders, and only a difference beyond their spread counts. Places are cells of a 14×14 grid, where the paper
takes pixels: single pixels that are covered are noise, which confuses a network wherever it is, so that a random order
of pixels seems as good as any map.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own custom

from striate.convnet.explain.batch_size import batch_size
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.methods import METHODS_OF_LOOK
from striate.convnet.explain.occlusion import TINY
from striate.convnet.explain.target import Target
from striate.convnet.inference.fold_batch_norm import fold
from striate.convnet.training.malloc import reuse_freed_memory
from striate.convnet.training.seeding import generator
from striate.core.constraints import Integer
from striate.core.humanize import join_words, significant
from striate.core.params import Refusal, checked
from striate.errors import UsageError
from striate.model.explanation import Explanation
from striate.model.preprocessing import Pixels

GRID = 14  # cells along each side, or pixels if a picture has fewer
STEPS = 14
RANDOM_ORDERS = 10
BEYOND = 2.0  # standard deviations of the random orders
LEAST = 0.01  # of the probability: the change from one end of a curve to the other that leaves room for an order
BLUR = 20  # standard deviations of the blur along the shorter side
UNDEFINED = frozenset({"rule_undefined", "no_class_score", "no_linear_scores"})  # refusals by a method

REFUSAL = Refusal("bad_faithfulness", "the {name} of a test of faithfulness were asked for", "Leave it out")


@dataclass(frozen=True)
class RandomOrders:
    """Random orders of the places by one measure: the mean and the standard deviation of their areas, 0 to 1.

    `says`: whether the measure says anything; not where the probability is below a millionth, nor where covering, or
    blurring, all of the picture lowers it by less than a hundredth of it.
    """

    mean: float
    spread: float
    says: bool

    @classmethod
    def of(cls, areas: NDArray[np.float64], before: float, after: float) -> RandomOrders:
        """Those with these areas (n,), of a class whose probability is `before`, and `after` it all is changed."""
        says = before >= TINY and before - after >= LEAST * before
        return cls(float(areas.mean()), float(areas.std(ddof=1)), says)

    def __str__(self) -> str:
        return f"{significant(self.mean, 2)} ± {significant(self.spread, 1)}"


@dataclass(frozen=True)
class MapScore:
    """Score of one map: areas under its two curves, 0 to 1, beside those of random orders.

    Attributes:
        method: its name; `map_of`: the class that the map is of, in words.
        deletion, insertion: the areas.
        random_deletion, random_insertion: of random orders.
        probability: of the class in the picture as it is.

    """

    method: str
    map_of: str
    deletion: float
    insertion: float
    random_deletion: RandomOrders
    random_insertion: RandomOrders
    probability: float

    @property
    def better(self) -> dict[str, bool]:
        """Whether it beats random orders by more than their spread, by each measure that says anything."""
        gains = {"deletion": (self.random_deletion.mean - self.deletion, self.random_deletion),
                 "insertion": (self.insertion - self.random_insertion.mean, self.random_insertion)}
        return {name: gain > BEYOND * orders.spread for name, (gain, orders) in gains.items() if orders.says}

    @property
    def sentence(self) -> str:
        """What the areas say, in a sentence."""
        if self.probability < TINY:
            return (f"Deletion and insertion say nothing here: the probability of the class is "
                    f"{significant(self.probability, 1)}.")
        better = self.better
        if not better:
            return ("Deletion and insertion say nothing here: the class is as probable when all of the picture is "
                    "covered or blurred.")
        won, lost = ([name for name, is_better in better.items() if is_better is way] for way in (True, False))
        what = f"finds places that the decision needs, by {join_words(won, 'and')}" if won else \
            f"is no better than a random order of places, by {join_words(lost, 'and')}"
        also = f" but not by {lost[0]}" if won and lost else ""
        silent = {"deletion": "deletion says nothing, as the class is as probable when all is covered",
                  "insertion": "insertion says nothing, as the class is as probable in the blurred picture"}
        areas = [_area("deletion", self.deletion, self.random_deletion, "less"),
                 _area("insertion", self.insertion, self.random_insertion, "more")]
        said = [text for text, name in zip(areas, silent, strict=True) if name in better]
        left = "".join(f"; {text}" for name, text in silent.items() if name not in better)
        return f"The map of {self.map_of} {what}{also}: {', '.join(said)}{left}."


def _area(name: str, area: float, orders: RandomOrders, better: str) -> str:
    return (f"area {significant(area, 2)} by {name} ({orders} for {RANDOM_ORDERS} random orders; "
            f"{better} is better)")


@dataclass(frozen=True, eq=False, kw_only=True)
class Faithfulness(Explanation):
    """Faithfulness of the maps of one picture.

    `array` (m + 1, 2, s + 1) is the probability of the class for each of `methods`, and for the mean of random orders,
    by deletion and by insertion, over `fractions` (s + 1,) of the places.

    Attributes:
        methods: names; `undefined`: those that this network or class has no map of; `placeless`: those whose map is
            one number here, which has no places to order.
        scores: of each of `methods`, in their order.

    """

    methods: tuple[str, ...]
    undefined: tuple[str, ...]
    placeless: tuple[str, ...]
    fractions: NDArray[np.float64]
    scores: tuple[MapScore, ...]


def faithfulness(model: ExplainedNet, pixels: Pixels, target: Target, *, methods: Sequence[str] | None = None,
                 steps: int = STEPS, seed: int = 0, layer: str | None = None) -> Faithfulness:
    """Deletion and insertion curves of the maps of a class in a picture (H, W, C) uint8 of the right size.

    Args:
        model: the network.
        pixels: the picture.
        target: a class.
        methods: names in `METHODS_OF_LOOK`; None is all whose maps are of a class and of one picture.
        steps: in which all places are covered or uncovered.
        seed: of the random orders, and of the order of equal places.
        layer: whose maps Grad-CAM is of; None is its own choice.

    Raises `UsageError` (`not_a_class`, `bad_faithfulness`).

    """
    index = model.class_index(model.check(target))
    if index is None:
        raise UsageError("not_a_class", "the faithfulness of maps was asked for", allowed="a class is allowed",
                         given=f"{target} was given", do="Leave out the layer and the unit")
    steps = checked("steps", steps, Integer(1, 1_000), REFUSAL)
    importance, undefined, placeless = maps_of(
        model, pixels, target, maps_of_classes() if methods is None else methods, layer)
    draws = generator(seed, "faithfulness")
    cells = cells_of(pixels.shape[0], pixels.shape[1])
    count = int(cells.max()) + 1
    orders = [places_in_order(array, cells, draws) for array in importance.values()]
    orders += [draws.permutation(count) for _ in range(RANDOM_ORDERS)]
    fractions = np.linspace(0, 1, steps + 1)
    curves = curves_of(model, pixels, index, [cell_ranks(order)[cells] for order in orders],
                       (fractions * count).round().astype(np.int64))
    random = curves[len(importance):]
    before, grey, blurred = (float(random[0][place]) for place in ((0, 0), (0, -1), (1, 0)))
    areas = np.asarray(np.trapezoid(curves, fractions, axis=2))
    chance = areas[len(importance):]
    orders_of = (RandomOrders.of(chance[:, 0], before, grey), RandomOrders.of(chance[:, 1], before, blurred))
    return Faithfulness(
        array=np.concatenate([curves[: len(importance)], random.mean(axis=0)[None]]), units="probability",
        evidence=f"How the probability of {model.class_of(target)} falls when the places that each map calls important "
                 "are covered first, and rises when they are uncovered first: whether the network needs them; not "
                 "whether a person would look there.",
        layer=target.layer, unit=model.class_of(target), methods=tuple(importance), undefined=undefined,
        placeless=placeless, fractions=fractions, scores=tuple(
            MapScore(method, model.words(target), float(area[0]), float(area[1]), *orders_of, before)
            for method, area in zip(importance, areas, strict=False)))


def maps_of_classes() -> list[str]:
    """The methods whose maps are of a class in one picture."""
    return [name for name, row in METHODS_OF_LOOK.items()
            if row.needs == "picture" and row.drawing in ("overlay", "signed") and row.target == "class"]


def maps_of(model: ExplainedNet, pixels: Pixels, target: Target,
            methods: Iterable[str],
            layer: str | None = None) -> tuple[dict[str, NDArray[np.float64]], tuple[str, ...], tuple[str, ...]]:
    """Importance (H, W) of each pixel by each method; methods that are not defined here, and those without places."""
    found, undefined, placeless = {}, [], []
    for method in methods:
        row = METHODS_OF_LOOK[method]
        try:
            array = row.function(model, pixels, target, **({"layer": layer} if row.in_layer else {})).array
        except UsageError as error:
            if error.code not in UNDEFINED:
                raise
            undefined.append(method)
            continue
        if array.shape[:2] == (1, 1):
            placeless.append(method)
            continue
        signed = np.asarray(array, np.float64)
        small = torch.from_numpy(np.abs(signed).sum(axis=2) if signed.ndim == 3 else signed)[None, None]
        found[method] = F.interpolate(small, pixels.shape[:2], mode="bilinear", align_corners=False)[0, 0].numpy()
    return found, tuple(undefined), tuple(placeless)


def cells_of(height: int, width: int) -> NDArray[np.int64]:
    """The number of the cell of each pixel, (height, width).

    >>> cells_of(28, 3)[[0, 1, 2]].tolist()
    [[0, 1, 2], [0, 1, 2], [3, 4, 5]]
    """
    down, across = (np.arange(size) * min(GRID, size) // size for size in (height, width))
    return np.asarray(down[:, None] * min(GRID, width) + across, np.int64)


def places_in_order(importance: NDArray[np.float64], cells: NDArray[np.int64],
                    draws: np.random.Generator) -> NDArray[np.int64]:
    """The cells by their mean importance, the most important first, equal ones in a random order."""
    flat = cells.ravel()
    means = np.bincount(flat, importance.ravel()) / np.bincount(flat)
    return np.lexsort((draws.random(len(means)), -means))


def cell_ranks(order: NDArray[np.int64]) -> NDArray[np.int64]:
    """When each cell's turn is."""
    ranks = np.empty_like(order)
    ranks[order] = np.arange(len(order))
    return ranks


def curves_of(model: ExplainedNet, pixels: Pixels, index: int, turns: Sequence[NDArray[np.int64]],
              counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Probabilities of a class (orders, 2, steps + 1) by deletion and insertion of the first `counts` cells."""
    picture = model.batch(pixels[None])
    spread = min(pixels.shape[:2]) / BLUR
    blurred = torch.from_numpy(gaussian_filter(picture.cpu().numpy(), (0, 0, spread, spread))).to(picture)

    def pictures() -> Iterator[Tensor]:
        for turn in turns:
            rank = torch.from_numpy(turn).to(picture.device)
            for grounds in ((torch.zeros_like(picture), picture), (picture, blurred)):
                for count in counts.tolist():
                    yield torch.where(rank < count, *grounds)

    with torch.inference_mode(), reuse_freed_memory():
        said = probabilities(model, fold(model.net), pictures(), index)
    return said.reshape(len(turns), 2, len(counts))


def probabilities(model: ExplainedNet, net: Callable[[Tensor], Tensor], pictures: Iterator[Tensor],
                  index: int) -> NDArray[np.float64]:
    """Probability of a class (n,) for each of `pictures` (1, C, H, W), normalised, batch by batch."""
    found = []
    while some := list(islice(pictures, batch_size(model))):
        batch = torch.cat(some).contiguous(memory_format=torch.channels_last)
        found.append(model.probabilities(net(batch).flatten(1).float().cpu().numpy())[:, index])
    return np.concatenate(found)
