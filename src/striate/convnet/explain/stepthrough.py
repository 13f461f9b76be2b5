"""Step-through of a convolution: the sums of one unit at all its output positions, from one window to the next.

A position is one dot product; all of a unit's have the same weights, with batch normalisation folded in, and lie on the
same values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from striate.arch.axis import Pair
from striate.arch.network import INPUT, Node
from striate.convnet.explain.convolution_geometry import ConvolutionGeometry, Part
from striate.convnet.explain.dot_product import DotProduct, dot_product
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.taps import CARRIERS
from striate.convnet.explain.target import Target
from striate.model.preprocessing import Pixels

KINDS = ("conv", "table_conv")
MOST_BYTES = 360_000  # of weights and values; 480 kB as base64


@dataclass(frozen=True, eq=False)
class StepThrough:
    """Step-through of one unit of a convolution on one picture.

    Attributes:
        start: the dot product at the position that it begins with.
        geometry: of the convolution, with the values that it reads.
        part: (first, last) row and column of the positions that can be stepped through; not all, if they are too many.
        relu: the name of the ReLU behind the sum, or None; `limit`: of it, or None; `result`: its value at the start.
        mean, std: of the picture's channels that are read, in bytes, float32; None where another layer is read.

    """

    start: DotProduct
    geometry: ConvolutionGeometry
    part: Part
    relu: str | None
    limit: float | None
    result: float
    mean: NDArray[np.float32] | None = None
    std: NDArray[np.float32] | None = None

    @property
    def size(self) -> Pair:
        """Rows and columns of the unit's output."""
        return self.geometry.output

    @property
    def whole(self) -> bool:
        """Whether every output position can be stepped through."""
        return self.part == ((0, self.size[0] - 1), (0, self.size[1] - 1))

    @property
    def facts(self) -> Mapping[str, object]:
        """The window that it begins with: layer and place, weights, values and products, their sum, bias and result."""
        start = self.start
        return {"layer": start.summed, "place": start.summed_place, "weights": start.weights, "values": start.values,
                "products": start.array, "bias": start.bias, "total": start.total, "relu": self.relu,
                "result": self.result}


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
    assert start.total is not None
    result = start.total if relu is None else float(np.clip(start.total, 0, limit))
    mean, std = (np.array(numbers, np.float32)[geometry.channels] if source == INPUT else None
                 for numbers in (model.preparation.mean, model.preparation.std))
    return StepThrough(start, geometry, part, relu.name if relu else None, limit, result, mean, std)


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
