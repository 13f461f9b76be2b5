"""One row per layer × all checks. A new layer joins by one line.

Sizes are prime (2, 3, 5, 7, 11, 13), so that swapped axes cannot pass. Counts are written out by hand, not computed.
"""

from __future__ import annotations

from typing import NamedTuple

from striate.arch import (
    ELU,
    LRN,
    Add,
    BatchNorm,
    Concat,
    Conv,
    Deconv,
    Dense,
    Dropout,
    Flatten,
    GlobalPool,
    Input,
    Layer,
    LeakyReLU,
    Maximum,
    Maxout,
    Multiply,
    Network,
    Pad,
    Pool,
    PReLU,
    ReLU,
    Reshape,
    Scale,
    Sigmoid,
    Slice,
    Softmax,
    TableConv,
    Tanh,
    Volume,
)

X = Input(6, 11, 13)
Y = Input(2, 11, 13)


class Row(NamedTuple):
    layer: Layer
    inputs: tuple[Volume, ...]
    output: tuple[int, int, int]
    tensors: dict[str, tuple[int, ...]] = {}  # noqa: RUF012 - never changed
    macs: int = 0
    elementwise: int = 0


TABLE = {
    "conv": Row(Conv(5, (2, 3)), (X,), (5, 10, 11), {"weight": (5, 6, 2, 3), "bias": (5,)}, 19800, 550),
    "conv, stride": Row(Conv(5, 3, stride=(2, 3), padding=(1, 0), bias=False), (X,), (5, 6, 4),
                        {"weight": (5, 6, 3, 3)}, 6480, 0),
    "conv, groups": Row(Conv(4, 3, groups=2), (X,), (4, 9, 11), {"weight": (4, 3, 3, 3), "bias": (4,)}, 10692, 396),
    "conv, depthwise": Row(Conv(6, 3, groups=6), (X,), (6, 9, 11), {"weight": (6, 1, 3, 3), "bias": (6,)}, 5346, 594),
    "conv, dilation": Row(Conv(2, 3, dilation=(2, 5)), (X,), (2, 7, 3), {"weight": (2, 6, 3, 3), "bias": (2,)},
                          2268, 42),
    "conv, same": Row(Conv(2, (2, 5), padding="same"), (X,), (2, 11, 13), {"weight": (2, 6, 2, 5), "bias": (2,)},
                      17160, 286),
    "conv, same, stride": Row(Conv(2, 3, stride=(2, 5), padding="same"), (X,), (2, 6, 3),
                              {"weight": (2, 6, 3, 3), "bias": (2,)}, 1944, 36),
    "conv, uneven padding": Row(Conv(2, 3, stride=(2, 3), padding=((0, 1), (2, 1))), (X,), (2, 5, 5),
                                {"weight": (2, 6, 3, 3), "bias": (2,)}, 2700, 50),
    "conv, multipliers": Row(Conv(2, 1, lr_mult=(1, 2), decay_mult=(1, 0)), (X,), (2, 11, 13),
                             {"weight": (2, 6, 1, 1), "bias": (2,)}, 1716, 286),
    "table_conv": Row(TableConv(((0, 1), (2, 3, 5), (4,)), (2, 3), stride=(1, 2), padding=(1, 2)), (X,), (3, 12, 8),
                      {"weight": (6, 2, 3), "bias": (3,)}, 3456, 288),
    "table_conv, same": Row(TableConv(((0,), (5,)), 2, padding="same", bias=False), (X,), (2, 11, 13),
                            {"weight": (2, 2, 2)}, 1144, 0),
    "deconv": Row(Deconv(5, (2, 3), stride=(3, 2), padding=(1, 0)), (X,), (5, 30, 27),
                  {"weight": (6, 5, 2, 3), "bias": (5,)}, 25740, 4050),
    "deconv, groups": Row(Deconv(4, 3, stride=2, dilation=(1, 2), groups=2, bias=False), (X,), (4, 23, 29),
                          {"weight": (6, 2, 3, 3)}, 15444, 0),
    "deconv, uneven padding": Row(Deconv(2, 2, stride=5, padding=((0, 1), (1, 2)), weight_filler="bilinear"), (X,),
                                  (2, 51, 59), {"weight": (6, 2, 2, 2), "bias": (2,)}, 6864, 6018),
    "pool": Row(Pool((2, 3)), (X,), (6, 5, 4), elementwise=720),
    "pool, floor": Row(Pool(3, 2, padding=1), (X,), (6, 6, 7), elementwise=2268),
    "pool, ceil": Row(Pool(2, rounding="ceil"), (X,), (6, 6, 7), elementwise=1008),
    "pool, ceil, clipped": Row(Pool(2, 3, padding=1, rounding="ceil"), (X,), (6, 4, 5), elementwise=480),
    "pool, average": Row(Pool(3, 2, padding=1, mode="average"), (X,), (6, 6, 7), elementwise=2268),
    "pool, average, ceil": Row(Pool((5, 4), 4, padding=(2, 1), mode="average", rounding="ceil"), (X,), (6, 4, 4),
                               elementwise=1920),
    "pool, same": Row(Pool((2, 3), 2, padding="same"), (X,), (6, 6, 7), elementwise=1512),
    "pool, average, same": Row(Pool((2, 5), (2, 3), "same", "average"), (X,), (6, 6, 5), elementwise=1800),
    "pool, average, same, as TensorFlow": Row(Pool((2, 5), (2, 3), "same", "average", count_padding=False), (X,),
                                              (6, 6, 5), elementwise=1800),
    "pool, average, as TensorFlow": Row(Pool(3, 2, 1, "average", count_padding=False), (X,), (6, 6, 7),
                                        elementwise=2268),
    "pool, uneven padding": Row(Pool((3, 4), (4, 3), ((2, 0), (0, 3)), rounding="ceil"), (X,), (6, 4, 5),
                                elementwise=1440),
    "pool, average, uneven padding": Row(Pool((3, 4), (4, 3), ((2, 0), (0, 3)), "average", "ceil"), (X,), (6, 4, 5),
                                         elementwise=1440),
    "pool, average, uneven, uncounted": Row(
        Pool((3, 4), (4, 3), ((2, 0), (0, 3)), "average", "ceil", count_padding=False), (X,), (6, 4, 5),
        elementwise=1440),
    "pool, more padding than half the window": Row(Pool(3, 2, padding=2), (X,), (6, 7, 8), elementwise=3024),
    "pool, exact": Row(Pool((5, 3), 2, rounding="exact"), (X,), (6, 4, 6), elementwise=2160),
    "global_pool": Row(GlobalPool(), (X,), (6, 1, 1), elementwise=858),
    "global_pool, max": Row(GlobalPool("max"), (X,), (6, 1, 1), elementwise=858),
    "pad": Row(Pad(((0, 1), (2, 3))), (X,), (6, 12, 18)),
    "dense": Row(Dense(7), (X,), (7, 1, 1), {"weight": (7, 858), "bias": (7,)}, 6006, 7),
    "dense, no bias": Row(Dense(7, bias=False), (X,), (7, 1, 1), {"weight": (7, 858)}, 6006, 0),
    "flatten": Row(Flatten(), (X,), (858, 1, 1)),
    "reshape": Row(Reshape((2, -1, 0)), (X,), (2, 33, 13)),
    "sigmoid": Row(Sigmoid(), (X,), (6, 11, 13), elementwise=858),
    "tanh": Row(Tanh(), (X,), (6, 11, 13), elementwise=858),
    "tanh, scaled": Row(Tanh(1.7159, 2 / 3), (X,), (6, 11, 13), elementwise=858),
    "relu": Row(ReLU(), (X,), (6, 11, 13), elementwise=858),
    "relu, limit 6": Row(ReLU(6), (X,), (6, 11, 13), elementwise=858),
    "relu, limit": Row(ReLU(0.7), (X,), (6, 11, 13), elementwise=858),
    "prelu": Row(PReLU(), (X,), (6, 11, 13), {"weight": (6,)}, elementwise=858),
    "prelu, shared": Row(PReLU(shared=True), (X,), (6, 11, 13), {"weight": (1,)}, elementwise=858),
    "leaky_relu": Row(LeakyReLU(0.3), (X,), (6, 11, 13), elementwise=858),
    "elu": Row(ELU(0.7), (X,), (6, 11, 13), elementwise=858),
    "maxout": Row(Maxout(3), (X,), (2, 11, 13), elementwise=572),
    "softmax": Row(Softmax(), (X,), (6, 11, 13), elementwise=2574),
    "lrn": Row(LRN(3, alpha=0.5, beta=0.6, k=2), (X,), (6, 11, 13), elementwise=6006),
    "lrn, within": Row(LRN(3, alpha=0.5, beta=0.6, k=2, region="within"), (X,), (6, 11, 13), elementwise=11154),
    "batch_norm, bare": Row(BatchNorm(scale=False, shift=False), (X,), (6, 11, 13),
                            {"running_mean": (6,), "running_var": (6,)}, elementwise=1716),
    "batch_norm, scale": Row(BatchNorm(shift=False), (X,), (6, 11, 13),
                             {"weight": (6,), "running_mean": (6,), "running_var": (6,)}, elementwise=1716),
    "batch_norm, shift": Row(BatchNorm(scale=False), (X,), (6, 11, 13),
                             {"bias": (6,), "running_mean": (6,), "running_var": (6,)}, elementwise=1716),
    "batch_norm": Row(BatchNorm(epsilon=1e-3), (X,), (6, 11, 13),
                      {"weight": (6,), "bias": (6,), "running_mean": (6,), "running_var": (6,)}, elementwise=1716),
    "scale": Row(Scale(), (X,), (6, 11, 13), {"weight": (6,), "bias": (6,)}, elementwise=1716),
    "scale, no bias": Row(Scale(bias=False), (X,), (6, 11, 13), {"weight": (6,)}, elementwise=858),
    "dropout": Row(Dropout(0.3), (X,), (6, 11, 13)),
    "add": Row(Add(), (X, X, X), (6, 11, 13), elementwise=1716),
    "add, coefficients": Row(Add((2, -0.5)), (X, X), (6, 11, 13), elementwise=2574),
    "multiply": Row(Multiply(), (X, X, X), (6, 11, 13), elementwise=1716),
    "maximum": Row(Maximum(), (X, X), (6, 11, 13), elementwise=858),
    "maximum of three": Row(Maximum(), (X, X, X), (6, 11, 13), elementwise=1716),
    "slice": Row(Slice(1, 3), (X,), (3, 11, 13)),
    "concat": Row(Concat(), (X, Y), (8, 11, 13)),
}


def network_of(row: Row) -> Network:
    """The layer of a row in a network; a convolution stands for each of its inputs."""
    x = Input(2, 11, 13)
    return Network(row.layer(*(Conv(volume.channels, 1)(x) for volume in row.inputs)), name="net")
