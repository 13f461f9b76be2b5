"""Trials of a selection: one training each, and their files, from which a stopped selection is resumed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.core import atomic, bounded_text, model_file
from striate.core.constraints import Boolean, Constraint, Each, Integer, Real, Text
from striate.core.result import json_values
from striate.ensemble.held_out import HeldOut
from striate.ensemble.member_kinds import MEMBER_KINDS
from striate.errors import RunError, StriateError, shown
from striate.load_model import load
from striate.model.recogniser import Recogniser
from striate.tasks.run_folder import COLUMNS

KIND = "trial"
# What is learnt and is not in a model file, but in the report.
REPORTED: Mapping[str, type] = {"history_": dict, "reasons_": str, "stages_": dict, "notes_": str, "seconds_": float}
ROWS: Mapping[str, tuple[str, ...]] = {"history_": COLUMNS, "stages_": ("stage", "what", "seconds")}  # what each has
FIELDS: Mapping[str, Constraint] = {
    "name": Text(), "full": Boolean(), "trained_on": Integer(1, 2**53), "seconds": Real(0), "predict_seconds": Real(0),
    "held_out": Boolean(),
}
MINUTES = Real(0, 1e6)
STATE: Mapping[str, Constraint] = {
    "spent": Real(0, 1e9), "readings": Each(Real(0, 1e9), least=0, most=10_000), "slow": Each(Text(), least=0),
}
EDGE = 1e-6  # by which a probability may miss 0 to 1


@dataclass(frozen=True, eq=False)
class Trial:
    """One training of a candidate.

    Attributes:
        name: of the candidate, as `--model` takes it.
        model: the recogniser.
        full: whether it was trained on all learnable pictures, with all the time that it was to have.
        positions: (m,) int64, the pictures of the selection's pack that it was not fitted on.
        probabilities: (m, K) float64 of those.
        trained_on: number of training pictures.
        seconds: of the training, with the predictions for `probabilities`.
        predict_seconds: for one picture, in a batch.

    """

    name: str
    model: Recogniser
    full: bool
    positions: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    trained_on: int
    seconds: float
    predict_seconds: float

    @property
    def held_out(self) -> HeldOut:
        """Positions and probabilities, as `striate.ensemble.held_out.in_common` takes them."""
        return self.positions, self.probabilities

    @property
    def pictures_per_second(self) -> float:
        """The speed of the fastest epoch of a network; 0 of another recogniser."""
        return max((row["pictures_per_second"] or 0.0 for row in getattr(self.model, "history_", ())), default=0.0)

    def right(self, labels: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of its pictures it recognised, (m,) bool; `labels` are those of the whole pack."""
        found: NDArray[np.bool_] = self.probabilities.argmax(axis=1) == labels[self.positions]
        return found

    def fits(self, classes: tuple[str, ...], count: int) -> bool:
        """Whether it can be a trial on a pack of `count` pictures of these classes."""
        positions, scores = self.positions, self.probabilities
        return (self.model.KIND in MEMBER_KINDS and self.model.classes_.tolist() == list(classes)
                and positions.dtype == np.int64 and positions.ndim == 1
                and len(np.unique(positions)) == positions.size > 0
                and 0 <= int(positions.min()) <= int(positions.max()) < count
                and scores.dtype == np.float64 and scores.shape == (len(positions), len(classes))
                and -EDGE <= float(scores.min()) <= float(scores.max()) <= 1 + EDGE)


