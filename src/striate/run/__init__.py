"""One training run from pictures to report, in a folder of its own."""

from striate.run.evaluation import evaluate_model
from striate.run.folder import RunFolder
from striate.run.job import train_model
from striate.run.settings import Settings
from striate.run.watch import Watch

__all__ = ["RunFolder", "Settings", "Watch", "evaluate_model", "train_model"]
