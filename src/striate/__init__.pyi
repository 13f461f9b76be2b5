"""The public names, and where each comes from; `striate/__init__.py` loads them when they are first used."""

from .arch import ELU as ELU
from .arch import LRN as LRN
from .arch import Add as Add
from .arch import BatchNorm as BatchNorm
from .arch import Concat as Concat
from .arch import Conv as Conv
from .arch import Deconv as Deconv
from .arch import Dense as Dense
from .arch import Dropout as Dropout
from .arch import Flatten as Flatten
from .arch import GlobalPool as GlobalPool
from .arch import Input as Input
from .arch import LeakyReLU as LeakyReLU
from .arch import Maximum as Maximum
from .arch import Maxout as Maxout
from .arch import Multiply as Multiply
from .arch import Network as Network
from .arch import Pad as Pad
from .arch import Pool as Pool
from .arch import PReLU as PReLU
from .arch import ReLU as ReLU
from .arch import Reshape as Reshape
from .arch import Scale as Scale
from .arch import Sigmoid as Sigmoid
from .arch import Slice as Slice
from .arch import Softmax as Softmax
from .arch import TableConv as TableConv
from .arch import Tanh as Tanh
from .arch import Volume as Volume
from .arch import load_network as load_network
from .arch import survey as survey
from .arch.formats import tf1 as tf  # noqa: F401 - it is given out as what its module is
from .bow.recogniser import BagOfWords as BagOfWords
from .convnet.from_torch import from_torch as from_torch
from .convnet.from_torch import torch_weights as torch_weights
from .convnet.recipe.recipe import Recipe as Recipe
from .convnet.recogniser import ConvNet as ConvNet
from .convnet.transfer import Transfer as Transfer
from .data import Data as Data
from .data import Dataset as Dataset
from .data import Pictures as Pictures
from .data import Split as Split
from .data import load_data as load_data
from .ensemble.recogniser import Ensemble as Ensemble
from .errors import StriateError as StriateError
from .load_model import load as load
from .model.recogniser import Recogniser as Recogniser
from .stats.metrics import Evaluation as Evaluation
from .tasks.check import check as check
from .tasks.compare import compare as compare
from .tasks.convert import convert as convert
from .tasks.evaluate import evaluate as evaluate
from .tasks.filter import filter as filter  # noqa: A004 - the verb's own name
from .tasks.inspect import inspect as inspect
from .tasks.look import look as look
from .tasks.predict import predict as predict
from .tasks.predict import predict_stream as predict_stream
from .tasks.train import train as train
from .tasks.tune import tune as tune

__version__: str
