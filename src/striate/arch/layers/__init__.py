"""Layers, one family per file, and their table, from which formats, surveys, drawings and tests are derived."""

from striate.arch.layers.activations import ELU, LeakyReLU, Maxout, PReLU, ReLU, Sigmoid, Softmax, Tanh
from striate.arch.layers.convolution import Conv
from striate.arch.layers.dense import Dense, Flatten, Reshape
from striate.arch.layers.layer import Layer
from striate.arch.layers.merge import Add, Concat, Maximum, Multiply
from striate.arch.layers.normalisation import LRN, BatchNorm, Dropout, Scale
from striate.arch.layers.pooling import GlobalPool, Pool
from striate.arch.layers.slice import Slice
from striate.arch.layers.table_convolution import TableConv
from striate.arch.layers.transposed_convolution import Deconv
from striate.arch.layers.zero_padding import Pad

LAYERS: dict[str, type[Layer]] = {
    layer.kind: layer
    for layer in (
        Conv, TableConv, Deconv, Pool, GlobalPool, Pad, Dense, Flatten, Reshape,
        Sigmoid, Tanh, ReLU, LeakyReLU, PReLU, ELU, Maxout, Softmax,
        LRN, BatchNorm, Scale, Dropout, Add, Multiply, Maximum, Concat, Slice,
    )
}

__all__ = [
    "ELU", "LAYERS", "LRN", "Add", "BatchNorm", "Concat", "Conv", "Deconv", "Dense", "Dropout", "Flatten", "GlobalPool",
    "Layer", "LeakyReLU", "Maximum", "Maxout", "Multiply", "PReLU", "Pad", "Pool", "ReLU", "Reshape", "Scale",
    "Sigmoid", "Slice", "Softmax", "TableConv", "Tanh",
]
