"""Readers of Keras' layers without weights: pooling, padding, activations, merges, reshapes."""

from __future__ import annotations

import math
from dataclasses import replace

from striate.arch.formats.keras.layer_config import LayerCall
from striate.arch.formats.keras.network_builder import (
    ACTIVATIONS,
    TO_CHW,
    TO_HWC,
    NetworkBuilder,
    on_channels,
    spatial,
    wrong_axis,
)
from striate.arch.formats.tensor_layout import DATA_FORMATS, KerasTensor, merge_blocks
from striate.arch.layer_params import MAX_KERNEL
from striate.arch.layers import (
    ELU,
    Add,
    Concat,
    Dropout,
    Flatten,
    GlobalPool,
    Layer,
    LeakyReLU,
    Maximum,
    Multiply,
    Pad,
    Pool,
    ReLU,
    Reshape,
    Softmax,
)
from striate.arch.volume import Volume
from striate.core.constraints import Integer, Real
from striate.errors import NetworkError


def pool(reading: NetworkBuilder, step: LayerCall, x: KerasTensor) -> KerasTensor:
    """MaxPooling2D and AveragePooling2D; an average under `same` is that of the picture's own pixels."""
    mode = "max" if step.class_name == "MaxPooling2D" else "average"
    size = step.sides("pool_size", 2, MAX_KERNEL)
    stride = None if step.config.get("strides") is None else step.sides("strides")
    same = step.same()
    layer = Pool(size, stride, "same" if same else 0, mode, count_padding=mode == "max" or not same)
    return reading.apply(layer, step, spatial(step, x))


def global_pool(reading: NetworkBuilder, step: LayerCall, x: KerasTensor) -> KerasTensor:
    """GlobalAveragePooling2D and GlobalMaxPooling2D; without keepdims the result is flat."""
    y = reading.apply(GlobalPool("max" if "Max" in step.class_name else "average"), step, spatial(step, x))
    return y if step.flag("keepdims", False) else replace(y, rank=1, order=((y.volume.size, 1),))


def pad(reading: NetworkBuilder, step: LayerCall, x: KerasTensor) -> KerasTensor:
    """ZeroPadding2D."""
    return reading.apply(Pad(step.pads("padding")), step, spatial(step, x))


def dropout(reading: NetworkBuilder, step: LayerCall, x: KerasTensor) -> KerasTensor:
    """Dropout."""
    return reading.apply(Dropout(step.read("rate", Real(0.0, 0.999))), step, x)


def activation(reading: NetworkBuilder, step: LayerCall, x: KerasTensor) -> KerasTensor:
    """Activation: our layer of that name under the step's; none for `linear`."""
    word = step.config.get("activation") or "linear"
    layer = ACTIVATIONS[word]
    if word == "softmax" and x.channel_axes[-1:] != (-1,):
        raise wrong_axis(step, x, -1)
    return reading.apply(layer, step, x) if layer else x


def relu(reading: NetworkBuilder, step: LayerCall, x: KerasTensor) -> KerasTensor:
    """ReLU, with max_value or with negative_slope."""
    limit, slope = step.config.get("max_value"), step.real("negative_slope", 0.0)
    if slope and limit is not None:
        raise step.refusal("max_value", "max_value or negative_slope is allowed, not both")
    top = None if limit is None else step.real("max_value", 0.0, 1e-6)
    return reading.apply(LeakyReLU(slope) if slope else ReLU(top), step, x)


def leaky_relu(reading: NetworkBuilder, step: LayerCall, x: KerasTensor) -> KerasTensor:
    """LeakyReLU; its slope is `alpha` in Keras 2."""
    return reading.apply(LeakyReLU(step.real("negative_slope", step.real("alpha", 0.3))), step, x)


def elu(reading: NetworkBuilder, step: LayerCall, x: KerasTensor) -> KerasTensor:
    """ELU."""
    return reading.apply(ELU(step.real("alpha", 1.0)), step, x)


def softmax(reading: NetworkBuilder, step: LayerCall, x: KerasTensor) -> KerasTensor:
    """Softmax along the channels."""
    return reading.apply(Softmax(), step, on_channels(step, x))


def merge(reading: NetworkBuilder, step: LayerCall, *flows: KerasTensor) -> KerasTensor:
    """Add, Subtract, Average, Multiply and Maximum."""
    share = 1 / max(1, len(flows))
    layers: dict[str, Layer] = {
        "Add": Add(), "Multiply": Multiply(), "Maximum": Maximum(), "Subtract": Add((1, -1)),
        "Average": Add((share,) * len(flows)) if len(flows) > 1 else Add()}
    _alike(step, flows)
    if any(flow.flat_order != flows[0].flat_order for flow in flows) and len({*(f.volume for f in flows)}) == 1:
        raise _mixed(step)
    return reading.apply(layers[step.class_name], step, *flows)


