"""The networks of `work.WORKS` as one writes them by hand in PyTorch; the parameter counts are checked by the timer."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn


def lenet() -> nn.Module:
    """Caffe's LeNet for (n, 1, 28, 28)."""
    return nn.Sequential(
        nn.Conv2d(1, 20, 5), nn.MaxPool2d(2), nn.Conv2d(20, 50, 5), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(800, 500), nn.ReLU(inplace=True), nn.Linear(500, 10))


class Residual(nn.Module):
    """Its input, plus two units of that."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.units = nn.Sequential(unit(width, width), unit(width, width))

    def forward(self, x: Tensor) -> Tensor:
        """(n, width, h, w) to the same."""
        return x + self.units(x)


def unit(before: int, width: int) -> nn.Sequential:
    """A 3×3 convolution, batch normalisation, ReLU."""
    return nn.Sequential(nn.Conv2d(before, width, 3, padding=1, bias=False), nn.BatchNorm2d(width),
                         nn.ReLU(inplace=True))


def resnet9() -> nn.Module:
    """Page's ResNet-9, 64 wide, for (n, 1, 28, 28)."""
    return nn.Sequential(
        unit(1, 64), unit(64, 128), nn.MaxPool2d(2), Residual(128), unit(128, 256), nn.MaxPool2d(2), unit(256, 512),
        nn.MaxPool2d(2), Residual(512), nn.MaxPool2d(3), nn.Flatten(),  # what is left is 3×3
        nn.Linear(512, 10, bias=False))


def alexnet() -> nn.Module:
    """AlexNet in one tower, as torchvision has it, for (n, 3, 224, 224)."""
    def conv(before: int, width: int, kernel: int, stride: int = 1, padding: int = 1) -> list[nn.Module]:
        return [nn.Conv2d(before, width, kernel, stride, padding), nn.ReLU(inplace=True)]

    return nn.Sequential(
        *conv(3, 64, 11, 4, 2), nn.MaxPool2d(3, 2), *conv(64, 192, 5, padding=2), nn.MaxPool2d(3, 2),
        *conv(192, 384, 3), *conv(384, 256, 3), *conv(256, 256, 3), nn.MaxPool2d(3, 2), nn.Flatten(),
        nn.Dropout(), nn.Linear(9216, 4096), nn.ReLU(inplace=True),
        nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(inplace=True), nn.Linear(4096, 1000))


NETS: dict[str, Callable[[], nn.Module]] = {"lenet": lenet, "resnet9": resnet9, "alexnet": alexnet}


def learnt(module: nn.Module) -> int:
    """How many parameters `module` learns."""
    return sum(parameter.numel() for parameter in module.parameters())
