"""`striate check` from end to end: facts, page, list, exit codes, and what training makes of the list."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from striate.data import Data, Dataset, load_data
from striate.errors import UsageError
from striate.quality import label_doubts
from striate.tasks import Progress, Settings
from striate.tasks.check import check
from striate.tasks.check_labels import FOLDS, folds, out_of_fold
from striate.tasks.methods import method_for
from tests.cli.conftest import Program, answer, striate  # noqa: F401 - a fixture
from tests.data.fixtures import picture, tree, write
from tests.quality.scenes import saved_again, scene, scenes
from tests.report.reader import Page

ERRORS = {"leak": 2, "near_leak": 2, "label_conflict": 2, "unreadable": 1}
SMALL = ("--epochs", "1", "--size", "32", "--model", "lenet5")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A divided folder with a leak, a near leak, a label conflict and a bad file."""
    root = scenes(tmp_path / "pets", {"train/cat": 12, "train/dog": 12, "test/cat": 6, "test/dog": 6})
    write(root / "test" / "cat" / "leak.png", picture(scene(0)))
    write(root / "test" / "cat" / "near.jpg", saved_again(scene(1), 0.6))
    write(root / "train" / "dog" / "wrong.png", picture(scene(2)))
    write(root / "train" / "dog" / "bad.png", b"")
    return root


def test_a_check_tells_shows_and_changes_nothing(striate: Program, root: Path, tmp_path: Path) -> None:  # noqa: F811
    before = tree(root)
    done = striate("check", root, "--no-labels", "--write-list", "clean.txt", "--json")
    assert done.returncode == 3
    facts = json.loads(done.stdout)
    assert {one["kind"]: one["count"] for one in facts["findings"] if one["level"] == "error"} == ERRORS
    assert facts["labels"] == {"checked": False, "why": "--no-labels"}
    assert facts["data"]["counts"] == {"train": [12, 13], "test": [8, 6]}
    assert facts["data"]["left_out"] == 1
    assert tree(root) == before
    page = Page(Path(facts["page"]).read_text(encoding="utf-8"))
    assert facts["page"] == "runs/pets-check/check.html"
    assert page.ids.count("leak") == 1
    assert sum(tag == "img" and name == "src" for tag, name, _ in page.attributes) == 6
    assert not [value for _, name, value in page.attributes if name in ("src", "href") and value[:5] not in
                {"data:", *(f"#{one}"[:5] for one in page.ids)}]

    names = (tmp_path / "clean.txt").read_text().splitlines()
    gone = {"train/cat/0000.png", "train/cat/0001.png", "train/cat/0002.png", "train/dog/wrong.png"}
    assert set(names) == {key for key in before if key != "train/dog/bad.png"} - gone
    assert facts["list"] == {"path": "clean.txt", "count": len(names)}

    result = answer(striate("train", root, *SMALL, "--files", "clean.txt", "--out", "run", "--json"))
    assert result["data"]["leaked"] == 0
    assert sum(map(sum, result["data"]["counts"].values())) == len(names)
    assert result["data"]["skipped"] == []
    measured = answer(striate("evaluate", "run/model.safetensors", root, "--files", "clean.txt", "--json"))
    assert measured["count"] == result["test"]["count"] == 14
    assert measured["accuracy"] == result["test"]["accuracy"]
    again = striate("check", root, "--no-labels", "--write-list", "clean.txt")
    assert again.returncode == 2  # what is there is not written over
    assert tree(root) == before


def test_a_clean_folder_and_what_is_no_folder(striate: Program, tmp_path: Path) -> None:  # noqa: F811
    root = scenes(tmp_path / "pets", {"cat": 12, "dog": 12})
    write(root / "cat" / ".hidden", b"")  # noted, and no finding
    done = striate("check", root, "--no-labels", "-q")
    assert done.returncode == 0
    assert done.stdout == "note        1  hidden files and folders, litter and text\n"
    assert striate("check", tmp_path / "nowhere").returncode == 2


def test_the_list_is_part_of_what_a_run_is(striate: Program, root: Path, tmp_path: Path) -> None:  # noqa: F811
    striate("check", root, "--no-labels", "--write-list", "clean.txt")
    answer(striate("train", root, *SMALL, "--files", "clean.txt", "--out", "run", "--json"))
    written = yaml.safe_load((tmp_path / "run" / "recipe.yaml").read_text())
    assert written["files"] == str(tmp_path / "clean.txt")
    settings = Settings.load(tmp_path / "run" / "recipe.yaml")
    assert settings.resumed(Settings(str(root), "lenet5")).files_sum == settings.files_sum
    with pytest.raises(UsageError) as caught:
        settings.resumed(Settings(str(root), "lenet5", files="other.txt"))
    assert caught.value.code == "resume_conflict"


def test_training_mentions_what_costs_nothing(striate: Program, root: Path) -> None:  # noqa: F811
    write(root / "train" / "cat" / "again.png", picture(scene(5)))
    done = striate("train", root, *SMALL, "--out", "run", "--json")
    notes = json.loads(done.stdout)["data"]["notes"]
    assert any(note.startswith("1 picture is in two parts") for note in notes)
    assert "pictures that are there twice in the same class: 1" in notes
    assert f"striate check {root} reports details and shows the pictures" in notes
    assert "note: pictures that are there twice" in done.stderr


