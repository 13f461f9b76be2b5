"""Data of `striate look --data`: the part that `evaluate` would measure on, and the pixels of its files."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from striate import ConvNet, load_data
from striate.bow.recogniser import BagOfWords
from striate.errors import DataError
from striate.report.network_look_result import NetworkLookResult
from striate.tasks import Progress
from striate.tasks.labelled_part import LabelledPart
from striate.tasks.look import look
from striate.tasks.look_pictures import LookPictures, look_data
from tests.data.fixtures import pattern

SMALL = ConvNet("lenet5", epochs=1, seed=0)


@pytest.fixture(scope="module")
def recogniser() -> ConvNet:
    data = load_data("digits")
    some = data.train.indices[:40]
    return SMALL.fit(data.pictures.images[some], data.pictures.labels[some])


@pytest.fixture
def few_words(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"WORDS": 20, "ROUNDS": 3, "DESCRIPTORS": 500}.items():
        monkeypatch.setattr(f"striate.tasks.look_pictures.{name}", value)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for seed, part in enumerate(("train", "test")):
        for name in ("cat", "dog"):
            (tmp_path / "pets" / part / name).mkdir(parents=True)
            for i in range(8):
                pixels = pattern(31, 17, seed=100 * seed + 10 * ord(name[0]) + i)
                Image.fromarray(pixels).save(tmp_path / "pets" / part / name / f"{i}.png")
    return tmp_path / "pets"


def test_of_a_divided_folder_it_is_the_test_part_with_the_files_pixels(recogniser: ConvNet, folder: Path) -> None:
    data = look_data(recogniser, str(folder))
    assert (data.name, data.part, len(data.pictures), data.leaked) == ("pets", "test", 16, 0)
    assert data.pictures.take(np.arange(3)).shape[1:] == (*recogniser.preparation_.size, 1)
    for i, key in enumerate(data.keys):
        found = data.original(i)
        assert found is not None
        assert (found.pixels == np.asarray(Image.open(folder / key))).all()
    (folder / data.keys[5]).write_bytes(b"other")
    with pytest.raises(DataError) as refused:
        data.original(5)
    assert refused.value.code == "source_changed"
    (folder / data.keys[5]).unlink()
    with pytest.raises(DataError):
        data.original(5)


def test_the_split_beside_the_model_decides_and_arrays_have_no_files(recogniser: ConvNet, tmp_path: Path) -> None:
    path = recogniser.save(tmp_path / "model.safetensors")
    load_data("digits", seed=3).split.save(tmp_path / "split.json")
    data = look_data(recogniser, "digits", model=path)
    assert (data.part, data.leaked, data.original(0)) == ("test", 0, None)
    assert data.digests == load_data("digits", seed=3).test.digests
    everything = look_data(recogniser, "digits", model=tmp_path / "elsewhere" / "model.safetensors")
    assert (everything.part, len(everything.pictures), everything.leaked) == ("all", 1797, None)
    assert any("training pictures may be among these" in note for note in everything.notes)
    trained = LabelledPart.of(recogniser.preparation_, "digits", model=path, part="train")
    assert LookPictures(trained).leaked == len(load_data("digits", seed=3).train)


@pytest.mark.usefixtures("few_words")
def test_hand_crafted_features_are_of_a_bag_of_words_fitted_on_other_folds(recogniser: ConvNet,
                                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    data = look_data(recogniser, "digits")
    picked = np.arange(0, 1797, 60)
    folds = np.arange(len(picked)) % 2
    asked: list[tuple[int, int]] = []
    fit = BagOfWords.fit

    def watched(self: BagOfWords, images: np.ndarray, labels: np.ndarray) -> BagOfWords:
        held = data.pictures.take(picked[folds == len(asked)])
        asked.append((len(images), sum(any((one == other).all() for other in images) for one in held)))
        return fit(self, images, labels)

    monkeypatch.setattr(BagOfWords, "fit", watched)
    found, what = data.hand_crafted(picked, folds)
    assert found is not None
    assert (found == data.pictures.labels[picked]).mean() >= 0.3
    assert asked == [(15, 0), (15, 0)]
    assert what.startswith("bag of 20 visual words")


@pytest.mark.usefixtures("few_words")
def test_a_look_at_data_has_a_panel_for_each_method_of_many_pictures(recogniser: ConvNet, folder: Path,
                                                                     tmp_path: Path) -> None:
    steps: list[str] = []
    found = look(recogniser, data=str(folder), show="strongest,embedding,probe", layer="s2_tanh",
                 out=tmp_path / "look.html", progress=Progress(on_progress=lambda stage, *_: steps.append(stage)))
    assert isinstance(found, NetworkLookResult)
    assert [(panel.method, panel.refused) for panel in found.panels] == [
        ("strongest", None), ("embedding", None), ("probe", None)]
    assert {"activations of s2_tanh", "activations of all layers", "probes"} <= set(steps)
    strongest, embedding, probe = (panel.maps for panel in found.panels)
    assert [len(one.tiles) for one in strongest] == [9] * 5
    assert {tile.mark for one in strongest for tile in one.tiles} <= {"cat", "dog"}
    assert (embedding[0].drawing, embedding[0].shape) == ("points", (16, 2))
    assert probe[0].curve is not None
    assert probe[0].curve.names[-1] == "s2_tanh"
    assert [name for name, _ in probe[0].curve.lines] == ["hand-crafted features"]  # of pets it knows no class
    text = (tmp_path / "look.html").read_text()
    assert "hand-crafted features" in text
    assert folder.name in text
    json.dumps(found.as_dict(), allow_nan=False)


def test_panels_of_data_say_that_training_pictures_may_be_among_them(recogniser: ConvNet, folder: Path,
                                                                     tmp_path: Path) -> None:
    warning = "No split was given: training pictures may be among these."
    found = look(recogniser, data="digits", show="filters,strongest", layer="c1", out=tmp_path / "look.html")
    assert isinstance(found, NetworkLookResult)
    notes = {panel.method: panel.notes for panel in found.panels}
    assert notes["strongest"][-1] == warning
    assert warning not in notes["filters"]
    assert warning in (tmp_path / "look.html").read_text()
    divided = look(recogniser, data=str(folder), show="strongest", layer="c1")
    assert isinstance(divided, NetworkLookResult)
    assert not any("may be among" in note for note in divided.panels[0].notes)


def test_the_settings_of_the_hand_crafted_baseline_are_in_the_key_of_a_probe(
        recogniser: ConvNet, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = look_data(recogniser, str(folder)).describe()
    monkeypatch.setattr("striate.tasks.look_pictures.DESCRIPTORS", 2_999)
    assert look_data(recogniser, str(folder)).describe() != before
