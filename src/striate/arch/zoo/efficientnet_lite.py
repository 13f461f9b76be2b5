"""EfficientNet-Lite: width, depth and picture size scaled together, of plain layers for small devices.

Tan & Le, "EfficientNet: rethinking model scaling for convolutional neural networks", ICML 2019, section 4 and table 1;
the Lite form is the authors' of March 2020 (their `efficientnet/lite`): no squeeze-and-excitation, ReLU6 for swish, and
while the rest grows the stem, the head and the number of the first and last blocks stay. Published there for Lite0 to
Lite4: 4.7, 5.4, 6.1, 8.2 and 13.0 million parameters; 407, 631, 899, 1,440 and 2,640 million multiply-adds; 24.9, 23.3,
22.4, 20.2 and 18.5 % top-1 errors on ImageNet's validation pictures (one crop, float32). Top-5 is not published.

Our multiply-adds are those of convolutions and the dense layer alone: 385 to 2,554 million, 3 to 6 % fewer than
published. Padding is TensorFlow's `same`. Where we differ: the authors drop whole blocks at random while training
(stochastic depth), which our language has no layer for; dropout before the last layer is there. Layers are named after
the authors' scopes (stem, blocks_0, …, head).
"""

from __future__ import annotations

import math
from collections.abc import Callable

from striate.arch.layers import Add, BatchNorm, Conv, Dense, Dropout, GlobalPool, ReLU
from striate.arch.network import Network
from striate.arch.volume import Volume
from striate.arch.zoo.zoo_entry import ZooEntry

# Width, depth, side of the pictures, rate of the dropout.
SIZES = ((1.0, 1.0, 224, 0.2), (1.0, 1.1, 240, 0.2), (1.1, 1.2, 260, 0.3), (1.2, 1.4, 280, 0.3), (1.4, 1.8, 300, 0.3))
PICTURES = tuple(Volume(3, side, side) for _, _, side, _ in SIZES)
# Table 1: blocks, kernel, stride of the first, how many times wider inside, filters.
STAGES = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
          (1, 3, 1, 6, 320))


def efficientnet_lite0(input: Volume = PICTURES[0], classes: int = 1000) -> Network:  # noqa: A002 - our word
    """Lite0, for 224×224.

    >>> efficientnet_lite0().parameters
    4652008
    """
    return lite(0, input, classes)


def efficientnet_lite1(input: Volume = PICTURES[1], classes: int = 1000) -> Network:  # noqa: A002 - our word
    """Lite1, for 240×240."""
    return lite(1, input, classes)


def efficientnet_lite2(input: Volume = PICTURES[2], classes: int = 1000) -> Network:  # noqa: A002 - our word
    """Lite2, for 260×260."""
    return lite(2, input, classes)


def efficientnet_lite3(input: Volume = PICTURES[3], classes: int = 1000) -> Network:  # noqa: A002 - our word
    """Lite3, for 280×280."""
    return lite(3, input, classes)


def efficientnet_lite4(input: Volume = PICTURES[4], classes: int = 1000) -> Network:  # noqa: A002 - our word
    """Lite4, for 300×300."""
    return lite(4, input, classes)


def lite(number: int, x: Volume, classes: int) -> Network:
    """A convolution of stride 2, sixteen blocks or more, a wide 1×1 convolution, the mean, one dense layer."""
    width, depth, _, rate = SIZES[number]
    x = unit("stem", x, 32, 3, 2)
    blocks = 0
    for stage, (count, kernel, stride, wider, filters) in enumerate(STAGES):
        grows = stage not in (0, len(STAGES) - 1)
        for position in range(math.ceil(depth * count) if grows else count):
            first = stride if position == 0 else 1
            x = block(f"blocks_{blocks}", x, kernel, first, wider, rounded(width * filters))
            blocks += 1
    x = Dropout(rate, name="head/dropout")(GlobalPool(name="head/pool")(unit("head", x, 1280, 1)))
    return Network(Dense(classes, name="head/dense")(x), name=f"efficientnet_lite{number}")


def rounded(filters: float) -> int:
    """A number of filters rounded to the nearest multiple of 8 that is not more than a tenth below.

    >>> [rounded(filters) for filters in (24 * 1.1, 24 * 1.4, 16 * 1.1, 10)]
    [24, 32, 16, 16]
    """
    near = max(8, int(filters + 4) // 8 * 8)
    return near + 8 if near < 0.9 * filters else near


def block(name: str, x: Volume, kernel: int, stride: int, wider: int, filters: int) -> Volume:
    """Inverted residual block: wider, one filter per channel, narrow without a ReLU; plus the input if shapes agree."""
    start = x
    if wider > 1:
        x = unit(f"{name}/expand", x, wider * x.channels, 1)
    x = unit(f"{name}/depthwise", x, x.channels, kernel, stride, groups=x.channels)
    x = normalised(f"{name}/project", x, filters, 1)
    return Add(name=f"{name}/add")(x, start) if stride == 1 and start.channels == filters else x


def unit(name: str, x: Volume, filters: int, kernel: int, stride: int = 1, groups: int = 1) -> Volume:
    """A convolution, batch normalisation, ReLU6."""
    return ReLU(6, name=f"{name}/relu6")(normalised(name, x, filters, kernel, stride, groups))


def normalised(name: str, x: Volume, filters: int, kernel: int, stride: int = 1, groups: int = 1) -> Volume:
    """A convolution and batch normalisation of momentum 0.01."""
    x = Conv(filters, kernel, stride, "same", groups=groups, bias=False, name=f"{name}/conv")(x)
    return BatchNorm(epsilon=1e-3, momentum=0.01, name=f"{name}/bn")(x)


BUILDERS: tuple[Callable[[Volume, int], Network], ...] = (
    efficientnet_lite0, efficientnet_lite1, efficientnet_lite2, efficientnet_lite3, efficientnet_lite4)
ENTRIES = {
    f"efficientnet_lite{number}": ZooEntry(
        build, picture, picture,
        "Tan & Le, EfficientNet: rethinking model scaling for convolutional neural networks", 2020,
        cite="Tan & Le, ICML", variant=f"Lite{number}: plain layers, ReLU6", top1=top1,
        measured="ImageNet, 1 crop", source="the authors' model page", published=published)
    for number, (build, picture, top1, published) in enumerate(zip(
        BUILDERS, PICTURES, (24.9, 23.3, 22.4, 20.2, 18.5), (4_700_000, 5_400_000, 6_100_000, 8_200_000, 13_000_000),
        strict=True))
}
