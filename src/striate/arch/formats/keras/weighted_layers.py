"""Readers of Keras' layers with weights: convolutions, dense layers, batch normalisation, PReLU.

Keras' filters are (height, width, channels, filters), those of a depthwise layer (height, width, channels, multiplier),
of a transposed one (height, width, filters, channels); a dense matrix is (values, units).
"""

from __future__ import annotations

from striate.arch.formats.keras.layer_config import LayerCall
from striate.arch.formats.keras.network_builder import ArrayMapping, NetworkBuilder, on_channels, spatial, wrong_axis
from striate.arch.formats.momentum import complement
from striate.arch.formats.tensor_layout import KerasTensor
from striate.arch.initializer import MSRA, ZERO
from striate.arch.layer_params import MAX_SIDE, as_pair
from striate.arch.layers import BatchNorm, Conv, Deconv, Dense, PReLU
from striate.errors import NetworkError

DEPTHWISE = (2, 3, 0, 1)
FILTERS = (3, 2, 0, 1)


def _bias(step: LayerCall, filters: int, name: str) -> ArrayMapping | None:
    return ArrayMapping(f"{name}.bias", (filters,)) if step.flag("use_bias") else None


def _multiplied(step: LayerCall, channels: int, many: int) -> int:
    if channels * many > MAX_SIDE:
        raise step.refusal("depth_multiplier", f"one that makes up to {MAX_SIDE:,} of {channels:,} channels is allowed")
    return channels * many


