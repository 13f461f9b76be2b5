"""From the descriptors of a picture to one vector for each region: one file for each way, one row in `ENCODERS`."""

from striate.words.encoders.encoder import Encoder
from striate.words.encoders.fisher import Fisher
from striate.words.encoders.hard import Hard
from striate.words.encoders.llc import LLC
from striate.words.encoders.soft import Soft
from striate.words.encoders.vlad import VLAD

__all__ = ["ENCODERS", "Encoder", "Fisher", "Hard", "LLC", "Soft", "VLAD"]

ENCODERS: dict[str, type[Encoder]] = {
    "hard": Hard,
    "soft": Soft,
    "llc": LLC,
    "vlad": VLAD,
    "fisher": Fisher,
}