def concat(reading: NetworkBuilder, step: LayerCall, *flows: KerasTensor) -> KerasTensor:
    """Concatenate along the channels, or of flat values."""
    _alike(step, flows)
    y = reading.apply(Concat(), step, *(on_channels(step, flow) for flow in flows))
    return replace(y, order=merge_blocks(block for flow in flows for block in flow.order))


def _alike(step: LayerCall, flows: tuple[KerasTensor, ...]) -> None:
    if len({(flow.rank, flow.layout if flow.rank == 3 else "") for flow in flows}) > 1:
        raise _mixed(step)


def _mixed(step: LayerCall) -> NetworkError:
    return NetworkError("keras_mixed", f"{step.label}: {step.class_name} of tensors that are laid out differently was "
                        "asked for", allowed="tensors of one rank and one data_format are allowed",
                        given="flat ones and pictures, or channels first and last, were given",
                        do="Flatten or Permute them alike before")


def flatten(reading: NetworkBuilder, step: LayerCall, x: KerasTensor) -> KerasTensor:
    """Flatten. With data_format channels_first Keras moves the channels last before it flattens."""
    layout = step.layout() or x.layout
    if layout == "chw" and not (x.layout == "chw" and x.rank == 3) and sorted(x.shape)[:-1] != [1] * (x.rank - 1):
        raise step.refusal("data_format", "channels_last is allowed here")
    turned = KerasTensor(x.volume) if layout == "chw" and x.rank == 3 else x
    after = reading.inserted_for(step, "flatten")
    if after and (after.class_name == "Dense" or x.volume.size == x.volume.channels):  # neither needs one of ours
        return replace(x, rank=1, order=turned.flat_order)
    return replace(reading.apply(Flatten(), step, x), rank=1, order=turned.flat_order)


def reshape(reading: NetworkBuilder, step: LayerCall, x: KerasTensor) -> KerasTensor:
    """Reshape, if it does the same as ours, which is channels first; Keras' follows its own axes."""
    given: list[int] = step.read("target_shape", _Target())
    rest = x.volume.size // math.prod(side for side in given if side != -1)
    sides = [rest if side == -1 else side for side in given]
    if math.prod(sides) != x.volume.size or rest == 0:
        raise step.refusal("target_shape", f"a shape of {x.volume.size:,} values is allowed")
    layout = x.layout if x.rank == 3 else reading.layout_after(step)
    y = KerasTensor(Volume(*channels_first(sides, layout)), layout, len(sides), x.flat_order if len(sides) == 1 else ())
    if y.flat_order != x.flat_order:
        raise NetworkError("keras_reshape", f"{step.label}: a reshape of {x.shape} to {tuple(sides)} was asked for",
                           allowed="one that keeps the channels apart from the positions is allowed",
                           given=f"{DATA_FORMATS[x.layout]} pictures are of another order than ours",
                           do="Permute to channels first before it and back behind it")
    if reading.inserted_for(step, "reshape") and y.volume == x.volume:
        return replace(y, volume=x.volume)
    return replace(y, volume=reading.apply(Reshape(channels_first(given, layout)), step, x).volume)


def channels_first(sides: list[int], layout: str) -> tuple[int, int, int]:
    """Keras' sides reordered to channels, height and width."""
    if len(sides) == 1:
        return sides[0], 1, 1
    height, width, channels = sides if len(sides) == 3 else (*sides, 1)
    return (channels, height, width) if layout == "hwc" or len(sides) == 2 else (height, width, channels)


def permute(reading: NetworkBuilder, step: LayerCall, x: KerasTensor) -> KerasTensor:  # noqa: ARG001 - as every layer
    """Permute from one data_format to the other, which needs no layer of ours."""
    dims = step.config.get("dims")
    if x.rank == 3 and dims == (TO_CHW if x.layout == "hwc" else TO_HWC):
        return replace(x, layout="chw" if x.layout == "hwc" else "hwc")
    raise step.refusal("dims", f"{TO_CHW if x.layout == 'hwc' else TO_HWC}, from one data_format to the other, is "
                       "allowed")


class _Target:
    """Constraint of a target_shape."""

    allowed = "one to three whole numbers from 1 to 65,536, and −1 for one of them, are allowed"

    def read(self, value: object) -> list[int]:
        """The sides."""
        if not isinstance(value, list) or not 1 <= len(value) <= 3 or 0 in value or value.count(-1) > 1:
            raise ValueError
        return [Integer(-1, 65_536).read(side) for side in value]
