"""VGG: deep networks of 3×3 convolutions only.

Simonyan & Zisserman, "Very deep convolutional networks for large-scale image recognition", ICLR 2015 (arXiv:1409.1556,
2014), section 2 and table 1: configurations A, B, D and E, of 11, 13, 16 and 19 layers with weights and 133, 133, 138
and 144 million parameters (table 2). Errors on ImageNet 2012's validation pictures (table 3: one network, one scale,
run over the whole picture): 29.6, 28.7, 25.6 and 25.5 % top-1; 10.4, 9.9, 8.1 and 8.0 % top-5. Second in ImageNet 2014.

Layers have the names of the authors' Caffe files. Where we differ: weights are filled by `msra`; the paper drew A's
from a normal distribution and initialised the others with A's learnt weights. Pooling windows fit exactly at 224×224;
at other sizes they may overhang, as in Caffe.
"""

from __future__ import annotations

from striate.arch.layers import Conv, Dense, Dropout, Pool, ReLU
from striate.arch.network import Network
from striate.arch.volume import Volume
from striate.arch.zoo.zoo_entry import ZooEntry

PICTURE = Volume(3, 224, 224)
FILTERS = (64, 128, 256, 512, 512)
# Table 1: how many convolutions each of the five stages has.
A, B, D, E = (1, 1, 2, 2, 2), (2, 2, 2, 2, 2), (2, 2, 3, 3, 3), (2, 2, 4, 4, 4)


def vgg11(input: Volume = PICTURE, classes: int = 1000) -> Network:  # noqa: A002 - the language's word
    """VGG-11, configuration A."""
    return vgg("vgg11", A, input, classes)


def vgg13(input: Volume = PICTURE, classes: int = 1000) -> Network:  # noqa: A002 - the language's word
    """VGG-13, configuration B."""
    return vgg("vgg13", B, input, classes)


def vgg16(input: Volume = PICTURE, classes: int = 1000) -> Network:  # noqa: A002 - the language's word
    """VGG-16, configuration D.

    >>> vgg16().parameters  # 138,357,544, of which fc6 has 102,764,544 = (512·7·7 + 1)·4,096
    138357544
    """
    return vgg("vgg16", D, input, classes)


def vgg19(input: Volume = PICTURE, classes: int = 1000) -> Network:  # noqa: A002 - the language's word
    """VGG-19, configuration E."""
    return vgg("vgg19", E, input, classes)


def vgg(name: str, stages: tuple[int, ...], x: Volume, classes: int) -> Network:
    """VGG: five stages of convolutions that keep the size, each ended by a pooling that halves it; three dense layers.

    Pictures are at least 17×17 (224×224 in the paper).
    """
    for stage, (count, filters) in enumerate(zip(stages, FILTERS, strict=True), 1):
        for number in range(1, count + 1):
            x = Conv(filters, 3, padding=1, name=f"conv{stage}_{number}")(x)
            x = ReLU(name=f"relu{stage}_{number}")(x)
        x = Pool(2, rounding="ceil", name=f"pool{stage}")(x)
    for number in (6, 7):
        x = ReLU(name=f"relu{number}")(Dense(4096, name=f"fc{number}")(x))
        x = Dropout(0.5, name=f"drop{number}")(x)
    return Network(Dense(classes, name="fc8")(x), name=name)


PAPER = "Simonyan & Zisserman, Very deep convolutional networks for large-scale image recognition"
ENTRIES = {
    name: ZooEntry(build, PICTURE, PICTURE, PAPER, 2014, cite="Simonyan & Zisserman, ICLR",
                variant=f"configuration {letter}", top1=top1, top5=top5, measured="ImageNet, dense",
                source="the paper, table 3", published=published)
    for name, build, letter, top1, top5, published in (
        ("vgg11", vgg11, "A", 29.6, 10.4, 133_000_000),
        ("vgg13", vgg13, "B", 28.7, 9.9, 133_000_000),
        ("vgg16", vgg16, "D", 25.6, 8.1, 138_000_000),
        ("vgg19", vgg19, "E", 25.5, 8.0, 144_000_000),
    )
}
