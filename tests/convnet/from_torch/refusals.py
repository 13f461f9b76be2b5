"""What reading a module says no to."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - torch's own custom

from striate.arch import Input, Volume
from striate.convnet.from_torch import from_torch, torch_weights


def read(module: nn.Module, channels: int = 3, side: int = 16) -> object:
    return from_torch(module, Volume(channels, side, side))


class Of(nn.Module):
    """A forward, with one convolution (3 to 3 channels) to call."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.conv, self.function = nn.Conv2d(3, 3, 3, padding=1), function

    def forward(self, x: Tensor) -> Any:
        return self.function(self, x)


class Two(nn.Module):
    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        return left + right


def tied() -> nn.Module:
    module = nn.Sequential(nn.Conv2d(3, 3, 1), nn.ReLU(), nn.Conv2d(3, 3, 1))
    module[2].weight = module[0].weight
    return module


def hooked(path: str) -> nn.Module:
    """A hook that changes the answer, on the module at `path`."""
    module = nn.Sequential(nn.Sequential(nn.Conv2d(3, 3, 1), nn.ReLU()))
    module.get_submodule(path).register_forward_hook(lambda m, args, out: F.relu(out))
    return module


def hooked_before(path: str) -> nn.Module:
    module = nn.Sequential(nn.Sequential(nn.Conv2d(3, 3, 1), nn.ReLU()))
    module.get_submodule(path).register_forward_pre_hook(lambda m, args: (F.relu(args[0]),))
    return module


def replaced(path: str, name: str = "forward") -> nn.Module:
    """A forward set on the module at `path` alone."""
    module = nn.Sequential(nn.Sequential(nn.Conv2d(3, 3, 1), nn.ReLU()))
    setattr(module.get_submodule(path), name, (lambda x: F.relu(x)) if name == "forward" else lambda x, *_: x)
    return module


def several() -> nn.Module:
    """Eight things that are not in the language, in between things that are."""
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding_mode="reflect"), nn.SiLU(), nn.GroupNorm(2, 4), nn.SiLU(),
        nn.Upsample(scale_factor=2), nn.MaxPool2d(2, dilation=2), Of(lambda m, x: x[:, :3].permute(0, 1, 3, 2)),
        nn.ConvTranspose2d(3, 3, 3, 2, output_padding=1), nn.LPPool2d(2, 2), nn.Flatten(), nn.Linear(1083, 2))


class Either(nn.Module):
    """One of two weights, for many pictures and for few; the layers are the same."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Parameter(torch.ones(3, 3, 1, 1)), nn.Parameter(torch.zeros(3, 3, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.a if len(x) > 500 else self.b)


class Scale(nn.Module):
    """Called as one of the classes that are written, and computing otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(3)), None

    def forward(self, x: Tensor) -> Tensor:
        return x + self.weight.view(1, -1, 1, 1)


