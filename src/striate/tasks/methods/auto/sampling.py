"""Samples of a data set: a share of each class, in memory, in the size that a training method reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.core.executor import map_ordered, worker_count
from striate.data import Data, read_picture, resize_pictures
from striate.data.dataset import DEFAULT_SIZE, NATIVE
from striate.data.pack import Pictures

CHUNK = 16  # pictures that a worker decodes at a time


def stratified(labels: NDArray[np.int64], count: int, seed: int) -> NDArray[np.int64]:
    """Sorted positions of about `count` pictures: the same share of each class, at least two of it where it has two.

    >>> stratified(np.repeat([0, 1], [90, 10]), 20, seed=0).size
    20
    """
    if count >= len(labels):
        return np.arange(len(labels))
    order = np.random.Generator(np.random.Philox(seed)).permutation(len(labels))
    found = []
    for label in np.unique(labels):
        own = order[labels[order] == label]
        found.append(own[: max(min(2, len(own)), round(count * len(own) / len(labels)))])
    return np.sort(np.concatenate(found))


def sampled(data: Data, positions: NDArray[np.int64], arguments: Mapping[str, Any], resize: str) -> Data | None:
    """The pictures at `positions` of the pack of `data` as a data set in memory, all of them for training.

    `arguments`: of `striate.data.load_data`, as a training method gives them. Small pictures are resized from the pack,
    photographs are decoded again, to the pixels that a pack of that size has. None where the pack has been resized and
    there are no files.
    """
    pack = data.pictures
    channels = arguments.get("channels") or pack.images.shape[3]
    small = max(pack.images.shape[1:3]) <= NATIVE
    size = arguments.get("size") or (pack.images.shape[1:3] if small else arguments.get("usual", DEFAULT_SIZE))
    if small or tuple(size) == pack.images.shape[1:3]:
        images = resize_pictures(np.take(pack.images, positions, axis=0), tuple(size), resize, channels)
    elif data.root is not None:
        root = data.root
        files = [root / pack.keys[i] for i in positions]
        images = np.stack(list(map_ordered(lambda file: read_picture(file, tuple(size), resize, channels), files,
                                           worker_count(None), chunk=CHUNK)))
    else:
        return None
    some = Pictures(
        images=images, labels=pack.labels[positions], classes=pack.classes, keys=[pack.keys[i] for i in positions],
        digests=tuple(pack.digests[i] for i in positions), parts=tuple(pack.parts[i] for i in positions),
        resize=resize, fingerprint=f"{pack.fingerprint} {len(positions)}", seconds=0.0)
    none = np.empty(0, np.int64)
    split = replace(data.split, train=np.arange(len(positions)), validation=none, test=none)
    return replace(data, pictures=some, split=split)
