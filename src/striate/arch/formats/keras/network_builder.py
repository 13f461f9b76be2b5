"""Builder of a network from Keras' calls, with the tensor of each of Keras' arrays."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import NamedTuple

from striate.arch.formats.keras.layer_config import LayerCall
from striate.arch.formats.tensor_layout import DATA_FORMATS, KerasTensor, Order
from striate.arch.layers import ELU, Layer, LeakyReLU, ReLU, Sigmoid, Softmax, Tanh
from striate.errors import NetworkError

# Keras' activations without learnt values; leaky_relu has slope 0.2 as an activation, 0.3 as a layer.
ACTIVATIONS: dict[str, Layer | None] = {
    "linear": None, "relu": ReLU(), "relu6": ReLU(6), "leaky_relu": LeakyReLU(0.2), "elu": ELU(), "sigmoid": Sigmoid(),
    "tanh": Tanh(), "softmax": Softmax(),
}

TO_CHW, TO_HWC = [3, 1, 2], [2, 3, 1]
"""Permute's dims that turn one layout into the other."""


class ArrayMapping(NamedTuple):
    """Mapping of one of Keras' arrays to ours: its tensor, its shape in Keras, the permutation of its axes.

    `order` is that of the values along its first axis, if they were flattened.
    """

    tensor: str
    shape: tuple[int, ...]
    axes: tuple[int, ...] = (0,)
    order: Order = ()


@dataclass
class NetworkBuilder:
    """Builder of a network: the tensor of each step, our names, and the array mappings of each of Keras' layers."""

    steps: list[LayerCall]

    def __post_init__(self) -> None:
        self.flows: dict[int, KerasTensor] = {}
        self.parts: dict[str, list[ArrayMapping]] = {}
        self._names: set[str] = set()
        self._numbers: defaultdict[str, Iterator[int]] = defaultdict(lambda: count(2))
        self.steps = [replace(step, name=self.free(our_name(step.path))) for step in self.steps]
        self._followers: dict[int, list[int]] = {step.number: [] for step in self.steps}
        for step in self.steps:
            for source in step.sources:
                self._followers[source].append(step.number)
        self._after: dict[int, str | None] = {}

        self._wants: dict[int, str | None] = {}
        for step in reversed(self.steps):
            self._after[step.number] = next((want for want in map(self._wants.get, self._followers[step.number])
                                             if want), None)
            self._wants[step.number] = _input_layout(step, self._after[step.number])

        self._start = "hwc"

    def layout_after(self, step: LayerCall) -> str:
        """The layout in which later layers read the pictures of a step; that of the input or `hwc` by default."""
        layout = self._after[step.number] or self._start
        self._start = self._start if step.sources else layout
        return layout

    def free(self, name: str) -> str:
        """`name`, with the first free number if it is taken."""
        base, name = name[:90], name[:100]
        while name in self._names or name == "input":
            name = f"{base}_{next(self._numbers[base])}"
        self._names.add(name)
        return name

    def inserted_for(self, step: LayerCall, what: str) -> LayerCall | None:
        """The step for which `write_keras` inserted this one, by its name (`dense1_flatten`); None if there is none."""
        followers = self._followers[step.number]
        if len(followers) != 1:
            return None
        after = self.steps[followers[0]]
        start = f"{after.path}_{what}"
        return after if step.path.startswith(start) and re.fullmatch(r"\d*", step.path[len(start):]) else None

    def apply(self, layer: Layer, step: LayerCall, *flows: KerasTensor, suffix: str = "") -> KerasTensor:
        """Call our layer on tensors, under the step's name, or that with a suffix."""
        name = self.free(f"{step.name[:90]}_{suffix}") if suffix else step.name
        return flows[0].with_volume(replace(layer, name=name)(*(flow.volume for flow in flows)))

    def add_array(self, step: LayerCall, part: ArrayMapping | None) -> None:
        """Append the mapping of the next array of the step's layer."""
        if part:
            self.parts.setdefault(step.path, []).append(part)

    def activate(self, step: LayerCall, flow: KerasTensor) -> KerasTensor:
        """The tensor behind the step's own activation, which is a layer of ours."""
        word = step.config.get("activation") or "linear"
        layer = ACTIVATIONS[word]  # other words were refused before
        if layer is None:
            return flow
        if word == "softmax" and flow.channel_axes[-1] != -1:
            raise wrong_axis(step, flow, -1)
        return self.apply(layer, step, flow, suffix=word)


