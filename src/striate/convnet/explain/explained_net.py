"""Network of a recogniser, as its explanations read it: frozen weights, preprocessing, classes and scores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import isfinite

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from striate.arch.network import INPUT, Network, Node
from striate.arch.survey import Survey, survey
from striate.arch.volume import Volume
from striate.convnet.build.net import Net, build, refuse_unknown_layer
from striate.convnet.build.normalise import InputNormalisation
from striate.convnet.build.operations import OPERATIONS, Operation, UnitContext
from striate.convnet.explain.linear_head import LinearHead
from striate.convnet.explain.target import Target
from striate.convnet.inference.precision import best_device
from striate.convnet.recogniser import ConvNet
from striate.convnet.transfer import Transfer
from striate.core.constraints import Integer
from striate.core.params import Refusal, checked
from striate.errors import UsageError, shown
from striate.model.preprocessing import Pixels
from striate.model.recogniser import Recogniser

HEAD = "head"  # the layer of a transfer's classifier, behind those of its network


@dataclass(frozen=True, eq=False)
class ExplainedNet:
    """Network of a recogniser that is explained.

    Attributes:
        net: the torch module in float32, its weights shared with the recogniser and without gradients.
        preparation: of its pictures.
        classes: names, in the order of the scores.
        predict_proba: (n, H, W, C) uint8 pictures of the right size to (n, K) probabilities, as the recogniser does.
        probabilities: outputs of the network (n, D) float32 to (n, K) probabilities.
        head: of a transfer, the classifier on the features; None for a network whose last layer gives the scores.
        scored: whether there are class scores; a transfer whose classifier compares neighbours has none.

    """

    net: Net
    preparation: InputNormalisation
    classes: tuple[str, ...]
    predict_proba: Callable[[Pixels], NDArray[np.float64]] = field(repr=False)
    probabilities: Callable[[NDArray[np.float32]], NDArray[np.float64]] = field(repr=False)
    head: LinearHead | None = None
    scored: bool = True

    @classmethod
    def of(cls, recogniser: Recogniser) -> ExplainedNet:
        """The network of a fitted ConvNet or Transfer.

        Raises `UsageError` (`no_network` for a recogniser without one, `weights_not_finite`).
        """
        if isinstance(recogniser, ConvNet):
            network, tensors, head = recogniser.network_, recogniser.module_.state_dict(), None
        elif isinstance(recogniser, Transfer):
            network, tensors = recogniser.features_.network, recogniser.features_.tensors
            head = LinearHead.of(recogniser.classifier_, recogniser.mean_, recogniser.present_,
                                 len(recogniser.classes_))
        else:
            raise UsageError("no_network", "the network of a recogniser was asked for",
                             allowed="a ConvNet or a Transfer is allowed",
                             given=f"{shown(type(recogniser).__name__)} was given",
                             do="Train one with striate train --model convnet or transfer")
        for name, tensor in tensors.items():
            if tensor.numel() and not all(map(isfinite, torch.stack(torch.aminmax(tensor)).tolist())):
                raise UsageError("weights_not_finite", "a network was to be explained",
                                 allowed="finite weights are allowed",
                                 given=f"{shown(name)} holds values that are infinite or not a number",
                                 do="Train it again, with a smaller learning rate")
        with torch.device("meta"):
            net = build(network)
        net.load_state_dict(dict(tensors), assign=True)  # shares the recogniser's memory
        net.requires_grad_(False).to(best_device(), memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
        return cls(net, recogniser.preparation_, tuple(map(str, recogniser.classes_)), recogniser.predict_proba,
                   recogniser.probabilities, head, scored=head is not None or isinstance(recogniser, ConvNet))

    @property
    def network(self) -> Network:
        """The description of the network."""
        return self.net.network

    @cached_property
    def nodes(self) -> Mapping[str, Node]:
        """The layers that lead to the scores, by name, in order; without auxiliary heads and a final softmax."""
        return {node.name: node for node in self.net.path}

    @cached_property
    def survey(self) -> Survey:
        """The survey of the network, with the receptive fields."""
        return survey(self.network)

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that can be explained, in order; the scores are the last."""
        return (*self.nodes, *((HEAD,) if self.head else ()))

    @property
    def scores(self) -> str:
        """The layer whose units are the class scores; only a transfer without a linear head has none."""
        return HEAD if self.head else self.net.output

    def volume(self, layer: str) -> Volume:
        """The shape of the output of a layer; refuses unknown names (`unknown_layer`, `behind_softmax`)."""
        if layer == HEAD and self.head:
            return Volume(len(self.classes), 1, 1)
        if layer == INPUT:
            return self.network.input
        if layer == self.network.nodes[-1].name and layer not in self.nodes:
            raise UsageError("behind_softmax", f"{shown(layer)} was to be explained",
                             allowed="layers up to the scores are allowed",
                             given="a final softmax was given, whose outputs depend on all scores at once",
                             do=f"Give {self.scores}, the scores before it")
        refuse_unknown_layer(layer, [*self.layers, INPUT], self.network.name)
        return self.nodes[layer].output

    def check(self, target: Target) -> Target:
        """`target`, if its layer, unit and position are there (`unknown_layer`, `no_such_unit`)."""
        channels, height, width = self.volume(target.layer)
        sides = {"unit": (target.unit, channels), "row": (target.at and target.at[0], height),
                 "column": (target.at and target.at[1], width)}
        for what, (given, size) in sides.items():
            if given is not None:
                checked(what, given, Integer(0, size - 1, f"{what}s 0 to {size - 1} of {target.layer} are allowed"),
                        Refusal("no_such_unit", f"the {what} of a layer was asked for", f"Give one up to {size - 1}"))
        return target

    def class_target(self, index: int) -> Target:
        """The score of a class, by index; refused where the classifier gives no score (`no_class_score`)."""
        self.refuse_without_scores()
        _, height, width = self.volume(self.scores)  # which a network of convolutions alone may spread over positions
        unit, place = divmod(index, height * width)
        return Target(self.scores, unit, divmod(place, width))

    def refuse_without_scores(self) -> None:
        """Refuse a classifier that gives no score of a class (`no_class_score`)."""
        if not self.scored:
            raise UsageError("no_class_score", "the evidence for a class was asked for",
                             allowed="networks that end in scores, and transfers with a linear SVM, have such evidence",
                             given="a transfer was given whose classifier compares neighbours",
                             do="Train with head linear_svm, or give a layer and a unit")

    def class_index(self, target: Target) -> int | None:
        """The index of the class whose score a target is; None if it is none."""
        if not self.scored or target.layer != self.scores or target.unit is None:
            return None
        _, height, width = self.volume(self.scores)
        row, column = target.at or (0, 0)
        return None if target.at is None and height * width > 1 else (target.unit * height + row) * width + column

    def class_of(self, target: Target) -> str | None:
        """The class whose score a target is; None if it is none."""
        index = self.class_index(target)
        return None if index is None else self.classes[index]

    def unit_name(self, target: Target) -> str | None:
        """The name of a target's class if it is a score, else the number of its unit; None for a whole layer."""
        return self.class_of(target) or (None if target.unit is None else str(target.unit))

    def words(self, target: Target) -> str:
        """A target in words: `the score of class cat`, or `unit 7 of conv1 at 3,4`."""
        name = self.class_of(target)
        return str(target) if name is None else f"the score of class {shown(name, 80)}"

    def batch(self, pictures: Pixels) -> Tensor:
        """Pictures (n, H, W, C) uint8 of the right size as a normalised batch (n, C, H, W) float32."""
        return self.preparation.batch(pictures, best_device())

    def activations(self, batch: Tensor, layers: Iterable[str],
                    operations: Mapping[str, Operation] = OPERATIONS) -> dict[str, Tensor]:
        """Outputs (n, C, H, W) of named layers, the head's among them; see `Net.activations`.

        `operations` may have a `linear_head`, which takes the place of the head.
        """
        asked = list(dict.fromkeys(layers))
        for name in asked:
            self.volume(name)
        inner = [name for name in asked if name != HEAD or not self.head]
        wanted = [*inner, self.net.output] if len(inner) < len(asked) else inner
        volumes = self.net.activations(batch, wanted, operations=operations).volumes
        if self.head and HEAD in asked:
            features = volumes[self.net.output]
            ruled = operations.get("linear_head")
            volumes[HEAD] = ruled(self.head, UnitContext({}), features) if ruled else self.head(features)
        return {name: volumes[name] for name in asked}

    def path_to(self, layer: str) -> Sequence[Node]:
        """The layers of the network that lead to `layer`, which is the last of them unless it is the head."""
        return self.net.path_to([self.net.output if layer == HEAD and self.head else layer])
