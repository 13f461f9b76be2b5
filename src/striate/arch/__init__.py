"""Networks as data: volumes, layers and networks that can be checked, counted and written before a weight exists.

Nothing here imports torch. A volume is (channels, height, width); a batch of them is N×C×H×W.
"""

from striate.arch.initializer import Initializer, TensorSpec
from striate.arch.layers import (
    ELU,
    LAYERS,
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
    Layer,
    LeakyReLU,
    Maximum,
    Maxout,
    Multiply,
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
)
from striate.arch.network import Network, Node
from striate.arch.network_loader import load_network
from striate.arch.survey import Survey, SurveyRow, survey
from striate.arch.unread_pixels import refuse_unread
from striate.arch.volume import Input, Volume
from striate.arch.window import Window
from striate.arch.zoo import ZOO

__all__ = [
    "ELU",
    "LAYERS",
    "LRN",
    "ZOO",
    "Add",
    "BatchNorm",
    "Concat",
    "Conv",
    "Deconv",
    "Dense",
    "Dropout",
    "Initializer",
    "Flatten",
    "GlobalPool",
    "Input",
    "Layer",
    "LeakyReLU",
    "Maximum",
    "Maxout",
    "Multiply",
    "Network",
    "Node",
    "PReLU",
    "Pad",
    "Pool",
    "ReLU",
    "Reshape",
    "SurveyRow",
    "Scale",
    "Sigmoid",
    "Slice",
    "Softmax",
    "Survey",
    "TableConv",
    "Tanh",
    "TensorSpec",
    "Volume",
    "Window",
    "load_network",
    "refuse_unread",
    "survey",
]
