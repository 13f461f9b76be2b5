"""AlexNet, the network that won ImageNet 2012 by ten points, and Caffe's CaffeNet.

Krizhevsky, Sutskever & Hinton, "ImageNet classification with deep convolutional neural networks", NIPS 2012, sections
3 and 5: eight layers with weights, 60 million parameters; 40.7 % top-1 and 18.2 % top-5 errors on ImageNet 2012's
validation pictures (table 2, one network, mean of 10 crops); 16.4 % top-5 with five networks.

`alexnet` is Caffe's `bvlc_alexnet`, with its names, fillers and multipliers: the paper's two towers, which see each
other in the third layer only, are groups. 60,965,224 parameters, 724 million multiply-adds; its weights err on 42.9 %
and 19.8 % (one central crop).
Where it differs from the paper: pictures are 227×227, not the paper's 224×224, which its own layer sizes contradict,
(224 − 11)/4 + 1 = 54.25; normalisation has k 1 and divides alpha by its size (paper: k 2, undivided); biases that the
paper fills with 1 are filled with 0.1.

`caffenet` is Caffe's `bvlc_reference_caffenet` (Jia et al. 2014): the same layers and counts, but pooling stands before
normalisation, and those biases are filled with 1. Its weights err on 42.6 % and 19.6 % (one central crop).
"""

from __future__ import annotations

from striate.arch.initializer import Initializer
from striate.arch.layers import LRN, Conv, Dense, Dropout, Pool, ReLU
from striate.arch.network import Network
from striate.arch.volume import Volume
from striate.arch.zoo.zoo_entry import ZooEntry

PICTURE = Volume(3, 227, 227)
NARROW, NARROWER = Initializer("gaussian", std=0.01), Initializer("gaussian", std=0.005)
LR_MULT, DECAY_MULT = (1.0, 2.0), (1.0, 0.0)  # biases learn twice as fast and do not decay


def alexnet(input: Volume = PICTURE, classes: int = 1000) -> Network:  # noqa: A002 - the language's word
    """The two-tower network on a picture of at least 55×55 (227×227 in Caffe).

    >>> alexnet().parameters, str(alexnet().nodes[14].output)  # the last pooling makes 9,216 values
    (60965224, '256×6×6')
    """
    x = norm(1, conv(1, 96, 11, input, stride=4))
    x = norm(2, conv(2, 256, 5, pool(1, x), padding=2, groups=2, bias=0.1))
    return Network(top(pool(2, x), classes, bias=0.1, last_bias=0.0), name="alexnet")


def caffenet(input: Volume = PICTURE, classes: int = 1000) -> Network:  # noqa: A002 - the language's word
    """CaffeNet: AlexNet with pooling before normalisation.

    >>> sum(node.macs for node in caffenet().nodes) == sum(node.macs for node in alexnet().nodes)
    True
    """
    x = norm(1, pool(1, conv(1, 96, 11, input, stride=4)))
    x = norm(2, pool(2, conv(2, 256, 5, x, padding=2, groups=2, bias=1.0)))
    return Network(top(x, classes, bias=1.0, last_bias=0.0), name="caffenet")


def top(x: Volume, classes: int, bias: float, last_bias: float) -> Volume:
    """The layers from the third convolution on; only the third sees both towers."""
    x = conv(3, 384, 3, x, padding=1)
    x = conv(4, 384, 3, x, padding=1, groups=2, bias=bias)
    x = pool(5, conv(5, 256, 3, x, padding=1, groups=2, bias=bias))
    for number in (6, 7):
        x = dense(number, 4096, x, NARROWER, bias)
        x = Dropout(0.5, name=f"drop{number}")(ReLU(name=f"relu{number}")(x))
    return dense(8, classes, x, NARROW, last_bias)


def conv(number: int, filters: int, kernel: int, x: Volume, stride: int = 1, padding: int = 0, groups: int = 1,
         bias: float = 0.0) -> Volume:
    """A convolution and its ReLU."""
    x = Conv(filters, kernel, stride, padding, groups=groups, weight_filler=NARROW,
             bias_filler=Initializer("constant", value=bias), lr_mult=LR_MULT, decay_mult=DECAY_MULT,
             name=f"conv{number}")(x)
    return ReLU(name=f"relu{number}")(x)


def dense(number: int, units: int, x: Volume, weights: Initializer, bias: float) -> Volume:
    """A dense layer."""
    return Dense(units, weight_filler=weights, bias_filler=Initializer("constant", value=bias), lr_mult=LR_MULT,
                 decay_mult=DECAY_MULT, name=f"fc{number}")(x)


def norm(number: int, x: Volume) -> Volume:
    """Local response normalisation as Caffe counts alpha."""
    return LRN(5, alpha=1e-4, beta=0.75, name=f"norm{number}")(x)


def pool(number: int, x: Volume) -> Volume:
    """Windows of 3 at stride 2, which overlap."""
    return Pool(3, 2, rounding="ceil", name=f"pool{number}")(x)


PAPER = "Krizhevsky, Sutskever & Hinton, ImageNet classification with deep convolutional neural networks"
ENTRIES = {
    "alexnet": ZooEntry(
        alexnet, PICTURE, PICTURE, PAPER, 2012, cite="Krizhevsky et al., NIPS",
        variant="Caffe's bvlc_alexnet: two towers as groups", top1=40.7, top5=18.2, measured="ImageNet, 10 crops",
        source="the paper, table 2, one network", published=60_000_000),
    "caffenet": ZooEntry(
        caffenet, PICTURE, PICTURE, f"{PAPER}; Jia et al., Caffe", 2014, cite="Jia et al., ACM MM",
        variant="Caffe's bvlc_reference_caffenet: AlexNet with pooling before normalisation", top1=42.6, top5=19.6,
        measured="ImageNet, 1 crop", source="Caffe's model page"),
}
