"""Pipeline of the four fitted stages: from pictures to features and scores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from striate.bow.descriptors import StageProgress, descriptor_batches, positions_of
from striate.bow.encoders import Encoder
from striate.bow.pyramid import SpatialPyramid
from striate.bow.sift import DenseSIFT
from striate.bow.sift.grid import Grid
from striate.classifiers import Classifier
from striate.classifiers.absent_classes import with_absent_classes
from striate.model.preprocessing import LabelledPictures

Floats = NDArray[np.float32]
MOST_PICTURES, MOST_BYTES = 1024, 256 << 20  # whose features are in memory at once


@dataclass(frozen=True)
class Descriptor:
    """Feature extraction of pictures (height, width): dense SIFT, encoder and pyramid."""

    sift: DenseSIFT
    encoder: Encoder
    pyramid: SpatialPyramid
    size: tuple[int, int]

    @property
    def grid(self) -> Grid:
        """The grid of the descriptors."""
        return self.sift.grid(*self.size)

    @property
    def width(self) -> int:
        """Dimensions of a feature: cells of the pyramid · width of the encoder."""
        return self.pyramid.cells * self.encoder.width

    def features(self, pictures: LabelledPictures, out: Floats | None = None, watch: StageProgress | None = None,
                 stage: str = "features") -> Floats:
        """The feature of each picture, (n, width) float32, into `out` if given; `watch` gets progress as `stage`."""
        grid, watch = self.grid, watch or StageProgress()
        whole = np.empty((len(pictures), self.width), np.float32) if out is None else out
        positions, regions = positions_of(grid), self.pyramid.regions(grid.y, grid.x, grid.height, grid.width)
        for part, found in descriptor_batches(self.sift, pictures, np.arange(len(pictures)), grid, self.width):
            whole[part] = self.pyramid.join(self.encoder.encode(found, positions, regions, self.pyramid.pool))
            watch(stage, part.stop, len(pictures))
        return whole


@dataclass(frozen=True)
class Pipeline:
    """Fitted feature extraction and classifier; `present` (K',): the classes with training pictures, of `classes`."""

    description: Descriptor
    classifier: Classifier
    present: NDArray[np.int64]
    classes: int

    def with_absent_classes(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probabilities (n, K') as (n, K): classes that had no picture get 0."""
        return with_absent_classes(scores, self.present, self.classes)

    def probabilities(self, pictures: LabelledPictures) -> NDArray[np.float64]:
        """Class probabilities, (n, K) float64, rows sum to 1; computed in batches."""
        return np.concatenate([self.with_absent_classes(self.classifier.predict_proba(features))
                               for features in self._features(pictures)])

    def predict_with_confidence(
        self, pictures: LabelledPictures
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Class probabilities (n, K), and how known each picture is, (n,) 0 to 1; the classifier has a `novelty_`."""
        found = [self.classifier.predict_with_confidence(features) for features in self._features(pictures)]
        return (self.with_absent_classes(np.concatenate([scores for scores, _ in found])),
                np.concatenate([confidence for _, confidence in found]))

    def _features(self, pictures: LabelledPictures) -> Iterator[Floats]:
        """Features of the pictures, in batches."""
        several = max(1, min(MOST_PICTURES, MOST_BYTES // (4 * self.description.width)))
        for start in range(0, len(pictures), several):
            yield self.description.features(
                PictureSubset(pictures, np.arange(start, min(start + several, len(pictures)))))


@dataclass(frozen=True)
class PictureSubset:
    """Subset of a set of pictures, mirrored if `flipped`, read like a `Dataset`."""

    whole: LabelledPictures
    indices: NDArray[np.int64]
    flipped: bool = False

    @property
    def labels(self) -> NDArray[np.int64]:
        """Class index of each picture."""
        return self.whole.labels[self.indices]

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names."""
        return self.whole.classes

    def take(self, indices: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The pictures at `indices` of the subset."""
        pixels = self.whole.take(self.indices[indices])
        return np.ascontiguousarray(pixels[:, :, ::-1]) if self.flipped else pixels

    def __len__(self) -> int:
        return len(self.indices)
