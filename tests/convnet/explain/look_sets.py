"""Data sets in memory, as explanations read them."""

from __future__ import annotations

import numpy as np

from striate.data.original import Original
from striate.data.placement import Placement
from striate.data.resize import resize_picture
from striate.model.preprocessing import InMemoryDataset


class LookSet:
    """Pictures (N, H, W, C) uint8 with labels, in memory; `files` are those that they were resized from."""

    name, part, leaked, notes = "a set", "test", None, ()

    def __init__(self, images: np.ndarray, labels: np.ndarray | None = None, classes: tuple[str, ...] = ("one",),
                 files: list[np.ndarray] | None = None, resize: str = "squash") -> None:
        self.pictures = InMemoryDataset(images, labels, classes)
        self.keys = [f"{i:04d}" for i in range(len(images))]
        self.digests = tuple(f"{i:032x}" for i in range(len(images)))
        self.files, self.resize = files, resize

    def describe(self) -> list[object]:
        """Nothing: the commonest class has no settings."""
        return []

    def original(self, index: int) -> Original | None:
        """The picture that was resized."""
        if self.files is None:
            return None
        pixels = self.files[index]
        return Original(pixels, Placement.of(pixels.shape[:2], self.pictures.images.shape[1:3], self.resize))

    def hand_crafted(self, picked: np.ndarray, folds: np.ndarray) -> tuple[np.ndarray | None, str]:
        """The commonest class of the other folds."""
        labels = self.pictures.labels[picked]
        return np.array([np.bincount(labels[folds != fold]).argmax() for fold in folds]), "the commonest class"


def noise(count: int, side: int, channels: int = 3, seed: int = 0) -> LookSet:
    """Random pictures."""
    return LookSet(np.random.default_rng(seed).integers(0, 256, (count, side, side, channels), np.uint8))


def resized(files: list[np.ndarray], size: tuple[int, int], resize: str) -> LookSet:
    """Pictures resized from those of `files`, (H, W, C) uint8 each."""
    channels = files[0].shape[2]
    return LookSet(np.stack([resize_picture(one, size, resize, channels) for one in files]), files=files, resize=resize)
