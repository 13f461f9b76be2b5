"""Refusals of a bag of words, its stages and its files."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

import striate
from striate.bow.encoders import VLAD, Fisher, Hard
from striate.bow.pyramid import SpatialPyramid
from striate.bow.sift import DenseSIFT
from striate.bow.stages import Stages, stages_named
from striate.classifiers import KernelSVM, LinearSVM
from striate.core import model_file
from striate.core.cache import DiskCache
from tests.bow.small import fitted, labels, model, pictures

LINEAR = LinearSVM("linear")


def read(folder: Path, text: str) -> Stages:
    (folder / "stages.yaml").write_text(text)
    return stages_named(folder / "stages.yaml")


def loaded(folder: Path, **changed: object) -> object:
    file = model_file.load(fitted().save(folder / "m"))
    return striate.load(model_file.save(folder / "n", "words", file.manifest | changed, file.arrays))


def in_a_file(folder: Path) -> object:
    (folder / "file").write_bytes(b"")
    return fitted(memory=folder / "file")


REFUSALS: dict[str, Callable[[Path], object]] = {
    "no_stages": lambda _: stages_named("bow-svm"),
    "bad_stages": lambda folder: read(folder, "encodr: hard"),
    "an unknown kind": lambda folder: read(folder, "encoder: hardest"),
    "an unknown setting": lambda folder: read(folder, "encoder: {hard: {wrods: 3}}"),
    "a setting that is no number": lambda folder: read(folder, "sift: {step: .inf}"),
    "a number of stages to the base of 60": lambda folder: read(folder, f"sift: {{step: {'1:' * 400}1.5}}"),
    "a file of stages with aliases": lambda folder: read(folder, "sift: &a {}\npyramid: *a"),
    "strange_stage": lambda _: fitted(encoder=LinearSVM()),
    "a stranger for sift": lambda _: fitted(sift=Hard()),
    "stopped": lambda _: model().fit(pictures(), labels(), stop=lambda: True),
    "not_learnt": lambda _: fitted(encoder=Fisher(3, 5, augment=1e-9), classifier=LINEAR),
    "no support vectors": lambda _: fitted(classifier=KernelSVM("linear", C=1e-300)),
    "one_class": lambda _: model().fit(pictures(), ["a"] * 18),
    "sample of nothing": lambda _: fitted(sample=0),
    "seed below 0": lambda _: fitted(seed=-1),
    "more words than descriptors": lambda _: fitted(encoder=Hard(541)),
    "signed features": lambda _: fitted(encoder=VLAD(5)),
    "largest of Fisher vectors": lambda _: fitted(
        encoder=Fisher(3, 5), pyramid=SpatialPyramid(pool="max"), classifier=LINEAR),
    "colour of grey pictures": lambda _: fitted(sift=DenseSIFT(colour="hsv")),
    "pictures of one colour": lambda _: model().fit(np.zeros((18, 23, 19), np.uint8), labels()),
    "a kernel of counts for Fisher vectors": lambda folder: read(
        folder, "encoder: fisher\nclassifier: {knn: {kernel: chi2}}").checked(),
    "a key of stages that is there twice": lambda folder: read(folder, "pyramid: {}\npyramid: {}"),
    "root that is text": lambda _: fitted(sift=DenseSIFT(root="false")),  # type: ignore[arg-type]
    "the same normalisation twice": lambda _: fitted(pyramid=SpatialPyramid(normalise=("l1", "l1"))),
    "flip that is no switch": lambda _: fitted(flip="x"),
    "features beyond all memory": lambda _: DiskCache(None).features("x", (10**9, 10**6), lambda _: None),
    "memory in a file": in_a_file,
    "bad_manifest": lambda folder: loaded(folder, present=[0, 7]),
    "a manifest without stages": lambda folder: loaded(folder, stages={}),
}
