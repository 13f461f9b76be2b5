"""Sanity check of explanations by randomised weights (Adebayo et al., "Sanity checks for saliency maps", NeurIPS 2018).

The layers of the network get random weights one after another, from the scores down to the picture (cascading
randomisation, section 3.1). A map that explains what the network has learnt must change; one that stays alike shows
what the picture has, not what decided. Likeness is Spearman's rank correlation of the absolute maps; of maps of pixels,
within what the unit sees: the zeros outside are ties, which stay alike whatever the weights are.

Weights come from the initialisers of the network's own description. A batch normalisation among the randomised layers
begins with factors of 1 and shifts of 0, and its mean and variance are measured on the picture itself, so that signals
keep their scale: with those of the trained network, or 0 and 1, deep random networks saturate. The linear head of a
transfer gets normal weights of the same deviation and keeps the mean features that it subtracts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import rankdata
from torch import Tensor

from striate.convnet.build.initialise import fill
from striate.convnet.build.net import build
from striate.convnet.build.operations import OPERATIONS, UnitContext
from striate.convnet.explain.crops import box_seen
from striate.convnet.explain.explained_net import HEAD, ExplainedNet
from striate.convnet.explain.linear_head import LinearHead
from striate.convnet.explain.methods import METHODS_OF_LOOK
from striate.convnet.explain.projection import located
from striate.convnet.explain.target import Target
from striate.convnet.training.seeding import generator
from striate.core.constraints import Integer
from striate.core.humanize import significant
from striate.core.params import Refusal, checked
from striate.errors import UsageError
from striate.model.explanation import Explanation
from striate.model.preprocessing import Pixels

STAGES = 6  # numbers of randomised layers at which maps are compared
DRAWS, QUICK_DRAWS = 3, 2  # random networks that correlations are means of, and without being asked
QUICK = 500_000_000  # multiply-adds of a network that is checked without being asked
# Rank correlations from which maps are called alike, with all layers randomised and with half of them. They are ours;
# half of them is what Adebayo et al. find guided backpropagation insensitive to.
ALIKE, ALIKE_IN_HALF = 0.3, 0.5

# Checked methods, with what they are asked for. Deconvnet begins with 1: the size of a seed above 0 does not change the
# order of the values, and its own, the activation, may be 0 or below with random weights.
CHECKED: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {"gradient": {}, "grad_cam": {}, "guided": {}, "deconvnet": {"seed": 1.0}})

REFUSAL = Refusal("bad_sanity_check", "the {name} of a sanity check were asked for", "Leave it out")
SHOWS_THE_PICTURE = "shows what the picture has, not what decided"


@dataclass(frozen=True)
class SanityVerdict:
    """Verdict on one method: rank correlations of its maps with all layers randomised, and with the upper half.

    They are means of `draws` random networks. `map_of`: what the maps are of, in words.
    """

    method: str
    map_of: str
    all_layers: float
    upper_half: float
    draws: int

    @property
    def keeps_its_likeness(self) -> bool:
        """Whether its map stays alike without what was learnt."""
        return self.all_layers >= ALIKE or self.upper_half >= ALIKE_IN_HALF

    @property
    def sentence(self) -> str:
        """The verdict in a sentence."""
        numbers = (f"rank correlation with the map of the same network {_hundredths(self.upper_half)} with random "
                   f"weights in the upper half of its layers, {_hundredths(self.all_layers)} in all; "
                   f"{'one draw' if self.draws == 1 else f'mean of {self.draws} draws'}")
        where = f"On this model and picture the map of {self.map_of}"
        if self.keeps_its_likeness:
            return f"{where} keeps its likeness: it {SHOWS_THE_PICTURE} ({numbers})."
        return f"{where} depends on what was learnt ({numbers})."


@dataclass(frozen=True, eq=False, kw_only=True)
class SanityCheck(Explanation):
    """Sanity check of methods on one picture.

    `array` (m, s) is the rank correlation of the maps of each of `methods` with the untouched map, for each stage; the
    mean of `draws` random networks.

    Attributes:
        methods: names; `undefined`: those that have no map here, or one that is the same everywhere.
        stages: (s,), how many layers are randomised; `reached`: the lowest of them.
        verdicts: one for each of `methods`, in their order.

    """

    methods: tuple[str, ...]
    undefined: tuple[str, ...]
    stages: tuple[int, ...]
    reached: tuple[str, ...]
    draws: int
    verdicts: tuple[SanityVerdict, ...]


def sanity(model: ExplainedNet, pixels: Pixels, target: Target, *, stages: int = STAGES, draws: int = DRAWS,
           seed: int = 0, methods: Sequence[str] = tuple(CHECKED), layer: str | None = None) -> SanityCheck:
    """Sanity check of the maps of `target` in a picture (H, W, C) uint8 of the right size.

    Args:
        model: the network; it stays as it is.
        pixels: the picture.
        target: a class or a unit; one without a position is where its unit is strongest in the untouched network.
        stages: how many numbers of randomised layers, from the last layer alone to all; half of them is one more.
        draws: random networks, of which the mean is taken.
        seed: of their weights.
        methods: those of `CHECKED` that are checked.
        layer: whose maps Grad-CAM is of; None is its own choice.

    Raises `UsageError` (`bad_sanity_check`; `nothing_to_randomise` without weights before the target;
    `no_map_to_check` where none of the methods has a map with an order).

    """
    stages = checked("stages", stages, Integer(1, 1_000), REFUSAL)
    draws = checked("draws", draws, Integer(1, 1_000), REFUSAL)
    with torch.no_grad():
        target = located(model.activations(model.batch(pixels[None]), [target.layer])[target.layer], target)
    untouched, undefined = {}, []
    for method in methods:
        try:
            found = absolute_map(method, model, pixels, target, layer)
        except UsageError as error:
            if error.code != "rule_undefined":
                raise
            undefined.append(method)
            continue
        if np.ptp(found):
            untouched[method] = found
        else:
            undefined.append(method)
    order = [node.name for node in reversed(model.path_to(target.layer)) if node.tensors]
    order = [HEAD, *order] if model.head and target.layer == HEAD else order
    if not order:
        raise UsageError("nothing_to_randomise", "a sanity check was asked for",
                         allowed="a layer with weights, or one behind such a layer, is allowed",
                         given=f"{target.layer} was given, before which nothing has weights", do="Give a later layer")
    if not untouched:
        raise UsageError("no_map_to_check", "a sanity check was asked for",
                         allowed="what has a map whose values differ is allowed",
                         given=f"{model.words(target)} was given", do="Choose another picture, layer or unit")
    half = -(-len(order) // 2)
    counts = np.unique([half, *np.linspace(len(order), 1, stages).round().astype(int)])
    alike = np.zeros((draws, len(untouched), len(counts)))
    for draw in range(draws):
        for stage, count in enumerate(counts):
            changed = randomised(model, order[:count], pixels, draw + seed * draws)
            for row, (method, first) in enumerate(untouched.items()):
                alike[draw, row, stage] = rank_correlation(first, absolute_map(method, changed, pixels, target, layer))
    mean = alike.mean(axis=0)
    verdicts = tuple(SanityVerdict(method, model.words(target), float(row[-1]), float(row[counts == half].item()),
                                   draws)
                     for method, row in zip(untouched, mean, strict=True))
    return SanityCheck(
        array=mean, units="rank correlation",
        evidence="How alike each map stays when the layers get random weights, from the scores down: a map that stays "
                 f"alike {SHOWS_THE_PICTURE}; that a map changes does not yet make it true.",
        layer=target.layer, unit=None if target.unit is None else model.unit_name(target), methods=tuple(untouched),
        undefined=tuple(undefined), stages=tuple(counts.tolist()), reached=tuple(order[i - 1] for i in counts),
        position=None if model.class_of(target) else target.at, draws=draws, verdicts=verdicts)


def quick_sanity(model: ExplainedNet, pixels: Pixels, target: Target, methods: Sequence[str],
                 layer: str | None = None) -> SanityCheck | None:
    """The check of `methods`, some of `CHECKED`, with half of the layers and with all randomised.

    A second or two for networks up to EfficientNet-Lite0; None from `QUICK` multiply-adds on, or without a map.
    """
    if model.survey.total("macs") > QUICK:
        return None
    try:
        return sanity(model, pixels, target, stages=1, draws=QUICK_DRAWS, methods=methods, layer=layer)
    except UsageError as error:
        if error.code not in ("no_map_to_check", "nothing_to_randomise"):
            raise
        return None


def absolute_map(method: str, model: ExplainedNet, pixels: Pixels, target: Target,
                 layer: str | None = None) -> NDArray[np.float64]:
    """The magnitudes (h, w) of the map of a method in `CHECKED`, summed over colours.

    Of a map of pixels, what the target, which has a position if it is a unit, sees of them.
    """
    row = METHODS_OF_LOOK[method]
    more = {"layer": layer} if row.in_layer else {}
    magnitudes: NDArray[np.float64] = np.abs(
        row.function(model, pixels, target, **CHECKED[method], **more).array.astype(np.float64))
    if row.drawing == "signed" and target.unit is not None:
        magnitudes = magnitudes[box_seen(model, target).whole_pixels()]
    return magnitudes.sum(axis=2) if magnitudes.ndim == 3 else magnitudes


def rank_correlation(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Spearman's rank correlation of two maps; 0 if one of them is the same everywhere, which has no order.

    >>> rank_correlation(np.array([1.0, 3, 2]), np.array([1.0, 27, 8])) > 0.999
    True
    """
    ranks = [rankdata(one.ravel()) - (one.size + 1) / 2 for one in (first, second)]
    lengths = np.linalg.norm(ranks[0]) * np.linalg.norm(ranks[1])
    return float(ranks[0] @ ranks[1] / lengths) if lengths else 0.0


