"""Preprocessing of pictures: one size and one number of channels, stored with the recogniser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from striate.core.constraints import OneOf
from striate.core.params import stored
from striate.data import RESIZE_MODES, resize_pictures
from striate.data.resize import PictureSize

Pixels = NDArray[np.uint8]


@runtime_checkable
class LabelledPictures(Protocol):
    """Pictures that carry their labels; `striate.data.Dataset` is one."""

    @property
    def labels(self) -> NDArray[np.int64]:
        """Class index of each picture, (N,) int64."""
        ...

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names."""
        ...

    def take(self, indices: NDArray[np.int64]) -> Pixels:
        """The pictures at `indices`, (n, H, W, C) uint8."""
        ...

    def __len__(self) -> int: ...


class InMemoryDataset:
    """Data set in memory, with labels if given, read like a `Dataset`; `like` has its keys and digests."""

    def __init__(self, images: Pixels, labels: NDArray[np.int64] | None = None, classes: tuple[str, ...] = (),
                 like: LabelledPictures | None = None) -> None:
        self.images, self.classes = images, classes
        self.keys, self.digests = getattr(like, "keys", None), getattr(like, "digests", None)
        self.labels = np.zeros(len(images), np.int64) if labels is None else labels

    def take(self, indices: NDArray[np.int64]) -> Pixels:
        """The pictures at `indices`, (n, H, W, C) uint8."""
        return np.take(self.images, indices, axis=0)

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True)
class Preprocessing:
    """Preprocessing of the pictures that a recogniser reads.

    Attributes:
        size: (height, width) in pixels; channels: 1 (grey) or 3 (colour).
        resize: `squash`, `crop` or `pad`, for pictures of another shape.

    """

    size: Annotated[tuple[int, int], PictureSize(65_536)]
    channels: Annotated[int, OneOf(1, 3)]
    resize: Annotated[str, OneOf(*RESIZE_MODES)]

    def apply(self, X: Pixels | LabelledPictures) -> LabelledPictures:
        """`X` resized and converted to `channels`; a data set already packed so is not copied."""
        if not isinstance(X, np.ndarray):
            if X.take(np.zeros(1, np.int64)).shape[1:] == (*self.size, self.channels):
                return X
            pictures = X.take(np.arange(len(X)))
            return InMemoryDataset(resize_pictures(pictures, self.size, self.resize, self.channels), X.labels,
                                   X.classes, like=X)
        return InMemoryDataset(resize_pictures(X, self.size, self.resize, self.channels))

    def as_dict(self) -> dict[str, Any]:
        """JSON values."""
        return {"size": list(self.size), "channels": self.channels, "resize": self.resize}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """The inverse of `as_dict`; raises KeyError, TypeError or ValueError on anything else."""
        given = values | {"size": tuple(values["size"])}
        return cls(**stored(Preprocessing, given, "size", "channels", "resize"))
