import hashlib
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import striate.data
from striate.core.executor import map_ordered
from striate.data import decode, file_task, load_data, read_picture, resize_picture
from striate.data.file_index import index_path, load_index, save_index
from striate.errors import DataError, PictureError, UsageError
from tests.data.fixtures import folder_of, pattern, picture, write


@pytest.fixture
def root(tmp_path):
    return folder_of(tmp_path / "set", {"cat": 10, "dog": 10})


def test_what_is_packed_is_what_decoding_and_fitting_give(root):
    write(root / "cat" / "photo.jpg", picture(pattern(300, 200, 3), "JPEG"))
    data = load_data(root, size=(32, 48), resize="pad")
    assert data.pictures.images.shape == (21, 32, 48, 3)
    for key, packed in zip(data.pictures.keys, data.pictures.images, strict=True):
        decoded = decode((root / key).read_bytes(), at_least=(32, 48))
        assert np.array_equal(packed, resize_picture(decoded.pixels, (32, 48), "pad", 3))
        assert np.array_equal(packed, read_picture(root / key, (32, 48), "pad", 3))


def test_the_second_run_reads_and_decodes_no_file(root, monkeypatch):
    first = load_data(root)
    monkeypatch.setattr(file_task, "read_bytes", lambda *_: pytest.fail("a file was read"))
    monkeypatch.setattr(file_task, "decode", lambda *_, **__: pytest.fail("a picture was decoded"))
    second = load_data(root)
    assert np.array_equal(first.train.images, second.train.images)
    assert first.pictures.fingerprint == second.pictures.fingerprint


def test_a_refusal_is_remembered_and_a_repaired_file_read_again(root):
    bad = write(root / "cat" / "bad.png", b"not yet")
    reasons = [load_data(root).skipped[0].reason for _ in range(2)]
    assert reasons[0] == reasons[1]
    bad.write_bytes(picture(pattern(5, 7, 1, 60)))
    data = load_data(root)
    assert data.skipped == ()
    assert len(data.pictures) == 21


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"version": 2, "files": {"cat/0000.png": [1]}}', b"\xff",
                                  b'{"version": 2, "files": []}', b"null", b"[" * 100_000,
                                  b'{"version": 2, "files": {"cat/0000.png": [1, 2, ["", 1e999, 1, 1]]}}'])
@pytest.mark.parametrize("summed", [False, True])
def test_a_damaged_index_is_forgotten(root, text, summed):
    load_data(root)
    index_path(root).write_bytes(hashlib.sha256(text).hexdigest().encode() + b"\n" + text if summed else text)
    assert load_index(root) == {}
    assert len(load_data(root).pictures) == 20


def test_a_changed_index_is_forgotten(root):
    """It says that a sound picture is none, which nothing but its checksum gives away."""
    load_data(root)
    (key, (stamp, _)), *rest = load_index(root).items()
    whole = index_path(root).read_bytes()
    save_index(root, {key: (stamp, PictureError("image_unreadable", key)), **dict(rest)})
    index_path(root).write_bytes(whole.split(b"\n")[0] + b"\n" + index_path(root).read_bytes().split(b"\n")[1])
    assert load_data(root).skipped == ()


def test_an_index_that_is_wrong_about_a_file_costs_one_run(root):
    load_data(root)
    known = load_index(root)
    stamp, facts = known["cat/0000.png"]
    save_index(root, known | {"cat/0000.png": (stamp, replace(facts, digest="0" * 32))})
    with pytest.raises(DataError) as caught:
        load_data(root)
    assert caught.value.code == "source_changed"
    assert len(load_data(root).pictures) == 20


def test_a_dataset_is_a_view(root):
    train = load_data(root).train
    assert len(train) == 14
    assert train.images.shape == (14, 5, 7, 1)
    assert np.array_equal(train.take([3, 1]), train.images[[3, 1]])
    assert len(train.labels) == len(train.keys) == len(train.digests) == 14
    train.images[:] = 0
    assert train.images.any()
    with pytest.raises(ValueError, match="read-only"):
        train.pictures.images[0] = 0


def test_size_and_channels_follow_the_pictures(tmp_path):
    grey = folder_of(tmp_path / "grey", {"cat": 5, "dog": 5})
    assert load_data(grey).pictures.images.shape[1:] == (5, 7, 1)
    assert load_data(grey, channels=3, size=6).pictures.images.shape[1:] == (6, 6, 3)
    write(grey / "cat" / "other.png", picture(pattern(6, 7)))
    assert load_data(grey).pictures.images.shape[1:] == (96, 96, 3)
    large = folder_of(tmp_path / "large", {"cat": 3, "dog": 3})
    for path in large.rglob("*.png"):
        path.write_bytes(picture(pattern(65, 20, 1, int(path.stem))))
    write(large / "dog" / "0001.png", picture(pattern(65, 20, 1, 9)))
    assert load_data(large).pictures.images.shape[1:] == (96, 96, 1)


def test_the_fingerprint_knows_content_and_not_names(root, tmp_path):
    first = load_data(root).pictures.fingerprint
    (root / "cat" / "0000.png").rename(root / "cat" / "renamed.png")
    assert load_data(root).pictures.fingerprint == first
    assert load_data(root, resize="crop", size=6).pictures.fingerprint != first
    (root / "cat" / "renamed.png").rename(root / "dog" / "moved.png")
    assert load_data(root).pictures.fingerprint != first


def test_progress_is_told_to_the_end(root):
    told = []
    load_data(root, on_progress=lambda *event: told.append(event))
    assert told == [("reading", i, 20) for i in range(1, 21)] + [("packing", i, 20) for i in range(1, 21)]
    told.clear()
    load_data(root, on_progress=lambda *event: told.append(event))
    assert told == []


@pytest.mark.parametrize(("options", "code"), [
    ({"size": 0}, "bad_size"), ({"size": (5, 5000)}, "bad_size"), ({"resize": "stretch"}, "bad_fit"),
    ({"channels": 2}, "bad_channels"), ({"channels": 0}, "bad_channels"), ({"workers": -1}, "bad_workers"),
])
def test_options_that_cannot_be(root, options, code):
    with pytest.raises(UsageError) as caught:
        load_data(root, **options)
    assert caught.value.code == code


@pytest.mark.parametrize("workers", [0, 1, 2, 4])
def test_ordered_keeps_the_order_and_stops_at_an_exception(workers):
    assert list(map_ordered(lambda x: -x, range(1000), workers)) == [-x for x in range(1000)]
    with pytest.raises(ZeroDivisionError):
        list(map_ordered(lambda x: 1 // (500 - x), range(1000), workers))


def test_importing_loads_neither_sklearn_nor_torch():
    script = "import sys, striate.data; print([name for name in ('sklearn', 'torch', 'scipy') if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout == "[]\n"


def test_what_is_exported_is_sorted_and_there():
    assert list(striate.data.__all__) == sorted(striate.data.__all__)
    assert all(hasattr(striate.data, name) for name in striate.data.__all__)


def test_repr_is_one_line_without_the_pictures() -> None:
    data = load_data("digits")
    assert repr(data) == (
        "Data(digits: 1,797 pictures of 10 classes, 8×8 grey, 1,259 train + 179 validation + 359 test)")
    assert repr(data.test) == "Dataset(359 of 1,797 pictures of 10 classes, 8×8 grey)"
