"""Probe: how well a linear classifier tells the classes apart by each layer's features, from the pixels to the scores.

Alain & Bengio, "Understanding intermediate layers using linear classifier probes", 2016; but on pictures that the
network was not trained on, by cross-validation, because features of training pictures show what was memorised.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from striate.classifiers import LinearSVM
from striate.classifiers.cross_validation import folds_of
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.layer_features import features_of_layers, pooling_of, probed_layers, spaced
from striate.convnet.explain.look_data import LookData
from striate.convnet.explain.look_sample import stratified_sample
from striate.convnet.explain.target import Target
from striate.convnet.explain.top_activations import OnProgress, identity_of
from striate.core.cache import DiskCache, Stored, cache_subfolder, code_digest, key_of
from striate.core.result import Result
from striate.errors import DataError, shown
from striate.model.explanation import Explanation
from striate.stats.metrics import wilson

MOST = 1_000  # pictures
MOST_LAYERS = 16
FOLDS, SEED = 5, 0
BATCH = 32
CODE = ("classifiers", "convnet/explain/probe.py", "convnet/explain/layer_features.py",
        "convnet/explain/explained_net.py", "convnet/explain/linear_head.py", "convnet/build")


@dataclass(frozen=True)
class ProbedLayer(Result):
    """Layer that was probed: the accuracy of a linear classifier, 0..1, its 95 % interval, and how it was described."""

    layer: str
    accuracy: float
    interval: tuple[float, float]
    dimensions: int
    pooling: str


@dataclass(frozen=True, eq=False)
class LayerProbe(Explanation):
    """Probe of the layers of a network: `array` (L,) float64, the accuracy at each, 0..1.

    Attributes:
        layers: those probed, in order, the pixels (`input`) first; `of`: how many could be.
        own: the accuracy of the network on the same pictures, None if it knows other classes; `own_interval`: 95 %.
        baseline: the accuracy of hand-crafted features in the same folds, None where they are not defined;
            `baseline_interval`; `baseline_what`: one clause that names them, or says why there are none.
        folds: of the cross-validation; `pictures`: how many; `among`: of how many.
        leaked: how many of the data set's part the network was trained on; None where that is not known.

    """

    layers: tuple[ProbedLayer, ...] = ()
    of: int = 0
    own: float | None = None
    own_interval: tuple[float, float] | None = None
    baseline: float | None = None
    baseline_interval: tuple[float, float] | None = None
    baseline_what: str = ""
    folds: int = FOLDS
    pictures: int = 0
    among: int = 0
    leaked: int | None = None


def probe(model: ExplainedNet, data: LookData, target: Target, *, cache: DiskCache | None = None,
          on_progress: OnProgress | None = None) -> LayerProbe:
    """Accuracy of a linear SVM on the features of each layer up to the target's, on at most 1,000 pictures, in 5 folds.

    Features are mean and maximum over a grid (`layer_features.py`), each with the mean and deviation of its training
    folds taken out; C is chosen inside these. Classes of fewer than five pictures are left out. Raises `DataError`
    (`few_pictures`: fewer than two such classes) and `NetworkError` (`unknown_layer`).
    """
    model.check(target)
    every = probed_layers(model, target.layer)
    layers = spaced(every, MOST_LAYERS)
    labels = data.pictures.labels
    frequent = np.flatnonzero(np.bincount(labels, minlength=1) >= FOLDS)
    if len(frequent) < 2:
        raise DataError("few_pictures", f"the layers were to be probed with {shown(data.name)}",
                        allowed=f"two classes or more with {FOLDS} pictures each are allowed",
                        given=f"{len(frequent)} {'was' if len(frequent) == 1 else 'were'} given",
                        do="Give a larger data set")
    usable = np.flatnonzero(np.isin(labels, frequent))
    picked = usable[stratified_sample(labels[usable], MOST, SEED)]
    present, own_labels = np.unique(labels[picked], return_inverse=True)
    groups = np.unique([data.digests[i] for i in picked], return_inverse=True)[1]
    folds = folds_of(own_labels, FOLDS, SEED, groups.astype(np.int64))
    key = key_of(code_digest(CODE, ("numpy", "torch", "scikit-learn")), *identity_of(model, layers[-1]), layers,
                 [data.digests[i] for i in picked], labels[picked].tolist(), data.describe())
    cache = DiskCache(cache_subfolder("look")) if cache is None else cache

    def compute() -> Stored:
        features = features_of_layers(model, layers, data, picked, on_progress)
        rights = []
        for done, layer in enumerate(layers, 1):
            rights.append(held_out_right(features[layer], own_labels, folds))
            if on_progress:
                on_progress("probes", done, len(layers))
        crafted, what = data.hand_crafted(picked, folds)
        settings = {"what": what, "widths": [features[layer].shape[1] for layer in layers]}
        right = np.zeros(0, np.uint8) if crafted is None else (crafted == labels[picked]).astype(np.uint8)
        return settings, {"layers": np.stack(rights).astype(np.uint8), "baseline": right}

    (settings, arrays), _ = cache.arrays("probe", key, compute)
    count = len(picked)
    rows = tuple(ProbedLayer(layer, float(right.mean()), wilson(int(right.sum()), count), int(width),
                             pooling_of(model.volume(layer))[1])
                 for layer, right, width in zip(layers, arrays["layers"], settings["widths"], strict=True))
    own = _own_right(model, data, picked, present)
    crafted = arrays["baseline"] if len(arrays["baseline"]) else None
    return LayerProbe(
        np.array([one.accuracy for one in rows]), "accuracy", _sentence(data, count, len(labels)), layers=rows,
        of=len(every), own=None if own is None else float(own.mean()),
        own_interval=None if own is None else wilson(int(own.sum()), count),
        baseline=None if crafted is None else float(crafted.mean()),
        baseline_interval=None if crafted is None else wilson(int(crafted.sum()), count),
        baseline_what=str(settings["what"]), folds=int(folds.max()) + 1, pictures=count, among=len(labels),
        leaked=data.leaked)


def held_out_right(features: NDArray[np.float32], labels: NDArray[np.int64],
                   folds: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each picture is classified rightly by a linear SVM that was fitted on the other folds, (n,) bool.

    labels: (n,) 0..K−1, each of which is in several folds.
    """
    right = np.zeros(len(labels), bool)
    for fold in range(int(folds.max()) + 1):
        learnt, held = folds != fold, folds == fold
        mean, deviation = features[learnt].mean(axis=0), features[learnt].std(axis=0)
        scaled = (features - mean) / np.where(deviation > 0, deviation, 1)
        known, compact = np.unique(labels[learnt], return_inverse=True)
        machine = LinearSVM(folds=min(3, len(compact)), seed=SEED).fit(scaled[learnt], compact)
        right[held] = known[machine.decision(scaled[held]).argmax(axis=1)] == labels[held]
    return right