def digits_with_wrong_labels() -> tuple[Data, np.ndarray]:
    """300 digits of three classes, 15 of them called something else; and which."""
    whole = load_data("digits")
    few = np.flatnonzero(np.isin(whole.pictures.labels, (0, 1, 4)))[:300]
    wrong, pictures = np.arange(0, 300, 20), whole.pictures
    labels = np.searchsorted((0, 1, 4), pictures.labels[few])
    labels[wrong] = (labels[wrong] + 1) % 3
    chosen = replace(pictures, images=pictures.images[few], labels=labels, classes=("0", "1", "4"), parts=("",) * 300,
                     keys=[pictures.keys[i] for i in few], digests=tuple(pictures.digests[i] for i in few))
    return replace(whole, pictures=chosen), wrong


class Means:
    """The nearest class mean: a model without held-out probabilities of its own."""

    def __init__(self, train: Dataset) -> None:
        self.learnt = set(train.indices.tolist())
        self.means = np.stack([train.images[train.labels == k].mean(axis=0) for k in range(3)])

    def predict_proba(self, part: Dataset) -> np.ndarray:
        assert not self.learnt & set(part.indices.tolist())
        scores = np.exp(-((part.images[:, None] - self.means) ** 2).mean(axis=(2, 3, 4)) / 500)
        return scores / scores.sum(axis=1, keepdims=True)


class Folded:
    """A training method whose models are trained fold by fold."""

    HELD_OUT = False

    def train(self, data: Data, *_: object) -> Means:
        assert not set(data.split.train.tolist()) & set(data.split.validation.tolist())
        return Means(data.train)


@pytest.mark.parametrize("name", ["bow", "folded"])
def test_wrong_labels_of_digits_come_first(name: str) -> None:
    data, wrong = digits_with_wrong_labels()
    method: Any = Folded()
    if name == "bow":
        method = method_for(Settings("digits", "bow", recipe={"seed": 0, "flip": False}))
        method.input_size(data)
    indices, scores = out_of_fold(method, data, Progress(), bool)
    assert sorted(indices.tolist()) == list(range(300))
    first = [int(indices[one.index]) for one in label_doubts(data.pictures.labels[indices], scores)[:30]]
    assert len(set(first) & set(wrong.tolist())) >= 12


def test_folds_are_even_and_keep_copies_together() -> None:
    data = load_data("digits")
    digests = list(data.pictures.digests)
    digests[1::7] = digests[::7][: len(digests[1::7])]
    data = replace(data, pictures=replace(data.pictures, digests=tuple(digests)))
    fold = folds(data)
    places: dict[str, set[int]] = {}
    for digest, k in zip(digests, fold, strict=True):
        places.setdefault(digest, set()).add(int(k))
    assert all(len(ks) == 1 for ks in places.values())
    for label in range(10):
        counts = np.bincount(fold[data.pictures.labels == label], minlength=FOLDS)
        assert counts.min() >= 0.6 * counts.max()


def test_labels_that_cannot_be_checked_are_told_and_the_rest_is_done(tmp_path: Path) -> None:
    root = scenes(tmp_path / "pets", {"train/cat": 12, "train/Cat": 12, "test/cat": 6})
    facts = check(root, labels=True).as_dict()
    assert not facts["labels"]["checked"]
    assert "Cat" in facts["labels"]["why"]
    assert "class_names" in {one["kind"] for one in facts["findings"]}


NAMES = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}", "a\nb", "\u202egnp", "caf\udce9")


def test_i25_d09_hostile_names_are_text_on_the_page(tmp_path: Path) -> None:
    for i, name in enumerate(NAMES):
        for j in range(2):
            write(tmp_path / "set" / name.replace("/", "∕") / f"{name.replace('/', '∕')}{j}.png", picture(scene(i)))
    page = tmp_path / "check.html"
    facts = check(tmp_path / "set", out=page, labels=False).as_dict()
    json.dumps(facts)
    source = page.read_text(encoding="utf-8")
    found = Page(source)
    assert "<script" not in source
    assert "<img src=x" not in source
    assert "\u202e" not in source
    assert not [name for _, name, _ in found.attributes if name.startswith("on")]
    assert "{{ 7 * 7 }}" in found.text["warnings"]


def test_the_page_is_bounded(tmp_path: Path) -> None:
    root = scenes(tmp_path / "set", {"cat": 30, "dog": 30})
    for i in range(30):
        write(root / "cat" / f"copy{i}.png", picture(scene(i)))
        write(root / "dog" / f"bad{i}.png", b"")
    page = tmp_path / "check.html"
    check(root, out=page, labels=False)
    found = Page(page.read_text(encoding="utf-8"))
    assert sum(tag == "img" and name == "src" for tag, name, _ in found.attributes) == 24  # 12 cases of two
    assert "The first 12 of 30" in found.text["warnings"]
