"""striate: visual recognition with convolutional networks, and an honest answer to how well it works.

    import striate
    data = striate.load_data("digits")
    model = striate.ConvNet("lenet5", epochs=10, seed=0).fit(data.train)
    model.score(data.test)

Names are loaded when first used, so that `import striate` is quick and describing a network never loads torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from striate._version import __version__

if TYPE_CHECKING:
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
        load_network,
        survey,
    )
    from striate.arch.formats import tf1 as tf
    from striate.bow.recogniser import BagOfWords
    from striate.convnet.from_torch import from_torch, torch_weights
    from striate.convnet.recipe.recipe import Recipe
    from striate.convnet.recogniser import ConvNet
    from striate.convnet.transfer import Transfer
    from striate.data import Data, Dataset, Pictures, Split, load_data
    from striate.errors import StriateError
    from striate.load_model import load
    from striate.model.recogniser import Recogniser
    from striate.stats.metrics import Evaluation
    from striate.tasks.check import check
    from striate.tasks.compare import compare
    from striate.tasks.convert import convert
    from striate.tasks.evaluate import evaluate
    from striate.tasks.inspect import inspect
    from striate.tasks.train import train
    from striate.tasks.tune import tune

_HOMES = {
    "striate.arch": (
        "ELU", "LRN", "Add", "BatchNorm", "Concat", "Conv", "Deconv", "Dense", "Dropout", "Flatten", "GlobalPool",
        "Input", "LeakyReLU", "Maximum", "Maxout", "Multiply", "Network", "PReLU", "Pad", "Pool", "ReLU", "Reshape",
        "Scale", "Sigmoid", "Slice", "Softmax", "TableConv", "Tanh", "Volume", "load_network", "survey",
    ),
    "striate.arch.formats.tf1": ("tf",),
    "striate.data": ("Data", "Dataset", "Pictures", "Split", "load_data"),
    "striate.errors": ("StriateError",),
    "striate.load_model": ("load",),
    "striate.stats.metrics": ("Evaluation",),
    "striate.tasks.check": ("check",),
    "striate.tasks.compare": ("compare",),
    "striate.tasks.convert": ("convert",),
    "striate.tasks.evaluate": ("evaluate",),
    "striate.tasks.inspect": ("inspect",),
    "striate.tasks.train": ("train",),
    "striate.tasks.tune": ("tune",),
    "striate.convnet.from_torch": ("from_torch", "torch_weights"),
    "striate.convnet.recipe.recipe": ("Recipe",),
    "striate.convnet.recogniser": ("ConvNet",),
    "striate.convnet.transfer": ("Transfer",),
    "striate.model.recogniser": ("Recogniser",),
    "striate.bow.recogniser": ("BagOfWords",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Add",
    "BagOfWords",
    "BatchNorm",
    "Concat",
    "Conv",
    "ConvNet",
    "Data",
    "Dataset",
    "Deconv",
    "Dense",
    "Dropout",
    "ELU",
    "Evaluation",
    "Flatten",
    "GlobalPool",
    "Input",
    "LRN",
    "LeakyReLU",
    "Maximum",
    "Maxout",
    "Multiply",
    "Network",
    "PReLU",
    "Pad",
    "Pictures",
    "Pool",
    "ReLU",
    "Recipe",
    "Recogniser",
    "Reshape",
    "Scale",
    "Sigmoid",
    "Slice",
    "Softmax",
    "Split",
    "StriateError",
    "TableConv",
    "Tanh",
    "Transfer",
    "Volume",
    "__version__",
    "check",
    "compare",
    "convert",
    "evaluate",
    "from_torch",
    "inspect",
    "load",
    "load_data",
    "load_network",
    "survey",
    "tf",
    "torch_weights",
    "train",
    "tune",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'striate' has no attribute {name!r}")
    home = import_module(_HOME[name])
    value = home if name == "tf" else getattr(home, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
