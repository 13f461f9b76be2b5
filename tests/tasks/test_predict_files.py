"""Predictions of picture files: in order, in batches, in a file that is whole or not there, and stopped halfway."""

from __future__ import annotations

import csv
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from striate import ConvNet, load
from striate.errors import DiskError, MissingError, PictureError, UsageError
from striate.tasks import predict as module
from striate.tasks.picture_names import Pause
from striate.tasks.predict import Prediction, predict, predict_stream, predicted_batches
from striate.tasks.predict_files import predict_files
from striate.tasks.progress import Progress

STOPPED = 3 * module.FIRST  # after two batches


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pictures = np.random.default_rng(0).integers(0, 256, (12, 8, 8), np.uint8)
    net = "input: [1, 8, 8]\nlayers:\n  - dense: {units: 3}\n"
    path = tmp_path_factory.mktemp("model") / "net.yaml"
    path.write_text(net)
    return ConvNet(path, epochs=1).fit(pictures, ["=a", "b", "c"] * 4).save(path.with_name("model.safetensors"))


def photos(folder: Path, count: int, bad: tuple[int, ...] = ()) -> list[str]:
    rng = np.random.default_rng(1)
    for i in range(count):
        path = folder / f"{i:04}.png"
        if i in bad:
            path.write_bytes(b"no picture")
        else:
            Image.fromarray(rng.integers(0, 256, (8, 8), np.uint8)).save(path)
    return [str(folder / f"{i:04}.png") for i in range(count)]


def test_the_rows_are_those_of_predict_in_order(model: Path, tmp_path: Path) -> None:
    names = photos(tmp_path, 150, bad=(0, 70, 149))
    expected = predict(model, names)
    assert [one.picture for one in expected] == names
    assert [i for i, one in enumerate(expected) if one.error] == [0, 70, 149]
    seen: list[Prediction] = []
    found = predict_files(model, [str(tmp_path)], each=seen.extend)
    assert seen == expected
    assert (found.pictures, found.unread, found.out) == (150, 3, None)
    pixels = load(model).read_picture(names[75])
    assert expected[75].probability == pytest.approx(load(model).predict_proba(pixels[None]).max(), rel=1e-6)


