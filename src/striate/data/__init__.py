"""Pictures in: from files of any origin to one memory-mapped array, split and ready to learn from.

Order of reading: `source` (where pictures come from), `decode` (the only door for untrusted bytes), `fit` (one size),
`store` (packed once), `splits`, and `dataset`, which ties them together.
"""

from striate.data.cache import cache_folder
from striate.data.dataset import Data, Dataset, load_data, read_picture
from striate.data.decode import Decoded, decode, probe
from striate.data.fit import FITS, fit_picture, fit_pictures
from striate.data.pictures import Pictures
from striate.data.source import Skipped
from striate.data.splits import Split

__all__ = [
    "Data",
    "Dataset",
    "Decoded",
    "FITS",
    "Pictures",
    "Skipped",
    "Split",
    "cache_folder",
    "decode",
    "fit_picture",
    "fit_pictures",
    "load_data",
    "probe",
    "read_picture",
]
