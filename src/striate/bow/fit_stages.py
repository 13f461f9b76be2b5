"""Fitting of a bag of words, stage by stage: sample, vocabulary, features, classifier; each is cached by its hash."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.bow.descriptors import DescriptorSample, StageProgress, sample_descriptors
from striate.bow.encoders import ENCODERS, Encoder
from striate.bow.explain.patches import WordPatches, patches_of
from striate.bow.pipeline import Descriptor, PictureSubset, Pipeline
from striate.bow.stages import Stages, kind_of, seeded, stage_settings
from striate.classifiers import CLASSIFIERS, Classifier
from striate.core.cache import DiskCache, Stored, code_digest, key_of
from striate.core.executor import worker_count
from striate.core.model_file import digest, joined, parted
from striate.errors import DataError, shown
from striate.model.preprocessing import LabelledPictures

CODE = ("bow", "classifiers", "core/cache.py", "core/executor.py", "core/model_file.py")  # that stages depend on
LIBRARIES = ("numpy", "scipy", "scikit-learn", "torch")


def stage_key(*parts: Any) -> str:
    """Cache key, 32 hexadecimal digits, of JSON values and of the code that computes stages."""
    return key_of(code_digest(CODE, LIBRARIES), *parts)


@dataclass
class StageFitter:
    """Fits the stages of a bag of words; `rows` has a report of each.

    A row: `stage`, `what` (a sentence), `seconds`, and whether it was `cached`.
    """

    stages: Stages
    sample: int
    flip: bool
    seed: int
    threads: int | None
    memory: DiskCache
    watch: StageProgress
    rows: list[dict[str, Any]] = field(default_factory=list)
    patches: WordPatches | None = None

    def learn(self, pictures: LabelledPictures, labels: NDArray[np.int64], classes: int) -> Pipeline:
        """The pipeline learnt from pictures of one size with labels (n,) 0..K−1, `classes` of them in all."""
        present, compact = np.unique(labels, return_inverse=True)
        first = pictures.take(np.zeros(1, np.int64))
        with self._stage("dense SIFT") as row:
            sift = seeded(self.stages.sift, self.seed, self.threads).fit(first)
            row["what"] = "; ".join(sift.notes_)
        size = (first.shape[1], first.shape[2])
        pixels, groups = content_hash(pictures)
        chosen = [*map(int, (*sift.bin_sizes_, sift.step_, sift.enlarge_))]
        content = stage_key(pixels, stage_settings("sift", sift), chosen, int(self.sample), int(self.seed))
        encoder, encoded = self._words(sift, pictures, size, content)
        description = Descriptor(sift, encoder, self.stages.pyramid, size)
        features, key = self._features(description, pictures, stage_key(content, encoded))
        classifier = self._classifier(features, compact, groups, key)
        return Pipeline(description, classifier, present, classes)

    def _words(self, sift: Any, pictures: LabelledPictures, size: tuple[int, int], content: str) -> tuple[Encoder, str]:
        settings = stage_settings("encoder", self.stages.encoder)
        grid = sift.grid(*size)

        def compute() -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
            sample = self._sample(sift, pictures, size, content)
            self.watch("words", 0, 1)
            encoder = seeded(self.stages.encoder, self.seed, self.threads).fit(sample.descriptors, sample.positions)
            patches = patches_of(encoder, sample, pictures, grid)
            self.watch("words", 1, 1)
            inner, arrays = encoder.to_arrays()
            values = {"encoder": inner, "sample": len(sample.descriptors)}
            return values, joined({"words": arrays, "patches": patches.arrays()})

        with self._stage("words") as row:
            # k-means adds up in another order on another number of threads.
            key = stage_key("words", content, settings, min(2, worker_count(self.threads)))
            (values, arrays), row["cached"] = self._cached("words", key, compute)
            parts = parted(arrays)
            kind = kind_of("encoder", self.stages.encoder)
            with _refuse_unusable("words"):
                encoder = ENCODERS[kind].from_arrays(values["encoder"], dict(parts["words"]))
            encoder.threads = self.threads
            count = len(encoder.words_)
            self.patches = WordPatches.from_arrays(parts["patches"], count)
            row["what"] = (f"{kind}: {count:,} {'components' if kind == 'fisher' else 'words'} learnt from "
                           f"{values['sample']:,} descriptors; {encoder.width:,} dimensions per region")
        return encoder, stage_key(settings, digest({}, parts["words"]))  # Hard and LLC may have the same words

    def _sample(self, sift: Any, pictures: LabelledPictures, size: tuple[int, int], content: str) -> DescriptorSample:
        def compute() -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
            sample = sample_descriptors(sift, pictures, sift.grid(*size), self.sample, self.seed, self.watch)
            return {}, {"descriptors": sample.descriptors, "positions": sample.positions, "origins": sample.origins}

        (_, arrays), _ = self._cached("sample", stage_key("sample", content), compute)
        return DescriptorSample(**arrays)

    def _features(self, description: Descriptor, pictures: LabelledPictures, content: str) -> tuple[Any, str]:
        pyramid = stage_settings("pyramid", description.pyramid)
        key = stage_key("features", content, pyramid, self.flip)
        once = len(pictures)
        shape = (once * (1 + self.flip), description.width)

        def compute(out: Any) -> None:
            description.features(pictures, out[:once], self.watch)
            if self.flip:
                mirrored = PictureSubset(pictures, np.arange(once), flipped=True)
                description.features(mirrored, out[once:], self.watch, "features of mirror images")

        with self._stage("features") as row:
            features, row["cached"] = self.memory.features(key, shape, compute)
            self.watch.stop_if_requested("features")
            row["what"] = (f"{description.pyramid.cells} regions of {description.encoder.width:,} dimensions: "
                           f"{description.width:,} for each of {once:,} pictures"
                           + (" and of their mirror images" if self.flip else ""))
        return features, key

    def _classifier(self, features: Any, labels: NDArray[np.int64], groups: NDArray[np.int64],
                    content: str) -> Classifier:
        kind = kind_of("classifier", self.stages.classifier)

        def compute() -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
            self.watch("classifier", 0, 1)
            classifier = seeded(self.stages.classifier, self.seed, self.threads)
            classifier.fit(features, np.tile(labels, 1 + self.flip), 1 + self.flip, groups)
            self.watch("classifier", 1, 1)
            settings, arrays = classifier.to_arrays()
            indices, scores = classifier.held_out_
            return ({"classifier": settings, "notes": classifier.notes_, "chosen": classifier.chosen()},
                    joined({"held": {"indices": indices, "scores": scores}, "classifier": arrays}))

        with self._stage("classifier") as row:
            settings = stage_settings("classifier", self.stages.classifier)
            key = stage_key("classifier", content, settings, labels.tolist())
            (values, arrays), row["cached"] = self._cached("classifier", key, compute)
            parts = parted(arrays)
            with _refuse_unusable("classifier"):
                classifier: Classifier = CLASSIFIERS[kind].from_arrays(values["classifier"], parts["classifier"])
            classifier.notes_ = values["notes"]
            classifier.held_out_ = parts["held"]["indices"], parts["held"]["scores"]
            row["what"] = f"{kind} on the {classifier.kernel} kernel: {values['chosen']}"
        return classifier

    def _cached(self, stage: str, key: str, make: Callable[[], Stored]) -> tuple[Stored, bool]:
        """The entry of the cache, computed if missing; a stop is raised only after it is stored."""
        found = self.memory.arrays(stage, key, make)
        self.watch.stop_if_requested(stage)
        return found

    @contextmanager
    def _stage(self, name: str) -> Iterator[dict[str, Any]]:
        row = {"stage": name, "what": "", "seconds": 0.0, "cached": False}
        started = time.monotonic()
        yield row
        row["seconds"] = time.monotonic() - started
        self.rows.append(row)


@contextmanager
def _refuse_unusable(stage: str) -> Iterator[None]:
    """Refuse fitted arrays that no model file may hold, as extreme settings give (`not_learnt`)."""
    try:
        yield
    except ValueError as error:
        raise DataError("not_learnt", f"a bag of words was to learn its {stage}", given=shown(str(error), 300),
                        do="Choose less extreme settings, or give other pictures") from error


def content_hash(pictures: LabelledPictures) -> tuple[str, NDArray[np.int64]]:
    """A hash of all pixels, and the group of each picture (n,): pictures of the same pixels share one."""
    digests: list[str] = []
    for start in range(0, len(pictures), 256):
        some = pictures.take(np.arange(start, min(start + 256, len(pictures))))
        digests += [sha256(picture.tobytes()).hexdigest() for picture in some]
    groups = np.unique(digests, return_inverse=True)[1].astype(np.int64)
    return stage_key(digests, some.shape[1:]), groups
