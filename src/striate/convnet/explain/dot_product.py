"""One activation as its table of products: every weight times its input, their sum, and the bias.

A unit of a convolution or a dense layer computes w·x + b. A target behind it is followed back to that sum: through
activations, max pooling (to the pixel that won), concatenation and the like; batch normalisation right behind it is
folded into its weights. Where the inputs are those of the network, the same sum is also given on the bytes of the
picture: with x = (byte − μ)/σ it is Σ (w/σ)·byte + (b − Σ w·μ/σ).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from striate.arch.network import INPUT
from striate.convnet.explain.backward import positions
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.taps import Doubles, Indices, Place, Taps
from striate.convnet.explain.target import Target
from striate.convnet.explain.weighted_sum import weighted_sum
from striate.core.humanize import plus, significant
from striate.core.result import Result
from striate.model.explanation import Explanation, Term, terms_of
from striate.model.preprocessing import Pixels

EVIDENCE = ("Each product is what one input adds to this one sum, in this picture; it says neither why the network has "
            "learnt this weight nor what another picture would give.")


@dataclass(frozen=True, eq=False)
class PixelProducts(Result):
    """The same sum on the bytes of the picture: weights are divided by σ, the bias takes in the means.

    Attributes:
        weights, values, products: float64, in the shape of the table; values are bytes, and 0 in the padding.
        bias: b − Σ w·μ/σ over the weights that are not on padding; `total`: the sum of the products and the bias.

    """

    weights: Doubles
    values: Doubles
    products: Doubles
    bias: float
    total: float


class ProductRow(NamedTuple):
    """Row of the table: an input of layer `source` at (channel, row, column), its weight, and their product.

    Rows and columns of padding lie outside the layer. The last three are in pixel units, or None.
    """

    source: str
    channel: int
    row: int
    column: int
    padding: bool
    weight: float
    value: float
    product: float
    pixel_weight: float | None = None
    pixel_value: float | None = None
    pixel_product: float | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class DotProduct(Explanation):
    """One activation as a sum of products.

    Attributes:
        array: the products, float64; the next five have its shape, (channels, rows, columns) for a window.
        weights, values: float64, in network units, with batch normalisation folded in; padding is zero.
        channel, row, column: of each input in its layer, int64; `inside`: false in the padding.
        sources: the layers that are read, by name; `source`: the index of each input's.
        total: the sum of products and bias: the pre-activation, which `summed` computes.
        summed, summed_place: the layer that the sum is the output of, and (channel, row, column) in it.
        weighted: the layer whose weights these are, None where an input is taken as it is, and for a transfer's head.
        computed: the network's own value of it, float32; `activation`: its value of the target.
        steps: how the target follows from the sum, a line for each layer passed, in the order of the network.
        pixels: the sum in pixel units, if all inputs are the network's.

    """

    weights: Doubles
    values: Doubles
    channel: Indices
    row: Indices
    column: Indices
    inside: NDArray[np.bool_]
    sources: tuple[str, ...]
    source: Indices
    summed: str
    summed_place: Place
    weighted: str | None
    computed: float
    activation: float
    steps: tuple[str, ...]
    pixels: PixelProducts | None

    @property
    def rows(self) -> tuple[ProductRow, ...]:
        """The table, row by row in the order of the array."""
        network = (self.channel, self.row, self.column, ~self.inside, self.weights, self.values, self.array)
        raw = (self.pixels.weights, self.pixels.values, self.pixels.products) if self.pixels else ()
        columns = [values.ravel().tolist() for values in network + raw]
        names = [self.sources[index] for index in self.source.ravel().tolist()]
        return tuple(ProductRow(name, *row) for name, row in zip(names, zip(*columns, strict=True), strict=True))

    @property
    def sentence(self) -> str:
        """The sum in one line."""
        assert self.total is not None
        return sum_line(self.array.size, float(self.array.sum()), self.bias, self.total)


def sum_line(count: int, products: float, bias: float, total: float) -> str:
    """A sum of products and a bias in one line.

    >>> sum_line(75, -1.5, 0.25, -1.25), sum_line(1, 0.5, -0.25, 0.25)
    ('75 products sum to −1.5; −1.5 + 0.25 = −1.25 with the bias', '1 product is 0.5; 0.5 − 0.25 = 0.25 with the bias')
    """
    said = f"{count:,} products sum to" if count != 1 else "1 product is"
    amount = significant(products, 6)
    return f"{said} {amount}; {amount} {plus(bias, 6)} = {significant(total, 6)} with the bias"


def dot_product(model: ExplainedNet, pixels: Pixels, target: Target) -> DotProduct:
    """One activation of a picture (H, W, C) uint8 of the right size as its table of products.

    A target without a unit or a position is the strongest unit, or the strongest position. Raises as `check` does.
    """
    model.check(target)
    names = [INPUT, *(node.name for node in model.path_to(target.layer)), target.layer]
    with torch.no_grad():
        volumes = model.activations(model.batch(pixels[None]), names)
    place = strongest_place(volumes[target.layer], target)
    found = weighted_sum(model, volumes, target.layer, place)
    taps, products = found.taps, found.taps.weights * found.values
    name = model.unit_name(Target(target.layer, place[0], place[1:]))
    return DotProduct(
        products, f"activation of {found.layer}", EVIDENCE, target.layer, name, float(products.sum()) + taps.bias,
        taps.bias, _by_channel(taps, products), place[1:], weights=taps.weights, values=found.values,
        channel=taps.channel, row=taps.row, column=taps.column, inside=taps.inside, sources=taps.sources,
        source=taps.source, summed=found.layer, summed_place=found.place,
        weighted=found.node.name if found.node else None, computed=float(volumes[found.layer][(0, *found.place)]),
        activation=float(volumes[target.layer][(0, *place)]), steps=found.steps,
        pixels=_in_pixels(model, pixels, taps) if taps.sources == (INPUT,) else None)


def strongest_place(volume: Tensor, target: Target) -> Place:
    """The unit and position of a target in `volume` (1, C, H, W); the strongest, where it names none."""
    if target.unit is None:
        values = volume[0].flatten(1) if target.at is None else volume[0, :, target.at[0], target.at[1], None]
        peaks = values.amax(1)
        target = replace(target, unit=int((peaks == peaks.max()).to(torch.uint8).argmax()))
    assert target.unit is not None
    row, column = positions(volume, target)[0].tolist()
    return target.unit, row, column


def _by_channel(taps: Taps, products: Doubles) -> tuple[Term, ...]:
    """What each channel of the layer that is read adds, or each of the layers, if there are several."""
    if len(taps.sources) > 1:
        return terms_of(taps.sources, products)
    channels, inverse = np.unique(taps.channel, return_inverse=True)
    sums = np.bincount(inverse.ravel(), products.ravel(), len(channels)).astype(np.float64)
    return terms_of([f"channel {one}" for one in channels], sums)


def _in_pixels(model: ExplainedNet, pixels: Pixels, taps: Taps) -> PixelProducts:
    """The sum on the bytes of the picture."""
    # As the network has them: in float32.
    mean, std = (np.array(values, np.float32).astype(np.float64)[taps.channel]
                 for values in (model.preparation.mean, model.preparation.std))
    values = np.zeros(taps.weights.shape)
    values[taps.inside] = pixels[taps.row[taps.inside], taps.column[taps.inside], taps.channel[taps.inside]]
    weights = taps.weights / std
    products = weights * values
    bias = taps.bias - float((weights * mean)[taps.inside].sum())
    return PixelProducts(weights, values, products, bias, float(products.sum()) + bias)
