"""ResNet-9, a residual network made to be trained in a minute.

Page, "How to train your ResNet", myrtle.ai, 2018 (for Stanford's DAWNBench): eight convolutions and a dense layer, of
which two pairs have shortcuts; 6,573,120 parameters; 94 % correct on CIFAR-10 after 24 epochs, 79 seconds on one V100.

Where we differ: the published network multiplies its outputs by 0.125, which only changes how fast the last layer
learns; it is left out. The last pooling is global (4×4 at 32×32 pixels, as published), so that pictures of other sizes
are allowed too. Layers have names of our own.
"""

from __future__ import annotations

from striate.arch.layers import Add, BatchNorm, Conv, Dense, GlobalPool, Pool, ReLU
from striate.arch.network import Network
from striate.arch.volume import Volume
from striate.arch.zoo.zoo_entry import ZooEntry

PICTURE = Volume(3, 32, 32)


def resnet9(input: Volume = PICTURE, classes: int = 10) -> Network:  # noqa: A002 - the language's word
    """ResNet-9 on a picture of at least 8×8 (32×32 in the original; 28 to 64 pixels do well).

    >>> resnet9().parameters
    6573120
    """
    x = unit("prep", input, 64)
    for number, (filters, residual) in enumerate(((128, True), (256, False), (512, True)), 1):
        x = Pool(2, name=f"layer{number}/pool")(unit(f"layer{number}", x, filters))
        if residual:
            inner = unit(f"layer{number}/res2", unit(f"layer{number}/res1", x, filters), filters)
            x = Add(name=f"layer{number}/add")(x, inner)
    x = GlobalPool("max", name="pool")(x)
    return Network(Dense(classes, bias=False, name="linear")(x), name="resnet9")


def unit(name: str, x: Volume, filters: int) -> Volume:
    """A 3×3 convolution, batch normalisation, ReLU."""
    x = BatchNorm(name=f"{name}/bn")(Conv(filters, 3, padding=1, bias=False, name=f"{name}/conv")(x))
    return ReLU(name=f"{name}/relu")(x)


ENTRIES = {
    "resnet9": ZooEntry(
        resnet9, None, PICTURE, "Page, How to train your ResNet", 2018, least=16, classes=10, cite="Page, DAWNBench",
        variant="without the factor 0.125 at its end", top1=6.0, measured="CIFAR-10", source="the author"),
}
