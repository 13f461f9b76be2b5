"""Modules as their authors write them, by hand, one per way of writing; small, so that each runs in milliseconds."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - torch's own custom

from striate.arch import Volume


class AlexNet(nn.Module):
    """Features, an adaptive pool that changes nothing, a flattening, and a classifier that begins with dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 16, kernel_size=11, stride=4, padding=2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2),
            nn.Conv2d(16, 24, kernel_size=5, padding=2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2),
            nn.Conv2d(24, 32, kernel_size=3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2))
        self.avgpool = nn.AdaptiveAvgPool2d((6, 6))
        self.classifier = nn.Sequential(
            nn.Dropout(), nn.Linear(32 * 6 * 6, 40), nn.ReLU(inplace=True), nn.Dropout(), nn.Linear(40, 7))

    def forward(self, x: Tensor) -> Tensor:
        x = self.avgpool(self.features(x))
        return self.classifier(torch.flatten(x, 1))


class BasicBlock(nn.Module):
    def __init__(self, channels: int, width: int, stride: int = 1, downsample: nn.Module | None = None) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = downsample

    def forward(self, x: Tensor) -> Tensor:
        identity = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        if self.downsample is not None:
            identity = self.downsample(x)
        out += identity
        return self.relu(out)


class Bottleneck(nn.Module):
    def __init__(self, channels: int, width: int, stride: int = 1, downsample: nn.Module | None = None) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 2, dilation=2, groups=2, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3, self.bn3 = nn.Conv2d(width, 4 * width, 1, bias=False), nn.BatchNorm2d(4 * width)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        return self.relu(out + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    def __init__(self, block: type[nn.Module], expansion: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.channels = 8
        self.layer1 = self.layer(block, 4, 1, expansion)
        self.layer2 = self.layer(block, 6, 2, expansion)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(self.channels, 5)

    def layer(self, block: type[nn.Module], width: int, stride: int, expansion: int) -> nn.Sequential:
        down = nn.Sequential(nn.Conv2d(self.channels, width * expansion, 1, stride, bias=False),
                             nn.BatchNorm2d(width * expansion))
        first = block(self.channels, width, stride, down)
        self.channels = width * expansion
        return nn.Sequential(first, block(self.channels, width))

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer2(self.layer1(x))
        return self.fc(torch.flatten(self.avgpool(x), 1))


class Fire(nn.Module):
    def __init__(self, channels: int, squeeze: int, expand: int) -> None:
        super().__init__()
        self.squeeze, self.squeeze_activation = nn.Conv2d(channels, squeeze, 1), nn.ReLU(inplace=True)
        self.expand1x1, self.expand1x1_activation = nn.Conv2d(squeeze, expand, 1), nn.ReLU(inplace=True)
        self.expand3x3, self.expand3x3_activation = nn.Conv2d(squeeze, expand, 3, padding=1), nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.squeeze_activation(self.squeeze(x))
        return torch.cat([self.expand1x1_activation(self.expand1x1(x)),
                          self.expand3x3_activation(self.expand3x3(x))], 1)


def squeezenet() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, 2), nn.ReLU(True), nn.MaxPool2d(3, 2, ceil_mode=True), Fire(8, 3, 5), Fire(10, 4, 6),
        nn.MaxPool2d(3, 2, ceil_mode=True), nn.Dropout(0.4), nn.Conv2d(12, 7, 1), nn.ReLU(True),
        nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten())


class InvertedResidual(nn.Module):
    def __init__(self, channels: int, out: int, stride: int, ratio: int) -> None:
        super().__init__()
        hidden = channels * ratio
        self.use_shortcut = stride == 1 and channels == out
        self.conv = nn.Sequential(
            nn.Sequential(nn.Conv2d(channels, hidden, 1, bias=False), nn.BatchNorm2d(hidden), nn.ReLU6(inplace=True)),
            nn.Sequential(nn.Conv2d(hidden, hidden, 3, stride, 1, groups=hidden, bias=False), nn.BatchNorm2d(hidden),
                          nn.ReLU6(inplace=True)),
            nn.Conv2d(hidden, out, 1, bias=False), nn.BatchNorm2d(out))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(x) if self.use_shortcut else self.conv(x)


class MobileNetV2(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1, bias=False), nn.BatchNorm2d(4), nn.ReLU6(inplace=True),
                                      InvertedResidual(4, 6, 2, 3), InvertedResidual(6, 6, 1, 3))
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(6, 5))

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).mean([2, 3]))


class Unit(nn.Module):
    """A convolution class that keeps torch's forward, and its activation as a function."""

    def __init__(self, channels: int, out: int, **settings: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, out, bias=False, **settings)
        self.bn = nn.BatchNorm2d(out, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(x)), inplace=True)


class Inception(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.branch1 = Unit(channels, 3, kernel_size=1)
        self.branch2 = nn.Sequential(Unit(channels, 2, kernel_size=1), Unit(2, 5, kernel_size=3, padding=1))
        self.branch3 = nn.Sequential(nn.MaxPool2d(3, 1, 1, ceil_mode=True), Unit(channels, 4, kernel_size=1))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x)], 1)


