"""LeNet-5, the network that read cheques, and the LeNet that came with Caffe.

LeCun, Bottou, Bengio & Haffner, "Gradient-based learning applied to document recognition", Proceedings of the IEEE,
1998, section II.B and figure 2: 60,000 trainable parameters, 0.95 % errors on MNIST (0.8 % with distorted pictures).

`lenet5` is the network as published. Where we differ: the paper ends in 10 Euclidean distances to codes of 84 numbers
drawn by hand (840 fixed numbers, no parameters); we end in a dense layer of 10, 850 parameters. So 60,000 + 850 =
60,850. Weights are filled by `xavier` rather than uniformly from ±2.4/fan-in. S2 and S4 sum their four pixels in the
paper and average them here, which only divides their coefficient by four. On a picture that is not 32×32, C5 takes the
size of S4's output; the paper's would make several columns.

`lenet_caffe` is the network of Caffe's MNIST example (`lenet_train_test.prototxt`; Jia et al., "Caffe: convolutional
architecture for fast feature embedding", ACM Multimedia, 2014), with its names, fillers and multipliers: more filters,
every map seen, ReLU once, maximum pooling. 431,080 parameters; the example's own log ends at 98.97 % correct on MNIST.
"""

from __future__ import annotations

from striate.arch.initializer import Initializer
from striate.arch.layers import Conv, Dense, Pool, ReLU, Scale, TableConv, Tanh
from striate.arch.network import Network
from striate.arch.volume import Volume
from striate.arch.zoo.zoo_entry import ZooEntry

# Table I: which of the six maps of S2 each of the sixteen maps of C3 sees; every row sees a different set.
TABLE_I = (
    (0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5),
    (0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5),
    (0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5),
    (0, 1, 2, 3, 4, 5),
)
XAVIER = Initializer("xavier")
BIAS_TWICE_AS_FAST = (1.0, 2.0)
PICTURE, PICTURE_CAFFE = Volume(1, 32, 32), Volume(1, 28, 28)


def lenet5(input: Volume = PICTURE, classes: int = 10) -> Network:  # noqa: A002 - the language's word
    """LeNet-5 on a picture of at least 16×16 (32×32 in the paper), with the paper's names.

    >>> network = lenet5()
    >>> counts = {name: sum(tensor.size for tensor in node.tensors.values())
    ...           for name, node in ((node.name, node) for node in network.nodes) if node.tensors}
    >>> counts
    {'c1': 156, 's2': 12, 'c3': 1516, 's4': 32, 'c5': 48120, 'f6': 10164, 'output': 850}
    >>> network.parameters  # 60,850: the paper's 60,000, and our output layer's (84 + 1)·10
    60850
    """
    x = squash("c1", Conv(6, 5, weight_filler=XAVIER, name="c1")(input))
    x = subsample("s2", x)
    x = squash("c3", TableConv(TABLE_I, 5, weight_filler=XAVIER, name="c3")(x))
    x = subsample("s4", x)
    x = squash("c5", Conv(120, (x.height, x.width), weight_filler=XAVIER, name="c5")(x))
    x = squash("f6", Dense(84, weight_filler=XAVIER, name="f6")(x))
    return Network(Dense(classes, weight_filler=XAVIER, name="output")(x), name="lenet5")


def subsample(name: str, x: Volume) -> Volume:
    """Subsampling: mean of 2×2 pixels times a learnt coefficient plus a learnt bias, one of each per map; squashed."""
    return squash(name, Scale(name=name)(Pool(2, mode="average", name=f"{name}_pool")(x)))


def squash(name: str, x: Volume) -> Volume:
    """The paper's scaled hyperbolic tangent, 1.7159·tanh(2/3·a)."""
    return Tanh(1.7159, 2 / 3, name=f"{name}_tanh")(x)


def lenet_caffe(input: Volume = PICTURE_CAFFE, classes: int = 10) -> Network:  # noqa: A002 - the language's word
    """Caffe's LeNet on a picture of at least 15×15 (28×28 in the example).

    >>> lenet_caffe().parameters  # 520 + 25,050 + 400,500 + 5,010
    431080
    """
    x = input
    for number, filters in enumerate((20, 50), 1):
        x = Conv(filters, 5, weight_filler=XAVIER, lr_mult=BIAS_TWICE_AS_FAST, name=f"conv{number}")(x)
        x = Pool(2, rounding="ceil", name=f"pool{number}")(x)
    x = Dense(500, weight_filler=XAVIER, lr_mult=BIAS_TWICE_AS_FAST, name="ip1")(x)
    x = ReLU(name="relu1")(x)
    x = Dense(classes, weight_filler=XAVIER, lr_mult=BIAS_TWICE_AS_FAST, name="ip2")(x)
    return Network(x, name="lenet_caffe")


ENTRIES = {
    "lenet5": ZooEntry(
        lenet5, PICTURE, PICTURE,
        "LeCun, Bottou, Bengio & Haffner, Gradient-based learning applied to document recognition", 1998, classes=10,
        cite="LeCun et al., Proc. IEEE", variant="as published, but for the output layer",
        top1=0.95, measured="MNIST", source="the paper", published=60_000),
    "lenet_caffe": ZooEntry(
        lenet_caffe, PICTURE_CAFFE, PICTURE_CAFFE,
        "Jia et al., Caffe: convolutional architecture for fast feature embedding", 2014, classes=10,
        cite="Jia et al., ACM MM", variant="Caffe's MNIST example", top1=1.03, measured="MNIST",
        source="the log in Caffe's MNIST example"),
}
