"""`striate train --try`: settings tried on training and validation pictures, never on the test's."""

import json
import shlex
from pathlib import Path

import numpy as np
import pytest
import yaml

from striate.data import Data, Dataset, load_data
from striate.tasks import Progress, RunFolder, Settings
from striate.tasks.tune import nearby_rates, share_of, try_folder, try_settings, tune
from tests.cli.conftest import Program, answer, striate  # noqa: F401 - a fixture

SHORT = ("train", "digits", "--model", "lenet5", "--try", "--try-seconds", "0.6", "--optimiser", "sgd")


def test_from_end_to_end(striate: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    def refuse(_: Data) -> Dataset:
        raise AssertionError("the test pictures were looked at")

    with monkeypatch.context() as patch:
        patch.setattr("striate.tasks.tune.announce", lambda *_: None)  # it counts them
        patch.setattr(Data, "require_trainable", lambda _: None)  # so does this
        patch.setattr(Data, "test", property(refuse))
        facts = answer(striate(*SHORT, "--json", "--seed", "5", "--no-flip"))
    folder = tmp_path / "runs" / "digits-lenet5-try"
    assert {path.name for path in folder.iterdir()} == {"report.html", "report.json", "try.png", "recipe.yaml", ".lock"}
    rows = facts["candidates"]
    assert {row["why"] for row in rows} <= {"preset", "÷ 3", "× 3", "found"}
    assert {"preset", "÷ 3", "× 3"} <= {row["why"] for row in rows}
    assert all(row["optimiser"] == "sgd" for row in rows)
    preset = next(row["learning_rate"] for row in rows if row["why"] == "preset")
    assert next(row["learning_rate"] for row in rows if row["why"] == "× 3") == pytest.approx(3 * preset, rel=0.05)
    accuracies = [row["accuracy"] for row in rows]
    assert accuracies == sorted(accuracies, reverse=True)
    assert facts["alike"] == sum(accuracy >= rows[0]["interval"][0] for accuracy in accuracies[1:])
    assert facts["data"]["counts"] == facts["data"]["of"] == {"train": 1259, "validation": 179}
    words = shlex.split(facts["next"])
    assert words == ["striate", "train", "digits", "--model", "lenet5", "--seed", "5", "--no-flip",
                     "--optimiser", "sgd", "--learning-rate", f"{rows[0]['learning_rate']:g}"]
    assert json.loads((folder / "report.json").read_text())["candidates"] == rows
    assert (folder / "try.png").read_bytes().startswith(b"\x89PNG")
    assert yaml.safe_load((folder / "recipe.yaml").read_text())["planned"]["learning_rate"] == rows[0]["learning_rate"]
    page = (folder / "report.html").read_text()
    assert facts["next"] in page
    assert 'class="chart tried"' in page
    assert 'class="chart ranges"' in page
    assert striate("train", "digits", "--resume", "--out", folder).returncode == 2  # it is finished


def test_for_people_and_a_folder_of_its_own(striate: Program, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "runs" / "digits-lenet5-try").mkdir(parents=True)
    (tmp_path / "runs" / "digits-lenet5-try" / "recipe.yaml").write_text("")
    done = striate(*SHORT, "--learning-rate", "0.05")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["optimiser", "learning", "rate", "validation", "95", "%", "epochs"]
    assert any("0.05" in line and "given" in line for line in lines)
    assert lines[-1].startswith("next    striate train digits --model lenet5 --optimiser sgd --learning-rate ")
    assert "report  runs/digits-lenet5-try-2/report.html" in lines


def test_a_rate_that_diverges_is_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("striate.tasks.tune.nearby_rates", lambda *_: [(0.05, "× 3")])
    settings = Settings("digits", "lenet5", recipe={"optimiser": "sgd", "learning_rate": 1e6})
    said: list[str] = []
    facts = try_settings(settings, RunFolder(tmp_path / "run"), Progress(message=said.append), again=["go"], seconds=2)
    assert [row.learning_rate for row in facts.candidates] == [0.05, 1e6]
    assert facts.candidates[1].accuracy is None
    assert facts.next == "go --optimiser sgd --learning-rate 0.05"
    assert "sgd, learning rate 1e+06 (given): the loss diverged" in said


def test_a_share_of_the_pictures_keeps_every_class() -> None:
    whole = load_data("digits").train
    common, few = (whole.indices[whole.labels == label] for label in (3, 5))
    rare = Dataset(whole.pictures, np.concatenate([common, few[:2]]))
    share = share_of(rare, 20, 0)
    assert len(share) == 20
    assert np.bincount(share.labels).tolist()[3::2] == [19, 1]
    assert set(share.indices) <= set(rare.indices)
    assert list(share.indices) == list(share_of(rare, 20, 0).indices)
    assert list(share.indices) != list(share_of(rare, 20, 1).indices)
    assert share_of(rare, 1000, 0) is rare


def test_rates_around() -> None:
    assert [rate for rate, _ in nearby_rates(0.003, 0.01)] == [0.001, 0.009]  # 0.01 is nearly 0.009
    assert list(nearby_rates(0.003, None)) == [(0.001, "÷ 3"), (0.009, "× 3")]
    assert list(nearby_rates(None, None)) == []


def test_a_folder_that_is_named(tmp_path: Path) -> None:
    assert try_folder(tmp_path / "here", "digits", "compact").path == tmp_path / "here"


def test_without_a_model_it_is_compact_and_the_next_command_says_so(tmp_path: Path,
                                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[Settings, list[str]]] = []
    monkeypatch.setattr("striate.tasks.tune.try_settings",
                        lambda settings, *_, again, **__: given.append((settings, list(again))))
    tune("digits", out=tmp_path, again=["striate", "train", "digits"])
    tune("digits", out=tmp_path, again=["go"], model="lenet5")
    tune("digits", out=tmp_path, again=["go"], weights="efficientnet_lite0")
    tune("digits", out=tmp_path)
    assert [settings.model for settings, _ in given] == ["compact", "lenet5", "finetune", "compact"]
    assert [again for _, again in given] == [["striate", "train", "digits", "--model", "compact"], ["go"], ["go"], []]
