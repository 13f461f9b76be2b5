"""Serialisation of a pipeline to a model file, and its inverse; the file is untrusted."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.bow.encoders import ENCODERS
from striate.bow.explain.patches import WordPatches
from striate.bow.pipeline import Descriptor, Pipeline
from striate.bow.sift import DenseSIFT
from striate.bow.sift.scale import WIDTH
from striate.bow.stages import Stages, estimator_of, kind_of, stage_settings
from striate.classifiers import CLASSIFIERS
from striate.classifiers.absent_classes import restored_present
from striate.classifiers.kernels import KERNELS
from striate.core.model_file import MAX_BYTES, joined, parted
from striate.core.params import stored
from striate.errors import StriateError
from striate.model.preprocessing import Preprocessing

Arrays = dict[str, NDArray[Any]]
PARTS = ("encoder", "classifier", "patches")


def to_manifest(pipeline: Pipeline, patches: WordPatches) -> tuple[dict[str, Any], Arrays]:
    """JSON values for the manifest, and arrays by `part.name`."""
    description, classifier = pipeline.description, pipeline.classifier
    sift = description.sift
    found = {"encoder": description.encoder.to_arrays(), "classifier": classifier.to_arrays(),
             "patches": ({}, patches.arrays())}
    stages = {
        "sift": stage_settings("sift", sift) | {"bin_sizes": list(sift.bin_sizes_), "step": sift.step_,
                                           "enlarge": sift.enlarge_},
        "encoder": {kind_of("encoder", description.encoder): found["encoder"][0]},
        "pyramid": stage_settings("pyramid", description.pyramid),
        "classifier": {kind_of("classifier", classifier): found["classifier"][0]},
    }
    return {"stages": stages, "present": pipeline.present.tolist()}, joined(
        {part: found[part][1] for part in PARTS})


def from_manifest(manifest: dict[str, Any], arrays: Arrays, preparation: Preprocessing,
                  classes: int) -> tuple[Pipeline, WordPatches]:
    """The inverse of `to_manifest`; raises KeyError, TypeError, ValueError or a `StriateError` on anything else."""
    parts: dict[str, Arrays] = {part: {} for part in PARTS} | parted(arrays)
    if set(parts) != set(PARTS):
        raise ValueError("its arrays must belong to encoder, classifier or patches")
    stages = manifest["stages"]
    sift = _complete_estimator("sift", stages["sift"])
    descriptors, planes = _checked_size(sift, preparation)
    sift.fit(np.zeros((1, *preparation.size, planes), np.uint8))
    encoder = _from_arrays(ENCODERS, stages["encoder"], parts["encoder"])
    pyramid = _complete_estimator("pyramid", stages["pyramid"])
    classifier = _from_arrays(CLASSIFIERS, stages["classifier"], parts["classifier"])
    Stages(sift, encoder, pyramid, classifier).checked()
    description = Descriptor(sift, encoder, pyramid, preparation.size)
    if encoder.channels_ != sift.n_features_:
        raise ValueError(f"its words have {encoder.channels_} numbers, its descriptors {sift.n_features_}")
    if classifier.n_features_in_ != description.width:
        raise ValueError(f"its classifier reads {classifier.n_features_in_:,} numbers of {description.width:,}")
    needed = 4 * (descriptors * sift.n_features_ + description.width * KERNELS[classifier.kernel].width(1))
    if needed > MAX_BYTES:
        raise ValueError(f"one picture would take {needed:,} bytes of memory; {MAX_BYTES:,} are allowed")
    present = restored_present(manifest["present"], len(classifier.classes_), classes)
    patches = WordPatches.from_arrays(parts["patches"], len(encoder.words_))
    return Pipeline(description, classifier, present, classes), patches


def _complete_estimator(stage: str, values: Any) -> Any:
    """The estimator with all of its settings, none left to a default."""
    estimator = estimator_of(stage, values)
    if stage_settings(stage, estimator).keys() != (values or {}).keys():
        raise ValueError(f"the settings of its {stage} must be all that there are")
    return estimator


def _from_arrays(kinds: Any, values: Any, arrays: Arrays) -> Any:
    if not isinstance(values, dict) or len(values) != 1 or next(iter(values)) not in kinds:
        raise ValueError(f"a stage must be one of {', '.join(kinds)}")
    kind, settings = next(iter(values.items()))
    try:
        return kinds[kind].from_arrays(settings, arrays)
    except (StriateError, AttributeError) as error:
        raise ValueError(str(error)) from error


def _checked_size(sift: DenseSIFT, preparation: Preprocessing) -> tuple[int, int]:
    """The most descriptors a picture would have, and its channels; ValueError where they are out of bounds."""
    height, width = preparation.size
    step, enlarge, sizes = stored(DenseSIFT, vars(sift), "step", "enlarge", "bin_sizes").values()
    pixels = height * width * enlarge**2
    if pixels > MAX_BYTES // 512:  # dense SIFT takes up to so many bytes for a pixel
        raise ValueError(f"one picture would have {pixels:,} pixels")
    count = len(sizes) * (height * enlarge // step + 1) * (width * enlarge // step + 1)
    if 4 * WIDTH * count > MAX_BYTES:  # before the grid is made
        raise ValueError(f"one picture would have {count:,} descriptors")
    return count, preparation.channels
