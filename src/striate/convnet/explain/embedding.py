"""Embedding: a map of a data set's pictures by their last features, with the exact neighbours of each.

Principal components, then t-SNE (van der Maaten & Hinton, "Visualizing data using t-SNE", JMLR 2008; the gradient of
Barnes-Hut, van der Maaten, JMLR 2014). A map in two dimensions cannot keep all neighbours; `trustworthiness` says how
far it does (Venna & Kaski, "Neighborhood preservation in nonlinear projection methods", ICANN 2001): 1 is all.

Features are compared as a transfer's classifier compares them, by their direction from their mean.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from striate.convnet.explain.crops import reduced
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.look_data import LookData
from striate.convnet.explain.look_sample import stratified_sample
from striate.convnet.explain.target import Target
from striate.convnet.explain.top_activations import OnProgress, batches_of, extractor_of, identity_of, outputs
from striate.convnet.inference.features import cut
from striate.convnet.transfer import scaled
from striate.core.cache import DiskCache, Stored, cache_subfolder, code_digest, key_of
from striate.errors import DataError, shown
from striate.model.explanation import Explanation
from striate.model.preprocessing import Pixels

MOST = 5_000  # pictures
FEWEST = 10
COMPONENTS = 50
PERPLEXITY = 30.0
TRUSTED = 12  # neighbours that trustworthiness is of
NEIGHBOURS = 5  # of each picture that are listed
WIDEST = 4_096  # numbers of a feature vector; wider volumes are averaged over their positions
THUMBNAIL = 32  # pixels of the longer side
ROWS = 512  # pictures whose distances are in memory at once
SPARE = 8  # neighbours beyond those listed, whose order rounding could change
SEED = 0
CODE = ("convnet/explain/embedding.py", "convnet/explain/top_activations.py", "convnet/explain/linear_head.py",
        "convnet/transfer.py")


@dataclass(frozen=True, eq=False)
class Embedding(Explanation):
    """Embedding of pictures: `array` (n, 2) float32, their places on the map.

    Attributes:
        trustworthiness: of the map, for 12 neighbours (fewer than 25 pictures: for all that is defined), 0..1.
        classes: class names; `labels`: (n,) int64, indexes into them.
        keys: names of the pictures; `picked`: (n,) int64, their indices in the data.
        neighbours: of each of the n, the five nearest by features, nearest first, as rows of the map; exact.
        distances: how far they are, 0 to 2: features are points on a sphere.
        agreeing: the share of pictures whose nearest neighbour is of their class, 0..1.
        apart: rows of pictures of whose neighbours none is of their class.
        of: how many pictures there are; `dimensions` of a feature vector; `components` that t-SNE was given.
        thumbnails: (n, h, w, C) uint8, at most 32 a side; not in the JSON.

    """

    trustworthiness: float = 0.0
    classes: tuple[str, ...] = ()
    labels: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    keys: tuple[str, ...] = ()
    picked: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    neighbours: tuple[tuple[int, ...], ...] = ()
    distances: tuple[tuple[float, ...], ...] = ()
    agreeing: float = 0.0
    apart: tuple[int, ...] = ()
    of: int = 0
    dimensions: int = 0
    components: int = 0
    thumbnails: Pixels = field(default_factory=lambda: np.zeros((0, 1, 1, 3), np.uint8), metadata={"key": None})


def embedding(model: ExplainedNet, data: LookData, target: Target, *, cache: DiskCache | None = None,
              on_progress: OnProgress | None = None) -> Embedding:
    """Map of at most 5,000 pictures of `data`, stratified beyond, by the features that the class scores are made of.

    A target's layer other than that of the scores is embedded itself; a volume of more than 4,096 numbers is averaged
    over its positions. The same bytes from the same machine. Raises `DataError` (`few_pictures` below ten,
    `features_alike` where all have the same) and `NetworkError` (`unknown_layer`).
    """
    model.check(target)
    layer = last_features(model) if target.layer == model.scores else target.layer
    count = len(data.pictures)
    if count < FEWEST:
        raise DataError("few_pictures", f"a map of the pictures of {shown(data.name)} was asked for",
                        allowed=f"{FEWEST} pictures or more are allowed", given=f"{count} were given",
                        do="Give a larger data set")
    picked = stratified_sample(data.pictures.labels, MOST, SEED)
    key = key_of(code_digest(CODE, ("numpy", "torch", "scikit-learn")), *identity_of(model, layer),
                 [data.digests[i] for i in picked])
    cache = DiskCache(cache_subfolder("look")) if cache is None else cache

    def compute() -> Stored:
        features = directions(features_at(model, layer, data, picked, on_progress))
        if not np.ptp(features, axis=0).any():
            raise DataError("features_alike", f"a map of the pictures of {shown(data.name)} was asked for",
                            allowed="features that differ are allowed",
                            given=f"{shown(layer)} is the same for all of them", do="Choose another layer")
        near, far = exact_neighbours(features, min(NEIGHBOURS, len(picked) - 1))
        reduced_to = principal_components(features, COMPONENTS)
        points = tsne(reduced_to)
        return ({"trust": trust(features, points), "dimensions": features.shape[1], "components": reduced_to.shape[1]},
                {"points": points, "neighbours": near, "distances": far})

    (settings, arrays), _ = cache.arrays("embedding", key, compute)
    labels = data.pictures.labels[picked]
    alike = labels[arrays["neighbours"]] == labels[:, None]
    trusted, agreeing = float(settings["trust"]), float(alike[:, 0].mean())
    which = f"all {count:,}" if len(picked) == count else f"{len(picked):,} of {count:,}, evenly over the classes,"
    evidence = (f"Pictures of {shown(data.name)} ({data.part}, {which}) near each other where {layer} is alike, by "
                f"t-SNE; trustworthiness {trusted:.3f} of 1: distances between groups, their sizes and shapes mean "
                "nothing, and only the listed neighbours are exact.")
    return Embedding(
        arrays["points"], "no units", evidence, layer=layer, trustworthiness=trusted, classes=data.pictures.classes,
        labels=labels, keys=tuple(data.keys[i] for i in picked), picked=picked,
        neighbours=tuple(map(tuple, arrays["neighbours"].tolist())),
        distances=tuple(map(tuple, arrays["distances"].tolist())), agreeing=agreeing,
        apart=tuple(np.flatnonzero(~alike.any(axis=1)).tolist()), of=count, dimensions=int(settings["dimensions"]),
        components=int(settings["components"]),
        thumbnails=np.stack([reduced(data.pictures.take(np.array([i]))[0], THUMBNAIL) for i in picked]))


def last_features(model: ExplainedNet) -> str:
    """The layer that the class scores are computed from: of a transfer its features, else what the last dense reads."""
    return model.net.output if model.head or not model.scored else cut(model.network).nodes[-1].name


def features_at(model: ExplainedNet, layer: str, data: LookData, picked: NDArray[np.int64],
                on_progress: OnProgress | None = None) -> NDArray[np.float32]:
    """The output of `layer` for the pictures `picked`, (n, D) float32: as it is, or averaged over its positions."""
    extractor, rows = extractor_of(model, layer), []
    wide = model.volume(layer).size > WIDEST
    for some in batches_of(model, layer, len(picked), on_progress):
        volume = outputs(model, layer, extractor, data.pictures.take(picked[some]))
        rows.append((volume.mean((2, 3)) if wide else volume.flatten(1)).cpu().numpy())
    return np.concatenate(rows)


def directions(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Features (n, D) with their mean taken out, each row of length 1."""
    return scaled(features, features.mean(axis=0))