REFUSALS: dict[str, Callable[[Path], object]] = {
    "not a module": lambda _: read(nn.Conv2d),  # type: ignore[arg-type]
    "a shape for a volume": lambda _: from_torch(nn.ReLU(), (3, 8, 8)),  # type: ignore[arg-type]
    "two inputs": lambda _: read(Two()),
    "a branch on values": lambda _: read(Of(lambda m, x: x if x.sum() > 0 else -x)),
    "a loop over pictures": lambda _: read(Of(lambda m, x: [m.conv(picture) for picture in x])),
    "its own error": lambda _: read(Of(lambda m, x: {}["weights\n"])),
    "another picture": lambda _: read(nn.Sequential(nn.Conv2d(1, 2, 3))),
    "a smaller picture": lambda _: read(nn.Sequential(nn.Conv2d(3, 2, 3), nn.Flatten(), nn.Linear(99, 5))),
    "shapes that do not add": lambda _: read(Of(lambda m, x: x + x[:, :2])),
    "several, all listed": lambda _: read(several()),
    "many of one kind": lambda _: read(nn.Sequential(*(nn.GELU() for _ in range(60)), nn.Hardswish())),
    "after what cannot run": lambda _: read(nn.Sequential(nn.SiLU(), nn.BatchNorm2d(3, track_running_stats=False),
                                                          nn.Conv2d(4, 4, 1))),
    "a function that cannot run": lambda _: read(Of(lambda m, x: torch.nonzero(m.conv(x)))),
    "a product with a number": lambda _: read(Of(lambda m, x: m.conv(2 * x))),
    "a number as the output": lambda _: read(Of(lambda m, x: m.conv(x) * 3)),
    "a softmax over rows": lambda _: read(nn.Sequential(nn.Softmax(2))),
    "dropout that never ends": lambda _: read(Of(lambda m, x: F.dropout(x, 0.5))),
    "dropout of channels": lambda _: read(nn.Sequential(nn.Dropout2d(0.5))),
    "a hook": lambda _: read(hooked("0.0")),
    "a hook on a container": lambda _: read(hooked("0")),
    "a hook on the root": lambda _: read(hooked("")),
    "a hook before a layer": lambda _: read(hooked_before("0.1")),
    "a hook before a container": lambda _: read(hooked_before("0")),
    "a hook before the root": lambda _: read(hooked_before("")),
    "a layer's forward replaced": lambda _: read(replaced("0.1")),
    "a container's forward replaced": lambda _: read(replaced("0")),
    "the root's forward replaced": lambda _: read(replaced("")),
    "a convolution replaced": lambda _: read(replaced("0.0", "_conv_forward")),
    "channels by the size of the batch": lambda _: read(Of(lambda m, x: m.conv(x)[:, :2 if x.shape[0] > 50 else 3])),
    "weights by the size of the batch": lambda _: read(Either()),
    "adaptive windows that differ": lambda _: read(nn.Sequential(nn.AdaptiveAvgPool2d(7))),
    "momentum=None": lambda _: read(nn.Sequential(nn.BatchNorm2d(3, momentum=None))),
    "padding that is not zeros": lambda _: read(Of(lambda m, x: m.conv(F.pad(x, (1, 1, 1, 1), value=2.0)))),
    "reflection": lambda _: read(Of(lambda m, x: F.pad(x, (1, 1, 1, 1), mode="reflect"))),
    "indices": lambda _: read(nn.Sequential(nn.MaxPool2d(2, return_indices=True))),
    "a divisor": lambda _: read(nn.Sequential(nn.AvgPool2d(2, divisor_override=3))),
    "a linear layer along rows": lambda _: read(nn.Sequential(nn.Linear(16, 2))),
    "a weight that is computed": lambda _: read(Of(lambda m, x: F.conv2d(x, m.conv.weight * 2))),
    "pictures mixed": lambda _: read(Of(lambda m, x: m.conv(x).view(-1, 16))),
    "a view that is read again": lambda _: read(Of(
        lambda m, x: (lambda y: F.relu(y[:, 1:], inplace=True) + y[:, 1:])(m.conv(x)))),
    "a helper that lies": lambda _: read(nn.Sequential(Scale())),
    "one module twice": lambda _: read(Of(lambda m, x: m.conv(m.conv(x)))),
    "one weight twice": lambda _: read(tied()),
    "several outputs": lambda _: read(Of(lambda m, x: (m.conv(x), x))),
    "no output": lambda _: read(Of(lambda m, x: 3)),
    "an output of five axes": lambda _: read(Of(lambda m, x: m.conv(x).unflatten(1, (3, 1)))),
    "nothing at all": lambda _: read(nn.Identity()),
    "a layer's own rule": lambda _: read(nn.Sequential(nn.LocalResponseNorm(4))),
    "weights for another": lambda _: torch_weights(
        nn.Sequential(nn.Conv2d(3, 2, 1)), from_torch(nn.Sequential(nn.Conv2d(3, 2, 1), nn.ReLU()), Input(3, 4, 4))),
}
