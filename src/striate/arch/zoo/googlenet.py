"""GoogLeNet: nine inception blocks of parallel branches, and hardly any dense layers.

Szegedy et al., "Going deeper with convolutions", CVPR 2015 (arXiv:1409.4842, 2014), section 5 and table 1: 22 layers
with weights, about 7 million parameters; 10.07 % top-5 errors on ImageNet 2014's validation pictures (table 3, one
network, one crop) and 6.67 % with seven networks and 144 crops, the winner of 2014.

`googlenet` is Caffe's `bvlc_googlenet`, with its names, fillers and multipliers, and the paper's two auxiliary heads
for training, of loss weight 0.3. Its weights err on 31.3 % (top-1) and 11.1 % (top-5; one central crop). 6,998,552
parameters without its heads, 13,378,280 with them. Where it differs from the paper: `xavier` filling.

`googlenet_bn` is torchvision's form: batch normalisation (Ioffe & Szegedy, ICML 2015) in place of biases and local
response normalisation, no auxiliary heads, 6,624,904 parameters; its weights err on 30.22 % and 10.47 % (one central
crop). Where it differs from the paper: what should be 5×5 convolutions are 3×3 there (here `3x3_second`), the last
pooling but one is 2×2, dropout 0.2 (paper: 0.4). Its last pooling is of everything, so that it takes
smaller pictures too.
"""

from __future__ import annotations

from collections.abc import Callable

from striate.arch.initializer import Initializer
from striate.arch.layers import LRN, BatchNorm, Concat, Conv, Dense, Dropout, GlobalPool, Pool, ReLU
from striate.arch.network import Network
from striate.arch.volume import Volume
from striate.arch.zoo.zoo_entry import ZooEntry

PICTURE = Volume(3, 224, 224)
LR_MULT, DECAY_MULT = (1.0, 2.0), (1.0, 0.0)  # biases learn twice as fast and do not decay
XAVIER, SMALL = Initializer("xavier"), Initializer("constant", value=0.2)
# Table 1: filters of 1×1; 3×3 reduce, 3×3; 5×5 reduce, 5×5; pool projection.
INCEPTION = {
    "3a": (64, 96, 128, 16, 32, 32), "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64), "4b": (160, 112, 224, 24, 64, 64), "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64), "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128), "5b": (384, 192, 384, 48, 128, 128),
}
Unit = Callable[[str, str, int, int, Volume], Volume]


def googlenet(input: Volume = PICTURE, classes: int = 1000) -> Network:  # noqa: A002 - the language's word
    """GoogLeNet in Caffe's form on a picture of at least 223×223 (224×224 in Caffe), with its two auxiliary heads.

    >>> network = googlenet()
    >>> network.trunk.parameters, network.parameters, network.auxiliary
    (6998552, 13378280, {'loss1/classifier': 0.3, 'loss2/classifier': 0.3})
    """
    x = pool("pool1/3x3_s2", unit("conv1", "7x7_s2", 64, 7, input, stride=2))
    x = unit("conv2", "3x3_reduce", 64, 1, LRN(5, name="pool1/norm1")(x))
    x = LRN(5, name="conv2/norm2")(unit("conv2", "3x3", 192, 3, x))
    x = pool("pool2/3x3_s2", x)
    heads: list[tuple[Volume, float]] = []
    for block in INCEPTION:
        if block in ("4a", "5a"):
            x = pool(f"pool{int(block[0]) - 1}/3x3_s2", x)
        x = inception(block, x, unit, "5x5", 5)
        if block in ("4a", "4d"):
            heads.append((head(f"loss{len(heads) + 1}", x, classes), 0.3))
    x = Pool(7, 1, mode="average", rounding="ceil", name="pool5/7x7_s1")(x)
    x = dense("loss3/classifier", classes, Dropout(0.4, name="pool5/drop_7x7_s1")(x))
    return Network(x, name="googlenet", auxiliary=heads)


