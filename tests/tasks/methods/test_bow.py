"""A bag of words by the same commands as a network: trained, stopped, taken up again, measured, asked and looked at."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from striate import load
from striate.bow.recogniser import BagOfWords
from striate.bow.sift import DenseSIFT
from striate.errors import Interrupted
from striate.tasks import Progress, RunFolder, Settings, train_model
from striate.tasks.evaluate import evaluate
from tests.cli.conftest import Program, answer, folder, striate  # noqa: F401 - fixtures

STAGES = """sift: {bin_sizes: [2, 3], step: 6}
encoder: {hard: {words: 12, iterations: 5}}
"""
FILES = {"recipe.yaml", "split.json", "model.safetensors", "report.html", "report.json", ".lock"}


@pytest.fixture
def stages(tmp_path: Path) -> Path:
    path = tmp_path / "few words.yaml"
    path.write_text(STAGES)
    return path


def train(path: Path, stages: Path, *, resume: bool = False, progress: Progress | None = None) -> bytes:
    settings = Settings("digits", str(stages), recipe={"seed": 3})
    train_model(settings, RunFolder(path), progress or Progress(), resume=resume)
    return (path / "model.safetensors").read_bytes()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The model of a run that nobody stopped."""
    path = tmp_path_factory.mktemp("whole")
    (path / "few words.yaml").write_text(STAGES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STRIATE_CACHE", str(path / "cache"))
        return train(path / "run", path / "few words.yaml")


def test_train_evaluate_predict_and_look(
    striate: Program, folder: Path, stages: Path, tmp_path: Path  # noqa: F811 - fixtures
) -> None:
    result = answer(striate("train", folder, "--model", stages, "--seed", "1", "--json", "--out", "run"))
    assert {path.name for path in (tmp_path / "run").iterdir()} == FILES
    assert [row["stage"] for row in result["stages"]["rows"]] == ["dense SIFT", "words", "features", "classifier"]
    parts = json.loads((tmp_path / "run" / "split.json").read_text())["parts"]
    learnt = len(parts["train"]) + len(parts["validation"])
    assert result["cross_validated"]
    assert result["validation"]["count"] == learnt  # by machines that had not seen them
    assert result["test"]["count"] == len(parts["test"])
    page = (tmp_path / "run" / "report.html").read_text()
    assert f"{learnt} training and validation pictures, each classified by cross-validation" in page
    assert "of their mirror images" in page
    measured = answer(striate("evaluate", "run/model.safetensors", folder, "--json"))
    assert [measured["part"], measured["accuracy"]] == ["test", result["test"]["accuracy"]]
    measured = answer(striate("evaluate", "run/model.safetensors", folder, "--part", "validation", "--json"))
    assert "are also fitted on the validation part" in " ".join(measured["notes"])
    picture = next((folder / "digit 0").glob("*.png"))
    good = answer(striate("predict", "run/model.safetensors", picture, "--json"))[0]
    looked = answer(striate("look", "run/model.safetensors", "--picture", picture, "--json"))
    assert looked["class"] == good["class"]
    assert looked["probability"] == pytest.approx(good["probability"])
    assert (tmp_path / "run" / "look.html").exists()


def test_the_model_file_is_what_its_parts_are(stages: Path, tmp_path: Path, whole: bytes) -> None:
    assert train(tmp_path / "a", stages) == whole
    model = load(tmp_path / "a" / "model.safetensors")
    assert isinstance(model, BagOfWords)
    assert model.pipeline_.description.encoder.words_.shape == (12, 128)
    assert not model.flip_  # digits: classes of one character
    with_mirrors = evaluate(tmp_path / "a" / "model.safetensors", "digits")
    assert with_mirrors.accuracy > 0.8


@pytest.mark.parametrize("stage", ["descriptors to learn words from", "features", "classifier"])
def test_f02_stopped_in_a_stage_it_ends_in_the_same_bytes(stage: str, stages: Path, tmp_path: Path,
                                                          monkeypatch: pytest.MonkeyPatch, whole: bytes) -> None:
    monkeypatch.setenv("STRIATE_CACHE", str(tmp_path / "other"))
    reached: list[str] = []

    @contextmanager
    def interruptible() -> Iterator[Callable[[], bool]]:
        yield lambda: stage in reached

    progress = Progress(on_progress=lambda name, *_: reached.append(name), interruptible=interruptible)
    with pytest.raises(Interrupted):
        train(tmp_path / "run", stages, progress=progress)
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"recipe.yaml", "split.json", ".lock"}
    assert train(tmp_path / "run", stages, resume=True) == whole
    assert not [path for path in (tmp_path / "other" / "stages").iterdir() if path.name.startswith(".")]