def _input_layout(step: LayerCall, after: str | None) -> str | None:
    """The layout in which a step reads a picture: by its data_format, its axes, or that of the next step."""
    match step.class_name:
        case "Flatten":
            return "chw" if step.layout() == "chw" else None
        case "Reshape" | "Dense":
            return None
        case "Permute":
            return {str(TO_CHW): "hwc", str(TO_HWC): "chw"}.get(str(step.config.get("dims"))[:9])
        case "BatchNormalization" | "BatchNormalizationV1" | "Concatenate" | "Softmax":
            return {1: "chw", -3: "chw"}.get(step.axes("axis", -1)[0], "hwc") if step.axes("axis", -1) else None
        case "PReLU":
            return {"[1, 2]": "hwc", "[2, 3]": "chw"}.get(str(step.config.get("shared_axes"))[:9], after)
    return step.layout() or after


def our_name(path: str) -> str:
    """Our name for one of Keras; `>` is the slash, which Keras does not allow.

    >>> our_name("inception_3a>1x1"), our_name("tf.nn.relu")
    ('inception_3a/1x1', 'tf_nn_relu')
    """
    return re.sub(r"[^\w/+:-]", "_", path.replace(">", "/"))


def keras_name(name: str) -> str:
    """Keras' name for one of ours; the inverse of `our_name`."""
    return name.replace("/", ">")


def spatial(step: LayerCall, flow: KerasTensor) -> KerasTensor:
    """The tensor, if it is a picture in the layout that the step reads; a refusal otherwise."""
    layout = step.layout() or flow.layout
    if flow.rank != 3:
        raise NetworkError("keras_rank", f"{step.label}: {step.class_name} was asked for",
                           allowed="a tensor of height, width and channels is allowed",
                           given=f"one of shape {flow.shape} was given", do="Put a Reshape layer before it")
    if layout != flow.layout:
        raise NetworkError("keras_layout", f"{step.label}: data_format {DATA_FORMATS[layout]} was asked for",
                           allowed=f"{DATA_FORMATS[flow.layout]}, as in the layers before it, is allowed",
                           given=f"a tensor of shape {flow.shape} was given",
                           do="Use one data_format throughout, or put a Permute layer between")
    return flow


def wrong_axis(step: LayerCall, flow: KerasTensor, axis: int) -> NetworkError:
    """The refusal of an axis that is not that of the channels."""
    if not flow.channel_axes:
        return NetworkError("keras_axis", f"{step.label}: {step.class_name} was asked for",
                            allowed="a tensor with channels is allowed",
                            given=f"one of shape {flow.shape} was given", do="Put a Reshape layer before it")
    return NetworkError("keras_axis", f"{step.label}: {step.class_name} along axis {axis} was asked for",
                        allowed=f"axis {flow.channel_axes[0]}, the channels, is allowed",
                        given=f"a tensor of shape {flow.shape} was given", do="Change the axis in Keras")


def on_channels(step: LayerCall, flow: KerasTensor, default: int = -1) -> KerasTensor:
    """The tensor, if the step's `axis` is that of its channels; a refusal otherwise."""
    axes = step.axes("axis", default)
    if len(axes) != 1 or axes[0] not in flow.channel_axes:
        raise wrong_axis(step, flow, axes[0] if axes else 0)
    return flow


