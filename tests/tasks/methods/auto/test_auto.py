"""`--model auto`, from pictures to report: real trainings of few small pictures."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from striate import load
from striate.convnet.distributed import ProcessGroup
from striate.data import Dataset, load_data
from striate.errors import Interrupted, UsageError
from striate.tasks import Progress, RunFolder, Settings, train_model
from striate.tasks.methods import method_for
from striate.tasks.methods.auto.budget import Clock
from striate.tasks.methods.auto.sampling import sampled, stratified
from striate.tasks.methods.auto.trainer import Trainer
from striate.tasks.methods.auto.trial import TrialFolder
from tests.convnet.pretrained.small import saved_pictures

BRIEF = {"minutes": 0.15}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of 60 pictures of two classes."""
    monkeypatch.setenv("STRIATE_CACHE", str(tmp_path / "cache"))
    return saved_pictures(tmp_path / "pictures", 60)


def test_it_selects_and_tells_of_every_candidate(folder: Path, tmp_path: Path) -> None:
    said: list[str] = []
    run = RunFolder(tmp_path / "run")
    result = train_model(Settings(str(folder), "auto", recipe=BRIEF), run, Progress(message=said.append))
    assert result.selection is not None
    rows = {row.name: row for row in result.selection.candidates}
    assert set(rows) >= {"transfer", "knn", "bow-fisher", "compact", "finetune"}
    assert [row.outcome for row in rows.values()].count("chosen") == 1
    assert result.test is not None
    assert result.test.accuracy == 1
    assert any(line.startswith("transfer: 100.0% of ") for line in said)
    assert load(run.model).score(load_data(str(folder), size=result.data.size[:2]).test) == 1  # type: ignore[index]
    assert not run.checkpoints.exists()
    assert json.loads((run.path / "report.json").read_text())["selection"]["budget_seconds"] == 9


def test_no_test_picture_is_read_before_all_is_chosen(folder: Path, tmp_path: Path,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    data, read = load_data(str(folder)), []
    take = Dataset.take

    def watched(self: Dataset, indices: ArrayLike) -> NDArray[np.uint8]:
        read.extend(self.pictures.keys[i] for i in self.indices[np.asarray(indices)])
        return take(self, indices)

    monkeypatch.setattr(Dataset, "take", watched)
    run = RunFolder(tmp_path / "run")
    run.path.mkdir()
    data.split.save(run.split)
    method: Any = method_for(Settings(str(folder), "auto", recipe={"minutes": 0.02}))
    method.train(data, run, Progress(), bool)
    method.trainer.network("compact", minutes=0.02, full=True)  # whatever the time was enough for
    assert set(data.train.keys) | set(data.validation.keys) == set(read)
    assert len(data.test) > 0


@pytest.mark.parametrize("after", [1, 2])
def test_it_is_resumed_after_a_candidate_and_trains_nothing_twice(folder: Path, tmp_path: Path, after: int,
                                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(str(folder), "auto", recipe=BRIEF)
    stored, count = Trainer._stored, []

    def stopping(self: Trainer, label: str, trial: object) -> object:
        found = stored(self, label, trial)  # type: ignore[arg-type]
        count.append(label)
        if len(count) == after:
            raise Interrupted("interrupted", "training was stopped")
        return found

    monkeypatch.setattr(Trainer, "_stored", stopping)
    run = RunFolder(tmp_path / "run")
    with pytest.raises(Interrupted):
        train_model(settings, run, Progress())
    before = list(count)
    train_model(settings, run, Progress(), resume=True)
    assert not set(before) & set(count[len(before):])  # nothing is trained twice
    assert len(count) == len(set(count))
    result = json.loads((run.path / "report.json").read_text())["selection"]
    assert result["chosen"] in ("transfer", "knn", "bow-fisher", "compact")


def test_a_run_that_is_resumed_late_decides_as_it_had_begun_to(tmp_path: Path) -> None:
    trials = TrialFolder(tmp_path / "trials")
    clock = Clock(60)
    first = clock.left()
    trials.update(spent=59.0, readings=clock.readings)
    again = Clock(60, trials.state["spent"], trials.state["readings"])
    assert again.left() == first
    assert again.left() == 0


def test_a_damaged_trial_is_made_again(folder: Path, tmp_path: Path) -> None:
    trials = TrialFolder(tmp_path / "trials")
    trials.of("knn")
    (tmp_path / "trials" / "knn" / "trial.safetensors").write_bytes(b"nonsense")
    assert trials.load("knn") is None
    assert trials.load("transfer") is None


def test_others_wait_and_rank_0_trains_alone(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    worlds = []
    stagewise = Trainer._stagewise

    def watched(self: Trainer, *words: object, **options: object) -> object:
        worlds.append(self._silent.group.world_size)
        return stagewise(self, *words, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Trainer, "_stagewise", watched)
    group = ProcessGroup()
    object.__setattr__(group, "info", replace(group.info, world_size=2))
    method = method_for(Settings(str(folder), "auto", recipe={"minutes": 0.02}))
    data = load_data(str(folder))
    run = RunFolder(tmp_path / "run")
    run.path.mkdir()
    data.split.save(run.split)
    method.train(data, run, Progress(group=group), bool)
    assert set(worlds) == {1}


@pytest.mark.parametrize("recipe", [{"epochs": 3}, {"learning_rate": 0.1}, {"mixup": 0.2}])
def test_settings_of_one_kind_are_refused_with_the_name_to_give(recipe: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="name the network, such as --model compact") as caught:
        method_for(Settings("digits", "auto", recipe=recipe))
    assert caught.value.code == "option_without_use"


def test_a_sample_has_every_class_and_the_pixels_of_a_pack(folder: Path, tmp_path: Path) -> None:
    data = load_data(str(folder))
    chosen = stratified(data.pictures.labels, 20, seed=0)
    assert np.bincount(data.pictures.labels[chosen]).min() == 10
    for arguments in ({"size": (24, 20), "channels": 1}, {"size": None, "channels": None, "usual": (100, 100)}):
        some = sampled(data, chosen, arguments, "squash")
        whole = load_data(str(folder), **arguments)  # type: ignore[arg-type]
        assert some is not None
        assert np.array_equal(some.train.images, whole.pictures.images[chosen])
        assert some.train.keys == [whole.pictures.keys[i] for i in chosen]


def test_a_sample_of_photographs_is_decoded_again(folder: Path) -> None:
    data = load_data(str(folder), size=(80, 80))  # as photographs are packed: not in their own size
    some = sampled(data, np.arange(5), {"size": (24, 24), "channels": 3}, "squash")
    whole = load_data(str(folder), size=(24, 24), channels=3)
    assert some is not None
    assert np.array_equal(some.train.images, whole.pictures.images[:5])
    assert sampled(replace(data, root=None), np.arange(5), {"size": (24, 24)}, "squash") is None