def test_a_stage_that_is_known_is_not_computed_again(stages: Path, tmp_path: Path,
                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIATE_CACHE", str(tmp_path / "cache"))
    train(tmp_path / "svm", stages)
    stages.write_text(STAGES + "classifier: {knn: {kernel: chi2}}\n")
    test = DenseSIFT.transform
    asked: list[int] = []

    def counted(self: DenseSIFT, X: np.ndarray, **more: object) -> np.ndarray:
        asked.append(len(X))
        return test(self, X, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(DenseSIFT, "transform", counted)
    train(tmp_path / "knn", stages)
    report = json.loads((tmp_path / "knn" / "report.json").read_text())
    assert sum(asked) == report["test"]["count"]  # the test pictures, and none that was learnt from
    assert [row["cached"] for row in report["stages"]["rows"]] == [False, True, True, False]


def test_options_of_networks_are_refused(striate: Program, tmp_path: Path) -> None:  # noqa: F811 - a fixture
    done = striate("train", "digits", "--model", "bow", "--minutes", "1")
    assert done.returncode == 2
    assert "minutes" in done.stderr
    assert not (tmp_path / "runs").exists()


def test_a_network_file_is_no_file_of_stages(striate: Program, tmp_path: Path) -> None:  # noqa: F811 - a fixture
    (tmp_path / "net.yaml").write_text("input: [1, 8, 8]\nlayers:\n- dense: {units: 10}\n")
    done = striate("train", "digits", "--model", "net.yaml", "--epochs", "1", "-q")
    assert done.returncode == 0, done.stderr
    (tmp_path / "net.yaml").write_text("sift: {stride: 10}\n")
    done = striate("train", "digits", "--model", "net.yaml")
    assert done.returncode == 2
    assert "stride" in done.stderr


def test_a_run_goes_on_with_the_stages_it_was_begun_with(stages: Path, tmp_path: Path,
                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    whole = train(tmp_path / "whole", stages)

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(BagOfWords, "save", stopped)
        with pytest.raises(KeyboardInterrupt):
            train(tmp_path / "run", stages)
    stages.unlink()
    settings = Settings.load(tmp_path / "run" / "recipe.yaml")
    assert settings.stages["photographs"]["encoder"] == {"hard": {"words": 12, "iterations": 5, "skip_zero": False}}
    train_model(settings, RunFolder(tmp_path / "run"), Progress(), resume=True)
    assert (tmp_path / "run" / "model.safetensors").read_bytes() == whole


@pytest.mark.parametrize(("text", "word"), [
    ("classifier: {linear_svm: {kernel: rbf}}", "rbf"), ("classifier: {linear_svm: {C: -1}}", "C of"),
    ("encoder: fisher\npyramid: {pool: max}\nclassifier: {linear_svm: {kernel: linear}}", "pool"),
    ("encoder: vlad", "signs"), ("sift: {step: 0}", "step"),
    ("classifer: {knn: {}}", "classifer"), ("sift: {}\nsift: {}", "twice"),
])
def test_what_cannot_be_is_refused_before_anything_is_written(
    text: str, word: str, striate: Program, stages: Path, tmp_path: Path  # noqa: F811 - a fixture
) -> None:
    stages.write_text(text + "\n")
    done = striate("train", "digits", "--model", stages, "--out", "run")
    assert done.returncode == 2
    assert word in done.stderr
    assert not (tmp_path / "run").exists()


def test_a_seed_that_cannot_be_leaves_nothing(striate: Program, tmp_path: Path) -> None:  # noqa: F811 - a fixture
    assert striate("train", "digits", "--model", "bow", "--seed", "-1", "--out", "run").returncode == 2
    assert not (tmp_path / "run").exists()
