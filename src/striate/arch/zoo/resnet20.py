"""ResNet-20, the small residual network for pictures of 32×32.

He, Zhang, Ren & Sun, "Deep residual learning for image recognition", CVPR 2016 (arXiv:1512.03385, 2015), section 4.2
with n = 3: 20 layers with weights, 0.27 million parameters, 8.75 % errors on CIFAR-10 (table 6; pictures flipped and
shifted while learning).

Shortcuts are the paper's option A, which learns nothing: where a stage halves the picture and doubles the channels,
every second pixel is taken, and the new channels are zero. Here those zeros are the volume times 0, put after it. So
the count is 269,722; with option B (1×1 convolutions) it would be 272,474. Layers are named as in `resnet`.
"""

from __future__ import annotations

from striate.arch.layers import Add, BatchNorm, Concat, Conv, Dense, GlobalPool, Pool, ReLU
from striate.arch.network import Network
from striate.arch.volume import Volume
from striate.arch.zoo.zoo_entry import ZooEntry

PICTURE = Volume(3, 32, 32)
WIDTHS = (16, 32, 64)
BLOCKS = 3  # the paper's n: 6·3 + 2 = 20 layers


def resnet20(input: Volume = PICTURE, classes: int = 10) -> Network:  # noqa: A002 - the language's word
    """ResNet-20 on a picture of any size (32×32 in the paper; 28 to 64 pixels do well).

    >>> resnet20().parameters, str(resnet20().nodes[-3].output)
    (269722, '64×8×8')
    """
    x = ReLU(name="conv1_relu")(conv("conv1", "bn_conv1", input, WIDTHS[0]))
    for stage, width in enumerate(WIDTHS, 2):
        for letter in "abc"[:BLOCKS]:
            x = block(f"{stage}{letter}", x, width, stride=2 if stage > 2 and letter == "a" else 1)
    return Network(Dense(classes, name="fc")(GlobalPool(name="pool")(x)), name="resnet20")


def block(place: str, x: Volume, width: int, stride: int) -> Volume:
    """Residual block: the input plus two convolutions of it."""
    shortcut = option_a(place, x) if stride > 1 else x
    x = conv(f"res{place}_branch2a", f"bn{place}_branch2a", x, width, stride)
    x = conv(f"res{place}_branch2b", f"bn{place}_branch2b", ReLU(name=f"res{place}_branch2a_relu")(x), width)
    return ReLU(name=f"res{place}_relu")(Add(name=f"res{place}")(shortcut, x))


def option_a(place: str, x: Volume) -> Volume:
    """Shortcut of option A: every second pixel, and as many channels of zeros again."""
    x = Pool(1, 2, name=f"res{place}_pixels")(x)
    zeros = Add(coefficients=(0, 0), name=f"res{place}_zeros")(x, x)
    return Concat(name=f"res{place}_branch1")(x, zeros)


def conv(name: str, norm: str, x: Volume, filters: int, stride: int = 1) -> Volume:
    """A 3×3 convolution with batch normalisation."""
    return BatchNorm(name=norm)(Conv(filters, 3, stride, 1, bias=False, name=name)(x))


ENTRIES = {
    "resnet20": ZooEntry(
        resnet20, None, PICTURE, "He, Zhang, Ren & Sun, Deep residual learning for image recognition", 2015, least=16,
        classes=10, cite="He et al., CVPR", variant="section 4.2, for CIFAR; shortcuts of option A",
        top1=8.75, measured="CIFAR-10", source="the paper, table 6", published=270_000),
}
