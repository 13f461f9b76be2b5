"""Predictions: equal pixels from a file, its bytes and an array; errors in their places; equal bytes in threads."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from striate import BagOfWords, ConvNet, Recogniser, Transfer, load
from striate.bow.encoders import Hard
from striate.classifiers import KNN
from striate.data.decode import decode
from striate.errors import DataError, PictureError
from striate.model.recogniser import Picture
from striate.tasks.predict import FIRST, Prediction, predict
from tests.convnet.pretrained.small import pictures
from tests.convnet.pretrained.small import saved as small_network


def convnet(_: Path) -> Recogniser:
    return ConvNet("lenet5", epochs=1, seed=0, size=(32, 32)).fit(*pictures())


def transfer(folder: Path) -> Recogniser:
    network, weights = small_network(folder)
    return Transfer(network, weights=weights).fit(*pictures())


def bow(_: Path) -> Recogniser:
    return BagOfWords(encoder=Hard(8), sample=2000).fit(*pictures())


def neighbours(_: Path) -> Recogniser:
    return BagOfWords(encoder=Hard(8), classifier=KNN("hellinger"), sample=2000).fit(*pictures())


MODELS: dict[str, Callable[[Path], Recogniser]] = {
    "convnet": convnet, "transfer": transfer, "bow": bow, "bow-knn": neighbours}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("models")
    made = {}
    for name, fit in MODELS.items():
        (folder / name).mkdir()
        made[name] = fit(folder / name).save(folder / f"{name}.safetensors")
    return made


def file(form: str, mode: str, size: tuple[int, int] = (41, 53), **more: object) -> bytes:
    rng = np.random.default_rng(3)
    image = Image.fromarray(rng.integers(0, 256, (*size, 4), np.uint8), "RGBA").convert(mode)
    kept = BytesIO()
    image.save(kept, form, **more)
    return kept.getvalue()


EXIF = Image.Exif()
EXIF[0x0112] = 6  # turned by 90°
FILES = {
    "png": file("PNG", "RGB"), "transparent": file("PNG", "RGBA"), "grey": file("PNG", "L"), "gif": file("GIF", "P"),
    "jpeg": file("JPEG", "RGB"), "turned": file("JPEG", "RGB", exif=EXIF), "large": file("PNG", "RGB", (700, 900)),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kind", ["convnet", "bow"])
def test_file_bytes_and_array_give_the_same_pixels(kind: str, name: str, files: dict[str, Path],
                                                   tmp_path: Path) -> None:
    model, data = load(files[kind]), FILES[name]
    path = tmp_path / "picture"
    path.write_bytes(data)
    array = decode(data).pixels
    first, *others = (model.read_picture(one) for one in (path, str(path), data, array))
    assert first.dtype == np.uint8
    assert first.shape == (*model.preparation_.size, model.preparation_.channels)
    assert all(np.array_equal(first, other) for other in others)
    answers = predict(model, [path, data, array])
    assert len({(one.label, one.probability, one.ranked) for one in answers}) == 1
    assert [one.picture for one in answers] == [str(path), None, None]


def test_one_picture_or_many(files: dict[str, Path], tmp_path: Path) -> None:
    model = load(files["convnet"])
    (tmp_path / "a.png").write_bytes(FILES["png"])
    batch = pictures()[0][:3]
    one: list[tuple[Picture, int]] = [
        (tmp_path / "a.png", 1), (str(tmp_path / "a.png"), 1), (FILES["png"], 1), (batch[0], 1), (batch[0, :, :, 0], 1),
        (batch, 3), (batch[..., 0], 3)]
    for given, count in one:
        assert len(predict(model, given)) == count
    assert len(predict(model, iter([FILES["png"]] * (FIRST + 1)))) == FIRST + 1
    assert predict(model, []) == []
    chances = model.predict_proba(batch)
    assert [one.probability for one in predict(files["convnet"], batch)] == chances.max(axis=1).tolist()


def test_ranks_and_json(files: dict[str, Path]) -> None:
    model = load(files["convnet"])
    (found,) = predict(model, FILES["png"], top=1)
    assert found.ranked == ((found.label, found.probability),)
    (found,) = predict(model, FILES["png"])
    assert [label for label, _ in found.ranked] == sorted(
        ["across", "down"], key=lambda label: -dict(found.ranked)[label])
    assert found.as_dict() == {"picture": None, "class": found.label, "probability": found.probability,
                               "top": [list(one) for one in found.ranked]}


def test_a_bad_picture_has_its_place_and_its_reason(files: dict[str, Path], tmp_path: Path) -> None:
    good, gone = pictures()[0][0], tmp_path / "gone.png"
    found = predict(files["convnet"], [good, b"", gone, good / 255, np.zeros((0, 3), np.uint8), good])
    assert [one.code for one in found] == [None, "image_empty", "picture_missing", "not_pictures", "no_pictures", None]
    assert found[0] == found[-1]
    assert found[1] == Prediction(None, error="picture cannot be read as a picture; the file is empty. Copy it again "
                                  "from where it came from, or delete it.", code="image_empty")
    assert found[2].as_dict().keys() == {"picture", "error", "code"}
    assert str(gone) == found[2].picture
    with pytest.raises(PictureError):
        predict(files["convnet"], [good, b""], strict=True)
    with pytest.raises(DataError):
        predict(files["convnet"], [good / 255], strict=True)


def test_what_is_no_picture_is_refused_in_its_place(files: dict[str, Path]) -> None:
    image = Image.fromarray(pictures()[0][0][:, :, 0])
    found = predict(files["convnet"], [image, pictures()[0][0]])  # type: ignore[list-item]
    assert [one.code for one in found] == ["not_a_picture", None]
    assert [one.code for one in predict(files["convnet"], image)] == ["not_a_picture"]  # type: ignore[arg-type]
    assert [one.code for one in predict(files["convnet"], 3)] == ["not_a_picture"]  # type: ignore[arg-type]


def test_eight_threads_get_the_bytes_of_one(files: dict[str, Path]) -> None:
    """All kinds at once on one loaded model each; turns at the matrix library: `tests/core/test_blas_turns.py`."""
    models = {name: load(path) for name, path in files.items()}
    images = pictures(40)[0]
    parts = [(name, slice(start, start + 1 + start % 7)) for start in range(0, 32, 4) for name in models]

    def answer(part: tuple[str, slice]) -> bytes:
        name, some = part
        return models[name].predict_proba(images[some]).tobytes()

    alone = [answer(part) for part in parts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(answer, parts * 3)) == alone * 3
