"""Network architectures as data: volumes, layers and networks, checked, counted and written before a weight exists.

Nothing here imports torch. A volume is (channels, height, width); a batch of them is N×C×H×W.
"""

from striate.arch import layers
from striate.arch.initializer import Initializer, TensorSpec
from striate.arch.layers import *  # noqa: F403 - every layer, as its own `__all__` lists them
from striate.arch.network import Network, Node
from striate.arch.network_loader import load_network
from striate.arch.survey import Survey, SurveyRow, survey
from striate.arch.unread_pixels import refuse_unread
from striate.arch.volume import Input, Volume
from striate.arch.window import Window
from striate.arch.zoo import ZOO

__all__ = [
    "Initializer",
    "Input",
    "Network",
    "Node",
    "Survey",
    "SurveyRow",
    "TensorSpec",
    "Volume",
    "Window",
    "ZOO",
    "load_network",
    "refuse_unread",
    "survey",
]
__all__ += layers.__all__
