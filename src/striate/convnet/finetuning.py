"""Fine-tuning of a pretrained network: the head first, then all layers, lower ones in smaller steps.

The head is solved, not trained: a linear classifier on the features of the frozen network, whose weights become those
of the last dense layer. From there the steps that follow need not bend the features to a head of random weights (Kumar
et al., "Fine-tuning can distort pretrained features", ICLR 2022). How large the steps are is written into the network,
as Caffe's multipliers: 1 for the head, falling by a constant factor from layer to layer (Howard & Ruder, ACL 2018,
section 3.2), and 0 for the lowest, which see edges and textures (Yosinski et al., NIPS 2014) and take half the time of
a step.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from striate.arch import Network
from striate.convnet.inference.features import FeatureExtractor, cut
from striate.convnet.pretrained import PretrainedWeights
from striate.convnet.training.training_run import TrainingRun
from striate.convnet.training.validation_epoch import finish_epoch
from striate.errors import Interrupted, NetworkError, shown

LOWEST = 0.05  # multiplier of the lowest layer, were it not frozen
FROZEN = 0.3  # share of the layers, the lowest
STRENGTHS = (0.001, 0.01, 0.1, 1.0)  # of the head: 1 / weight decay, on features whose mean square is 1
UNSEEN = 5.0  # nats by which the score of a class without pictures is below the others
ROUNDS = 300  # iterations of the solver, at most


def adapt_head(network: Network, classes: int) -> Network:
    """`network` for fine-tuning: no auxiliary heads, a last dense layer of `classes` units, graded learning rates.

    Raises `NetworkError` (`no_head`) where the last layer with weights is not dense.

    >>> from striate.arch import load_network
    >>> network = adapt_head(load_network("efficientnet_lite0"), 15)
    >>> str(network.output), [round(network.tensors[name].lr_mult, 2) for name in
    ...                       ("stem/conv.weight", "blocks_9/project/conv.weight", "head/dense.weight")]
    ('15×1×1', [0.0, 0.29, 1.0])
    """
    trunk = network.trunk
    learners = [node for node in trunk.nodes if node.tensors]
    if not learners or learners[-1].layer.kind != "dense":
        raise NetworkError("no_head", f"{shown(network.name or 'a network')} was to be fine-tuned",
                           allowed="networks that end in a dense layer are allowed",
                           given=f"it ends in {learners[-1].layer.kind if learners else 'no layer that learns'}",
                           do="Use --model transfer")
    heavy = [node.name for node in learners if node.layer.kind in ("conv", "dense", "table_conv", "deconv")]
    values, reached = trunk.to_dict(), 0
    for i, node in enumerate(trunk.nodes):
        if not node.tensors:
            continue
        reached = max(reached, heavy.index(node.name) if node.name in heavy else reached)
        layer = values["layers"][i]
        layer = {layer: None} if isinstance(layer, str) else dict(layer)
        settings = dict(layer[node.layer.kind] or {})
        place = reached / max(len(heavy) - 1, 1)
        share = 0.0 if place < FROZEN else round(LOWEST ** (1 - place), 6)
        before = settings.get("lr_mult", 1.0)
        settings["lr_mult"] = [share * one for one in before] if isinstance(before, list) else share * before
        if node is learners[-1]:
            settings["units"] = classes
        values["layers"][i] = {**layer, node.layer.kind: settings}
    return Network.from_dict(values)


def copy_pretrained(module: torch.nn.Module, network: Network, source: PretrainedWeights) -> None:
    """Copy into `module`, of an adapted `network`, all tensors of `source` but those of the head."""
    state, head = module.state_dict(), head_of(network)
    with torch.no_grad():
        for name, tensor in state.items():
            if not name.startswith(f"{head}."):
                tensor.copy_(source.tensors[name])


def head_of(network: Network) -> str:
    """The name of the last layer with weights."""
    return next(node.name for node in reversed(network.trunk.nodes) if node.tensors)


def solve_head(run: TrainingRun) -> None:
    """Solve the last layer of `run.module` and validate the network with it, as epoch 0. Collective.

    A multinomial logistic regression on the features of the training pictures, as they are; its strength is chosen on
    the validation part, without one it is 1. Raises `Interrupted` when `run.context.stop()` turns true.
    """
    started = time.monotonic()
    found = run.group.on_rank_zero(lambda: _solve(run))
    run.progress.begun = run.group.broadcast(found[0] if found else "")
    tensors = run.group.broadcast_tensors(found[1] if found else None)
    state = run.module.state_dict()
    with torch.no_grad():
        for name, tensor in tensors.items():
            state[name].copy_(tensor)
    run.progress.epoch_seconds = time.monotonic() - started
    if run.validation:
        finish_epoch(run, 0)
    run.progress.elapsed += time.monotonic() - started
    run.progress.epoch_seconds = 0.0


def _solve(run: TrainingRun) -> tuple[str, dict[str, Tensor]]:
    """A sentence about the solution, and weight and bias of the last layer."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression  # here, because predicting needs none of it

    network, name = run.module.network, head_of(run.module.network)
    state = run.module.state_dict()
    features = FeatureExtractor(
        cut(network),
        {key: tensor.detach().cpu() for key, tensor in state.items()},
        run.preparation,
        run.precision.name,
        Path(run.context.feature_cache) if run.context.feature_cache else None,
    )
    training_features = features(run.pictures, stop=run.context.stop)
    validation_features = features(run.validation[0], stop=run.context.stop) if run.validation else None
    if run.context.stop():
        raise Interrupted("interrupted", "training was stopped before its first step")
    mean = training_features.mean(axis=0, dtype=np.float64)
    scale = float(np.sqrt(np.mean((training_features - mean) ** 2))) or 1.0
    best: tuple[float, float, Any] = (-1.0, 0.0, None)
    for strength in STRENGTHS if run.validation else (1.0,):
        with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):  # good enough after these rounds
            head = LogisticRegression(C=strength, max_iter=ROUNDS).fit((training_features - mean) / scale, run.labels)
        right = 0.0
        if validation_features is not None and run.validation:
            right = float(np.mean(head.predict((validation_features - mean) / scale) == run.validation[1]))
        best = max(best, (right, -strength, head), key=lambda one: one[:2])
    weight, bias = _all_classes(best[2], network.output.size)
    weight /= scale
    tensors = {f"{name}.weight": weight.reshape(state[f"{name}.weight"].shape), f"{name}.bias": bias - weight @ mean}
    return (f"{name} solved on {len(mean):,} features per picture, the network frozen",
            {key: torch.from_numpy(value).float() for key, value in tensors.items() if key in state})


def _all_classes(head: Any, classes: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights (K, D) and biases (K,) of a logistic regression, for all classes, also those without pictures."""
    weight, bias = head.coef_, head.intercept_
    if len(head.classes_) == 2:  # one row: the score of the second against the first
        weight, bias = np.concatenate([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
    whole = np.zeros((classes, weight.shape[1])), np.full(classes, bias.min() - UNSEEN)
    whole[0][head.classes_], whole[1][head.classes_] = weight, bias
    return whole


def freeze(network: Network, parameters: Mapping[str, Tensor]) -> None:
    """Freeze the parameters whose `lr_mult` is 0, unless that are all."""
    still = [name for name in parameters if network.tensors[name].lr_mult == 0]
    if len(still) < len(parameters):
        for name in still:
            parameters[name].requires_grad_(False)
