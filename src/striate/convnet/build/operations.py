"""Operations of the layers in torch: one function per layer type, and `OPERATIONS`, the table of them.

A new type of layer is a function and a row there. Batches are N×C×H×W, channels last in memory; the shapes come from
the network, what is written here is only how each type computes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own custom

from striate.arch import Volume
from striate.arch.axis import Axis
from striate.arch.layer_params import as_pads
from striate.convnet.build.lrn import CrossChannelLRN
from striate.convnet.build.narrow_max_pool import is_narrow, narrow_max_pool
from striate.convnet.build.small_plane_conv import is_small, small_plane_conv
from striate.convnet.distributed.shard import BatchShard, dropped
from striate.convnet.distributed.sync_batch_norm import batch_norm


class UnitContext(NamedTuple):
    """Context of a layer's operation: its tensors, the mode, the step and the shard of the batch.

    Attributes:
        tensors: weights and running averages of the node, by name.
        training: whether it is trained: dropout drops, batch normalisation uses the statistics of the batch.
        step: the step of the training, from 0; None outside a run.
        shard: which slice of the step's batch is here; None is all of it.

    """

    tensors: dict[str, Tensor]
    training: bool = False
    step: int | None = None
    shard: BatchShard | None = None


def _padded(layer: Any, x: Tensor, value: float = 0.0) -> tuple[Tensor, tuple[int, int]]:
    """`x` and the padding left to the operation; uneven padding (`same`) is applied here."""
    (top, bottom), (left, right) = layer.window.pads(x.shape[2], x.shape[3])
    if top == bottom and left == right:
        return x, (top, left)
    return F.pad(x, (left, right, top, bottom), value=value), (0, 0)


def _sides(layer: Any) -> tuple[int, int, int, int]:
    (top, bottom), (left, right) = as_pads(layer.padding)
    return left, right, top, bottom


def _conv(layer: Any, context: UnitContext, x: Tensor) -> Tensor:
    x, padding = _padded(layer, x)
    window = layer.window
    weight, bias = context.tensors["weight"], context.tensors.get("bias")
    if context.training and is_small(x, window.kernel, window.stride, padding, window.dilation, layer.groups):
        return small_plane_conv(x, weight, bias)
    return F.conv2d(x, weight, bias, window.stride, padding, window.dilation, layer.groups)


def _table_conv(layer: Any, context: UnitContext, x: Tensor) -> Tensor:
    kernel = dense_filters(layer, context.tensors["weight"], x.shape[1])
    x, padding = _padded(layer, x)
    return F.conv2d(x, kernel, context.tensors.get("bias"), layer.window.stride, padding, layer.window.dilation)


def dense_filters(layer: Any, connected: Tensor, channels: int) -> Tensor:
    """Filters (filters, channels, h, w) of a table convolution: zero wherever its table has no connection."""
    filters, maps = torch.tensor(layer.connections).T
    kernel = connected.new_zeros(len(layer.table), channels, *connected.shape[1:])
    return kernel.index_put((filters, maps), connected)


def _deconv(layer: Any, context: UnitContext, x: Tensor) -> Tensor:
    (top, bottom), (left, right) = as_pads(layer.padding)
    even = (top, left) == (bottom, right)
    y = F.conv_transpose2d(x, context.tensors["weight"], context.tensors.get("bias"), layer.stride,
                           (top, left) if even else 0, 0, layer.groups, layer.dilation)
    return y if even else F.pad(y, (-left, -right, -top, -bottom))


def _pool(layer: Any, context: UnitContext, x: Tensor) -> Tensor:
    if layer.mode == "max":
        return _max_pool(layer, x, narrow=context.training and is_narrow(x))[0]
    axes = layer.window.axes(x.shape[2], x.shape[3])
    if (padding := _even(axes)) is not None:
        return F.avg_pool2d(
            x, layer.window.kernel, layer.window.stride, padding, layer.rounding == "ceil", layer.count_padding)
    shares = [
        torch.tensor([axis.kernel / axis.divisor(i, layer.count_padding) for i in range(axis.count(layer.rounding))],
                     dtype=x.dtype, device=x.device)
        for axis in axes]
    means: Tensor = F.avg_pool2d(F.pad(x, _as_far_as_read(layer, axes)), layer.window.kernel, layer.window.stride)
    return means * shares[0][:, None] * shares[1]


def _max_pool(layer: Any, x: Tensor, switches: bool = False, narrow: bool = False) -> tuple[Tensor, Tensor]:
    """The maxima, and their switches if requested; else the maxima twice. `narrow`: by `NarrowMaxPool`."""
    window = layer.window
    axes = window.axes(x.shape[2], x.shape[3])
    maxima_of = narrow_max_pool if narrow else F.max_pool2d
    pool = F.max_pool2d_with_indices if switches else lambda *args: (maxima_of(*args),) * 2
    if (padding := _even(axes)) is not None:
        return pool(x, window.kernel, window.stride, padding, (1, 1), layer.rounding == "ceil")
    left, right, top, _ = sides = _as_far_as_read(layer, axes)
    maxima, places = pool(F.pad(x, sides, value=-torch.inf), window.kernel, window.stride)
    if not switches:
        return maxima, maxima
    width = left + x.shape[3] + right
    return maxima, (places // width - top) * x.shape[3] + places % width - left


def max_pool_switches(layer: Any, x: Tensor) -> tuple[Tensor, Tensor]:
    """Maxima of a max pooling of finite `x` (N, C, H, W), and their switches: which pixel each of them is.

    Both are (N, C, H', W'); a switch is row · W + column of the pixel in its channel of `x`, int64, as
    `torch.nn.functional.max_unpool2d` wants it, the first of equals (Zeiler & Fergus 2014, section 2.1).
    """
    if layer.kind == "global_pool":
        maxima, places = x.flatten(2).max(2)
        return maxima[:, :, None, None], places[:, :, None, None]
    return _max_pool(layer, x, True)


def _even(axes: tuple[Axis, Axis]) -> tuple[int, int] | None:
    """Padding that torch's pooling does itself: as much before as after, at most half a window; else None."""
    pads = [axis.pads for axis in axes]
    fits = all(before == after and 2 * before <= axis.kernel for (before, after), axis in zip(pads, axes, strict=True))
    return (pads[0][0], pads[1][0]) if fits else None


