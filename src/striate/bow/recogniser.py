"""BagOfWords: dense SIFT, visual words, a spatial pyramid and a classifier, as one recogniser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from striate.bow.descriptors import StageProgress
from striate.bow.encoders import Encoder
from striate.bow.fit_stages import StageFitter
from striate.bow.pyramid import SpatialPyramid
from striate.bow.serialise import from_manifest, to_manifest
from striate.bow.sift import DenseSIFT
from striate.bow.sift.grid import LARGE
from striate.bow.stages import ESTIMATORS, Stages, stages_named
from striate.classifiers import Classifier
from striate.core.cache import DiskCache
from striate.core.constraints import Boolean, Integer
from striate.core.estimator import check_is_fitted
from striate.core.executor import worker_count
from striate.core.model_file import Arrays, ModelFile
from striate.core.params import Refusal, check_params, stored
from striate.model.preprocessing import LabelledPictures, Preprocessing
from striate.model.recogniser import Recogniser, manifest_of, no_confidence, pictures_of, restored_classes, training_set

Amount = partial(Integer, phrase="whole numbers from {low:,} to {high:,} are allowed")
FEW = 10_000  # pictures, up to which mirror images are learnt from by default


class BagOfWords(Recogniser):
    """A hand-crafted recogniser: dense SIFT → visual words → spatial pyramid → classifier.

    Csurka et al. (ECCV workshop 2004); Lazebnik, Schmid & Ponce (CVPR 2006).

    Args:
        stages: a set of stages by name (`bow`, `bow-knn`, `bow-fisher`, `bow-fisher-quick`, which differ for pictures
            under 128 pixels), or a YAML file of stages.
        sift, encoder, pyramid, classifier: unfitted estimators of `striate.bow` that replace those.
        sample: descriptors that the words are learnt from, 1 to 10 million.
        flip: learn from mirror images too; None is so for up to 10,000 pictures, unless classes are single letters
            or numbers.
        size: (height, width) the pictures are resized to; None is the size they have.
        resize: how pictures of another shape are resized: `squash`, `crop` or `pad`.
        seed: of the sample, the words and the folds; it replaces the stages' own.
        threads: of every stage; None is one for each core.
        memory: folder of a cache of the fitted stages, so that another classifier computes no descriptor again; None is
            no cache.

    Learnt: `classes_`; `pipeline_`, the fitted stages; `patches_`, of the words; `stages_`, a dict for each
    stage with `stage`, `what` (a sentence), `seconds` and `cached`; `notes_`, sentences; `flip_`; `held_out_`, indices
    (m,) of training pictures and their probabilities (m, K) by classifiers that had not seen them.

    Limits: the features of all training pictures, pictures · regions · width of the encoder · 4 bytes, are in memory,
    or mapped from the folder `memory`. Descriptors are streamed: a few hundred MB, however many pictures there are.

    >>> from striate.bow.encoders import Hard
    >>> grid = np.indices((32, 32))                                          # two classes: lines across, lines down
    >>> pictures = np.stack([(grid[i % 2] // 4 + i) % 2 * 200 for i in range(16)]).astype(np.uint8)
    >>> model = BagOfWords(encoder=Hard(8)).fit(pictures, ["across", "down"] * 8)
    >>> model.predict(pictures[:3]), model.pipeline_.description.width       # 8 words in 1 + 4 + 16 regions
    (array(['across', 'down', 'across'], dtype='<U6'), 168)

    """

    KIND = "words"
    REFUSAL = Refusal("impossible_value", "a bag of words with {name} was asked for",
                      "Leave {name} out for the default")
    LEARNS_FROM_VALIDATION = True

    def __init__(self, stages: str | Path = "bow", *, sift: DenseSIFT | None = None, encoder: Encoder | None = None,
                 pyramid: SpatialPyramid | None = None, classifier: Classifier | None = None,
                 sample: Annotated[int, Amount(1, 10_000_000)] = 100_000,
                 flip: Annotated[bool | None, Boolean("True and False are allowed")] = None,
                 size: tuple[int, int] | None = None, resize: str = "squash",
                 seed: Annotated[int, Amount(0, 2**32 - 1)] = 0, threads: int | None = None,
                 memory: str | Path | None = None) -> None:
        self.stages, self.sift, self.encoder, self.pyramid, self.classifier = stages, sift, encoder, pyramid, classifier
        self.sample, self.flip = sample, flip
        self.size, self.resize, self.seed = size, resize, seed
        self.threads, self.memory = threads, memory

    def fit(self, X: Any, y: ArrayLike | None = None, *, watch: Callable[[str, int, int], object] = lambda *_: None,
            stop: Callable[[], bool] = bool) -> Self:
        """Learn from pictures `X`, (N, H, W[, C]) uint8 with labels `y` (N,), or from a `Dataset`.

        Args:
            X: the training pictures.
            y: their labels.
            watch: called with (stage, done, total), for progress bars.
            stop: called after every batch; when it returns true, `Interrupted` is raised.

        """
        check_params(self)
        given, labels, self.classes_ = training_set(X, y)
        memory = DiskCache(Path(self.memory) if self.memory else None)
        letters = self.classes_.dtype.kind != "U" or all(len(name) == 1 for name in self.classes_)
        self.flip_ = bool(len(labels) <= FEW and not letters if self.flip is None else self.flip)
        stages, pictures = self._prepared(given)
        fitter = StageFitter(stages, self.sample, self.flip_, self.seed, self.threads, memory,
                             StageProgress(watch, stop))
        self.pipeline_ = fitter.learn(pictures, labels, len(self.classes_))
        assert fitter.patches
        self.patches_, self.stages_ = fitter.patches, fitter.rows
        indices, scores = self.pipeline_.classifier.held_out_
        self.held_out_ = indices, self.pipeline_.with_absent_classes(scores)
        self.notes_ = [*memory.notes, *self.pipeline_.classifier.notes_]
        return self

    def features(self, X: Any) -> NDArray[np.float32]:
        """Features for the classifier, (N, width) float32 of pictures `X`, those of another size resized first."""
        check_is_fitted(self, "pipeline_")
        return self.pipeline_.description.features(self.preparation_.apply(pictures_of(X)))

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Class probabilities, (N, K) float64, rows sum to 1; pictures of another size are resized first."""
        check_is_fitted(self, "pipeline_")
        return self.pipeline_.probabilities(self.preparation_.apply(pictures_of(X)))

    @property
    def has_confidence(self) -> bool:
        """Whether the file has a novelty detector; those of striate 0.1 have none."""
        return self.pipeline_.classifier.novelty_ is not None

    def predict_with_confidence(self, X: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Class probabilities (N, K), and how known each picture is, (N,) 0 to 1: see `Recogniser`."""
        check_is_fitted(self, "pipeline_")
        if not self.has_confidence:
            raise no_confidence()
        return self.pipeline_.predict_with_confidence(self.preparation_.apply(pictures_of(X)))

    def to_file(self) -> tuple[dict[str, Any], Arrays]:
        """Manifest and arrays; no times and no paths, so that the same training gives the same bytes."""
        values, arrays = to_manifest(self.pipeline_, self.patches_)
        training = {"seed": int(self.seed), "sample": int(self.sample), "flip": self.flip_,
                    "threads": worker_count(self.threads), "numpy": np.__version__, "torch": torch.__version__,
                    "scikit-learn": version("scikit-learn")}
        return {"preparation": self.preparation_.as_dict(), **values, "training": training}, arrays

    @classmethod
    def from_file(cls, file: ModelFile, path: Path) -> Self:
        """The recogniser in `file`; raises `ModelFileError` (`bad_manifest`)."""
        with manifest_of(path, "a bag of words"):
            model = cls()
            model.classes_ = restored_classes(file.manifest["classes"])
            model.preparation_ = Preprocessing.from_dict(file.manifest["preparation"])
            model.pipeline_, model.patches_ = from_manifest(
                file.manifest, dict(file.arrays), model.preparation_, len(model.classes_))
            training = stored(cls, file.manifest["training"], "seed", "sample", "flip")
            model.seed, model.sample, model.flip_ = training["seed"], training["sample"], training["flip"]
        description = model.pipeline_.description
        model.sift, model.encoder, model.pyramid = description.sift, description.encoder, description.pyramid
        model.classifier = model.pipeline_.classifier
        model.flip = model.flip_
        model.size, model.resize = model.preparation_.size, model.preparation_.resize
        model.stages_, model.notes_ = [], []
        return model

    def stages_for(self, size: tuple[int, int]) -> Stages:
        """The stages for pictures of (height, width); refuses unknown stages and impossible settings."""
        stages = stages_named(self.stages, small=min(size) < LARGE)
        own = {name: stage for name in ESTIMATORS if (stage := getattr(self, name)) is not None}
        return replace(stages, **own).checked()

    def _prepared(self, pictures: LabelledPictures | NDArray[np.uint8]) -> tuple[Stages, LabelledPictures]:
        """Stages for these pictures, and the preprocessed pictures; sets `preparation_`."""
        first = pictures.take(np.zeros(1, np.int64)) if isinstance(pictures, LabelledPictures) else pictures[:1]
        size = self.size or (first.shape[1], first.shape[2])
        stages = self.stages_for(size)
        self.preparation_ = Preprocessing(size, 1 if stages.sift.colour == "grey" else first.shape[3], self.resize)
        return stages, self.preparation_.apply(pictures)
