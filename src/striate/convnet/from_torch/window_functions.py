"""torch's functions of windows: convolution, pooling, padding, with torch's argument names (but x for `input`).

Each takes the `CallSite` it stands at and the arguments of the call, tensors as `TensorValue` or `ModuleTensor`, and
returns a `TensorValue`; what has no layer raises `UnsupportedCall` with the reason. Modules come in the same way, by
`modules.py`.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

from torch.nn import functional as F  # noqa: N812 - torch's own custom

from striate.arch import BatchNorm, Conv, Deconv, Dense, GlobalPool, Pad, Pool, Volume
from striate.arch.layer_params import as_pads
from striate.convnet.from_torch.tensor_value import (
    CallSite,
    ModuleTensor,
    TensorValue,
    UnsupportedCall,
    as_value,
    pair,
    tensor_paths,
)

Sides = int | tuple[int, ...]
Pads = tuple[tuple[int, int], tuple[int, int]]


def add_pads(pads: Pads, more: Pads) -> Pads:
    """Padding within padding."""
    (top, bottom), (left, right) = pads
    return (top + more[0][0], bottom + more[0][1]), (left + more[1][0], right + more[1][1])


def conv2d(place: CallSite, x: TensorValue, weight: ModuleTensor, bias: ModuleTensor | None = None, stride: Sides = 1,
           padding: Sides | str = 0, dilation: Sides = 1, groups: int = 1) -> TensorValue:
    """A convolution; zeros that `F.pad` put around its input become its padding, `same` where they are that."""
    x = as_value(x)
    tensors = tensor_paths(weight=weight, bias=bias)
    filters, _, *kernel = weight.shape
    given: Any = padding if padding == "same" else 0 if padding == "valid" else pair(padding)

    def layer(padding: Any) -> Conv:
        return Conv(filters, pair(kernel), pair(stride), padding, pair(dilation), groups, bias is not None)

    if x.pads and x.before and x.fill == 0 and given != "same":
        pads = add_pads(x.pads, as_pads(given))
        same = layer("same")
        whole = "same" if same.window.pads(*x.before.shape[1:]) == pads else pads
        return place.value(layer(whole), x.before, tensors=tensors)
    return place.value(layer(given), x.volume, tensors=tensors)


def conv_transpose2d(place: CallSite, x: TensorValue, weight: ModuleTensor, bias: ModuleTensor | None = None,
                     stride: Sides = 1, padding: Sides = 0, output_padding: Sides = 0, groups: int = 1,
                     dilation: Sides = 1) -> TensorValue:
    """A transposed convolution."""
    if pair(output_padding) != (0, 0):
        raise UnsupportedCall("with output_padding")
    _, filters, *kernel = weight.shape
    layer = Deconv(filters * groups, pair(kernel), pair(stride), pair(padding), pair(dilation), groups,
                   bias is not None)
    return place.value(layer, as_value(x).volume, tensors=tensor_paths(weight=weight, bias=bias))


def linear(place: CallSite, x: TensorValue, weight: ModuleTensor, bias: ModuleTensor | None = None) -> TensorValue:
    """A dense layer; the flattening before it is its own."""
    x = as_value(x)
    if len(x.shape) != 2:
        raise UnsupportedCall("on the last of four axes")
    volume = x.before if x.before and x.factor == 1 and not x.pads and not x.pieces else x.volume
    return place.value(Dense(weight.shape[0], bias is not None), volume,
                       tensors=tensor_paths(weight=weight, bias=bias))


def batch_norm(place: CallSite, x: TensorValue, running_mean: ModuleTensor | None, running_var: ModuleTensor | None,
               weight: ModuleTensor | None = None, bias: ModuleTensor | None = None, training: bool = False,
               momentum: float | None = 0.1, eps: float = 1e-5) -> TensorValue:
    """Batch normalisation with running values."""
    if running_mean is None or training:
        raise UnsupportedCall("without running values")
    if momentum is None:
        raise UnsupportedCall("with a cumulative average (no momentum)")
    return place.value(BatchNorm(eps, momentum, weight is not None, bias is not None), as_value(x).volume,
                       tensors=tensor_paths(weight=weight, bias=bias, running_mean=running_mean,
                                     running_var=running_var))


def max_pool2d(place: CallSite, x: TensorValue, kernel_size: Sides, stride: Sides | None = None, padding: Sides = 0,
               dilation: Sides = 1, ceil_mode: bool = False, return_indices: bool = False) -> TensorValue:
    """A maximum; what `F.pad` put around its input with −∞ becomes its padding."""
    x = as_value(x)
    if pair(dilation) != (1, 1):
        raise UnsupportedCall("with dilation")
    if return_indices:
        raise UnsupportedCall("with return_indices")
    pads, volume = as_pads(pair(padding)), None
    if x.pads and x.fill == float("-inf") and not ceil_mode:
        pads, volume = add_pads(x.pads, pads), x.before
    layer = Pool(pair(kernel_size), pair(stride) if stride else None, pads, "max", "ceil" if ceil_mode else "floor")
    return place.value(layer, volume or x.volume)


def avg_pool2d(place: CallSite, x: TensorValue, kernel_size: Sides, stride: Sides | None = None,
               padding: Sides = 0, ceil_mode: bool = False, count_include_pad: bool = True,
               divisor_override: int | None = None) -> TensorValue:
    """A mean; zeros that `F.pad` put around its input become its padding."""
    x = as_value(x)
    if divisor_override is not None:
        raise UnsupportedCall("with divisor_override")
    pads, volume = as_pads(pair(padding)), None
    bare = pair(padding) == (0, 0)
    if x.pads and x.fill == 0 and not ceil_mode and (count_include_pad or bare):
        pads, volume, count_include_pad = add_pads(x.pads, pads), x.before, True
    layer = Pool(pair(kernel_size), pair(stride) if stride else None, pads, "average",
                 "ceil" if ceil_mode else "floor", bool(count_include_pad) or pads == ((0, 0), (0, 0)))
    return place.value(layer, volume or x.volume)


def adaptive_avg_pool2d(place: CallSite, x: TensorValue, output_size: Any) -> TensorValue:
    """The mean to a given size."""
    return adaptive(place, as_value(x), output_size, "average")


def adaptive_max_pool2d(place: CallSite, x: TensorValue, output_size: Any, return_indices: bool = False) -> TensorValue:
    """The maximum to a given size."""
    if return_indices:
        raise UnsupportedCall("with return_indices")
    return adaptive(place, as_value(x), output_size, "max")


def adaptive(place: CallSite, x: TensorValue, output_size: Any, mode: str) -> TensorValue:
    """Pooling to a given size, where it is global, changes nothing, or is a window that slides evenly."""
    wanted = output_size if isinstance(output_size, list | tuple) else (output_size, output_size)
    sides = x.volume.shape[1:]
    outputs = [side if want is None else int(want) for side, want in zip(sides, wanted, strict=True)]
    if outputs == [1, 1]:
        return place.value(GlobalPool(mode), x.volume)
    if tuple(outputs) == sides:
        return x.copied()
    windows = [even_window(side, output) for side, output in zip(sides, outputs, strict=True)]
    (kernel_h, stride_h), (kernel_w, stride_w) = windows
    return place.value(Pool((kernel_h, kernel_w), (stride_h, stride_w), mode=mode), x.volume)


def even_window(side: int, output: int) -> tuple[int, int]:
    """Kernel and stride of the windows from ⌊i·side/output⌋ to ⌈(i + 1)·side/output⌉, if they are all alike.

    >>> even_window(6, 3), even_window(7, 3), even_window(5, 5)
    ((2, 2), (3, 2), (1, 1))
    """
    starts = [i * side // output for i in range(output)]
    lengths = {-(-(i + 1) * side // output) - start for i, start in enumerate(starts)}
    steps = {after - before for before, after in pairwise(starts)} or {1}
    if len(lengths) != 1 or len(steps) != 1 or not min(steps):
        raise UnsupportedCall(f"from {side} to {output}, which takes windows of different sizes")
    return lengths.pop(), steps.pop()


def pad(place: CallSite, x: TensorValue, pad: tuple[int, ...], mode: str = "constant",
        value: float | None = None) -> TensorValue:
    """Zeros around a volume, kept aside until it is known whether a window takes them as its padding."""
    x = as_value(x)
    if mode != "constant":
        raise UnsupportedCall(f"with mode={mode!r}")
    if len(pad) not in (2, 4) or len(x.shape) != 4:
        raise UnsupportedCall("of other sides than the four of a picture")
    left, right, top, bottom = (*pad, 0, 0)[:4]
    pads, fill, before = ((top, bottom), (left, right)), value or 0.0, x.volume
    if min(pad) < 0:
        return cropped(place, before, pads)

    def made() -> Any:
        if fill:
            raise UnsupportedCall(f"after F.pad with value={fill:g}")
        return place.apply(Pad(pads), before)

    return TensorValue(place.shape, made, before=before, pads=pads, fill=fill)


def cropped(place: CallSite, volume: Volume, pads: Pads) -> TensorValue:
    """Sides cut off what a transposed convolution made, which is its padding."""
    call = volume.source
    if not call or not isinstance(call.layer, Deconv) or max(map(max, pads)) > 0:
        raise UnsupportedCall("with negative sides")
    (top, bottom), (left, right) = pads
    padding = add_pads(as_pads(call.layer.padding), ((-top, -bottom), (-left, -right)))
    cut = replace(call.layer, padding=padding)(*call.inputs)
    assert cut.source
    place.owners[id(cut.source)] = place.owners[id(call)]
    place.calls.append(cut.source)
    return TensorValue(place.shape, lambda: cut, made=cut)


WINDOWS: dict[Any, Any] = {
    F.conv2d: conv2d, F.conv_transpose2d: conv_transpose2d, F.linear: linear, F.batch_norm: batch_norm,
    F.max_pool2d: max_pool2d, F.avg_pool2d: avg_pool2d, F.adaptive_avg_pool2d: adaptive_avg_pool2d,
    F.adaptive_max_pool2d: adaptive_max_pool2d, F.pad: pad,
}
