"""The layers, one family per file, and the table that formats, surveys and tests go by."""

from striate.arch.layers.activations import ELU, LeakyReLU, Maxout, ReLU, Sigmoid, Softmax, Tanh
from striate.arch.layers.conv import Conv
from striate.arch.layers.dense import Dense, Flatten
from striate.arch.layers.layer import Layer, ancestors, refuse_other_than_volume
from striate.arch.layers.merge import Add, Concat
from striate.arch.layers.norm import LRN, BatchNorm, Dropout, Scale
from striate.arch.layers.pool import GlobalPool, Pool
from striate.arch.layers.table_conv import TableConv

LAYERS: dict[str, type[Layer]] = {
    layer.kind: layer
    for layer in (
        Conv, TableConv, Pool, GlobalPool, Dense, Flatten,
        Sigmoid, Tanh, ReLU, LeakyReLU, ELU, Maxout, Softmax,
        LRN, BatchNorm, Scale, Dropout, Add, Concat,
    )
}

__all__ = [
    "ELU", "LAYERS", "LRN", "Add", "BatchNorm", "Concat", "Conv", "Dense", "Dropout", "Flatten", "GlobalPool", "Layer",
    "LeakyReLU", "Maxout", "Pool", "ReLU", "Scale", "Sigmoid", "Softmax", "TableConv", "Tanh", "ancestors",
    "refuse_other_than_volume",
]
