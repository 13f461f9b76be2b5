"""A small modern network for small pictures: 3×3 convolutions, batch normalisation, ReLU, one dense layer.

The shape is that of VGG (Simonyan & Zisserman 2015) with batch normalisation (Ioffe & Szegedy 2015). Pooling stands
before the normalisation, which then has a quarter of the work. Its depth follows the picture: each stage halves it,
until the shorter side is below 4. What is left is read by the dense layer position by position: on validation pictures
of Fashion-MNIST that gave one point more than global pooling.
"""

from __future__ import annotations

from striate.arch.layers import BatchNorm, Conv, Dense, GlobalPool, Pool, ReLU
from striate.arch.network import Network
from striate.arch.volume import Volume
from striate.arch.zoo.entry import Entry

WIDTHS = (16, 48, 96, 128)  # filters of each stage; any further stage has the last
LARGEST = 63  # pixels: a longer short side is first brought below by the stride of the first convolution
PICTURE = Volume(1, 28, 28)
READ = 8  # pixels: what is left of a long, narrow picture is pooled if it is longer than this


def compact(input: Volume = PICTURE, classes: int = 10) -> Network:  # noqa: A002 - the word of the language
    """Stages of two convolutions and a pooling, as wide as `WIDTHS`, on a picture of any size.

    8×8 has two stages (8, 4), 28×28 three (28, 14, 7), 96×96 four after a first stride of 2 (48, 24, 12, 6).

    >>> network = compact(Volume(1, 28, 28))
    >>> sum(node.macs for node in network.nodes)  # 13.4 million, all but 8,640 of them in 3×3 convolutions
    13443264
    """
    x, width = block(input, WIDTHS[0], first_stride(min(input.height, input.width))), WIDTHS[0]
    for stage in range(stages(min(x.height, x.width))):
        if stage > 0:
            width = WIDTHS[min(stage, len(WIDTHS) - 1)]
            x = block(x, width)
        x = block(x, width, pool=min(x.height, x.width) > 1)
    if max(x.height, x.width) > READ:
        x = GlobalPool()(x)
    return Network(Dense(classes)(x), name="compact")


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
    """How many stages: a side of 4 pixels or more is worth halving, up to four times.

    >>> [stages(side) for side in (2, 4, 8, 28, 32, 56)]
    [1, 1, 2, 3, 4, 4]
    """
    return min(max(1, side.bit_length() - 2), 4)


def block(x: Volume, filters: int, stride: int = 1, pool: bool = False) -> Volume:
    """Convolution, pooling if asked, batch normalisation (which brings the bias), ReLU.

    The filter grows with the stride, so that it sees every pixel.
    """
    x = Conv(filters, 2 * stride + 1, stride=stride, padding=stride, bias=False)(x)
    return ReLU()(BatchNorm()(Pool(2)(x) if pool else x))


ENTRIES = {
    "compact": Entry(
        compact, None, PICTURE, "striate's own: VGG with batch normalisation, made small", 2015, least=16, classes=10,
        cite="striate's own", variant="VGG with batch normalisation, made small"),
}