def conv(reading: NetworkBuilder, step: LayerCall, x: KerasTensor) -> KerasTensor:
    """Conv2D."""
    spatial(step, x)
    layer = Conv(step.whole("filters"), step.kernel(), step.sides("strides", 1),
                 "same" if step.same() else 0, step.sides("dilation_rate", 1), step.whole("groups", 1),
                 step.flag("use_bias"), weight_filler=step.filler("kernel_initializer", MSRA),
                 bias_filler=step.filler("bias_initializer", ZERO))
    y = reading.apply(layer, step, x)
    shape = (*as_pair(layer.kernel_size), x.volume.channels // layer.groups, layer.filters)
    reading.add_array(step, ArrayMapping(f"{step.name}.weight", shape, FILTERS))
    reading.add_array(step, _bias(step, layer.filters, step.name))
    return reading.activate(step, y)


def depthwise(reading: NetworkBuilder, step: LayerCall, x: KerasTensor) -> KerasTensor:
    """DepthwiseConv2D: depth_multiplier filters for each channel."""
    channels, many = spatial(step, x).volume.channels, step.whole("depth_multiplier", 1)
    layer = Conv(_multiplied(step, channels, many), step.kernel(), step.sides("strides", 1),
                 "same" if step.same() else 0, step.sides("dilation_rate", 1), channels, step.flag("use_bias"),
                 weight_filler=step.filler("depthwise_initializer", MSRA),
                 bias_filler=step.filler("bias_initializer", ZERO))
    y = reading.apply(layer, step, x)
    shape = (*as_pair(layer.kernel_size), channels, many)
    reading.add_array(step, ArrayMapping(f"{step.name}.weight", shape, DEPTHWISE))
    reading.add_array(step, _bias(step, layer.filters, step.name))
    return reading.activate(step, y)


def separable(reading: NetworkBuilder, step: LayerCall, x: KerasTensor) -> KerasTensor:
    """SeparableConv2D, two layers of ours: name_depthwise without a bias, then name, a 1×1 convolution."""
    channels, many = spatial(step, x).volume.channels, step.whole("depth_multiplier", 1)
    first = Conv(_multiplied(step, channels, many), step.kernel(), step.sides("strides", 1),
                 "same" if step.same() else 0, step.sides("dilation_rate", 1), channels, bias=False,
                 weight_filler=step.filler("depthwise_initializer", MSRA))
    filters = step.whole("filters")
    second = Conv(filters, 1, bias=step.flag("use_bias"), weight_filler=step.filler("pointwise_initializer", MSRA),
                  bias_filler=step.filler("bias_initializer", ZERO))
    between = reading.apply(first, step, x, suffix="depthwise")
    assert between.volume.source is not None
    y = reading.apply(second, step, between)
    shape = (*as_pair(first.kernel_size), channels, many)
    reading.add_array(step, ArrayMapping(f"{between.volume.source.layer.name}.weight", shape, DEPTHWISE))
    reading.add_array(step, ArrayMapping(f"{step.name}.weight", (1, 1, channels * many, filters), FILTERS))
    reading.add_array(step, _bias(step, filters, step.name))
    return reading.activate(step, y)


def deconv(reading: NetworkBuilder, step: LayerCall, x: KerasTensor) -> KerasTensor:
    """Conv2DTranspose: `valid` is no padding, `same` crops."""
    spatial(step, x)
    kernel, stride, dilation = map(as_pair, (step.kernel(), step.sides("strides", 1), step.sides("dilation_rate", 1)))
    cut = same_cropping(step.label, kernel, stride, dilation)
    layer = Deconv(step.whole("filters"), kernel, stride, cut if step.same() else 0, dilation, 1,
                   step.flag("use_bias"), step.filler("kernel_initializer", MSRA),
                   step.filler("bias_initializer", ZERO))
    y = reading.apply(layer, step, x)
    reading.add_array(step, ArrayMapping(f"{step.name}.weight", (*kernel, layer.filters, x.volume.channels), FILTERS))
    reading.add_array(step, _bias(step, layer.filters, step.name))
    return reading.activate(step, y)


def same_cropping(label: str, kernel: tuple[int, int], stride: tuple[int, int],
                dilation: tuple[int, int] = (1, 1)) -> tuple[tuple[int, int], tuple[int, int]]:
    """Cropping by `same` of a transposed convolution, ((top, bottom), (left, right)): a side becomes `stride` times as
    long, half of the cut, rounded down, at the top and left. Refuses a stride longer than its filter, where Keras adds
    zeros that no filter wrote.

    >>> same_cropping("deconv", (4, 5), (2, 2))
    ((1, 1), (1, 2))
    """
    down, across = (d * (k - 1) + 1 - s for k, s, d in zip(kernel, stride, dilation, strict=True))
    if min(down, across) < 0:
        raise NetworkError("keras_deconv", f"{label}: a stride of {stride[0]}×{stride[1]} was asked for",
                           allowed="a stride up to the side of the filter is allowed",
                           given=f"a {kernel[0]}×{kernel[1]} filter was given", do="Use a larger filter")
    return (down // 2, down - down // 2), (across // 2, across - across // 2)


def dense(reading: NetworkBuilder, step: LayerCall, x: KerasTensor) -> KerasTensor:
    """Dense: on flat values our dense layer, at each position of a picture a 1×1 convolution."""
    units, bias = step.whole("units"), step.flag("use_bias")
    weights, biases = step.filler("kernel_initializer", MSRA), step.filler("bias_initializer", ZERO)
    if x.rank == 1:
        made = reading.apply(Dense(units, bias, weights, biases), step, x)
        y = KerasTensor(made.volume, x.layout, 1, ((units, 1),))
        reading.add_array(step, ArrayMapping(f"{step.name}.weight", (x.volume.size, units), (1, 0), x.order))
    elif x.channel_axes[-1:] == (-1,):
        y = reading.apply(Conv(units, 1, bias=bias, weight_filler=weights, bias_filler=biases), step, x)
        reading.add_array(step, ArrayMapping(f"{step.name}.weight", (x.volume.channels, units), (1, 0)))
    else:
        raise wrong_axis(step, x, -1)
    reading.add_array(step, _bias(step, units, step.name))
    return reading.activate(step, y)


def batch_norm(reading: NetworkBuilder, step: LayerCall, x: KerasTensor) -> KerasTensor:
    """BatchNormalization; Keras' momentum is the share of the old average, ours of the new."""
    on_channels(step, x)
    layer = BatchNorm(step.real("epsilon", 1e-3, 1e-12), complement(step.real("momentum", 0.99, 0.0, 1.0)),
                      step.flag("scale"), step.flag("center"))
    y = reading.apply(layer, step, x)
    for tensor in layer.tensors((x.volume,)):
        reading.add_array(step,
                    ArrayMapping(f"{step.name}.{tensor}", (x.volume.channels,), order=x.order if x.rank == 1 else ()))
    return y


def prelu(reading: NetworkBuilder, step: LayerCall, x: KerasTensor) -> KerasTensor:
    """PReLU with one slope for each channel, or for everything."""
    shared = set(step.axes("shared_axes", 0)) if step.config.get("shared_axes") is not None else set()
    if not shared <= set(range(1, x.rank + 1)):
        raise step.refusal("shared_axes", f"axes from 1 to {x.rank} are allowed" if x.rank > 1 else "axis 1 is allowed")
    shape = tuple(1 if axis in shared else side for axis, side in enumerate(x.shape, 1))
    own = {axis for axis, side in enumerate(shape, 1) if side > 1}
    channel = x.channel_axes[0] if x.rank == 1 or x.layout == "chw" else x.rank
    layer = PReLU(channel in shared or x.rank == 2, filler=step.filler("alpha_initializer", ZERO))
    if own - {channel} or (x.rank == 2 and own):
        raise NetworkError("keras_prelu", f"{step.label}: slopes of shape {shape} were asked for",
                           allowed="one slope for each channel, or one for all, is allowed",
                           given=f"shared_axes {sorted(shared)} was given", do="Share the axes of height and width")
    y = reading.apply(layer, step, x)
    reading.add_array(step, ArrayMapping(f"{step.name}.weight", shape, tuple(range(len(shape))),
                           x.order if x.rank == 1 and not layer.shared else ()))
    return y
