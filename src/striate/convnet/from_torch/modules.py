"""Table of torch's modules, each converted through its function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn

from striate.convnet.from_torch import activation_functions, reshaping, window_functions
from striate.convnet.from_torch.tensor_value import CallSite, ModuleTensor, TensorValue, UnsupportedCall, as_value

Handler = Callable[[CallSite, Any, TensorValue], Any]


def weight(place: CallSite, module: nn.Module, name: str) -> ModuleTensor | None:
    """A tensor of the module by its path, or None if it has none."""
    tensor = getattr(module, name, None)
    return None if tensor is None else ModuleTensor(f"{place.path}.{name}".lstrip("."), tuple(tensor.shape))


def conv(place: CallSite, m: Any, x: TensorValue) -> TensorValue:
    """`nn.Conv2d`."""
    if m.padding_mode != "zeros":
        raise UnsupportedCall(f"with padding_mode={m.padding_mode!r}")
    own: Any = weight(place, m, "weight")
    return window_functions.conv2d(place, x, own, weight(place, m, "bias"), m.stride, m.padding, m.dilation, m.groups)


def deconv(place: CallSite, m: Any, x: TensorValue) -> TensorValue:
    """`nn.ConvTranspose2d`."""
    own: Any = weight(place, m, "weight")
    return window_functions.conv_transpose2d(place, x, own, weight(place, m, "bias"), m.stride, m.padding,
                                             m.output_padding, m.groups, m.dilation)


def linear(place: CallSite, m: Any, x: TensorValue) -> TensorValue:
    """`nn.Linear`."""
    own: Any = weight(place, m, "weight")
    return window_functions.linear(place, x, own, weight(place, m, "bias"))


def batch_norm(place: CallSite, m: Any, x: TensorValue) -> TensorValue:
    """`nn.BatchNorm2d`, and `nn.BatchNorm1d` on a column."""
    running = weight(place, m, "running_mean"), weight(place, m, "running_var")
    return window_functions.batch_norm(place, x, *running, weight(place, m, "weight"), weight(place, m, "bias"),
                              momentum=m.momentum, eps=m.eps)


def zero_pad(place: CallSite, m: Any, x: TensorValue) -> TensorValue:
    """`nn.ZeroPad2d`, or `nn.ConstantPad2d` of zeros."""
    if m.value:
        raise UnsupportedCall(f"with value={m.value:g}")
    made = window_functions.pad(place, x, m.padding)
    volume = made.volume  # named by its author, so it stays a layer of its own
    return TensorValue(made.shape, lambda: volume)


def prelu(place: CallSite, m: Any, x: TensorValue) -> TensorValue:
    """`nn.PReLU`."""
    own: Any = weight(place, m, "weight")
    return activation_functions.prelu(place, x, own)


MODULES: dict[type[nn.Module], Handler] = {
    nn.Conv2d: conv,
    nn.ConvTranspose2d: deconv,
    nn.Linear: linear,
    nn.BatchNorm2d: batch_norm,
    nn.BatchNorm1d: batch_norm,
    nn.ZeroPad2d: zero_pad,
    nn.ConstantPad2d: zero_pad,
    nn.PReLU: prelu,
    nn.MaxPool2d: lambda place, m, x: window_functions.max_pool2d(place, x, m.kernel_size, m.stride, m.padding,
                                                                  m.dilation, m.ceil_mode, m.return_indices),
    nn.AvgPool2d: lambda place, m, x: window_functions.avg_pool2d(place, x, m.kernel_size, m.stride, m.padding,
                                                                  m.ceil_mode, m.count_include_pad, m.divisor_override),
    nn.AdaptiveAvgPool2d: lambda place, m, x: window_functions.adaptive_avg_pool2d(place, x, m.output_size),
    nn.AdaptiveMaxPool2d: lambda place, m, x: window_functions.adaptive_max_pool2d(
        place, x, m.output_size, m.return_indices
    ),
    nn.ReLU: lambda place, m, x: activation_functions.relu(place, x, m.inplace),
    nn.ReLU6: lambda place, m, x: activation_functions.relu6(place, x, m.inplace),
    nn.Hardtanh: lambda place, m, x: activation_functions.hardtanh(place, x, m.min_val, m.max_val, m.inplace),
    nn.LeakyReLU: lambda place, m, x: activation_functions.leaky_relu(place, x, m.negative_slope, m.inplace),
    nn.ELU: lambda place, m, x: activation_functions.elu(place, x, m.alpha, m.inplace),
    nn.Sigmoid: lambda place, _, x: activation_functions.sigmoid(place, x),
    nn.Tanh: lambda place, _, x: activation_functions.tanh(place, x),
    nn.Softmax: lambda place, m, x: activation_functions.softmax(place, x, m.dim),
    nn.Softmax2d: lambda place, _, x: activation_functions.softmax(place, x, -3),
    nn.Dropout: lambda place, m, x: activation_functions.dropout(place, x, m.p, False, m.inplace),
    nn.Dropout2d: lambda place, m, x: activation_functions.dropout2d(place, x, m.p, False, m.inplace),
    nn.LocalResponseNorm: lambda place, m, x: activation_functions.local_response_norm(
        place, x, m.size, m.alpha, m.beta, m.k
    ),
    nn.Flatten: lambda place, _, x: reshaping.reshaped(place, x),
    nn.Unflatten: lambda place, _, x: reshaping.reshaped(place, x),
    nn.Identity: lambda _place, _, x: as_value(x),
}


def handler(module: nn.Module) -> Handler | None:
    """The handler of a module: that of its class, or of a base class whose forward it has not changed."""
    for base in type(module).__mro__:
        if base in MODULES:
            alike = all(getattr(type(module), name, None) is getattr(base, name, None)
                        for name in ("forward", "_conv_forward"))
            return MODULES[base] if alike else None
    return None
