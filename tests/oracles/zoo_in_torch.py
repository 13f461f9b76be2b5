"""Networks of the zoo once more, as plain torch modules written by hand from their papers' tables."""

from __future__ import annotations

import math

import torch
from torch import nn


def conv(inside: int, outside: int, size: int, stride: int = 1, groups: int = 1, act: bool = True,
         eps: float = 1e-5) -> nn.Sequential:
    """A convolution, batch normalisation, perhaps a ReLU."""
    layers = [nn.Conv2d(inside, outside, size, stride, (size - 1) // 2, groups=groups, bias=False),
              nn.BatchNorm2d(outside, eps)]
    return nn.Sequential(*layers, *([nn.ReLU()] if act else []))


class Residual(nn.Module):
    def __init__(self, body: nn.Module, shortcut: nn.Module) -> None:
        super().__init__()
        self.shortcut, self.body = shortcut, body

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.body(x) + self.shortcut(x))


def resnet(blocks: list[int], bottleneck: bool) -> nn.Module:
    expansion = 4 if bottleneck else 1
    layers: list[nn.Module] = [conv(3, 64, 7, 2), nn.MaxPool2d(3, 2, 1)]
    inside = 64
    for stage, count in enumerate(blocks):
        width = 64 * 2 ** stage
        for i in range(count):
            stride = 2 if i == 0 and stage else 1
            outside = width * expansion
            if bottleneck:
                body = nn.Sequential(conv(inside, width, 1), conv(width, width, 3, stride),
                                     conv(width, outside, 1, act=False))
            else:
                body = nn.Sequential(conv(inside, width, 3, stride), conv(width, outside, 3, act=False))
            changes = stride == 2 or inside != outside
            layers.append(Residual(body, conv(inside, outside, 1, stride, act=False) if changes else nn.Identity()))
            inside = outside
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inside, 1000))


class Branches(nn.Module):
    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([branch(x) for branch in self.branches], 1)


def biased(inside: int, outside: int, size: int, stride: int = 1) -> nn.Module:
    return nn.Sequential(nn.Conv2d(inside, outside, size, stride, size // 2), nn.ReLU())


def inception(unit, second: int, inside: int, widths: str) -> nn.Module:
    a, b, c, d, e, f = map(int, widths.split())
    return Branches(unit(inside, a, 1), nn.Sequential(unit(inside, b, 1), unit(b, c, 3)),
                    nn.Sequential(unit(inside, d, 1), unit(d, e, second)),
                    nn.Sequential(nn.MaxPool2d(3, 1, 1), unit(inside, f, 1)))


# In channels, then #1×1, #3×3 reduce, #3×3, #5×5 reduce, #5×5, pool proj, as the columns of the paper's table 1.
TABLE_1 = [(192, "64 96 128 16 32 32"), (256, "128 128 192 32 96 64"), (480, "192 96 208 16 48 64"),
           (512, "160 112 224 24 64 64"), (512, "128 128 256 24 64 64"), (512, "112 144 288 32 64 64"),
           (528, "256 160 320 32 128 128"), (832, "256 160 320 32 128 128"), (832, "384 192 384 48 128 128")]


def googlenet_bn() -> nn.Module:
    blocks = [inception(conv, 3, inside, widths) for inside, widths in TABLE_1]
    return nn.Sequential(
        conv(3, 64, 7, 2), nn.MaxPool2d(3, 2, ceil_mode=True), conv(64, 64, 1), conv(64, 192, 3),
        nn.MaxPool2d(3, 2, ceil_mode=True), *blocks[:2], nn.MaxPool2d(3, 2, ceil_mode=True), *blocks[2:7],
        nn.MaxPool2d(2, 2, ceil_mode=True), *blocks[7:], nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2),
        nn.Linear(1024, 1000))


class GoogLeNet(nn.Module):
    """With its two heads."""

    def __init__(self) -> None:
        super().__init__()
        blocks = [inception(biased, 5, inside, widths) for inside, widths in TABLE_1]
        pool = nn.MaxPool2d(3, 2, ceil_mode=True)
        norm = nn.LocalResponseNorm(5)
        self.parts = nn.ModuleList([
            nn.Sequential(biased(3, 64, 7, 2), pool, norm, biased(64, 64, 1), biased(64, 192, 3), norm, pool,
                          *blocks[:2], pool, blocks[2]),
            nn.Sequential(*blocks[3:6]),
            nn.Sequential(blocks[6], pool, *blocks[7:], nn.AvgPool2d(7, 1), nn.Flatten(), nn.Linear(1024, 1000))])
        self.heads = nn.ModuleList([nn.Sequential(
            nn.AvgPool2d(5, 3, ceil_mode=True), biased(inside, 128, 1), nn.Flatten(), nn.Linear(2048, 1024), nn.ReLU(),
            nn.Linear(1024, 1000)) for inside in (512, 528)])

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        first = self.parts[0](x)
        second = self.parts[1](first)
        return [self.heads[0](first), self.heads[1](second), self.parts[2](second)]


def mobilenet() -> nn.Module:
    layers: list[nn.Module] = [conv(3, 32, 3, 2)]
    inside = 32
    for outside, stride in [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2),
                            (1024, 1)]:
        layers += [conv(inside, inside, 3, stride, inside), conv(inside, outside, 1)]
        inside = outside
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Conv2d(1024, 1000, 1), nn.Flatten())


