"""Encoders in small, at prime sizes, one row each: a new one joins the tests by a row here and a loop in `loops`."""

from functools import cache

import numpy as np

from striate.bow.encoders import LLC, VLAD, Encoder, Fisher, Hard, Soft

D, CHANNELS = 23, 7
ENCODERS: dict[str, Encoder] = {
    "hard": Hard(11),
    "hard, one word": Hard(1),
    "soft": Soft(11, 3),
    "soft, one neighbour": Soft(11, 1, 0.5),
    "llc": LLC(11, 5),
    "llc, more ridge": LLC(11, 2, 0.1),
    "vlad": VLAD(5),
    "vlad, plain": VLAD(5, intra=False),
    "vlad, reduced": VLAD(5, 3, augment=0.7, seed=2),
    "fisher": Fisher(3, 5),
    "fisher, whole": Fisher(3, None, weights=True),
    "fisher, augmented": Fisher(5, 2, augment=1.3, weights=True),
}


def sample() -> tuple[np.ndarray, np.ndarray]:
    """Descriptors to learn from, (499, 7), in five heaps, some of them zero; and positions."""
    rng = np.random.default_rng(0)
    x = rng.normal(0, 2, (5, CHANNELS))[rng.integers(0, 5, 499)] + rng.normal(0, 1, (499, CHANNELS))
    x[::17] = 0
    return x.astype(np.float32), rng.random((499, 2)).astype(np.float32)


def pictures(n: int = 3) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Descriptors of pictures (n, 23, 7), the last of them all zero, positions, and regions that overlap."""
    rng = np.random.default_rng(1)
    x = rng.normal(0, 2, (n, D, CHANNELS)).astype(np.float32)
    x[rng.random((n, D)) < 0.3] = 0
    x[-1] = 0
    regions = [np.arange(D), np.arange(0, D, 2), np.array([5]), np.array([], np.int32), np.arange(13, 2, -1),
               np.array([0, 22, 7])]
    return x, rng.random((D, 2)).astype(np.float32), regions


@cache
def fitted(name: str, skip_zero: bool = False) -> Encoder:
    encoder = ENCODERS[name]
    return type(encoder)(**{**encoder.get_params(), "skip_zero": skip_zero}).fit(*sample())


CASES = [(name, skip, pool) for name, encoder in ENCODERS.items() for skip in (False, True) for pool in encoder.POOLS]
