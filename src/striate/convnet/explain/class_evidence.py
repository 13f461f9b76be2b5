"""Evidence of the features for a class: each feature times its weight, and where in the picture the products come from.

With global average pooling and a dense layer behind the maps this is class activation mapping (Zhou et al., "Learning
deep features for discriminative localization", CVPR 2016, section 2): f_i is the mean of map i over its positions, so

    score = Σ_i w_i·f_i + bias = Σ_{y,x} (Σ_i w_i·map_i[y, x] / positions) + bias

which is an exact sum. A dense layer on a flattened volume is divided alike, with a weight for each position; and so is
the linear head of a transfer, with the mean features taken out and the length of the vector divided by. Behind a global
maximum a feature comes from the position that won.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from striate.arch.network import INPUT, Node
from striate.convnet.explain.backward import ForwardPass, seed_of
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.target import Target
from striate.errors import UsageError, shown
from striate.model.explanation import Explanation, terms_of
from striate.model.preprocessing import Pixels

STRONGEST = 5  # features on each side that get a map of their own


@dataclass(frozen=True, eq=False)
class ClassEvidence(Explanation):
    """Evidence of the features of a network for one class.

    `array` is (H, W) float64, what each position of the features' maps adds to the score, (1, 1) if they have no
    positions; `terms`, what each feature adds, in their order. Either sum, plus `bias`, is `total`, the score.

    Attributes:
        features: the layer whose units are the features.
        strongest: the features that add most, strongest first, then those that take away most, strongest last;
            `maps` (n, H, W) float64, what each of them adds at each position.

    """

    features: str = ""
    strongest: tuple[int, ...] = ()
    maps: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 1, 1)))


def class_evidence(model: ExplainedNet, pixels: Pixels, target: Target) -> ClassEvidence:
    """Evidence of the features for a class in `pixels` (H, W, C) uint8 of the right size: products that sum to a score.

    The units are margins for the linear head of a transfer, and scores before softmax for a network; in float32.

    Raises `UsageError` (`not_a_class`, `no_class_score`, `no_linear_scores`).
    """
    index = model.class_index(model.check(target))
    if target.layer == model.scores:
        model.refuse_without_scores()
    if index is None:
        raise UsageError("not_a_class", "the evidence for a class was asked for",
                         allowed=f"a unit of {model.scores}, which has the scores, is allowed",
                         given=f"{target} was given", do="Name a class, or look at this unit with deconvnet")
    features, weighted = linear_end(model)
    forward = ForwardPass.of(model, model.batch(pixels[None]), [model.scores, model.net.output, features])
    values, scores = forward.volumes[features], forward.volumes[model.scores].detach()
    if model.head is None:
        parts = forward.back(model.scores, seed_of(scores, target), features) * values
        bias = _bias(model, weighted, index)
    else:
        parts, bias = _parts_of_margin(model, forward, features, index), float(model.head.bias[index])
    found: NDArray[np.float64] = parts[0].detach().double().cpu().numpy()
    by_feature = found.sum(axis=(1, 2))
    order = (-by_feature).argsort(kind="stable")
    best, worst = order[:STRONGEST], order[-STRONGEST:]
    chosen = [*best[by_feature[best] > 0], *worst[by_feature[worst] < 0]]
    return ClassEvidence(
        found.sum(axis=0), "score" if model.head is None else "margins",
        _sentence(model, index, features, found.shape, weighted), layer=model.scores,
        unit=model.classes[index], total=scores[0].flatten()[index].item(), bias=bias,
        terms=terms_of([f"unit {i} of {features}" for i in range(len(found))], by_feature),
        features=features, strongest=tuple(map(int, chosen)), maps=found[chosen])


def linear_end(model: ExplainedNet) -> tuple[str, str | None]:
    """The layer whose units the class scores are a linear function of, and the layer with the weights.

    The second is None for the head of a transfer, and where the scores are the means of one map each, as in Network in
    Network. Raises `UsageError` (`no_linear_scores`).
    """
    features, weighted = _before_pooling(model, model.net.output), None
    if model.head:
        return features, None
    node = model.nodes.get(features)
    if node and node.layer.kind in ("dense", "conv") and len(model.classes) in (node.output.channels, node.output.size):
        features, weighted = _before_pooling(model, node.inputs[0]), node.name
    elif model.volume(features).height * model.volume(features).width == 1:
        raise UsageError("no_linear_scores", "the evidence of the features for a class was asked for",
                         allowed="scores from a dense layer, or from the mean of a map, are allowed",
                         given=f"{shown(features)} was given, which is a {node.layer.kind if node else INPUT}",
                         do="Use grad_cam")
    return features, weighted


def _before_pooling(model: ExplainedNet, layer: str) -> str:
    """The layer whose values reach `layer` unmixed: behind it each channel is pooled, or laid out otherwise."""
    while (node := model.nodes.get(layer)) and _keeps_channels(node):
        layer = node.inputs[0]
    return layer


def _keeps_channels(node: Node) -> bool:
    if node.layer.kind == "pool":  # as wide as its input, as AlexNet's descendants pool at their end
        window = cast(Any, node.layer).window
        _, height, width = node.input_volumes[0]
        return (node.output.height, node.output.width) == (1, 1) and window.pads(height, width) == ((0, 0), (0, 0))
    return node.layer.kind in ("flatten", "reshape", "dropout", "global_pool")


def _bias(model: ExplainedNet, weighted: str | None, index: int) -> float:
    """The bias of a class; scores that are the positions of a convolution's maps share that of their map."""
    own = model.net.state_dict().get(f"{weighted}.bias")
    return 0.0 if own is None else float(own[index * len(own) // len(model.classes)])


def _parts_of_margin(model: ExplainedNet, forward: ForwardPass, features: str, index: int) -> Tensor:
    """What each value of `features` adds to a margin, in the shape of its volume; the vector's length is fixed."""
    assert model.head
    vector = forward.volumes[model.net.output]
    mean = model.head.mean.to(vector).reshape(vector.shape)
    length = torch.linalg.vector_norm((vector - mean).detach()).clamp_min(1e-12)
    weights = model.head.weights[index].to(vector).reshape(vector.shape) / length
    own = forward.back(model.net.output, weights, features) * forward.volumes[features]
    # The adjoint divides the mean of a feature among the positions that the feature is pooled from.
    return own - forward.back(model.net.output, weights * mean, features)


def _sentence(model: ExplainedNet, index: int, features: str, shape: tuple[int, ...], weighted: str | None) -> str:
    count, height, width = shape
    name = shown(model.classes[index], 80)
    where = f" and each of {height}×{width} positions" if height * width > 1 else ""
    if weighted is None and not model.head:
        return (f"What each of {height}×{width} positions adds to the score of {name}, an exact sum; it does not show "
                "what the network sees there, and only differences between the scores of classes decide.")
    compared = ", the margin of its SVM, compared with the mean of the training pictures" if model.head else ""
    missing = "" if where else "; these features read the whole picture, so they have no places"
    return (f"What each of {count:,} features of {features}{where} adds to the score of {name}{compared}, an exact "
            f"sum with the bias; it does not show what a feature sees, and a position reads its whole receptive "
            f"field{missing}; only differences between the scores of classes decide.")
