"""SqueezeNet: AlexNet's accuracy with a fiftieth of its weights.

Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5 MB model size", arXiv:1602.07360,
2016, section 3. Version 1.0, the paper's, errs on 42.5 % (top-1) and 19.7 % (top-5) of ImageNet's validation pictures.

`squeezenet` is the authors' version 1.1, with the names and fillers of their Caffe file: smaller first filters and
earlier pooling, 2.4 times less work at the same accuracy. 1,235,496 parameters; torchvision's weights for 1.1 err on
41.81 % and 19.38 % (one central crop of 224×224). Pictures are 227×227 as in the Caffe file. No dense layer: the last
convolution makes one map per class, and its mean is the score.
"""

from __future__ import annotations

from striate.arch.initializer import Initializer
from striate.arch.layers import Concat, Conv, Dropout, GlobalPool, Pool, ReLU
from striate.arch.network import Network
from striate.arch.volume import Volume
from striate.arch.zoo.zoo_entry import ZooEntry

PICTURE = Volume(3, 227, 227)
XAVIER, NARROW = Initializer("xavier"), Initializer("gaussian", std=0.01)
# Fire modules 2 to 9: filters that squeeze, and filters of each kind that expand.
FIRE = {2: (16, 64), 3: (16, 64), 4: (32, 128), 5: (32, 128), 6: (48, 192), 7: (48, 192), 8: (64, 256), 9: (64, 256)}


def squeezenet(input: Volume = PICTURE, classes: int = 1000) -> Network:  # noqa: A002 - the language's word
    """SqueezeNet version 1.1 on a picture of at least 25×25 (227×227 in the authors' file).

    >>> squeezenet().parameters
    1235496
    """
    x = Conv(64, 3, 2, weight_filler=XAVIER, name="conv1")(input)
    x = pool(1, ReLU(name="relu_conv1")(x))
    for number in FIRE:
        x = fire(number, x)
        if number in (3, 5):
            x = pool(number, x)
    x = Dropout(0.5, name="drop9")(x)
    x = ReLU(name="relu_conv10")(Conv(classes, 1, weight_filler=NARROW, name="conv10")(x))
    return Network(GlobalPool(name="pool10")(x), name="squeezenet")


def fire(number: int, x: Volume) -> Volume:
    """Fire module: a few 1×1 filters squeeze the channels; parallel 1×1 and 3×3 filters expand them."""
    few, many = FIRE[number]
    x = unit(number, "squeeze1x1", few, 1, x)
    return Concat(name=f"fire{number}/concat")(unit(number, "expand1x1", many, 1, x),
                                               unit(number, "expand3x3", many, 3, x))


def unit(number: int, name: str, filters: int, size: int, x: Volume) -> Volume:
    """A convolution that keeps the size, and its ReLU."""
    x = Conv(filters, size, padding=size // 2, weight_filler=XAVIER, name=f"fire{number}/{name}")(x)
    return ReLU(name=f"fire{number}/relu_{name}")(x)


def pool(number: int, x: Volume) -> Volume:
    """Maximum pooling by windows of 3 at stride 2, which may overhang."""
    return Pool(3, 2, rounding="ceil", name=f"pool{number}")(x)


ENTRIES = {
    "squeezenet": ZooEntry(
        squeezenet, PICTURE, PICTURE,
        "Iandola et al., SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5 MB model size", 2016,
        cite="Iandola et al., arXiv", variant="version 1.1, the authors' Caffe file",
        top1=41.81, top5=19.38, measured="ImageNet, 1 crop", source="torchvision's weights"),
}
