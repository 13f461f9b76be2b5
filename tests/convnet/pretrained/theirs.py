"""Networks as plain torch modules whose tensors have the names that torchvision and timm give them."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Block(nn.Module):
    """Of a ResNet; three convolutions with `wide`."""

    def __init__(self, inside: int, width: int, stride: int, wide: bool) -> None:
        super().__init__()
        outside = 4 * width if wide else width
        sizes = [(inside, width, 1), (width, width, 3), (width, outside, 1)] if wide else [
            (inside, width, 3), (width, width, 3)]
        strides = (1, stride, 1) if wide else (stride, 1)
        for number, ((before, after, size), step) in enumerate(zip(sizes, strides, strict=False), 1):
            setattr(self, f"conv{number}", nn.Conv2d(before, after, size, step, size // 2, bias=False))
            setattr(self, f"bn{number}", nn.BatchNorm2d(after))
        self.count = len(sizes)
        self.downsample = None
        if stride > 1 or inside != outside:
            self.downsample = nn.Sequential(nn.Conv2d(inside, outside, 1, stride, bias=False), nn.BatchNorm2d(outside))

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for number in range(1, self.count + 1):
            y = getattr(self, f"bn{number}")(getattr(self, f"conv{number}")(y))
            y = torch.relu(y) if number < self.count else y
        return torch.relu(y + (self.downsample(x) if self.downsample else x))


class ResNet(nn.Module):
    def __init__(self, blocks: tuple[int, ...], wide: bool) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        inside = 64
        for stage, count in enumerate(blocks):
            width = 64 << stage
            made = []
            for i in range(count):
                made.append(Block(inside, width, 2 if stage and not i else 1, wide))
                inside = 4 * width if wide else width
            setattr(self, f"layer{stage + 1}", nn.Sequential(*made))
        self.fc = nn.Linear(inside, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = nn.functional.max_pool2d(torch.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        for stage in range(1, 5):
            x = getattr(self, f"layer{stage}")(x)
        return self.fc(x.mean((2, 3)))  # type: ignore[no-any-return]


class Counted(nn.Module):
    """AlexNet and VGG: `features`, then `classifier`."""

    def __init__(self, features: list[nn.Module], classifier: list[nn.Module]) -> None:
        super().__init__()
        self.features, self.classifier = nn.Sequential(*features), nn.Sequential(*classifier)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).flatten(1))  # type: ignore[no-any-return]


def alexnet() -> Counted:
    def pool() -> nn.Module:
        return nn.MaxPool2d(3, 2)

    return Counted(
        [nn.Conv2d(3, 64, 11, 4, 2), nn.ReLU(), pool(), nn.Conv2d(64, 192, 5, 1, 2), nn.ReLU(), pool(),
         nn.Conv2d(192, 384, 3, 1, 1), nn.ReLU(), nn.Conv2d(384, 256, 3, 1, 1), nn.ReLU(),
         nn.Conv2d(256, 256, 3, 1, 1), nn.ReLU(), pool()],
        [nn.Dropout(), nn.Linear(9216, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(),
         nn.Linear(4096, 1000)])


def vgg(stages: tuple[int, ...]) -> Counted:
    features: list[nn.Module] = []
    inside = 3
    for stage, count in enumerate(stages):
        for _ in range(count):
            features += [nn.Conv2d(inside, min(64 << stage, 512), 3, 1, 1), nn.ReLU()]
            inside = min(64 << stage, 512)
        features.append(nn.MaxPool2d(2))
    return Counted(features, [nn.Linear(25088, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(),
                              nn.Dropout(), nn.Linear(4096, 1000)])


class Basic(nn.Module):
    def __init__(self, inside: int, outside: int, size: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inside, outside, size, stride, size // 2, bias=False)
        self.bn = nn.BatchNorm2d(outside, eps=1e-3)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.bn(self.conv(x)))


class Inception(nn.Module):
    def __init__(self, inside: int, one: int, thin3: int, three: int, thin5: int, five: int, pooled: int) -> None:
        super().__init__()
        self.branch1 = Basic(inside, one, 1)
        self.branch2 = nn.Sequential(Basic(inside, thin3, 1), Basic(thin3, three, 3))
        self.branch3 = nn.Sequential(Basic(inside, thin5, 1), Basic(thin5, five, 3))
        self.branch4 = nn.Sequential(nn.MaxPool2d(3, 1, 1, ceil_mode=True), Basic(inside, pooled, 1))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], 1)


class GoogLeNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2, self.conv3 = Basic(3, 64, 7, 2), Basic(64, 64, 1), Basic(64, 192, 3)
        inside = 192
        self.blocks = []
        for place, widths in (
            ("3a", (64, 96, 128, 16, 32, 32)), ("3b", (128, 128, 192, 32, 96, 64)), ("4a", (192, 96, 208, 16, 48, 64)),
            ("4b", (160, 112, 224, 24, 64, 64)), ("4c", (128, 128, 256, 24, 64, 64)),
            ("4d", (112, 144, 288, 32, 64, 64)), ("4e", (256, 160, 320, 32, 128, 128)),
            ("5a", (256, 160, 320, 32, 128, 128)), ("5b", (384, 192, 384, 48, 128, 128)),
        ):
            setattr(self, f"inception{place}", Inception(inside, *widths))
            self.blocks.append(place)
            inside = widths[0] + widths[2] + widths[4] + widths[5]
        self.aux1 = nn.Linear(3, 2)  # heads that are there, and not read
        self.fc = nn.Linear(1024, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = nn.functional.max_pool2d(self.conv1(x), 3, 2, ceil_mode=True)
        x = nn.functional.max_pool2d(self.conv3(self.conv2(x)), 3, 2, ceil_mode=True)
        for place in self.blocks:
            if place == "4a":
                x = nn.functional.max_pool2d(x, 3, 2, ceil_mode=True)
            if place == "5a":
                x = nn.functional.max_pool2d(x, 2, 2, ceil_mode=True)
            x = getattr(self, f"inception{place}")(x)
        return self.fc(x.mean((2, 3)))  # type: ignore[no-any-return]


def same(x: Tensor, conv: nn.Conv2d) -> Tensor:
    """TensorFlow's padding."""
    size, stride = conv.kernel_size[0], conv.stride[0]
    pads = []
    for side in (x.shape[3], x.shape[2]):
        total = max((-(-side // stride) - 1) * stride + size - side, 0)
        pads += [total // 2, total - total // 2]
    return conv(nn.functional.pad(x, pads))  # type: ignore[no-any-return]


class LiteBlock(nn.Module):
    def __init__(self, inside: int, outside: int, size: int, stride: int, wide: bool) -> None:
        super().__init__()
        width = 6 * inside if wide else inside
        norms = iter((1, 2, 3))
        if wide:
            self.conv_pw = nn.Conv2d(inside, width, 1, bias=False)
            setattr(self, f"bn{next(norms)}", nn.BatchNorm2d(width, 1e-3))
        self.conv_dw = nn.Conv2d(width, width, size, stride, groups=width, bias=False)
        setattr(self, f"bn{next(norms)}", nn.BatchNorm2d(width, 1e-3))
        setattr(self, "conv_pwl" if wide else "conv_pw", nn.Conv2d(width, outside, 1, bias=False))
        setattr(self, f"bn{next(norms)}", nn.BatchNorm2d(outside, 1e-3))
        self.wide, self.adds = wide, stride == 1 and inside == outside

    def forward(self, x: Tensor) -> Tensor:
        y = x
        if self.wide:
            y = nn.functional.relu6(self.bn1(self.conv_pw(y)))
        y = nn.functional.relu6((self.bn2 if self.wide else self.bn1)(same(y, self.conv_dw)))
        y = self.bn3(self.conv_pwl(y)) if self.wide else self.bn2(self.conv_pw(y))
        return x + y if self.adds else y


class Lite0(nn.Module):
    """timm's tf_efficientnet_lite0."""

    STAGES = ((1, 16, 3, 1), (2, 24, 3, 2), (2, 40, 5, 2), (3, 80, 3, 2), (3, 112, 5, 1), (4, 192, 5, 2),
              (1, 320, 3, 1))

    def __init__(self) -> None:
        super().__init__()
        self.conv_stem, self.bn1 = nn.Conv2d(3, 32, 3, 2, bias=False), nn.BatchNorm2d(32, 1e-3)
        stages, inside = [], 32
        for number, (count, outside, size, stride) in enumerate(self.STAGES):
            made = []
            for i in range(count):
                made.append(LiteBlock(inside, outside, size, 1 if i else stride, number > 0))
                inside = outside
            stages.append(nn.Sequential(*made))
        self.blocks = nn.Sequential(*stages)
        self.conv_head, self.bn2 = nn.Conv2d(320, 1280, 1, bias=False), nn.BatchNorm2d(1280, 1e-3)
        self.classifier = nn.Linear(1280, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = nn.functional.relu6(self.bn1(same(x, self.conv_stem)))
        x = nn.functional.relu6(self.bn2(self.conv_head(self.blocks(x))))
        return self.classifier(x.mean((2, 3)))  # type: ignore[no-any-return]
