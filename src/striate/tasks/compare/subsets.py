"""Subsets of the training pictures: the same for every recogniser, smaller ones within larger ones.

Within a class the pictures stand in the order of sha256(seed, digest); a part of n takes the first ones, a share of
validation pictures among them as in the whole split. So the 10 pictures of a class contain the 5, another seed gives
others, and the test part is never touched.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from striate.data import Pictures, Split

Indices = NDArray[np.int64]
EACH = 10  # of a half's pictures of a class, the tenth is for validation


def subset(split: Split, pictures: Pictures, size: int | None, seed: int) -> Split:
    """`split` with `size` training and validation pictures of each class, as many as there are; None is all.

    >>> from striate import load_data
    >>> data = load_data("digits")
    >>> ten, five = subset(data.split, data.pictures, 10, 0), subset(data.split, data.pictures, 5, 0)
    >>> len(ten.train), len(ten.validation), set(five.train) < set(ten.train)
    (90, 10, True)
    """
    if size is None:
        return split
    train, validation = [], []
    labels = pictures.labels
    for label in range(len(pictures.classes)):
        learnt, chosen = (ordered(part[labels[part] == label], pictures, f"{seed}")
                          for part in (split.train, split.validation))
        whole = len(learnt) + len(chosen)
        taken = min(size, whole)
        for_choice = taken * len(chosen) // whole if whole else 0
        train.append(learnt[: taken - for_choice])
        validation.append(chosen[:for_choice])
    return replace(split, train=np.sort(np.concatenate(train)), validation=np.sort(np.concatenate(validation)))


def halves(split: Split, pictures: Pictures, repeat: int, half: int) -> Split:
    """Split for 5×2 cv: one half of the pictures for training, split anew in each repetition; the other is the test.

    Pictures of the same content are in the same half. A tenth of a half is for validation, if `split` has such a part.
    """
    pool = np.concatenate([split.train, split.validation])
    parts: dict[str, list[int]] = {"train": [], "validation": [], "test": []}
    for label in range(len(pictures.classes)):
        own = ordered(pool[pictures.labels[pool] == label], pictures, f"half {repeat}")
        places = {digest: place for place, digest in enumerate(dict.fromkeys(pictures.digests[i] for i in own))}
        for i in own.tolist():
            place = places[pictures.digests[i]]
            held = len(split.validation) and place // 2 % EACH == EACH - 1
            parts["test" if place % 2 != half else "validation" if held else "train"].append(i)
    train, validation, test = (np.sort(np.array(found, np.int64)) for found in parts.values())
    return replace(split, train=train, validation=validation, test=test)


def ordered(indices: Indices, pictures: Pictures, seed: str) -> Indices:
    """`indices` sorted by the hash of the content of each picture."""
    keys = [(sha256(f"{seed} {pictures.digests[i]}".encode()).digest(), i) for i in indices.tolist()]
    return np.array([i for _, i in sorted(keys)], np.int64)
