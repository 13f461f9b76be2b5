"""Encoders: from the descriptors of a picture to one vector for each region; a file and a row of `ENCODERS` each."""

from striate.bow.encoders.encoder import Encoder
from striate.bow.encoders.fisher_vector import Fisher
from striate.bow.encoders.hard_assignment import Hard
from striate.bow.encoders.llc import LLC
from striate.bow.encoders.soft_assignment import Soft
from striate.bow.encoders.vlad import VLAD

__all__ = ["ENCODERS", "Encoder", "Fisher", "Hard", "LLC", "Soft", "VLAD"]

ENCODERS: dict[str, type[Encoder]] = {
    "hard": Hard,
    "soft": Soft,
    "llc": LLC,
    "vlad": VLAD,
    "fisher": Fisher,
}
