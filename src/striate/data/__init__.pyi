"""The names of the room, and where each comes from; `data/__init__.py` loads them when they are first used."""

from .dataset import Data as Data
from .dataset import Dataset as Dataset
from .dataset import load_data as load_data
from .dataset import read_picture as read_picture
from .decode import Decoded as Decoded
from .decode import decode as decode
from .decode import probe as probe
from .pack import Pictures as Pictures
from .resize import RESIZE_MODES as RESIZE_MODES
from .resize import resize_picture as resize_picture
from .resize import resize_pictures as resize_pictures
from .source import Skipped as Skipped
from .split import Split as Split
