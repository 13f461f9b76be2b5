"""MobileNet: depthwise separable convolutions, one filter per channel and then a 1×1 convolution.

Howard et al., "MobileNets: efficient convolutional neural networks for mobile vision applications", arXiv:1704.04861,
2017, section 3 and table 1: 28 layers with weights, 4.2 million parameters, 569 million multiply-adds; 29.4 % top-1
errors on ImageNet's validation pictures (table 8). The authors' later weights err on 29.1 % and 10.1 % (one crop).

`mobilenet` is version 1 at full width, in the form of the public Caffe port, with its names, fillers and multipliers:
padding 1 on all sides (TensorFlow's `same` at stride 2 pads only bottom and right; the counts are equal) and a last
layer that is a 1×1 convolution on the mean. 4,231,976 parameters are learnt.
"""

from __future__ import annotations

from striate.arch.layers import BatchNorm, Conv, GlobalPool, ReLU
from striate.arch.network import Network
from striate.arch.volume import Volume
from striate.arch.zoo.zoo_entry import ZooEntry

PICTURE = Volume(3, 224, 224)
# Table 1: name, filters that mix, stride of the filters per channel.
PAIRS = (
    ("2_1", 64, 1), ("2_2", 128, 2), ("3_1", 128, 1), ("3_2", 256, 2), ("4_1", 256, 1), ("4_2", 512, 2),
    ("5_1", 512, 1), ("5_2", 512, 1), ("5_3", 512, 1), ("5_4", 512, 1), ("5_5", 512, 1),
    ("5_6", 1024, 2), ("6", 1024, 1),
)


def mobilenet(input: Volume = PICTURE, classes: int = 1000) -> Network:  # noqa: A002 - the language's word
    """MobileNet version 1 on a picture of any size (224×224 in the paper).

    >>> mobilenet().parameters, sum(node.macs for node in mobilenet().nodes)  # 4.2 M, 569 M
    (4231976, 568740352)
    """
    x = unit("1", "", 32, 3, input, stride=2)
    for number, filters, stride in PAIRS:
        x = unit(number, "/dw", x.channels, 3, x, stride, groups=x.channels)
        x = unit(number, "/sep", filters, 1, x)
    x = GlobalPool(name="pool6")(x)
    x = Conv(classes, 1, lr_mult=(1, 2), decay_mult=(1, 0), name="fc7")(x)
    return Network(x, name="mobilenet")


def unit(number: str, part: str, filters: int, size: int, x: Volume, stride: int = 1, groups: int = 1) -> Volume:
    """A convolution, batch normalisation without weight decay, ReLU."""
    name = f"conv{number}{part}"
    x = Conv(filters, size, stride, size // 2, groups=groups, bias=False, name=name)(x)
    return ReLU(name=f"relu{number}{part}")(BatchNorm(decay_mult=0, name=f"{name}/bn")(x))


ENTRIES = {
    "mobilenet": ZooEntry(
        mobilenet, PICTURE, PICTURE,
        "Howard et al., MobileNets: efficient convolutional neural networks for mobile vision applications", 2017,
        cite="Howard et al., arXiv", variant="version 1 at full width, padding as in the Caffe port",
        top1=29.1, top5=10.1, measured="ImageNet, 1 crop", source="the authors' weights", published=4_200_000),
}