class GoogLeNet(nn.Module):
    """With an auxiliary head that only training computes."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = Unit(3, 6, kernel_size=7, stride=2, padding=3)
        self.lrn = nn.LocalResponseNorm(5, alpha=0.7, k=2.0)
        self.a, self.b = Inception(6), Inception(12)
        self.aux = nn.Linear(12, 5)
        self.fc = nn.Linear(12, 5)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        x = self.a(self.lrn(F.max_pool2d(self.conv1(x), 3, 2, ceil_mode=True)))
        aux = self.aux(x.mean((2, 3))) if self.training else None
        x = F.dropout(F.adaptive_avg_pool2d(self.b(x), (1, 1)), 0.4, training=self.training)
        scores = self.fc(x.view(x.size(0), -1))
        return scores if aux is None else (scores, aux)


class Lecture(nn.Module):
    """As courses teach it: everything a function, numbers written out."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2 = nn.Linear(16 * 4 * 4, 12), nn.Linear(12, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.conv1(x)), (2, 2))
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = x.view(-1, self.flat(x))
        return self.fc2(torch.tanh(self.fc1(x)))

    def flat(self, x: Tensor) -> int:
        features = 1
        for side in x.size()[1:]:
            features *= side
        return features


class Preactivated(nn.Module):
    """An activation in place that the shortcut sees too, as in a well-known slip."""

    def __init__(self) -> None:
        super().__init__()
        self.relu, self.conv = nn.ReLU(inplace=True), nn.Conv2d(2, 2, 3, padding="same", dilation=2)

    def forward(self, x: Tensor) -> Tensor:
        x = x * 1
        return self.conv(self.relu(x)) + x


class Shuffled(nn.Module):
    """Channels cut in four ways and joined again."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 12, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        a, b = x.chunk(2, dim=1)
        c, d, e = torch.split(b, [1, 2, 3], dim=1)
        return torch.cat((e, a[:, 1:5], x.narrow(1, 3, 2), d, c, torch.cat([a], 1)), dim=1)


class Algebra(nn.Module):
    """Sums with numbers, products, maxima; a scaled tanh; padding on one side; a mean of rest."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Conv2d(2, 6, 3, stride=2)
        self.b = nn.Conv2d(2, 6, 3, stride=2, padding=1)
        self.up = nn.ConvTranspose2d(6, 4, 3, stride=2, padding=1, groups=2)
        self.act = nn.Sequential(nn.PReLU(4), nn.PReLU(), nn.ELU(0.7), nn.LeakyReLU(0.2), nn.Sigmoid(), nn.Tanh())
        self.own = nn.Parameter(torch.rand(6, 2, 1, 1) - 0.5)
        self.pad = nn.ZeroPad2d((1, 2, 0, 3))

    def forward(self, x: Tensor) -> Tensor:
        a = self.a(F.pad(x, (0, 1, 0, 1)))
        b = self.b(x)
        c = 0.5 * a - b
        c = torch.maximum(c * a, torch.add(a, b, alpha=-2))
        c = 1.7159 * torch.tanh(c * 0.66)
        c = self.act(self.up(c))
        c = self.pad(F.avg_pool2d(c, 3, 2, 1, count_include_pad=False))
        c = F.conv2d(c, self.own, groups=2, padding=(0, 1)) if c.shape[1] == 4 else c
        c = F.max_pool2d(F.pad(c, (0, 1, 1, 0), value=-float("inf")), 3, 2)
        c = c.unflatten(1, (-1, 3)).amax(2)
        return sum([c, c.clamp(0, 1)])


class PaddedMean(nn.Module):
    """Zeros that count in a mean, then zeros that do not: no single padding says both."""

    def forward(self, x: Tensor) -> Tensor:
        return F.avg_pool2d(F.pad(x, (1, 1, 1, 1)), 3, 2, padding=1, count_include_pad=False)


class Made(NamedTuple):
    module: Callable[[], nn.Module]
    input: Volume
    kinds: str


MODULES = {
    "alexnet": Made(AlexNet, Volume(3, 223, 223), "conv relu pool conv relu pool conv relu pool"
                    " flatten dropout dense relu dropout dense"),
    "resnet, basic": Made(lambda: ResNet(BasicBlock, 1), Volume(3, 37, 41), ""),
    "resnet, bottleneck": Made(lambda: ResNet(Bottleneck, 4), Volume(3, 37, 41), ""),
    "squeezenet": Made(squeezenet, Volume(3, 53, 47), ""),
    "mobilenet": Made(MobileNetV2, Volume(3, 29, 31), ""),
    "googlenet": Made(GoogLeNet, Volume(3, 29, 31), ""),
    "lecture": Made(Lecture, Volume(1, 28, 28), "conv relu pool conv relu pool dense tanh dense"),
    "preactivated": Made(Preactivated, Volume(2, 7, 11), "relu conv add"),
    "shuffled": Made(Shuffled, Volume(2, 7, 5), "conv slice slice slice slice slice slice slice concat"),
    "algebra": Made(Algebra, Volume(2, 16, 20), ""),
    "padded mean": Made(PaddedMean, Volume(2, 6, 8), "pad pool"),
    "norms": Made(lambda: nn.Sequential(
        nn.Conv2d(2, 6, 3), nn.BatchNorm2d(6, affine=False, momentum=0.3), nn.LocalResponseNorm(3, 0.5, 0.6, 2.0),
        nn.AvgPool2d(3, 2, 1), nn.AdaptiveMaxPool2d((2, None)), nn.Dropout(0.3), nn.Identity(), nn.Flatten(),
        nn.Linear(72, 8, bias=False), nn.BatchNorm1d(8), nn.Unflatten(1, (2, 2, 2)), nn.Softmax(1), nn.Conv2d(2, 3, 2)),
        Volume(2, 9, 13), "conv batch_norm lrn pool pool dropout dense batch_norm reshape softmax conv"),
    "adaptive": Made(lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.AdaptiveAvgPool2d((3, 2)), nn.AdaptiveAvgPool2d(1)),
                     Volume(1, 9, 8), "conv pool global_pool"),
}
