"""Every refusal of the Caffe dialect, one row each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from striate.arch import BatchNorm, Conv, Dense, Input, Maxout, Network, Pad, TableConv
from striate.arch.formats.caffe import read_caffe, read_caffemodel, read_solver, write_caffe, write_caffemodel

HEAD = 'name: "net"\ninput: "data" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8\n'
NET = Network(Dense(2, name="fc")(Conv(4, 3, name="conv")(Input(1, 5, 5))))
NORM = Network(BatchNorm(scale=False, shift=False, name="bn")(Input(1, 2, 2)))
WEIGHTS = {name: np.ones(tensor.shape, np.float32) for name, tensor in NET.tensors.items()}


def layer(name: str, type_: str, bottom: str = "data", top: str = "", more: str = "") -> str:
    """One layer, as text."""
    bottoms = "".join(f' bottom: "{word}"' for word in bottom.split())
    tops = "".join(f' top: "{word}"' for word in (top or name).split())
    return f'layer {{ name: "{name}" type: "{type_}"{bottoms}{tops} {more} }}\n'


def conv(more: str, name: str = "conv1") -> str:
    return HEAD + layer(name, "Convolution", more=f"convolution_param {{ {more} }}")


def read(*layers: str) -> object:
    return read_caffe(HEAD + "".join(layers))


def model(**changed: np.ndarray) -> bytes:
    return write_caffemodel(NET, WEIGHTS | {name.replace("_", "."): value for name, value in changed.items()})


def sums(mean: float, variance: float, factor: float, form: str = "<f4") -> bytes:
    """The model of `NORM` as Caffe keeps it: sums and their factor, in numbers of 4 or 8 bytes."""
    def field(tag: bytes, body: bytes) -> bytes:
        return tag + bytes([len(body)]) + body

    tag = b"\x2a" if form == "<f4" else b"\x42"
    numbers = (np.array([value], form).tobytes() for value in (mean, variance, factor))
    blobs = b"".join(field(b"\x3a", field(tag, number)) for number in numbers)
    return field(b"\xa2\x06", field(b"\x0a", b"bn") + blobs)


RELU = layer("relu1", "ReLU")
POOL = "pooling_param {{ pool: MAX kernel_size: 2 stride: 2 {} }}"
OTHER = Network(Dense(3, name="fc")(Conv(4, 2, name="other")(Input(1, 5, 5))))

REFUSALS: dict[str, Callable[[Path], object]] = {
    # text
    "text: nothing": lambda _: read_caffe(""),
    "text: unknown field": lambda _: read(layer("conv1", "Convolution", more="convolution_param {\n kernel: 3 }")),
    "text: a number in place of text": lambda _: read("layer {\n  name: 3 }"),
    "text: unclosed": lambda _: read("layer { name: 'a'"),
    "text: closed twice": lambda _: read("layer { name: 'a' } }"),
    "text: said twice": lambda _: read("layer { name: 'a' name: 'b' }"),
    "text: unknown word": lambda _: read(layer("p", "Pooling", more="pooling_param { pool: MEAN }")),
    "text: a negative count": lambda _: read_caffe(conv("num_output: -3")),
    "text: a number of 900 digits": lambda _: read_caffe(conv("num_output: " + "9" * 900)),
    "text: an open quotation": lambda _: read('layer { name: "a\n }'),
    "text: not UTF-8": lambda _: read('layer { name: "\\377" }'),
    "text: a backslash": lambda _: read('layer { name: "a\\q" }'),
    "text: a lone surrogate": lambda _: read_caffe("\n\ud800"),
    "text: NUL": lambda _: read_caffe("name: 'a'\n\0"),
    "text: 10,000 levels": lambda _: read_caffe("layer {" * 10_000),
    "text: 5 MiB": lambda _: read_caffe("#" * (5 << 20)),
    "text: 200,000 lines": lambda _: read_caffe("\n" * 200_000),
    "text: 400,000 words": lambda _: read_caffe("x " * 400_000),
    "text: one long word": lambda _: read_caffe('name: "' + "x" * 100_000 + '"'),
    "text: both forms": lambda _: read(RELU, "layers { type: RELU name: 'a' bottom: 'data' top: 'a' }"),
    "text: 5,001 layers": lambda _: read(*[RELU] * 5_001),
    # networks
    "net: unknown phase": lambda _: read_caffe(HEAD + RELU, phase="DEPLOY"),
    "net: include and exclude": lambda _: read(
        layer("a", "ReLU", more="include { phase: TEST } exclude { phase: TRAIN }")),
    "net: no input": lambda _: read_caffe(RELU),
    "net: a data layer without a shape": lambda _: read_caffe(layer("data", "Data", "", "data label") + RELU),
    "net: HDF5 data": lambda _: read_caffe(layer(
        "data", "HDF5Data", "", "data", "hdf5_data_param { source: '/etc/passwd' }") + RELU),
    "net: an input of 10^12": lambda _: read_caffe(
        "input: 'data' input_dim: 1 input_dim: 3 input_dim: 1000000000000 input_dim: 8 " + RELU),
    "net: two inputs": lambda _: read_caffe(
        "input: 'data' input: 'b' input_shape { dim: [1, 3, 8, 8] } input_shape { dim: [1, 3, 8, 8] }"
        + layer("sum", "Eltwise", "data b")),
    "net: unknown bottom": lambda _: read(layer("relu1", "ReLU", "dta")),
    "net: cycle": lambda _: read(layer("a", "ReLU", "b"), layer("b", "ReLU", "a")),
    "net: two tops of one name": lambda _: read(layer("a", "ReLU"), layer("b", "TanH", top="a")),
    "net: two outputs": lambda _: read(layer("a", "ReLU"), layer("b", "TanH")),
    "net: only an input": lambda _: read_caffe(HEAD),
    "net: two tops": lambda _: read(layer("a", "ReLU", top="a b")),
    "net: a loss of nothing": lambda _: read(RELU, layer("loss", "SoftmaxWithLoss", "", "loss")),
    "net: an auxiliary loss that feeds others": lambda _: read(
        RELU, layer("a", "ReLU", "relu1"), layer("l1", "EuclideanLoss", "relu1", more="loss_weight: 0.3"),
        layer("l2", "EuclideanLoss", "a")),
    "net: Python and others": lambda _: read(
        layer("py", "Python", more="python_param { module: 'os' layer: 'system' param_str: 'id' }"),
        layer("norm", "Normalize", "py"), layer("lstm", "LSTM", "norm"), layer("out", "", "lstm")),
    "net: unknown layers with unknown settings": lambda _: read(
        RELU, layer("perm", "Permute", "relu1", more="permute_param { order: 0 }"), layer("n", "Normalize", "perm")),
    "net: types that are nearly known": lambda _: read(
        layer("conv1", "Convolutoin"), layer("r", "RELU", "conv1"), layer("n", "Normalize", "r")),
    "net: an older type that is nearly known": lambda _: read_caffe(
        "input: 'data' input_dim: [1, 3, 8, 8] layers { name: 'c' type: CONVOLUTOIN bottom: 'data' top: 'c' }"),
    "net: data of the other phase": lambda _: read_caffe(
        layer("d", "Data", "", "data label", "include { phase: TRAIN }") + RELU
        + layer("accuracy", "Accuracy", "relu1 label")),
    "net: a loss of an unknown blob": lambda _: read(RELU, layer("loss", "SoftmaxWithLoss", "relu2 label")),
    "net: 500 unknown layers": lambda _: read(*(layer(f"custom{i}", f"Custom{i}") for i in range(500))),
    "net: settings without a counterpart": lambda _: read(
        layer("pool1", "Pooling", more="pooling_param { pool: STOCHASTIC kernel_size: 2 }"),
        layer("ip", "InnerProduct", "pool1", more="inner_product_param { num_output: 3 axis: 2 }"),
        layer("ip2", "InnerProduct", "ip", more="inner_product_param { num_output: 3 transpose: true }"),
        layer("sc", "Scale", "ip2 ip"), layer("cat", "Concat", "sc ip", more="concat_param { axis: 2 }"),
        layer("sum", "Eltwise", "cat ip", more="eltwise_param { coeff: 1 }")),
    "net: more settings": lambda _: read(
        layer("prod", "Eltwise", "data data", more="eltwise_param { operation: PROD coeff: 1 coeff: 2 }"),
        layer("flat", "Flatten", "prod", more="flatten_param { end_axis: 2 }"),
        layer("re", "Reshape", "flat", more="reshape_param { shape { dim: 5 dim: 3 } }"),
        layer("re2", "Reshape", "re", more="reshape_param { num_axes: 2 }"),
        layer("drop", "Dropout", "re2", more="dropout_param { scale_train: false }"),
        layer("bn", "BatchNorm", "drop", more="batch_norm_param { moving_average_fraction: 2 }"),
        layer("num", "Scale", "bn", more="scale_param { num_axes: 2 }")),
    "net: fillers without a counterpart": lambda _: read(
        conv("num_output: 3 kernel_size: 3 weight_filler { type: 'positive_unitball' }").removeprefix(HEAD),
        layer("conv2", "Convolution", "conv1", more="convolution_param { num_output: 3 kernel_size: 3 "
              "weight_filler { type: 'gaussian' sparse: 0 } }")),
    "net: kernels without a counterpart": lambda _: read(*(
        layer(f"c{i}", "Convolution", more=f"convolution_param {{ num_output: 3 {more} }}") for i, more in enumerate((
            "", "kernel_h: 3", "kernel_size: 3 kernel_h: 3 kernel_w: 3", "kernel_size: [1, 2, 3]",
            "kernel_size: 3 axis: 2")))),
    "net: shared weights": lambda _: read(*(
        layer(name, "Convolution", more="param { name: 'w' } convolution_param { num_output: 3 kernel_size: 1 }")
        for name in ("left", "right"))),
    "net: slice points": lambda _: read(layer("s", "Slice", top="a b", more="slice_param { slice_point: 3 }")),
    "net: slice along rows": lambda _: read(layer("s", "Slice", top="a b", more="slice_param { axis: 2 }")),
    "net: softmax along rows": lambda _: read(layer("soft", "Softmax", more="softmax_param { axis: -1 }")),
    "net: a concat by both words": lambda _: read(
        layer("cat", "Concat", "data data", more="concat_param { concat_dim: 1 axis: 1 }")),
    "net: a slice by both words": lambda _: read(
        layer("s", "Slice", top="a b", more="slice_param { slice_dim: 1 axis: 1 }")),
    "net: batch statistics while predicting": lambda _: read(
        layer("bn", "BatchNorm", more="batch_norm_param { use_global_stats: false }")),
    **{f"net: a loss weight of {weight}": lambda _, weight=weight: read(
        RELU, layer("loss", "EuclideanLoss", "relu1 label", more=f"loss_weight: {weight}"))
       for weight in ("nan", "inf", "-inf", "1e-39", "1e39")},
    "net: slice of nothing": lambda _: read(layer("s", "Slice", "", "a")),
    "net: a last window beyond the picture": lambda _: read(
        layer("pool1", "Pooling", more="pooling_param { pool: MAX kernel_size: 1 stride: 3 }")),
    "net: padding in a pool": lambda _: read(layer("pool1", "Pooling", more=POOL.format("pad: 2"))),
    "net: no filters": lambda _: read_caffe(conv("kernel_size: 3")),
    "net: filters 10^12": lambda _: read_caffe(conv("num_output: 1000000000000 kernel_size: 3")),
    "net: kernel 10^6": lambda _: read_caffe(conv("num_output: 3 kernel_size: 1000000")),
    "net: a filter larger than the picture": lambda _: read_caffe(conv("num_output: 3 kernel_size: 9")),
    "net: 500 M parameters": lambda _: read_caffe(
        HEAD + layer("ip1", "InnerProduct", more="inner_product_param { num_output: 60000 }")
        + layer("ip2", "InnerProduct", "ip1", more="inner_product_param { num_output: 60000 }")),
    "net: a filler that is no number": lambda _: read_caffe(
        conv("num_output: 3 kernel_size: 3 weight_filler { type: 'gaussian' std: nan }")),
    "net: a filler upside down": lambda _: read_caffe(
        conv("num_output: 3 kernel_size: 3 weight_filler { type: 'uniform' min: 1 max: 0 }")),
    "net: an unknown type of 2013": lambda _: read_caffe(
        "input: 'data' input_dim: [1, 3, 8, 8] layers { layer { name: 'a' type: 'python' } bottom: 'data' top: 'a' }"),
    # writing
    "write: unknown form": lambda _: write_caffe(NET, "test"),
    "write: layers that Caffe lacks": lambda _: write_caffe(
        Network(Maxout(2)(TableConv(((0,), (0,)), 3, name="table")(Pad(1)(Input(1, 8, 8)))))),
    # solvers
    "solver: unknown policy": lambda _: read_solver("base_lr: 0.1 lr_policy: 'cosine'"),
    "solver: no rate": lambda _: read_solver("lr_policy: 'fixed'"),
    "solver: no step": lambda _: read_solver("base_lr: 0.1 lr_policy: 'step' gamma: 0.1"),
    "solver: a step of 0": lambda _: read_solver("base_lr: 0.1 lr_policy: 'step' gamma: 0.1 stepsize: 0"),
    "solver: steps that fall": lambda _: read_solver(
        "base_lr: 0.1 lr_policy: 'multistep' gamma: 0.1 stepvalue: 9 stepvalue: 3"),
    "solver: an unknown type": lambda _: read_solver("base_lr: 0.1 type: 'LBFGS'"),
    "solver: a rate of 1e999": lambda _: read_solver("base_lr: 1e999"),
    "solver: a rate below 0": lambda _: read_solver("base_lr: -0.1"),
    "solver: an unknown field": lambda _: read_solver("base_lr: 0.1\nlearning_rate: 0.1"),
    # weights
    "model: nothing": lambda _: read_caffemodel(b"", NET),
    "model: text": lambda _: read_caffemodel(b"layer { name: 'conv' }", NET),
    "model: cut off": lambda _: read_caffemodel(model()[:-7], NET),
    "model: another network's": lambda _: read_caffemodel(
        write_caffemodel(OTHER, {name: np.ones(tensor.shape) for name, tensor in OTHER.tensors.items()}), NET),
    "model: infinite": lambda _: read_caffemodel(model(fc_bias=np.array([np.inf, 0])), NET),
    "model: running sums over a factor of 1e-30": lambda _: read_caffemodel(sums(1, 1e30, 1e-30), NORM),
    "model: running sums over a factor of -1": lambda _: read_caffemodel(sums(1, 1, -1), NORM),
    "model: a variance below 0": lambda _: read_caffemodel(sums(1, -1, 1), NORM),
    "model: doubles of 1e300": lambda _: read_caffemodel(sums(1e300, 1, 1, "<f8"), NORM),
    "model: a factor of 1e300": lambda _: read_caffemodel(sums(1, 1, 1e300, "<f8"), NORM),
    "model: a factor that is no number": lambda _: read_caffemodel(sums(1, 1, float("nan")), NORM),
    "model: 600,000 fields": lambda _: read_caffemodel(b"\x10\x00" * 600_000, NET),
    "model: a name that is no text": lambda _: read_caffemodel(b"\xa2\x06\x03\x0a\x01\xff", NET),
    "model: wrong arrays to write": lambda _: write_caffemodel(
        NET, {"conv.weight": np.ones((4, 1, 3, 2)), "conv.bias": np.ones(4), "fc.bais": np.ones(2)}),
    "model: a layer that Caffe lacks": lambda _: write_caffemodel(
        Network(TableConv(((0,), (0,)), 3)(Input(1, 8, 8))), {}),
    "model: more than 1 GiB": lambda _: read_caffemodel(Huge(), NET),  # type: ignore[arg-type]
}


class Huge(bytes):
    """Bytes that say they are too many."""

    def __len__(self) -> int:
        return (1 << 30) + 1