def principal_components(features: NDArray[np.float32], most: int) -> NDArray[np.float32]:
    """The first `most` principal components of features (n, D), or all there are, (n, min(most, n − 1, D)) float32."""
    from sklearn.decomposition import PCA

    count, width = features.shape
    solver = "covariance_eigh" if count > width else "full"
    found = PCA(min(most, count - 1, width), svd_solver=solver).fit_transform(features.astype(np.float64))
    return np.asarray(found, np.float32)


def tsne(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Places (n, 2) float32 of vectors (n, D), by t-SNE from the first two components, with a fixed seed."""
    from sklearn.manifold import TSNE

    start = "pca" if vectors.shape[1] > 1 else "random"
    machine = TSNE(2, perplexity=min(PERPLEXITY, (len(vectors) - 1) / 3), init=start, learning_rate="auto",
                   random_state=SEED)
    return np.asarray(machine.fit_transform(vectors), np.float32)


def trust(features: NDArray[np.float32], points: NDArray[np.float32]) -> float:
    """Trustworthiness of the places (n, 2) of features (n, D), for 12 neighbours, or as many as it is defined for."""
    from sklearn.manifold import trustworthiness

    return float(trustworthiness(features, points, n_neighbors=min(TRUSTED, (len(points) - 1) // 2)))


def exact_neighbours(features: NDArray[np.float32], count: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The `count` nearest others of each row of features (n, D), (n, count) int64, and their Euclidean distances.

    Nearest first; of equally near ones the earlier. In float64.

    >>> exact_neighbours(np.float32([[0], [3], [1]]), 2)[0]
    array([[2, 1],
           [2, 0],
           [0, 1]])
    """
    wide = features.astype(np.float64)
    lengths = (wide * wide).sum(axis=1)
    near, far = [], []
    for first in range(0, len(wide), ROWS):
        own = np.arange(first, min(first + ROWS, len(wide)))
        squares = lengths[own, None] + lengths - 2 * (wide[own] @ wide.T)
        squares[np.arange(len(own)), own] = np.inf
        # Some more than are wanted, in the order of the data, and their distances without cancellation.
        some = np.sort(np.argsort(squares, axis=1, kind="stable")[:, : count + SPARE], axis=1)
        exact = np.stack([((wide[some[:, one]] - wide[own]) ** 2).sum(axis=1) for one in range(some.shape[1])], axis=1)
        exact[some == own[:, None]] = np.inf
        order = np.argsort(exact, axis=1, kind="stable")[:, :count]
        near.append(np.take_along_axis(some, order, 1))
        far.append(np.sqrt(np.take_along_axis(exact, order, 1)))
    return np.concatenate(near).astype(np.int64), np.concatenate(far).astype(np.float32)
