"""Step-through of a convolution: window, weights, products, sum, bias and result at each output position of a unit.

The script of the page computes what it shows from one block of data: the weights of the unit, with batch normalisation
folded in, and the values that they are laid on. Without a script the page shows the position that it begins with.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from striate.arch.network import INPUT, Node
from striate.convnet.explain.dot_product import DotProduct, dot_product
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.taps import CARRIERS
from striate.convnet.explain.target import Target
from striate.core.humanize import significant
from striate.model.preprocessing import Pixels
from striate.report.convolution_geometry import ConvolutionGeometry, Part, base64

KINDS = ("conv", "table_conv")
MOST_BYTES = 360_000  # of weights and values; 480 kB as base64
MOST_CHANNELS, SHOWN_CHANNELS = 4, 3  # up to four are all shown, of more the three that add most
COLOURS = ("red", "green", "blue")
CELL, SUM = 3, 6  # significant digits


@dataclass(frozen=True)
class ChannelWindow:
    """Window of one channel as text: values, weights and products, row by row, and what the products add up to."""

    name: str
    values: list[list[str]]
    weights: list[list[str]]
    products: list[list[str]]
    sum: str


@dataclass(frozen=True, eq=False)
class StepThrough:
    """Step-through of one unit of a convolution on one picture, as `look_stepthrough.html.j2` shows it.

    Attributes:
        start: the dot product at the position that it begins with.
        size: of the unit's output, (rows, columns).
        part: (first, last) row and column of the positions that can be stepped through; not all, if they are too many.
        relu: the name of the ReLU behind the sum, or None; `limit`: of it, or None; `result`: its value at the start.
        channels: the windows shown at the start; `others`: how many channels are not, `rest`: what these add.
        data: what the script reads, JSON values.

    """

    start: DotProduct
    size: tuple[int, int]
    part: Part
    relu: str | None
    limit: float | None
    result: float
    channels: tuple[ChannelWindow, ...]
    others: int
    rest: float
    data: Mapping[str, object]

    @property
    def whole(self) -> bool:
        """Whether every output position can be stepped through."""
        return self.part == ((0, self.size[0] - 1), (0, self.size[1] - 1))

    @property
    def block(self) -> Markup:
        """The data as the text of a script element of type application/json."""
        return Markup(json.dumps(self.data, allow_nan=False))  # noqa: S704 - numbers, base64 and names of colours

    @property
    def script(self) -> Markup:
        """The script of the page."""
        return Markup(files("striate.report").joinpath("templates/look_stepthrough.js").read_text("utf-8"))  # noqa: S704

    @property
    def policy(self) -> str:
        """The Content-Security-Policy of a page that has this script and no other."""
        digest = b64encode(sha256(self.script.encode()).digest()).decode("ascii")
        return f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"

    @property
    def facts(self) -> Mapping[str, object]:
        """The window that it begins with: layer and place, weights, values and products, their sum, bias and result."""
        start = self.start
        return {"layer": start.summed, "place": start.summed_place, "weights": start.weights, "values": start.values,
                "products": start.array, "bias": start.bias, "total": start.total, "relu": self.relu,
                "result": self.result}

    def number(self, value: float) -> str:
        """A sum, a bias or a result as text."""
        return significant(value, SUM)


def stepthrough(model: ExplainedNet, pixels: Pixels, target: Target | None = None) -> StepThrough | None:
    """The step-through of the convolution behind `target`, for a picture (H, W, C) uint8 of the right size.

    Without a target it is the first convolution with the normalisation and ReLU right behind it. It begins where the
    target is, else at the strongest position of the strongest unit. None if there is no convolution, if it reads
    values that were reshaped, or if those of one window are too many for a page. Raises as `check` does.
    """
    if target is None:
        first = next((name for name, node in model.nodes.items() if node.layer.kind in KINDS), None)
        if first is None:
            return None
        target = Target(_right_behind(model, first, ("batch_norm", "scale", "relu")))
    start = dot_product(model, pixels, target)
    node = model.nodes.get(start.weighted or "")
    if node is None or node.layer.kind not in KINDS or _reads_reshaped(model, node):
        return None
    (source,) = start.sources
    values = pixels if source == INPUT else np.moveaxis(
        model.activations(model.batch(pixels[None]), [source])[source][0].cpu().numpy(), 0, 2)
    geometry = ConvolutionGeometry.of(node, start, values)
    part = geometry.part(start.summed_place[1:], MOST_BYTES - start.weights.nbytes)
    if part is None:
        return None
    behind = _right_behind(model, start.summed, ("relu",))
    relu = None if behind == start.summed else model.nodes[behind]
    limit = getattr(relu.layer, "limit", None) if relu else None
    colours = source == INPUT and len(start.array) == len(COLOURS)
    names = [f"{one}, {COLOURS[one]}" if colours else str(one) for one in geometry.channels.tolist()]
    data = geometry.as_dict(part) | {
        "names": names, "start": list(start.summed_place[1:]), "weights": base64(start.weights), "bias": start.bias,
        "relu": relu is not None, "limit": limit, "most": MOST_CHANNELS, "shown": SHOWN_CHANNELS}
    if source == INPUT:
        for name, numbers in (("mean", model.preparation.mean), ("std", model.preparation.std)):
            data[name] = np.array(numbers, np.float32)[geometry.channels].tolist()
    assert start.total is not None
    result = start.total if relu is None else float(np.clip(start.total, 0, limit))
    shown, rest = _shown(start.array)
    return StepThrough(start, geometry.output, part, relu.name if relu else None, limit, result,
                       tuple(_windows(start, names, shown)), len(start.array) - len(shown), rest, data)


def _right_behind(model: ExplainedNet, layer: str, kinds: tuple[str, ...]) -> str:
    """The last layer of these kinds, each once, that follow `layer`, each being all that reads the one before."""
    for kind in kinds:
        readers = [node for node in model.nodes.values() if layer in node.inputs]
        if len(readers) == 1 and readers[0].layer.kind == kind:
            layer = readers[0].name
    return layer


def _reads_reshaped(model: ExplainedNet, node: Node) -> bool:
    """Whether a layer before changes rows and columns other than by padding, so that no window slides over them."""
    while node.inputs[0] in model.nodes and (node := model.nodes[node.inputs[0]]).layer.kind in CARRIERS:
        if node.layer.kind in ("flatten", "reshape"):
            return True
    return False


def _shown(products: NDArray[np.float64]) -> tuple[list[int], float]:
    """Which channels are shown, in order, and what the products of the others add up to."""
    sums = products.sum(axis=(1, 2))
    if len(sums) <= MOST_CHANNELS:
        return list(range(len(sums))), 0.0
    shown = sorted(np.argsort(-np.abs(sums), kind="stable")[:SHOWN_CHANNELS].tolist())
    return shown, float(np.delete(sums, shown).sum())


def _windows(start: DotProduct, names: Sequence[str], shown: Iterable[int]) -> Iterable[ChannelWindow]:
    for index in shown:
        values, weights, products = (aligned(table[index]) for table in (start.values, start.weights, start.array))
        total = significant(float(start.array[index].sum()), SUM)
        yield ChannelWindow(names[index], values, weights, products, total)


def aligned(table: NDArray[np.float64]) -> list[list[str]]:
    """Numbers (rows, columns) as text with as many decimals as give the largest three significant digits.

    >>> aligned(np.array([[-0.01234, 0.5], [0.0, -0.0001]])), aligned(np.array([[255.0, 7.0]]))
    ([['−0.012', '0.500'], ['0', '0.000']], [['255', '7']])
    """
    most = float(np.abs(table).max())
    decimals = max(0, CELL - 1 - int(f"{most:.{CELL - 1}e}".split("e")[1]))
    return [[f"{value:z.{decimals}f}".replace("-", "−") if value else "0" for value in row] for row in table.tolist()]