@dataclass(frozen=True)
class TrialFolder:
    """Folder of the trials of one selection, inside the checkpoints of its run.

    `state.json` has the seconds spent and, by trial, the minutes that it was granted; a folder by trial has its
    model, its predictions and, while it is trained, its checkpoints. `pictures` is the fingerprint of their pack:
    positions in another mean other pictures.
    """

    path: Path
    pictures: str = ""

    @property
    def state(self) -> dict[str, Any]:
        """The state as it was saved last; empty before the first time. Raises `RunError` (`bad_settings`)."""
        path = self.path / "state.json"
        if not path.exists():
            return {}
        try:
            return state_from(bounded_text.load_settings(path))
        except bounded_text.REFUSALS as error:
            raise RunError("bad_settings", f"{shown(path)} was to be resumed", given=shown(str(error)),
                           do="Start again in another folder with --out") from error

    def update(self, **values: Any) -> None:
        """Save the state with these values changed."""
        atomic.make_folder(self.path)
        atomic.write_text(self.path / "state.json", json.dumps(self.state | values) + "\n")

    def of(self, name: str) -> Path:
        """The folder of one trial, made if it is not there."""
        folder = self.path / name
        atomic.make_folder(folder)
        return folder

    def remove(self) -> None:
        """Remove everything: the selection is finished."""
        shutil.rmtree(self.path, ignore_errors=True)

    def save(self, label: str, trial: Trial) -> None:
        """Save a trial under `label`; its predictions last, which are what says that it is complete."""
        folder = self.of(label)
        trial.model.save(folder / "model.safetensors")
        reported = {name: getattr(trial.model, name) for name in REPORTED if hasattr(trial.model, name)}
        manifest = {"name": trial.name, "full": trial.full, "trained_on": trial.trained_on, "seconds": trial.seconds,
                    "predict_seconds": trial.predict_seconds, "reported": json_values(reported),
                    "held_out": trial.model.held_out_ is not None, "pictures": self.pictures}
        arrays = {"positions": trial.positions, "probabilities": trial.probabilities}
        if trial.model.held_out_ is not None:
            arrays["indices"] = trial.model.held_out_[0]
        model_file.save(folder / "trial.safetensors", KIND, manifest, arrays)

    def load(self, label: str) -> Trial | None:
        """The trial saved under `label`; None, and made again, if none of `pictures` is there or it is damaged."""
        folder = self.path / label
        try:
            file = model_file.load(folder / "trial.safetensors")
            if file.manifest["pictures"] != self.pictures:
                return None
            model = load(folder / "model.safetensors")
            values: dict[str, Any] = {name: rule.read(file.manifest[name]) for name, rule in FIELDS.items()}
            for name, value in reported_from(file.manifest["reported"]).items():
                setattr(model, name, value)
            positions, probabilities = file.arrays["positions"], file.arrays["probabilities"]
            if values.pop("held_out"):
                model.held_out_ = file.arrays["indices"], probabilities
            return Trial(model=model, positions=positions, probabilities=probabilities, **values)
        except (StriateError, KeyError, ValueError, OverflowError):
            return None


def state_from(values: object) -> dict[str, Any]:
    """The state of a selection from its file; ValueError where it is none.

    >>> state_from({"spent": 2.5, "granted": {"compact": None}})
    {'spent': 2.5, 'granted': {'compact': None}}
    """
    try:
        if not isinstance(values, dict) or not isinstance(granted := values.get("granted", {}), dict):
            raise ValueError
        found = {name: list(rule.read(values[name])) if isinstance(rule, Each) else rule.read(values[name])
                 for name, rule in STATE.items() if name in values}
        minutes = {label: None if value is None else MINUTES.read(value) for label, value in granted.items()}
    except (ValueError, OverflowError) as error:
        raise ValueError("it does not describe a selection") from error
    return found | ({"granted": minutes} if "granted" in values else {})


def reported_from(values: object) -> dict[str, Any]:
    """What a model file leaves out, for the report; ValueError where it is of other types."""
    if not isinstance(values, dict):
        raise ValueError("it has no report")
    found = {name: value for name, value in values.items() if name in REPORTED}
    for name, value in found.items():
        kind = REPORTED[name]
        if kind is float:
            Real(0).read(value)
        elif not isinstance(value, list) or any(type(item) is not kind for item in value):
            raise ValueError(f"{name} is of another type")
        elif name in ROWS and any(set(ROWS[name]) - row.keys() for row in value):
            raise ValueError(f"{name} has rows without {', '.join(ROWS[name])}")
    return found
