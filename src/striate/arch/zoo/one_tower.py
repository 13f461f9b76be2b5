"""AlexNet in one tower, its usual form today.

Krizhevsky, "One weird trick for parallelizing convolutional neural networks", arXiv:1404.5997, 2014, whose experiments
are with the network of 2012 in one tower.

`alexnet_one_tower` is torchvision's form: 64, 192, 384, 256 and 256 filters, padding 2 so that 224×224 pictures give
55×55 positions, dropout before the first two dense layers. 61,100,840 parameters and 714 million multiply-adds;
torchvision's weights err on 43.45 % (top-1) and 20.91 % (top-5) of ImageNet's validation pictures (one central crop).
Where we differ from torchvision: at sizes other than 224 it averages what the last pooling leaves to 6×6; our first
dense layer takes any size. Layers have AlexNet's names.
"""

from __future__ import annotations

from striate.arch.layers import Conv, Dense, Dropout, Pool, ReLU
from striate.arch.network import Network
from striate.arch.volume import Volume
from striate.arch.zoo.zoo_entry import ZooEntry

PICTURE = Volume(3, 224, 224)


def alexnet_one_tower(input: Volume = PICTURE, classes: int = 1000) -> Network:  # noqa: A002 - the language's word
    """One-tower AlexNet on a picture of at least 63×63 (224×224 in torchvision).

    >>> alexnet_one_tower().parameters
    61100840
    """
    x = pool(1, conv(1, 64, 11, input, stride=4, padding=2))
    x = pool(2, conv(2, 192, 5, x, padding=2))
    for number, filters in ((3, 384), (4, 256), (5, 256)):
        x = conv(number, filters, 3, x, padding=1)
    x = pool(5, x)
    for number in (6, 7):
        x = Dense(4096, name=f"fc{number}")(Dropout(0.5, name=f"drop{number}")(x))
        x = ReLU(name=f"relu{number}")(x)
    return Network(Dense(classes, name="fc8")(x), name="alexnet_one_tower")


def conv(number: int, filters: int, kernel: int, x: Volume, stride: int = 1, padding: int = 0) -> Volume:
    """A convolution and its ReLU."""
    return ReLU(name=f"relu{number}")(Conv(filters, kernel, stride, padding, name=f"conv{number}")(x))


def pool(number: int, x: Volume) -> Volume:
    """Windows of 3 at stride 2, which overlap."""
    return Pool(3, 2, name=f"pool{number}")(x)


ENTRIES = {
    "alexnet_one_tower": ZooEntry(
        alexnet_one_tower, PICTURE, PICTURE,
        "Krizhevsky, One weird trick for parallelizing convolutional neural networks", 2014,
        cite="Krizhevsky, arXiv", variant="torchvision's form: one tower, no normalisation",
        top1=43.45, top5=20.91, measured="ImageNet, 1 crop", source="torchvision's weights"),
}