def _as_far_as_read(layer: Any, axes: tuple[Axis, Axis]) -> tuple[int, int, int, int]:
    """(left, right, top, bottom): as many pixels of padding as the windows read, for `torch.nn.functional.pad`."""
    (top, left), (bottom, right) = zip(
        *((axis.pads[0], max(0, axis.overhang(layer.rounding))) for axis in axes), strict=True)
    return left, right, top, bottom


def _global_pool(layer: Any, context: UnitContext, x: Tensor) -> Tensor:
    return x.amax((2, 3), keepdim=True) if layer.mode == "max" else x.mean((2, 3), keepdim=True)


def _dense(layer: Any, context: UnitContext, x: Tensor) -> Tensor:
    return F.linear(x.flatten(1), context.tensors["weight"], context.tensors.get("bias"))[:, :, None, None]


def _flatten(layer: Any, context: UnitContext, x: Tensor) -> Tensor:
    return x.flatten(1)[:, :, None, None]


def _maxout(layer: Any, context: UnitContext, x: Tensor) -> Tensor:
    return x.reshape(len(x), x.shape[1] // layer.pieces, layer.pieces, *x.shape[2:]).amax(2)


def _lrn(layer: Any, context: UnitContext, x: Tensor) -> Tensor:
    if layer.region == "across":
        normalised: Tensor = CrossChannelLRN.apply(  # type: ignore[no-untyped-call]
            x, layer.size, layer.alpha, layer.beta, layer.k)
        return normalised
    squares: Tensor = F.avg_pool2d(x * x, layer.size, 1, layer.size // 2)
    return torch.div(x, (layer.k + layer.alpha * squares) ** layer.beta)


def _batch_norm(layer: Any, context: UnitContext, x: Tensor) -> Tensor:
    weight, bias, mean, variance = (context.tensors.get(n) for n in ("weight", "bias", "running_mean", "running_var"))
    share = _share(layer.momentum, context.step)
    whole = context.shard.count if context.shard else len(x)
    learning = context.training and whole * x.shape[2:].numel() > 1  # a single value has no spread
    if learning and context.shard and context.shard.world_size > 1:
        assert mean is not None
        assert variance is not None
        return batch_norm(x, (mean, variance), weight, bias, share, layer.epsilon, context.shard)
    return F.batch_norm(x, mean, variance, weight, bias, learning, share, layer.epsilon)


def _share(momentum: float, step: int | None) -> float:
    """The weight of a batch in the running averages: 1 at the first step, so that their initial values are forgotten.

    They are then the average of the batches seen, weighted by age, whatever the momentum (Kingma & Ba 2015, section 3;
    Caffe's scale factor does the same).
    """
    return momentum if step is None or not momentum else momentum / (1 - (1 - momentum) ** (step + 1))


def _scale(layer: Any, context: UnitContext, x: Tensor) -> Tensor:
    scaled = x * context.tensors["weight"][:, None, None]
    return scaled + context.tensors["bias"][:, None, None] if layer.bias else scaled


def _relu(layer: Any, context: UnitContext, x: Tensor) -> Tensor:
    return F.relu(x) if layer.limit is None else x.clamp(0, layer.limit)


def _add(layer: Any, context: UnitContext, *inputs: Tensor) -> Tensor:
    factors = layer.coefficients or (1.0,) * len(inputs)
    return functools.reduce(torch.add, [x if factor == 1 else factor * x
                                        for factor, x in zip(factors, inputs, strict=True)])


Operation = Callable[..., Tensor]  # (layer, context, *inputs) -> output

OPERATIONS: dict[str, Operation] = {
    "conv": _conv,
    "table_conv": _table_conv,
    "deconv": _deconv,
    "pool": _pool,
    "pad": lambda layer, context, x: F.pad(x, _sides(layer)),
    "global_pool": _global_pool,
    "dense": _dense,
    "flatten": _flatten,
    "sigmoid": lambda layer, context, x: torch.sigmoid(x),
    "tanh": lambda layer, context, x: layer.amplitude * torch.tanh(layer.slope * x),
    "reshape": lambda layer, context, x: x.reshape(len(x), *layer.shape((Volume(*x.shape[1:]),))),
    "relu": _relu,
    "prelu": lambda layer, context, x: F.prelu(x, context.tensors["weight"]),
    "leaky_relu": lambda layer, context, x: F.leaky_relu(x, layer.slope),
    "elu": lambda layer, context, x: F.elu(x, layer.alpha),
    "maxout": _maxout,
    "lrn": _lrn,
    "batch_norm": _batch_norm,
    "scale": _scale,
    "dropout": lambda layer, context, x: dropped(x, layer.rate, context.shard) if context.training else x,
    "softmax": lambda layer, context, x: x.softmax(1),
    "add": _add,
    "multiply": lambda layer, context, *inputs: functools.reduce(torch.mul, inputs),
    "maximum": lambda layer, context, *inputs: functools.reduce(torch.maximum, inputs),
    "concat": lambda layer, context, *inputs: torch.cat(inputs, 1),
    "slice": lambda layer, context, x: x[:, layer.first : layer.first + layer.channels],
}