def randomised(model: ExplainedNet, layers: Sequence[str], pixels: Pixels, seed: int) -> ExplainedNet:
    """A copy of `model` whose `layers` have random weights; the others share theirs."""
    with torch.device("meta"):
        net = build(model.network)
    drawn = build(model.network)
    fill(drawn, seed)
    chosen = {f"{node.name}.{name}" for node in net.nodes if node.name in layers for name in node.tensors}
    state, fresh = model.net.state_dict(), drawn.state_dict()
    tensors = {name: fresh[name].to(value) if name in chosen else value for name, value in state.items()}
    net.load_state_dict(tensors, assign=True)
    net.requires_grad_(False).eval()
    measured = {tensor.data_ptr() for name, tensor in net.state_dict().items() if name in chosen}

    def measure(layer: Any, context: UnitContext, x: Tensor) -> Tensor:
        mean, variance = context.tensors["running_mean"], context.tensors["running_var"]
        if mean.data_ptr() in measured and len(x) * x.shape[2] * x.shape[3] > 1:
            mean.copy_(x.mean((0, 2, 3)))
            variance.copy_(x.var((0, 2, 3), correction=0))
        return OPERATIONS["batch_norm"](layer, context, x)

    with torch.no_grad():
        net.activations(model.batch(pixels[None]), [net.output], operations=OPERATIONS | {"batch_norm": measure})
    return replace(model, net=net, head=_random(model.head, seed) if model.head and HEAD in layers else model.head)


def _random(head: LinearHead, seed: int) -> LinearHead:
    weights = generator(seed, "sanity", HEAD).normal(0, float(head.weights.std()), head.weights.shape)
    return replace(head, weights=torch.from_numpy(weights.astype(np.float32)).to(head.weights),
                   bias=torch.zeros_like(head.bias))


def _hundredths(correlation: float) -> str:
    return significant(round(correlation, 2), 2)
