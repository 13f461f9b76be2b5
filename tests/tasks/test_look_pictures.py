"""Data of `striate look --data`: the part that `evaluate` would measure on, and the pixels of its files."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from striate import ConvNet, load_data
from striate.bow.recogniser import BagOfWords
from striate.errors import DataError
from striate.tasks.look_pictures import look_data
from tests.data.fixtures import pattern

SMALL = ConvNet("lenet5", epochs=1, seed=0)


@pytest.fixture(scope="module")
def recogniser() -> ConvNet:
    data = load_data("digits")
    some = data.train.indices[:40]
    return SMALL.fit(data.pictures.images[some], data.pictures.labels[some])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for seed, part in enumerate(("train", "test")):
        for name in ("cat", "dog"):
            (tmp_path / "pets" / part / name).mkdir(parents=True)
            for i in range(4):
                pixels = pattern(31, 17, seed=100 * seed + 10 * ord(name[0]) + i)
                Image.fromarray(pixels).save(tmp_path / "pets" / part / name / f"{i}.png")
    return tmp_path / "pets"


def test_of_a_divided_folder_it_is_the_test_part_with_the_files_pixels(recogniser: ConvNet, folder: Path) -> None:
    data = look_data(recogniser, str(folder))
    assert (data.name, data.part, len(data.pictures), data.leaked) == ("pets", "test", 8, 0)
    assert data.notes[0] == "pictures of pets: 8 pictures (test)"
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
    assert look_data(recogniser, "digits", model=path, part="train").leaked == len(load_data("digits", seed=3).train)


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
    assert what.startswith("bag of 100 visual words")
