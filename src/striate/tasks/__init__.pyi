"""The names of the room, and where each comes from; `tasks/__init__.py` loads them when they are first used."""

from .progress import Progress as Progress
from .run_folder import RunFolder as RunFolder
from .settings import Settings as Settings
from .train import train_model as train_model
