"""From the descriptors of a picture to one vector for each region: one file for each way, one row in `ENCODERS`."""

from striate.bow.encoders.encoder import Encoder
from striate.bow.encoders.fisher_vector import FisherVector
from striate.bow.encoders.hard_assignment import HardAssignment
from striate.bow.encoders.llc import LLC
from striate.bow.encoders.soft_assignment import SoftAssignment
from striate.bow.encoders.vlad import VLAD

__all__ = ["ENCODERS", "Encoder", "FisherVector", "HardAssignment", "LLC", "SoftAssignment", "VLAD"]

ENCODERS: dict[str, type[Encoder]] = {
    "hard": HardAssignment,
    "soft": SoftAssignment,
    "llc": LLC,
    "vlad": VLAD,
    "fisher": FisherVector,
}
