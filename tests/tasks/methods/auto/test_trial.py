"""Files of a stopped selection that are not what it has written: refused, or the trial is made again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from striate.core import model_file
from striate.errors import RunError
from striate.tasks.methods.auto.trial import KIND, Trial, TrialFolder, state_from
from tests.bow.small import labels, pictures
from tests.ensemble.small import together, words

CLASSES = ("across", "down")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[TrialFolder, Trial]:
    model = words().fit(pictures(), labels())
    assert model.held_out_ is not None
    indices, scores = model.held_out_
    trial = Trial("bow-fisher", model, True, indices, scores, len(indices), 1.5, 0.01)
    folder = TrialFolder(tmp_path_factory.mktemp("trials"))
    folder.save("bow-fisher", trial)
    return folder, trial


def changed(folder: TrialFolder, to: Path, fields: dict[str, Any], arrays: dict[str, Any]) -> TrialFolder:
    """A copy of the trial in `folder` with these fields and arrays in place of its own; None leaves one out."""
    file = model_file.load(folder.path / "bow-fisher" / "trial.safetensors")
    own = {key: value for key, value in file.manifest.items() if key not in ("format", "version", "sha256", "striate")}
    whole = [{key: value for key, value in (old | new).items() if value is not KeyError}
             for old, new in ((own, fields), (file.arrays, arrays))]
    copy = TrialFolder(to)
    model_file.save(copy.of("bow-fisher") / "trial.safetensors", KIND, *whole)
    model = (folder.path / "bow-fisher" / "model.safetensors").read_bytes()
    (to / "bow-fisher" / "model.safetensors").write_bytes(model)
    return copy


def test_a_trial_is_read_as_it_was_saved(saved: tuple[TrialFolder, Trial]) -> None:
    folder, trial = saved
    found = folder.load("bow-fisher")
    assert found is not None
    assert (found.name, found.full, found.trained_on, found.seconds, found.predict_seconds) == (
        "bow-fisher", True, trial.trained_on, 1.5, 0.01)
    assert np.array_equal(found.positions, trial.positions)
    assert np.array_equal(found.probabilities, trial.probabilities)
    assert found.model.stages_ == list(trial.model.stages_)
    assert found.fits(CLASSES, len(labels()))


def test_a_trial_of_a_folder_that_has_changed_since_is_made_again(saved: tuple[TrialFolder, Trial]) -> None:
    folder, _ = saved
    assert TrialFolder(folder.path, "another pack").load("bow-fisher") is None


@pytest.mark.parametrize("fields", [
    {"name": 5}, {"name": KeyError}, {"full": "x"}, {"trained_on": 0}, {"trained_on": "x"}, {"trained_on": 10**400},
    {"seconds": "x"}, {"seconds": -1.0}, {"predict_seconds": None}, {"held_out": "x"}, {"reported": 3},
    {"reported": "notes_"}, {"reported": {"notes_": 5}}, {"reported": {"notes_": [5]}}, {"reported": {"stages_": [{}]}},
    {"reported": {"history_": [1]}}, {"reported": {"history_": [{"epoch": 1}]}}, {"reported": {"seconds_": "x"}}])
def test_a_trial_with_fields_of_other_types_is_made_again(saved: tuple[TrialFolder, Trial], tmp_path: Path,
                                                         fields: dict[str, Any]) -> None:
    assert changed(saved[0], tmp_path, fields, {}).load("bow-fisher") is None


@pytest.mark.parametrize("name", ["positions", "probabilities", "indices"])
def test_a_trial_without_one_of_its_arrays_is_made_again(saved: tuple[TrialFolder, Trial], tmp_path: Path,
                                                        name: str) -> None:
    assert changed(saved[0], tmp_path, {}, {name: KeyError}).load("bow-fisher") is None


@pytest.mark.parametrize(("name", "change"), [
    ("positions", lambda a: a + 1_000_000), ("positions", lambda a: a - 1_000_000), ("positions", lambda a: a * 0),
    ("positions", lambda a: a.astype(np.float64)), ("positions", lambda a: a[:, None]), ("positions", lambda a: a[:0]),
    ("positions", lambda a: a[:3]), ("probabilities", lambda a: a[:, :1]), ("probabilities", lambda a: a[:3]),
    ("probabilities", lambda a: a.astype(np.float32)), ("probabilities", lambda a: a * 1e300),
    ("probabilities", lambda a: -a)])
def test_a_trial_of_other_pictures_does_not_fit(saved: tuple[TrialFolder, Trial], tmp_path: Path, name: str,
                                               change: Callable[[Any], Any]) -> None:
    folder, trial = saved
    found = changed(folder, tmp_path, {}, {name: change(getattr(trial, name))}).load("bow-fisher")
    assert found is not None
    assert not found.fits(CLASSES, len(labels()))


def test_a_model_of_other_classes_or_an_ensemble_does_not_fit(saved: tuple[TrialFolder, Trial], tmp_path: Path) -> None:
    folder, trial = saved
    assert not trial.fits(("across", "up"), len(labels()))
    assert not trial.fits((*CLASSES, "up"), len(labels()))
    copy = changed(folder, tmp_path, {}, {})
    together().save(tmp_path / "bow-fisher" / "model.safetensors")
    found = copy.load("bow-fisher")
    assert found is not None
    assert not found.fits(CLASSES, len(labels()))


@pytest.mark.parametrize("text", [
    "[]", "", "[" * 5_000, '{"spent": "x"}', '{"spent": .inf}', '{"spent": .nan}', '{"spent": -1}', '{"spent": null}',
    '{"spent": 1' + "0" * 400 + "}", '{"readings": "abc"}', '{"readings": [.inf]}', '{"readings": [-1]}',
    '{"readings": {"a": 1}}', '{"readings": null}', '{"granted": []}', '{"granted": {"compact": "x"}}',
    '{"granted": {"compact": .nan}}', '{"granted": null}', '{"slow": 5}', '{"slow": null}', '{"slow": [[]]}'])
def test_a_state_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "state.json").write_text(text)
    with pytest.raises(RunError, match=r"state\.json was to be resumed") as caught:
        _ = TrialFolder(tmp_path).state
    assert caught.value.code == "bad_settings"


def test_a_state_is_read_as_it_was_saved(tmp_path: Path) -> None:
    state = {"spent": 1.5, "readings": [2.5, 0.0], "granted": {"compact": None, "finetune": 0.5}, "slow": ["knn"]}
    TrialFolder(tmp_path).update(**state)
    assert TrialFolder(tmp_path).state == state
    assert state_from({}) == {}
