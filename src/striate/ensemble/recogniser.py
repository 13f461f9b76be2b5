"""Ensemble: several recognisers, hand-crafted and learnt, as one: the pool of their calibrated probabilities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from striate.core.constraints import Integer, OneOf, Real, Text, Unfit, quoted
from striate.core.estimator import check_is_fitted
from striate.core.model_file import Arrays, ModelFile, joined, parted
from striate.core.params import Refusal, check_params, stored
from striate.ensemble.held_out import held_out, in_common, refuse_few
from striate.ensemble.joint_preparation import joint_preparation, shared_resize
from striate.ensemble.member_kinds import MEMBER_KINDS, class_named
from striate.ensemble.opinion_pool import pooled
from striate.ensemble.weights import COLDEST, HOTTEST, Weighting, cross_validated_weights
from striate.errors import UsageError, shown
from striate.model.preprocessing import LabelledPictures, Preprocessing
from striate.model.recogniser import Recogniser, manifest_of, no_confidence, pictures_of, restored_classes, training_set

MOST_MEMBERS = 8
BATCH = 64 << 20  # bytes of pictures that are held at a time
LONGEST = 200  # characters of a member's name
MEMBERS = Refusal("bad_members", "an ensemble of recognisers was asked for", "Give pairs of a name and a recogniser")


@dataclass(frozen=True)
class DifferentMembers:
    """Constraint of the members of an ensemble: some, each with a name of its own, of the kinds in `MEMBER_KINDS`."""

    allowed: str = f"1 to {MOST_MEMBERS} recognisers with different names, none an ensemble, are allowed"

    def read(self, value: Any) -> list[tuple[str, Recogniser]]:
        """The members as a list."""
        members = [(name, member) for name, member in value]
        if not 1 <= len(members) <= MOST_MEMBERS:
            raise Unfit(given=f"{len(members)} were given")
        for number, (name, member) in enumerate(members):
            if not isinstance(name, str) or not 0 < len(name) <= LONGEST:
                raise Unfit(given=f"the name {quoted(name)} was given")
            if name in [earlier for earlier, _ in members[:number]]:
                raise Unfit(given=f"{shown(name)} was given twice")
            if not isinstance(member, Recogniser) or member.KIND not in MEMBER_KINDS:
                raise Unfit(given=f"{shown(name)} is a {type(member).__name__} object")
        return members


class Ensemble(Recogniser):
    """Several recognisers as one: their probabilities are pooled, each with a power found on held-out pictures.

    Args:
        members: (name, recogniser), 1 to 8, with different names; of the kinds in `MEMBER_KINDS`.
        seed: of the folds on which weights are found, and of the part that is held out for members without folds.

    Learnt: `classes_`; `members_`, the fitted recognisers by name, those with weight only; `weights_` (M,), which sum
    to 1, in their order; `temperature_` of the pool (see `striate.ensemble.opinion_pool`); `held_out_`.

    Members read what the ensemble reads, resized once more where their size is another. So they are best fitted on the
    same packed pictures: then what they predict from is what they were fitted on. `fit` does that. Of members that were
    fitted apart, `of` takes the largest sides; on photographs that changes one label in several hundred.

    Limits: a member without held-out probabilities, as a network is, is fitted twice. All members are in memory.

    >>> from striate.bow.recogniser import BagOfWords
    >>> from striate.bow.encoders import Hard
    >>> grid = np.indices((32, 32))                                          # two classes: lines across, lines down
    >>> pictures = np.stack([(grid[i % 2] // 4 + i) % 2 * 200 for i in range(16)]).astype(np.uint8)
    >>> words = [(f"{count} words", BagOfWords(encoder=Hard(count), sample=2000)) for count in (4, 8)]
    >>> model = Ensemble(words).fit(pictures, ["across", "down"] * 8)
    >>> model.predict(pictures[:3]), float(model.weights_.sum())
    (array(['across', 'down', 'across'], dtype='<U6'), 1.0)

    """

    KIND = "ensemble"
    REFUSAL = Refusal("impossible_value", "an ensemble with {name} was asked for", "Leave {name} out for the default")
    LEARNS_FROM_VALIDATION = True

    def __init__(self, members: Annotated[Sequence[tuple[str, Recogniser]], DifferentMembers(), MEMBERS], *,
                 seed: Annotated[int, Integer(0, 2**32 - 1)] = 0) -> None:
        self.members, self.seed = members, seed

    @classmethod
    def of(cls, members: Mapping[str, Recogniser], weighting: Weighting, *,
           preparation: Preprocessing | None = None) -> Self:
        """The ensemble of members that are fitted already; those of weight 0 are left out.

        Args:
            members: by name, in the order of the weights.
            weighting: from `cross_validated_weights`.
            preparation: of the pictures that the members were fitted on, before each resized them; None is the largest
                height and width and the most channels of the members.

        Raises `UsageError` (`bad_members`, `members_differ`).

        """
        model = cls(list(members.items()))
        found = check_params(model)["members"]
        model.held_out_ = None
        return model._take(found, weighting, preparation)

    def fit(self, X: Any, y: ArrayLike | None = None) -> Self:
        """Fit copies of the members on pictures `X`, (N, H, W[, C]) uint8 with labels `y` (N,), or on a `Dataset`."""
        from sklearn.base import clone  # here, because it takes half a second that predicting need not wait for

        params = check_params(self)
        pictures, labels, classes = training_set(X, y)
        named = tuple(classes.tolist())
        members = [(name, clone(member).fit(X, y)) for name, member in params["members"]]
        found = [held_out(member, pictures, labels, named, params["seed"]) for _, member in members]
        indices, probabilities = in_common(found)
        refuse_few(indices)
        weighting = cross_validated_weights(labels[indices], probabilities, params["seed"])
        first = pictures.take(np.zeros(1, np.int64)) if isinstance(pictures, LabelledPictures) else pictures[:1]
        self.held_out_ = indices, weighting.held_out
        return self._take(members, weighting, Preprocessing(first.shape[1:3], first.shape[3], shared_resize(members)))

    def _take(self, members: Sequence[tuple[str, Recogniser]], weighting: Weighting,
              preparation: Preprocessing | None) -> Self:
        """Take over those of the fitted members that have a weight."""
        weights = np.asarray(weighting.weights, np.float64)
        self.members_ = {name: member for (name, member), weight in zip(members, weights, strict=True) if weight > 0}
        self.weights_, self.temperature_ = weights[weights > 0], float(weighting.temperature)
        first, *others = self.members_.values()
        for one in others:
            if not np.array_equal(one.classes_, first.classes_):
                raise UsageError("members_differ", "recognisers were to be members of one ensemble",
                                 allowed="those of the same classes in the same order are allowed",
                                 given=f"they know {len(first.classes_):,} and {len(one.classes_):,} classes, "
                                       "which are not the same",
                                 do="Fit them on the same pictures")
        self.classes_ = first.classes_
        self.notes_ = [f"{name}: {note}" for name, one in self.members_.items() for note in getattr(one, "notes_", ())]
        self.preparation_ = preparation or joint_preparation(list(self.members_.items()))
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Class probabilities, (N, K) float64, rows sum to 1; a data set is read in batches, for each member."""
        check_is_fitted(self, "members_")
        return pooled(list(self.member_probabilities(X).values()), self.weights_, self.temperature_)

    @property
    def has_confidence(self) -> bool:
        """Whether one of its members can tell how known a picture is."""
        return any(member.has_confidence for member in self.members_.values())

    def predict_with_confidence(self, X: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Class probabilities (N, K), and how known each picture is to the member of the most weight that can tell."""
        check_is_fitted(self, "members_")
        able = [name for name, member in self.members_.items() if member.has_confidence]
        if not able:
            raise no_confidence()
        chosen = max(able, key=dict(zip(self.members_, self.weights_, strict=True)).__getitem__)
        scores, confidence = [], []
        for pictures in self._batches(X):
            said = {name: member.predict_proba(pictures) for name, member in self.members_.items() if name != chosen}
            said[chosen], known = self.members_[chosen].predict_with_confidence(pictures)
            scores.append(pooled([said[name] for name in self.members_], self.weights_, self.temperature_))
            confidence.append(known)
        return np.concatenate(scores), np.concatenate(confidence)

    def member_probabilities(self, X: Any) -> dict[str, NDArray[np.float64]]:
        """What each member says of pictures `X` by itself: by name, class probabilities (N, K) float64."""
        check_is_fitted(self, "members_")
        found: dict[str, list[NDArray[np.float64]]] = {name: [] for name in self.members_}
        for pictures in self._batches(X):
            for name, member in self.members_.items():
                found[name].append(member.predict_proba(pictures))
        return {name: np.concatenate(parts) for name, parts in found.items()}

    def _batches(self, X: Any) -> Iterator[LabelledPictures]:
        """Data sets of the pictures as the members read them, of about `BATCH` bytes each."""
        pictures = pictures_of(X)
        size = max(1, BATCH // (self.preparation_.size[0] * self.preparation_.size[1] * self.preparation_.channels))
        for start in range(0, len(pictures), size):
            batch = np.arange(start, min(start + size, len(pictures)))
            taken = pictures.take(batch) if isinstance(pictures, LabelledPictures) else pictures[batch]
            yield self.preparation_.apply(taken)

    def describe_training(self) -> str:
        """The members with their weights."""
        return " and ".join(f"{name} (weight {weight:.2f})"
                            for name, weight in zip(self.members_, self.weights_.tolist(), strict=True))

    def to_file(self) -> tuple[dict[str, Any], Arrays]:
        """Manifest and arrays: those of each member, under its number."""
        members, parts = [], {}
        for number, (name, member) in enumerate(self.members_.items()):
            manifest, parts[str(number)] = member.to_file()
            members.append({"name": name, "kind": member.KIND, "weight": float(self.weights_[number]),
                            "manifest": manifest})
        return {"preparation": self.preparation_.as_dict(), "members": members, "temperature": self.temperature_,
                "training": {"seed": int(self.seed), "numpy": np.__version__}}, joined(parts)

    @classmethod
    def from_file(cls, file: ModelFile, path: Path) -> Self:
        """The recogniser in `file`; raises `ModelFileError` (`bad_manifest`), of its members, too."""
        with manifest_of(path, "an ensemble"):
            rows, parts = file.manifest["members"], parted(file.arrays)
            if not isinstance(rows, list) or not 1 <= len(rows) <= MOST_MEMBERS:
                raise ValueError(f"it must have 1 to {MOST_MEMBERS} members")
            if not set(parts) <= set(map(str, range(len(rows)))):
                raise ValueError("its arrays must belong to its members")
            read = [stored(cls, row, name=Text(), kind=OneOf(*MEMBER_KINDS), weight=Real(0, 1)) for row in rows]
            classes = restored_classes(file.manifest["classes"])
            inner = [ModelFile({**row["manifest"], "classes": classes.tolist()}, parts.get(str(number), {}))
                     for number, row in enumerate(rows)]
            weights = np.array([row["weight"] for row in read])
            if weights.min() <= 0 or abs(weights.sum() - 1) > 1e-9:
                raise ValueError("its weights must be above 0 and sum to 1")
            temperature = stored(cls, file.manifest, temperature=Real(COLDEST, HOTTEST))["temperature"]
            preparation = Preprocessing.from_dict(file.manifest["preparation"])
            seed = stored(cls, file.manifest["training"], "seed")["seed"]
        members = [(row["name"], class_named(MEMBER_KINDS[row["kind"]]).from_file(one, path))
                   for row, one in zip(read, inner, strict=True)]
        model = cls(members, seed=seed)
        with manifest_of(path, "an ensemble"):
            check_params(model)
        model.members_, model.weights_, model.temperature_ = dict(members), weights, temperature
        model.classes_, model.preparation_ = classes, preparation
        model.held_out_ = None
        return model
