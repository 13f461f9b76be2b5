"""Trials of a selection: one training each, and their files, from which a stopped selection is resumed."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.core import atomic, bounded_text, model_file
from striate.ensemble.held_out import HeldOut
from striate.errors import RunError, StriateError, shown
from striate.load_model import load
from striate.model.recogniser import Recogniser

KIND = "trial"
# What is learnt and is not in a model file, but in the report.
REPORTED = ("history_", "reasons_", "stages_", "notes_", "seconds_")


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


@dataclass(frozen=True)
class TrialFolder:
    """Folder of the trials of one selection, inside the checkpoints of its run.

    `state.json` has the seconds spent and, by trial, the minutes that it was granted; a folder by trial has its
    model, its predictions and, while it is trained, its checkpoints.
    """

    path: Path

    @property
    def state(self) -> dict[str, Any]:
        """The state as it was saved last; empty before the first time. Raises `RunError` (`bad_settings`)."""
        path = self.path / "state.json"
        if not path.exists():
            return {}
        try:
            found = bounded_text.load_settings(path)
            if not isinstance(found, dict):
                raise ValueError("it does not describe a selection")
        except bounded_text.REFUSALS as error:
            raise RunError("bad_settings", f"{shown(path)} was to be resumed", given=shown(str(error)),
                           do="Start again in another folder with --out") from error
        return found

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
                    "predict_seconds": trial.predict_seconds, "reported": json.loads(json.dumps(reported)),
                    "held_out": trial.model.held_out_ is not None}
        arrays = {"positions": trial.positions, "probabilities": trial.probabilities}
        if trial.model.held_out_ is not None:
            arrays["indices"] = trial.model.held_out_[0]
        model_file.save(folder / "trial.safetensors", KIND, manifest, arrays)

    def load(self, label: str) -> Trial | None:
        """The trial saved under `label`; None if there is none, or if its files are damaged: it is then made again."""
        folder = self.path / label
        try:
            file = model_file.load(folder / "trial.safetensors")
            model = load(folder / "model.safetensors")
            manifest, arrays = file.manifest, file.arrays
            for name in REPORTED:
                if name in manifest["reported"]:
                    setattr(model, name, manifest["reported"][name])
            if manifest["held_out"]:
                model.held_out_ = arrays["indices"], arrays["probabilities"]
            return Trial(manifest["name"], model, manifest["full"], arrays["positions"], arrays["probabilities"],
                         manifest["trained_on"], manifest["seconds"], manifest["predict_seconds"])
        except (StriateError, KeyError):
            return None