def _own_right(model: ExplainedNet, data: LookData, picked: NDArray[np.int64],
               present: NDArray[np.int64]) -> NDArray[np.bool_] | None:
    """Whether the network classifies each picture rightly, (n,) bool; None if the data has classes it does not know."""
    index = {name: i for i, name in enumerate(model.classes)}
    names = [str(name) for name in data.pictures.classes]
    if any(names[i] not in index for i in present):
        return None
    wanted = np.array([index.get(name, -1) for name in names])[data.pictures.labels[picked]]
    found = [model.predict_proba(data.pictures.take(some)).argmax(axis=1)
             for some in np.array_split(picked, max(1, len(picked) // BATCH))]
    return np.asarray(np.concatenate(found) == wanted)


def _sentence(data: LookData, count: int, among: int) -> str:
    which = f"{count:,} pictures" if count == among else f"{count:,} of {among:,} pictures"
    if data.leaked is None:
        seen = "; whether the network was trained on some of these is not known"
    else:
        seen = (f"; the network was trained on {data.leaked:,} of that part, so late layers may look too good"
                if data.leaked else "")
    return (f"How well a linear classifier on each layer's features tells the classes apart, on {which} of "
            f"{shown(data.name)} ({data.part}) that it was not fitted on{seen}: what is there to be read, not whether "
            "the network uses it.")
