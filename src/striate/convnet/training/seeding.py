"""Seeding: random numbers as a pure function of the seed, a purpose and a counter, never of earlier draws.

So a run that resumes at (epoch, step) needs no generator state, and saving or evaluating more often changes nothing.
The generator is Philox (Salmon et al., *Parallel random numbers: as easy as 1, 2, 3*, SC 2011).
"""

from __future__ import annotations

from hashlib import sha256

import numpy as np


def seed_for(seed: int, *purpose: int | str) -> int:
    """A 63-bit seed for one purpose.

    >>> seed_for(0, "order", 1) == seed_for(0, "order", 1), seed_for(0, "order", 1) == seed_for(0, "order", 2)
    (True, False)
    """
    return int.from_bytes(sha256(repr((seed, *purpose)).encode()).digest()[:8], "little") >> 1


def generator(seed: int, *purpose: int | str) -> np.random.Generator:
    """A NumPy generator for one purpose; the same arguments give the same numbers."""
    return np.random.Generator(np.random.Philox(seed_for(seed, *purpose)))