def googlenet_bn(input: Volume = PICTURE, classes: int = 1000) -> Network:  # noqa: A002 - the language's word
    """GoogLeNet with batch normalisation, torchvision's form, on a picture of at least 31×31 (224×224 there).

    >>> googlenet_bn().parameters
    6624904
    """
    x = pool("pool1/3x3_s2", normalised("conv1", "7x7_s2", 64, 7, input, stride=2))
    x = normalised("conv2", "3x3", 192, 3, normalised("conv2", "3x3_reduce", 64, 1, x))
    x = pool("pool2/3x3_s2", x)
    for block in INCEPTION:
        if block == "4a":
            x = pool("pool3/3x3_s2", x)
        if block == "5a":
            x = Pool(2, rounding="ceil", name="pool4/2x2_s2")(x)
        x = inception(block, x, normalised, "3x3_second", 3)
    x = Dropout(0.2, name="pool5/drop")(GlobalPool(name="pool5")(x))
    return Network(Dense(classes, name="classifier")(x), name="googlenet_bn")


def inception(block: str, x: Volume, make: Unit, second: str, size: int) -> Volume:
    """Inception block: four parallel branches; 1×1 convolutions reduce the channels before larger ones."""
    place = f"inception_{block}"
    one, three_thin, three, five_thin, five, projection = INCEPTION[block]
    branches = [make(place, "1x1", one, 1, x)]
    branches.append(make(place, "3x3", three, 3, make(place, "3x3_reduce", three_thin, 1, x)))
    branches.append(make(place, second, five, size, make(place, f"{second}_reduce", five_thin, 1, x)))
    pooled = Pool(3, 1, padding=1, rounding="ceil", name=f"{place}/pool")(x)
    branches.append(make(place, "pool_proj", projection, 1, pooled))
    return Concat(name=f"{place}/output")(*branches)


def head(place: str, x: Volume, classes: int) -> Volume:
    """An auxiliary head: a classifier on an intermediate layer, for training."""
    x = Pool(5, 3, mode="average", rounding="ceil", name=f"{place}/ave_pool")(x)
    x = unit(place, "conv", 128, 1, x)
    x = ReLU(name=f"{place}/relu_fc")(dense(f"{place}/fc", 1024, x, SMALL))
    return dense(f"{place}/classifier", classes, Dropout(0.7, name=f"{place}/drop_fc")(x))


def unit(place: str, name: str, filters: int, size: int, x: Volume, stride: int = 1) -> Volume:
    """A convolution that keeps the size, but for its stride, and its ReLU."""
    x = Conv(filters, size, stride, size // 2, weight_filler=XAVIER, bias_filler=SMALL, lr_mult=LR_MULT,
             decay_mult=DECAY_MULT, name=f"{place}/{name}")(x)
    return ReLU(name=f"{place}/relu_{name.removesuffix('_s2')}")(x)


def normalised(place: str, name: str, filters: int, size: int, x: Volume, stride: int = 1) -> Volume:
    """The same with batch normalisation instead of a bias."""
    x = Conv(filters, size, stride, size // 2, bias=False, name=f"{place}/{name}")(x)
    x = BatchNorm(epsilon=1e-3, name=f"{place}/{name}/bn")(x)
    return ReLU(name=f"{place}/relu_{name.removesuffix('_s2')}")(x)


def dense(name: str, units: int, x: Volume, bias: Initializer | None = None) -> Volume:
    """A dense layer; biases are filled with 0 unless `bias` is given."""
    return Dense(units, weight_filler=XAVIER, bias_filler=bias or Initializer("constant"), lr_mult=LR_MULT,
                 decay_mult=DECAY_MULT, name=name)(x)


def pool(name: str, x: Volume) -> Volume:
    """Maximum pooling by windows of 3 at stride 2, which may overhang."""
    return Pool(3, 2, rounding="ceil", name=name)(x)


PAPER = "Szegedy et al., Going deeper with convolutions"
ENTRIES = {
    "googlenet": ZooEntry(
        googlenet, PICTURE, PICTURE, PAPER, 2014, cite="Szegedy et al., CVPR",
        variant="Caffe's bvlc_googlenet, with two auxiliary heads", top1=31.3, top5=11.1,
        measured="ImageNet, 1 crop", source="Caffe's model page"),
    "googlenet_bn": ZooEntry(
        googlenet_bn, PICTURE, PICTURE, f"{PAPER}; Ioffe & Szegedy, Batch normalization", 2015,
        cite="Ioffe & Szegedy, ICML", variant="torchvision's form: batch normalisation, 3×3 for 5×5, no heads",
        top1=30.22, top5=10.47, measured="ImageNet, 1 crop", source="torchvision's weights"),
}