class Same(nn.Module):
    """TensorFlow's padding for a window and stride."""

    def __init__(self, size: int, stride: int) -> None:
        super().__init__()
        self.size, self.stride = size, stride

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        total = [max((math.ceil(side / self.stride) - 1) * self.stride + self.size - side, 0) for side in x.shape[2:]]
        return nn.functional.pad(x, (total[1] // 2, total[1] - total[1] // 2, total[0] // 2, total[0] - total[0] // 2))


def same(inside: int, outside: int, size: int, stride: int = 1, groups: int = 1, act: bool = True) -> nn.Module:
    """A convolution with that padding, batch normalisation, perhaps a ReLU6."""
    layers: list[nn.Module] = [Same(size, stride), nn.Conv2d(inside, outside, size, stride, groups=groups, bias=False),
                               nn.BatchNorm2d(outside, 1e-3)]
    return nn.Sequential(*layers, *([nn.ReLU6()] if act else []))


class Inverted(nn.Module):
    def __init__(self, inside: int, outside: int, size: int, stride: int, expand: int) -> None:
        super().__init__()
        middle = inside * expand
        self.body = nn.Sequential(*([same(inside, middle, 1)] if expand > 1 else []),
                                  same(middle, middle, size, stride, middle), same(middle, outside, 1, act=False))
        self.adds = stride == 1 and inside == outside

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.body(x) + x if self.adds else self.body(x)


def efficientnet_lite(width: float, depth: float) -> nn.Module:
    def to_eight(filters: float) -> int:
        whole = int(filters / 8 + 0.5) * 8
        return whole if whole >= 0.9 * filters else whole + 8

    layers: list[nn.Module] = [same(3, 32, 3, 2)]
    inside = 32
    rows = ["1 3 1 1 16", "2 3 2 6 24", "2 5 2 6 40", "3 3 2 6 80", "3 5 1 6 112", "4 5 2 6 192", "1 3 1 6 320"]
    for row in rows:
        repeats, size, stride, expand, filters = map(int, row.split())
        repeats = repeats if row in (rows[0], rows[-1]) else math.ceil(repeats * depth)
        for i in range(repeats):
            layers.append(Inverted(inside, to_eight(filters * width), size, stride if i == 0 else 1, expand))
            inside = to_eight(filters * width)
    return nn.Sequential(*layers, same(inside, 1280, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1280, 1000))


def alexnet() -> nn.Module:
    def unit(inside: int, outside: int, size: int, stride: int = 1, pad: int = 0, groups: int = 1) -> list[nn.Module]:
        return [nn.Conv2d(inside, outside, size, stride, pad, groups=groups), nn.ReLU()]

    pool = nn.MaxPool2d(3, 2)
    return nn.Sequential(
        *unit(3, 96, 11, 4), pool, *unit(96, 256, 5, 1, 2, 2), pool, *unit(256, 384, 3, 1, 1),
        *unit(384, 384, 3, 1, 1, 2), *unit(384, 256, 3, 1, 1, 2), pool, nn.Flatten(), nn.Linear(9216, 4096), nn.ReLU(),
        nn.Linear(4096, 4096), nn.ReLU(), nn.Linear(4096, 1000))


MODULES = {
    "alexnet": alexnet,
    "googlenet": GoogLeNet, "googlenet_bn": googlenet_bn,
    "resnet18": lambda: resnet([2, 2, 2, 2], False), "resnet34": lambda: resnet([3, 4, 6, 3], False),
    "resnet50": lambda: resnet([3, 4, 6, 3], True), "resnet101": lambda: resnet([3, 4, 23, 3], True),
    "resnet152": lambda: resnet([3, 8, 36, 3], True), "mobilenet": mobilenet,
    "efficientnet_lite0": lambda: efficientnet_lite(1.0, 1.0),
    "efficientnet_lite1": lambda: efficientnet_lite(1.0, 1.1),
    "efficientnet_lite2": lambda: efficientnet_lite(1.1, 1.2),
    "efficientnet_lite3": lambda: efficientnet_lite(1.2, 1.4),
    "efficientnet_lite4": lambda: efficientnet_lite(1.4, 1.8),
}
