"""ZFNet, AlexNet revised by visualisation: smaller first filters, at a smaller stride.

Zeiler & Fergus, "Visualizing and understanding convolutional networks", ECCV 2014 (arXiv:1311.2901, 2013), section 3
and figure 3: 38.4 % top-1 and 16.5 % top-5 errors on ImageNet 2012's validation pictures (one network "as per fig. 3",
mean of 10 crops). Its successor won ImageNet 2013. The number of parameters is not published.

`zfnet` is figure 3 in one tower. The figure gives sides of 110, 55, 26, 13 and 6; they follow from padding 1 in the
first convolution, none in the second, and windows that may overhang. Weights are filled from a normal distribution of
standard deviation 0.01 and biases with 0 (section 3.1). Where we may differ: the paper gives no constants for its
contrast normalisation across feature maps; ours are AlexNet's, in Caffe's form.
"""

from __future__ import annotations

from striate.arch.initializer import Initializer
from striate.arch.layers import LRN, Conv, Dense, Dropout, Pool, ReLU
from striate.arch.network import Network
from striate.arch.volume import Volume
from striate.arch.zoo.zoo_entry import ZooEntry

PICTURE = Volume(3, 224, 224)
NARROW = Initializer("gaussian", std=0.01)


def zfnet(input: Volume = PICTURE, classes: int = 1000) -> Network:  # noqa: A002 - the language's word
    """ZFNet of figure 3 on a picture of at least 63×63 (224×224 in the paper).

    >>> [str(node.output) for node in zfnet().nodes if node.layer.kind == "pool"]
    ['96×55×55', '256×13×13', '256×6×6']
    """
    x = norm(1, pool(1, conv(1, 96, 7, input, stride=2, padding=1)))
    x = norm(2, pool(2, conv(2, 256, 5, x, stride=2)))
    for number, filters in ((3, 384), (4, 384), (5, 256)):
        x = conv(number, filters, 3, x, padding=1)
    x = pool(5, x)
    for number in (6, 7):
        x = ReLU(name=f"relu{number}")(Dense(4096, weight_filler=NARROW, name=f"fc{number}")(x))
        x = Dropout(0.5, name=f"drop{number}")(x)
    return Network(Dense(classes, weight_filler=NARROW, name="fc8")(x), name="zfnet")


def conv(number: int, filters: int, kernel: int, x: Volume, stride: int = 1, padding: int = 0) -> Volume:
    """A convolution and its ReLU."""
    x = Conv(filters, kernel, stride, padding, weight_filler=NARROW, name=f"conv{number}")(x)
    return ReLU(name=f"relu{number}")(x)


def norm(number: int, x: Volume) -> Volume:
    """Local response normalisation."""
    return LRN(5, alpha=1e-4, beta=0.75, name=f"norm{number}")(x)


def pool(number: int, x: Volume) -> Volume:
    """Windows of 3 at stride 2, which overlap."""
    return Pool(3, 2, rounding="ceil", name=f"pool{number}")(x)


ENTRIES = {
    "zfnet": ZooEntry(
        zfnet, PICTURE, PICTURE, "Zeiler & Fergus, Visualizing and understanding convolutional networks", 2013,
        cite="Zeiler & Fergus, ECCV", variant="figure 3, one tower", top1=38.4, top5=16.5,
        measured="ImageNet, 10 crops", source="the paper, table 2, one network as per figure 3"),
}
