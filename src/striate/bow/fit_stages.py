"""Fitting of a bag of words, stage by stage: sampling, vocabulary, features, classifier; each is cached by its hash."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.bow.descriptors import DescriptorSample, StageProgress, drawn
from striate.bow.encoders import ENCODERS, Encoder
from striate.bow.explain.patches import WordPatches, patches_of
from striate.bow.pipeline import Descriptor, PictureSubset, Pipeline
from striate.bow.stages import Stages, described, kind_of, seeded
from striate.classifiers import CLASSIFIERS, Classifier
from striate.core.cache import DiskCache, Stored, code_digest, key_of
from striate.core.executor import worker_count
from striate.core.model_file import digest, joined, parted
from striate.errors import DataError, shown
from striate.model.preprocessing import LabelledPictures

LIBRARIES = ("numpy", "scipy", "scikit-learn", "torch")


def stage_key(*parts: Any) -> str:
    """32 hexadecimal digits for JSON values and for the code that computes stages."""
    return key_of(code_digest(Path(__file__).parent, LIBRARIES), *parts)


@dataclass
class StageFitter:
    """How a recogniser learns: what is given, and what is told of each stage.

    `rows`: for each stage `stage`, `what` (a sentence), `seconds`, and whether it was `cached`.
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
        pixels, groups = content_of(pictures)
        chosen = [*map(int, (*sift.bin_sizes_, sift.step_, sift.enlarge_))]
        content = stage_key(pixels, described("sift", sift), chosen, int(self.sample), int(self.seed))
        encoder, encoded = self._words(sift, pictures, size, content)
        description = Descriptor(sift, encoder, self.stages.pyramid, size)
        features, key = self._features(description, pictures, stage_key(content, encoded))
        classifier = self._classifier(features, compact, groups, key)
        return Pipeline(description, classifier, present, classes)

    def _words(self, sift: Any, pictures: LabelledPictures, size: tuple[int, int], content: str) -> tuple[Encoder, str]:
        settings = described("encoder", self.stages.encoder)
        grid = sift.grid(*size)

        def made() -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
            sample = self._sample(sift, pictures, size, content)
            self.watch("words", 0, 1)
            encoder = seeded(self.stages.encoder, self.seed, self.threads).fit(sample.descriptors, sample.positions)
            patches = patches_of(encoder, sample, pictures, grid)
            self.watch("words", 1, 1)
            inner, arrays = encoder.to_arrays()
            told = {"encoder": inner, "sample": len(sample.descriptors)}
            return told, joined({"words": arrays, "patches": patches.arrays()})

        with self._stage("words") as row:
            # k-means adds up in another order on another number of threads.
            key = stage_key("words", content, settings, min(2, worker_count(self.threads)))
            (told, arrays), row["cached"] = self._kept("words", key, made)
            parts = parted(arrays)
            kind = kind_of("encoder", self.stages.encoder)
            with _usable("words"):
                encoder = ENCODERS[kind].from_arrays(told["encoder"], dict(parts["words"]))
            encoder.threads = self.threads
            count = len(encoder.words_)
            self.patches = WordPatches.from_arrays(parts["patches"], count)
            row["what"] = (f"{kind}: {count:,} {'components' if kind == 'fisher' else 'words'} learnt from "
                           f"{told['sample']:,} descriptors; {encoder.width:,} numbers a region")
        return encoder, stage_key(settings, digest({}, parts["words"]))  # Hard and LLC may have the same words

    def _sample(self, sift: Any, pictures: LabelledPictures, size: tuple[int, int], content: str) -> DescriptorSample:
        def made() -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
            sample = drawn(sift, pictures, sift.grid(*size), self.sample, self.seed, self.watch)
            return {}, {"descriptors": sample.descriptors, "positions": sample.positions, "origins": sample.origins}

        (_, arrays), _ = self._kept("sample", stage_key("sample", content), made)
        return DescriptorSample(**arrays)

    def _features(self, description: Descriptor, pictures: LabelledPictures, content: str) -> tuple[Any, str]:
        pyramid = described("pyramid", description.pyramid)
        key = stage_key("features", content, pyramid, self.flip)
        once = len(pictures)
        shape = (once * (1 + self.flip), description.width)

        def made(out: Any) -> None:
            description.features(pictures, out[:once], self.watch)
            if self.flip:
                mirrored = PictureSubset(pictures, np.arange(once), flipped=True)
                description.features(mirrored, out[once:], self.watch, "features of mirror images")

        with self._stage("features") as row:
            features, row["cached"] = self.memory.features(key, shape, made)
            self.watch.ask("features")
            row["what"] = (f"{description.pyramid.cells} regions of {description.encoder.width:,} numbers: "
                           f"{description.width:,} for each of {once:,} pictures"
                           + (" and of their mirror images" if self.flip else ""))
        return features, key

    def _classifier(self, features: Any, labels: NDArray[np.int64], groups: NDArray[np.int64],
                    content: str) -> Classifier:
        kind = kind_of("classifier", self.stages.classifier)

        def made() -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
            self.watch("classifier", 0, 1)
            classifier = seeded(self.stages.classifier, self.seed, self.threads)
            classifier.fit(features, np.tile(labels, 1 + self.flip), 1 + self.flip, groups)
            self.watch("classifier", 1, 1)
            settings, arrays = classifier.to_arrays()
            indices, scores = classifier.held_out_
            return ({"machine": settings, "notes": classifier.notes_, "chosen": classifier.chosen()},
                    joined({"held": {"indices": indices, "scores": scores}, "machine": arrays}))

        with self._stage("classifier") as row:
            key = stage_key("classifier", content, described("classifier", self.stages.classifier), labels.tolist())
            (told, arrays), row["cached"] = self._kept("classifier", key, made)
            parts = parted(arrays)
            with _usable("classifier"):
                classifier: Classifier = CLASSIFIERS[kind].from_arrays(told["machine"], parts["machine"])
            classifier.notes_, classifier.held_out_ = told["notes"], (parts["held"]["indices"], parts["held"]["scores"])
            row["what"] = f"{kind} on the {classifier.kernel} kernel: {told['chosen']}"
        return classifier

    def _kept(self, stage: str, key: str, make: Callable[[], Stored]) -> tuple[Stored, bool]:
        """From the memory; whether to stop is asked when it is there, so that what was computed is kept."""
        found = self.memory.arrays(stage, key, make)
        self.watch.ask(stage)
        return found

    @contextmanager
    def _stage(self, name: str) -> Iterator[dict[str, Any]]:
        row = {"stage": name, "what": "", "seconds": 0.0, "cached": False}
        started = time.monotonic()
        yield row
        row["seconds"] = time.monotonic() - started
        self.rows.append(row)


@contextmanager
def _usable(stage: str) -> Iterator[None]:
    """Refuse what no file could hold, as settings at their limits make it (`not_learnt`)."""
    try:
        yield
    except ValueError as error:
        raise DataError("not_learnt", f"a bag of words was to learn its {stage}", given=shown(str(error), 300),
                        do="Choose less extreme settings, or give other pictures") from error


def content_of(pictures: LabelledPictures) -> tuple[str, NDArray[np.int64]]:
    """A hash of all pixels, and a number for each picture (n,) that it shares with those of the same pixels.

    It takes a hundredth of the time that describing them does.
    """
    digests: list[str] = []
    for start in range(0, len(pictures), 256):
        some = pictures.take(np.arange(start, min(start + 256, len(pictures))))
        digests += [sha256(picture.tobytes()).hexdigest() for picture in some]
    groups = np.unique(digests, return_inverse=True)[1].astype(np.int64)
    return stage_key(digests, some.shape[1:]), groups
