"""Data sets of pictures: from files of any origin to one memory-mapped array, split and ready for training.

Order of reading: `source` (origin of the pictures), `decode` (the only entry of untrusted bytes), `resize` (one
size), `file_task` (survey or resize one file), `worker_pool` (in parallel), `pack` (all in one array), `split`, and
`dataset`, which ties them together. Names are loaded when first used, so that a worker loads no more than it needs.
"""

import lazy_loader

from striate.data.decode import Decoded, decode, probe  # noqa: F401 - at once: the function has its module's name

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
