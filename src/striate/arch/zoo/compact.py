"""A small modern network for small pictures: 3×3 convolutions, batch normalisation, ReLU, no dense layer but the last.

The shape is that of VGG (Simonyan & Zisserman 2015) with batch normalisation (Ioffe & Szegedy 2015) and global average
pooling (Lin, Chen & Yan 2014). Its depth follows the picture: each stage halves it, until the shorter side is below 8.
"""

from __future__ import annotations

from striate.arch.layers import BatchNorm, Conv, Dense, GlobalPool, Pool, ReLU
from striate.arch.network import Network
from striate.arch.volume import Volume

WIDTHS = (16, 40, 80, 160)  # filters of each stage; any further stage has the last
CONVS = 2  # convolutions in each stage
LARGEST = 63  # pixels: a longer short side is first brought below by the stride of the first convolution


def compact(input: Volume, classes: int = 10) -> Network:  # noqa: A002 - the word of the language
    """`WIDTHS` and `CONVS` as above, on a picture of any size.

    8×8 has two stages (8, 4), 28×28 three (28, 14, 7), 224×224 four after a first stride of 4 (56, 28, 14, 7).

    >>> network = compact(Volume(1, 28, 28))
    >>> sum(node.macs for node in network.nodes)  # 10.1 million, all but 800 of them in 3×3 convolutions
    10104992
    """
    stride = first_stride(min(input.height, input.width))
    x = block(input, WIDTHS[0], stride)
    for stage in range(stages(min(x.height, x.width))):
        width = WIDTHS[min(stage, len(WIDTHS) - 1)]
        if stage > 0:
            x = block(Pool(2)(x), width)
        for _ in range(CONVS - 1):
            x = block(x, width)
    return Network(Dense(classes)(GlobalPool()(x)), name="compact")


def first_stride(side: int) -> int:
    """The power of two that brings `side` pixels to at most `LARGEST`.

    >>> [first_stride(side) for side in (8, 28, 64, 96, 224)]
    [1, 1, 2, 2, 4]
    """
    stride = 1
    while -(-side // stride) > LARGEST:
        stride *= 2
    return stride


def stages(side: int) -> int:
    """How many stages: a side of 8 pixels or more is worth halving.

    >>> [stages(side) for side in (4, 8, 28, 32, 56)]
    [1, 2, 3, 4, 4]
    """
    return max(1, side.bit_length() - 2)


def block(x: Volume, filters: int, stride: int = 1) -> Volume:
    """Convolution, batch normalisation (which brings the bias), ReLU; the filter grows with the stride, to see all."""
    conv = Conv(filters, 2 * stride + 1, stride=stride, padding=stride, bias=False)
    return ReLU()(BatchNorm()(conv(x)))
