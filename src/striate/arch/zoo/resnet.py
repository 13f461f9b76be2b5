"""ResNet: residual blocks, which learn what to add to their input, so that a hundred layers can be trained.

He, Zhang, Ren & Sun, "Deep residual learning for image recognition", CVPR 2016 (arXiv:1512.03385, 2015), section 3 and
table 1: 18, 34, 50, 101 and 152 layers with weights. An ensemble won ImageNet 2015 with 3.57 % top-5 errors; alone and
with 10 crops (table 3) ResNet-34, 50, 101 and 152 err on 24.52, 22.85, 21.75 and 21.43 % top-1 and 7.46, 6.71, 6.05 and
5.71 % top-5.

These are torchvision's form: in blocks of three the stride is in the 3×3 convolution (the paper and the authors' Caffe
files have it in the first 1×1, which leaves three pixels of four unread and takes 6 % fewer multiply-adds), the first
pooling has padding 1 (Caffe's hangs over), shortcuts are option B: a 1×1 convolution where the volume changes. The
errors in the table are those of torchvision's weights (one central crop). Parameters: 11,689,512, 21,797,672,
25,557,032, 44,549,160 and 60,192,808.
Layers have the names of the authors' Caffe files (res2a_branch2a, bn2a_branch2a, …); our batch normalisation holds what
are two layers there.
"""

from __future__ import annotations

from striate.arch.layers import Add, BatchNorm, Conv, Dense, GlobalPool, Pool, ReLU
from striate.arch.network import Network
from striate.arch.volume import Volume
from striate.arch.zoo.zoo_entry import ZooEntry

PICTURE = Volume(3, 224, 224)
WIDTHS = (64, 128, 256, 512)
# Table 1: how many blocks each of the four stages has; from 50 layers on a block has three convolutions.
BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}


def resnet18(input: Volume = PICTURE, classes: int = 1000) -> Network:  # noqa: A002 - the language's word
    """ResNet-18, two convolutions a block."""
    return resnet(18, input, classes)


def resnet34(input: Volume = PICTURE, classes: int = 1000) -> Network:  # noqa: A002 - the language's word
    """ResNet-34, two convolutions a block."""
    return resnet(34, input, classes)


def resnet50(input: Volume = PICTURE, classes: int = 1000) -> Network:  # noqa: A002 - the language's word
    """ResNet-50, three convolutions a block.

    >>> network = resnet50()
    >>> network.parameters, round(sum(node.macs for node in network.nodes) / 1e9, 2)  # 4.09 G multiply-adds
    (25557032, 4.09)
    """
    return resnet(50, input, classes)


def resnet101(input: Volume = PICTURE, classes: int = 1000) -> Network:  # noqa: A002 - the language's word
    """ResNet-101, three convolutions a block."""
    return resnet(101, input, classes)


def resnet152(input: Volume = PICTURE, classes: int = 1000) -> Network:  # noqa: A002 - the language's word
    """ResNet-152, three convolutions a block."""
    return resnet(152, input, classes)


def resnet(depth: int, x: Volume, classes: int) -> Network:
    """ResNet on a picture of any size: a convolution, four stages of blocks, global mean pooling, one dense layer."""
    x = Conv(64, 7, 2, 3, bias=False, name="conv1")(x)
    x = ReLU(name="conv1_relu")(BatchNorm(name="bn_conv1")(x))
    x = Pool(3, 2, padding=1, name="pool1")(x)
    for stage, (width, count) in enumerate(zip(WIDTHS, BLOCKS[depth], strict=True), 2):
        for number in range(count):
            stride = 2 if stage > 2 and number == 0 else 1
            x = block(label(depth, stage, number), x, width, stride, thin=depth >= 50)
    return Network(Dense(classes, name=f"fc{classes}")(GlobalPool(name="pool5")(x)), name=f"resnet{depth}")


def label(depth: int, stage: int, number: int) -> str:
    """The name of a block in the authors' files.

    >>> label(50, 3, 3), label(101, 3, 3), label(152, 5, 2)  # letters; in long stages numbers after the first
    ('3d', '3b3', '5c')
    """
    numbered = depth > 50 and stage in (3, 4) and number > 0
    return f"{stage}b{number}" if numbered else f"{stage}{'abcdef'[number]}"


def block(place: str, x: Volume, width: int, stride: int, thin: bool) -> Volume:
    """Residual block: the input plus two convolutions, or three (`thin`): 1×1, 3×3 and 1×1, four times as wide."""
    filters = 4 * width if thin else width
    shortcut = x
    if stride > 1 or x.channels != filters:
        shortcut = conv(f"{place}_branch1", x, filters, 1, stride)
    if thin:
        x = relu(f"{place}_branch2a", conv(f"{place}_branch2a", x, width, 1))
        x = relu(f"{place}_branch2b", conv(f"{place}_branch2b", x, width, 3, stride))
        x = conv(f"{place}_branch2c", x, filters, 1)
    else:
        x = relu(f"{place}_branch2a", conv(f"{place}_branch2a", x, width, 3, stride))
        x = conv(f"{place}_branch2b", x, width, 3)
    return relu(place, Add(name=f"res{place}")(shortcut, x))


def conv(place: str, x: Volume, filters: int, size: int, stride: int = 1) -> Volume:
    """A convolution with batch normalisation."""
    return BatchNorm(name=f"bn{place}")(Conv(filters, size, stride, size // 2, bias=False, name=f"res{place}")(x))


def relu(place: str, x: Volume) -> Volume:
    """A ReLU named after its place."""
    return ReLU(name=f"res{place}_relu")(x)


PAPER = "He, Zhang, Ren & Sun, Deep residual learning for image recognition"
ENTRIES = {
    f"resnet{depth}": ZooEntry(
        build, PICTURE, PICTURE, PAPER, 2015, cite="He et al., CVPR",
        variant="torchvision's form" + (": stride in the 3×3 convolution" if depth >= 50 else ""),
        top1=top1, top5=top5, measured="ImageNet, 1 crop", source="torchvision's weights")
    for depth, build, top1, top5 in (
        (18, resnet18, 30.24, 10.92), (34, resnet34, 26.70, 8.58), (50, resnet50, 23.85, 7.13),
        (101, resnet101, 22.63, 6.44), (152, resnet152, 21.69, 5.94),
    )
}