def test_csv_and_json_lines_hold_the_same(model: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    names = photos(tmp_path / "in", 5, bad=(2,))
    expected = predict(model, names)
    for ending in ("csv", "jsonl"):
        found = predict_files(model, names, out=tmp_path / f"answers.{ending}")
        assert found.out == str(tmp_path / f"answers.{ending}")
    lines = [json.loads(line) for line in (tmp_path / "answers.jsonl").read_text().splitlines()]
    assert lines == [one.as_dict() for one in expected]
    with (tmp_path / "answers.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["picture", "class", "probability", "class_2", "probability_2", "class_3", "probability_3",
                             "code", "error"]
    for row, one in zip(rows, expected, strict=True):
        assert row["picture"] == one.picture
        assert row["code"] == (one.code or "")
        assert row["error"] == (one.error or "")
        labels = [row["class"], row["class_2"], row["class_3"]]
        assert [label.removeprefix("'") for label in labels] == ([label for label, _ in one.ranked] or [""] * 3)
        assert not any(label.startswith("=") for label in labels)
        assert row["probability"] == ("" if one.error else repr(one.probability))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["answers.csv", "answers.jsonl", "in"]


@pytest.mark.parametrize("name", ["=1+1.png", "+x.png", "-x.png", "@x.png", "\tx.png"])
def test_i25_a_file_name_is_no_formula_and_still_names_the_file(model: Path, tmp_path: Path, name: str,
                                                               monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    photos(tmp_path, 1)
    Path("0000.png").rename(name)
    Path(f"{name}.bad.png").touch()
    predict_files(model, [name, f"{name}.bad.png"], out="answers.csv")
    with Path("answers.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for row in rows for cell in row.values())
    assert Path(rows[0]["picture"]).samefile(name)


@pytest.mark.parametrize("name", [b"\xff\xfe.png", b'a"b,c\nd.png', "\u202ename\U0001f600.png".encode()])
def test_i25_any_name_comes_back_from_csv_and_json(model: Path, tmp_path: Path, name: bytes) -> None:
    (tmp_path / "in").mkdir()
    photos(tmp_path / "in", 1)
    path = bytes(tmp_path / "in") + b"/" + name
    (tmp_path / "in" / "0000.png").rename(path.decode("utf-8", "surrogateescape"))
    for ending in ("csv", "jsonl"):
        predict_files(model, [str(tmp_path / "in")], out=tmp_path / f"answers.{ending}")
    with (tmp_path / "answers.csv").open(newline="", encoding="utf-8", errors="surrogateescape") as file:
        (row,) = csv.DictReader(file)
    assert row["picture"].encode("utf-8", "surrogateescape") == path
    line = json.loads((tmp_path / "answers.jsonl").read_text("ascii"))
    assert line["picture"].encode("utf-8", "surrogateescape") == path


def test_a_file_that_is_there_stays_unless_forced(model: Path, tmp_path: Path) -> None:
    names, out = photos(tmp_path, 2), tmp_path / "answers.csv"
    out.write_text("mine")
    with pytest.raises(UsageError) as caught:
        predict_files(model, names, out=out)
    assert caught.value.code == "out_exists"
    assert out.read_text() == "mine"
    predict_files(model, names, out=out, force=True)
    assert out.read_text().count("\n") == 3


def test_a_folder_that_is_not_there_is_told_before_the_model_is_read(tmp_path: Path) -> None:
    with pytest.raises(DiskError):
        predict_files(tmp_path / "no.safetensors", ["a.png"], out=tmp_path / "nowhere" / "answers.csv")


@pytest.mark.parametrize(("model_name", "name"), [("no.safetensors", "a.png"), ("", "*.gif")])
def test_what_is_missing_is_told_as_such(model: Path, tmp_path: Path, model_name: str, name: str) -> None:
    with pytest.raises(MissingError):
        predict_files(tmp_path / model_name if model_name else model, [str(tmp_path / name)], out=tmp_path / "a.csv")
    assert list(tmp_path.iterdir()) == []


def test_strict_leaves_no_file(model: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    names = photos(tmp_path / "in", 3, bad=(1,))
    with pytest.raises(PictureError):
        predict_files(model, names, out=tmp_path / "answers.csv", strict=True)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_stopped_it_keeps_whole_rows_beside_the_file(model: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    names = photos(tmp_path / "in", STOPPED + 5)
    seen: list[Prediction] = []
    said: list[str] = []

    @contextmanager
    def after_two_batches() -> Iterator[Callable[[], bool]]:
        yield lambda: len(seen) >= STOPPED

    with pytest.raises(KeyboardInterrupt):
        predict_files(model, names, out=tmp_path / "answers.csv", each=seen.extend,
                      progress=Progress(said.append, interruptible=after_two_batches))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["answers.partial.csv", "in"]
    with (tmp_path / "answers.partial.csv").open(newline="") as file:
        assert [row["picture"] for row in csv.DictReader(file)] == names[:STOPPED]
    assert said == [f"stopped after {STOPPED} pictures; their predictions are in "
                    f"{tmp_path / 'answers.partial.csv'}"]


def test_progress_counts_to_the_end(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("striate.tasks.predict_files.PATIENCE", 0)
    names = photos(tmp_path, module.FIRST + 5)
    told: list[tuple[str, int, int]] = []
    predict_files(model, names, progress=Progress(on_progress=lambda *step: told.append(step)))
    assert told == [("predicting", module.FIRST, len(names)), ("predicting", len(names), len(names))]


class Counted(ConvNet):
    """A recogniser that tells in which threads it reads, and of each batch how many pictures were taken by then."""

    def read_picture(self, picture: Any) -> Any:
        with self.lock:
            self.threads.add(threading.get_ident())
        return np.zeros((2, 2, 1), np.uint8)

    def predict_proba(self, X: Any) -> Any:
        self.batches.append(len(X))
        self.leads.append(self.taken - self.computed - len(X))
        self.computed += len(X)
        return np.full((len(X), 2), 0.5)


@pytest.fixture
def counted() -> Counted:
    model = Counted()
    model.classes_ = np.array(["a", "b"])
    model.lock, model.threads, model.batches = threading.Lock(), set(), []
    model.leads, model.taken, model.computed = [], 0, 0
    return model


def test_reading_is_a_little_ahead_of_computing_and_in_other_threads(counted: Counted,
                                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "worker_count", lambda _: 2)

    def endless() -> Iterator[bytes]:
        while True:
            counted.taken += 1
            yield b""

    stream = predict_stream(counted, endless())
    for _ in range(1000):
        next(stream)
    assert {*counted.leads} == {module.AHEAD}
    assert counted.batches == [module.FIRST, 2 * module.FIRST, *[module.BATCH] * 4]
    assert threading.get_ident() not in counted.threads
    stream.close()  # type: ignore[attr-defined]
    assert all(thread.name == "MainThread" or not thread.name.startswith("ThreadPool")
               for thread in threading.enumerate())


def test_a_pause_answers_what_is_there(counted: Counted) -> None:
    items = iter([b"", b"", Pause(), Pause(), *[b""] * (module.FIRST + 1)])
    lengths = [len(batch) for batch in predicted_batches(counted, items, 1, False)]
    assert lengths == [2, 0, module.FIRST, 1]


def test_large_pictures_make_small_batches(counted: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH_BYTES", 12)  # three pictures of 2×2
    list(predict_stream(counted, [b""] * 8))
    assert counted.batches == [3, 3, 2]


def test_nothing_is_computed_for_pictures_that_cannot_be_read(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ConvNet, "predict_proba", lambda *_: 1 / 0)
    assert [one.code for one in predict(model, [b"", b"x"])] == ["image_empty", "image_unreadable"]
