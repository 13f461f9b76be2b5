"""Tests of the stage cache: one that is damaged or incomplete changes no result."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from striate.bow import descriptors
from striate.bow.recogniser import BagOfWords
from striate.classifiers import LinearSVM
from striate.core import atomic
from striate.errors import DiskError, Interrupted, StoreError
from striate.model.preprocessing import InMemoryDataset
from tests.bow.small import fitted, labels, model, pictures

KINDS = ("sample-*", "words-*", "features-*.f32", "features-*.json", "classifier-*")
HARM: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda data: data[: len(data) // 2],
    "empty": lambda _: b"",
    "longer": lambda data: data + b"\0",
    "flipped": lambda data: data[:-9] + bytes([data[-9] ^ 1]) + data[-8:],
    "other": lambda data: b"{}".ljust(len(data)),
    "deep": lambda _: b"[" * 100_000,
}


def content(recogniser: BagOfWords, folder: Path) -> bytes:
    return recogniser.save(folder / "m.safetensors").read_bytes()


def only(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


def left(folder: Path) -> list[str]:
    """Foreign files in the cache folder."""
    return [path.name for path in folder.iterdir() if path.name.startswith(atomic.PREFIX)]


@pytest.mark.parametrize("harm", HARM)
@pytest.mark.parametrize("kind", KINDS)
def test_f08_a_damaged_stage_is_made_again_and_said(kind: str, harm: str, tmp_path: Path) -> None:
    before = content(fitted(memory=tmp_path / "a"), tmp_path)
    path = only(tmp_path / "a", kind)
    good = path.read_bytes()
    path.write_bytes(HARM[harm](good))
    if kind == "sample-*":
        only(tmp_path / "a", "words-*").unlink()  # else nobody would ask for the sample
    again = fitted(memory=tmp_path / "a")
    assert content(again, tmp_path) == before
    stage = kind.split("-")[0]
    assert [note.split(" in the cache")[0] for note in again.notes_] == [f"the {stage}"]
    assert "made again" in again.notes_[0]
    assert path.read_bytes() == good
    assert fitted(memory=tmp_path / "a").notes_ == []


def test_f08_features_without_their_seal(tmp_path: Path) -> None:
    before = content(fitted(memory=tmp_path / "a"), tmp_path)
    only(tmp_path / "a", "features-*.json").unlink()
    again = fitted(memory=tmp_path / "a")
    assert content(again, tmp_path) == before
    assert again.notes_ == ["the features in the cache were damaged and were made again"]


def test_f08_a_stage_file_that_is_no_stage(tmp_path: Path) -> None:
    before = fitted(memory=tmp_path / "a")
    words, classifier = (only(tmp_path / "a", f"{stage}-*") for stage in ("words", "classifier"))
    before.save(words)  # whole, and of another kind
    assert "the words in the cache was damaged" in fitted(memory=tmp_path / "a").notes_[0]
    classifier.unlink()
    classifier.mkdir()
    with pytest.raises(DiskError):
        fitted(memory=tmp_path / "a")


@pytest.mark.parametrize("after", range(9))
def test_f11_stopped_in_the_middle_it_goes_on(after: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(descriptors, "BATCH", 9 * 30 * 128 * 4)  # nine pictures at a time
    usual = {"classifier": LinearSVM("linear"), "flip": True}
    asked = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > after

    with pytest.raises(Interrupted) as caught:
        model(memory=tmp_path / "a", **usual).fit(pictures(), labels(), stop=stop)
    assert (caught.value.code, caught.value.exit_code) == ("stopped", 75)
    assert not (tmp_path / "a").exists() or left(tmp_path / "a") == []
    again = model(memory=tmp_path / "a", **usual).fit(pictures(), labels())
    assert content(again, tmp_path) == content(fitted(**usual), tmp_path)
    # Between two batches, when the sample is kept, before and after the words; between two batches of features and of
    # mirror images, when these are kept; before and after the classifier.
    assert [row["cached"] for row in again.stages_] == [False, after >= 3, after >= 6, after >= 8]
    assert again.notes_ == []


def test_it_was_asked_often_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(descriptors, "BATCH", 9 * 30 * 128 * 4)
    asked: list[int] = []
    model(flip=True).fit(pictures(), labels(), stop=lambda: bool(asked.append(1)))
    assert len(asked) == 2 + 2 + 3 + 2


def test_a_data_set_that_cannot_be_read_is_not_taken_for_a_full_disk(tmp_path: Path) -> None:
    class Vanishing(InMemoryDataset):
        left = 3

        def take(self, indices: np.ndarray) -> np.ndarray:
            self.left -= 1
            if self.left < 0:
                raise StoreError("pack_damaged", "pictures were asked for", given="the pack has vanished", do="Pack")
            return super().take(indices)

    data = Vanishing(pictures(channels=1), np.arange(18) % 2, ("a", "b"))
    for _ in range(3):
        data.left += 4
        with pytest.raises(StoreError):
            model(memory=tmp_path).fit(data)
    assert left(tmp_path) == []
