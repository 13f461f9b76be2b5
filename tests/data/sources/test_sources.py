"""IDX, CIFAR, npz, the named sets and the opening of each; damaged or hostile files are refused as `bad_array`."""

import gzip
import hashlib
import io
import random
import struct
import urllib.error
import zipfile
from contextlib import suppress

import numpy as np
import pytest

from striate.core.cache import cache_folder
from striate.data import load_data
from striate.data.sources import builtin, in_memory_arrays, open_source
from striate.errors import DataError, MissingError
from tests.data.fixtures import cifar_folder, folder_of, idx, idx_folder, write


def bad(path) -> str:
    with pytest.raises(DataError) as caught:
        open_source(path)
    assert caught.value.code == "bad_array"
    return str(caught.value)


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("inside", ["", "raw"])
def test_idx(tmp_path, zipped, inside):
    idx_folder(tmp_path / inside, zipped)
    data = load_data(tmp_path, workers=0)
    expected = np.random.default_rng(2).integers(0, 256, (10, 7, 5), dtype=np.uint8)
    assert np.array_equal(data.test.images[..., 0], expected)
    assert data.test.labels.tolist() == [0, 1] * 5
    assert data.classes == ("0", "1")
    assert (len(data.train), len(data.validation), data.split.kind) == (26, 4, "divided")


def test_idx_without_a_test_part_is_undivided(tmp_path):
    idx_folder(tmp_path)
    for path in tmp_path.glob("t10k*"):
        path.unlink()
    assert load_data(tmp_path).split.kind == "stratified"


def test_idx_that_lies_or_ends_early(tmp_path):
    idx_folder(tmp_path, zipped=False)
    path = tmp_path / "train-images-idx3-ubyte"
    whole = path.read_bytes()
    broken = {
        "another kind": b"\0\0\x0d\x03" + whole[4:], "short": whole[:-1], "long": whole + b"x", "no header": whole[:9],
        "empty": b"", "huge": whole[:4] + b"\xff" * 12, "other count": idx(np.zeros((29, 7, 5), np.uint8)),
        "thin": idx(np.zeros((30, 1, 101), np.uint8)),
    }  # fmt: skip
    for data in broken.values():
        path.write_bytes(data)
        bad(tmp_path)
    path.unlink()
    assert "images of its train part are missing" in bad(tmp_path)


def test_idx_with_damaged_compression(tmp_path):
    idx_folder(tmp_path)
    path = tmp_path / "train-images-idx3-ubyte.gz"
    whole = path.read_bytes()
    rng = random.Random(0)
    for _ in range(30):
        data = bytearray(whole)
        data[rng.randrange(12, len(data))] ^= 1 << rng.randrange(8)
        path.write_bytes(data)
        bad(tmp_path)
    path.write_bytes(whole[: len(whole) // 2])
    bad(tmp_path)
    # 60 bytes of header and 300 MB of zeros: what the header does not announce is not unpacked.
    path.write_bytes(gzip.compress(idx(np.zeros((30, 7, 5), np.uint8)) + bytes(300 * 2**20), 1))
    assert "goes on after its end" in bad(tmp_path)
    # 500 kB that announce 100 MB of zeros, and keep their word.
    path.write_bytes(gzip.compress(idx(np.zeros((1000, 320, 320), np.uint8))))
    assert "unpacks to more than 200 times its size" in bad(tmp_path)


@pytest.mark.parametrize("fine", [False, True])
@pytest.mark.parametrize("inside", [False, True])
def test_cifar(tmp_path, fine, inside):
    place = tmp_path / ("cifar-100-binary" if fine else "cifar-10-batches-bin") if inside else tmp_path
    cifar_folder(place, fine)
    source = open_source(tmp_path)
    assert source.classes == ("cat", "dog")
    assert source.parts.count("train") == (6 if fine else 30)
    record = (place / ("train.bin" if fine else "data_batch_1.bin")).read_bytes()
    channels = np.frombuffer(record[1 + fine : 3073 + fine], np.uint8).reshape(3, 32, 32)
    assert np.array_equal(source.pictures[0], np.dstack(list(channels)))
    assert source.labels[:4].tolist() == [0, 1, 0, 1]


def test_cifar_damaged(tmp_path):
    cifar_folder(tmp_path)
    path = tmp_path / "data_batch_2.bin"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    assert "no multiple of the 3073" in bad(tmp_path)
    path.write_bytes(b"")
    bad(tmp_path)
    path.write_bytes(b"\x09" + whole[1:])
    assert "labels run from 0 to 9 and it has 2 classes" in bad(tmp_path)
    path.unlink()
    assert "data_batch_2.bin is missing" in bad(tmp_path)


PICTURES = np.random.default_rng(0).integers(0, 256, (12, 5, 7, 3), dtype=np.uint8)
LABELS = np.arange(12) % 2


def saved(path, **arrays):
    np.savez_compressed(path, **arrays)
    return path


def test_npz(tmp_path):
    source = open_source(saved(tmp_path / "a.npz", images=PICTURES, labels=LABELS))
    assert np.array_equal(source.pictures, PICTURES)
    assert (source.classes, set(source.parts)) == (("0", "1"), {""})
    grey, column = PICTURES[..., 0], LABELS[:, None]
    keras = {"x_train": grey, "y_train": column, "x_test": grey[:2], "y_test": column[:2]}
    source = open_source(saved(tmp_path / "b.npz", **keras))
    assert source.pictures.shape == (14, 5, 7, 1)
    assert source.parts[-3:] == ("train", "test", "test")
    words = np.array(["cat", "ant"])[LABELS]
    source = open_source(saved(tmp_path / "c.npz", images=PICTURES, labels=words))
    assert source.classes == ("ant", "cat")
    assert source.labels[:2].tolist() == [1, 0]
    source = open_source(saved(tmp_path / "d.npz", images=PICTURES, labels=LABELS, classes=np.array(["x", "y", "z"])))
    assert source.classes == ("x", "y", "z")


@pytest.mark.parametrize("content", [
    {}, {"images": PICTURES}, {"images": PICTURES, "labels": LABELS[:5]}, {"images": PICTURES / 255, "labels": LABELS},
    {"images": PICTURES[0], "labels": LABELS}, {"images": PICTURES[:, :, :, :2], "labels": LABELS},
    {"images": PICTURES, "labels": LABELS / 2}, {"images": PICTURES, "labels": LABELS.astype(object)},
    {"images": PICTURES, "labels": LABELS, "classes": np.array(["one"])},
    {"images": PICTURES, "labels": LABELS, "classes": np.array("ab")},
    {"images": PICTURES, "labels": LABELS, "classes": np.array(7)},
    {"images": PICTURES, "labels": LABELS, "classes": np.array([["a"], ["b"]])},
    {"images": PICTURES, "labels": LABELS, "classes": np.array(["same", "same"])},
    {"images": PICTURES, "labels": np.array(["a", "b"])[LABELS], "classes": np.array(["a", "b"])},
    {"images": PICTURES, "labels": np.full(12, 0x110000, "<u4").view("<U1")},
    {"x_train": PICTURES, "y_train": LABELS, "x_test": PICTURES[:, :4], "y_test": LABELS},
    {"images": PICTURES[:, :0], "labels": LABELS}, {"images": PICTURES.transpose(0, 3, 1, 2), "labels": LABELS},
])
def test_npz_that_is_no_pictures(tmp_path, content):
    bad(saved(tmp_path / "a.npz", **content))


def test_npz_bombs_and_lies(tmp_path):
    path = tmp_path / "a.npz"
    whole = saved(path, images=PICTURES, labels=LABELS).read_bytes()
    for data in (b"", b"PK", whole[:100], whole[: len(whole) // 2]):
        path.write_bytes(data)
        bad(path)
    rng = random.Random(0)
    for _ in range(200):
        data = bytearray(whole)
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        path.write_bytes(data)
        with suppress(DataError):
            open_source(path)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": (10**9, 5, 7)})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("images.npy", header.getvalue())
        archive.writestr("labels.npy", header.getvalue())
    assert "is not what the file holds" in bad(path)
    bad(saved(path, images=np.zeros((100, 1000, 1000), np.uint8), labels=np.arange(100)))


@pytest.mark.parametrize("header", [
    "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 1" + "0" * 30 + ", 0), }", "{'a'", "-" * 3000, "(" * 3000,
    "{[]: 0}", "{'descr': '|u1', 'fortran_order': False, 'shape': (-3, -5, 7), }", "0" * 5000, "\0",
])
def test_npz_headers_that_cannot_be(tmp_path, header):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        for name in ("images", "labels"):
            archive.writestr(f"{name}.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
    bad(tmp_path / "a.npz")


def test_too_many_pictures(tmp_path, monkeypatch):
    monkeypatch.setattr(in_memory_arrays, "MAX_PICTURES", 29)
    assert "it holds 40 pictures, and 29 are read at most" in bad(idx_folder(tmp_path))
    assert in_memory_arrays.MAX_PICTURES * 5 <= in_memory_arrays.MAX_ARRAY


def test_npz_is_never_unpickled(tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    np.savez(tmp_path / "a.npz", images=np.array([Trap()], dtype=object), labels=LABELS)
    bad(tmp_path / "a.npz")
    assert not (tmp_path / "sprung").exists()


def test_digits():
    source = open_source("digits")
    assert source.pictures.shape == (1797, 8, 8, 1)
    assert (source.pictures.min(), source.pictures.max()) == (0, 255)
    assert np.bincount(source.labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """No data set on this machine and no network."""
    monkeypatch.setattr(builtin, "places", lambda name: [tmp_path / name, tmp_path / builtin.SETS[name].torchvision])

    def offline(*_, **__):
        raise urllib.error.URLError("no network")

    monkeypatch.setattr(builtin.urllib.request, "urlopen", offline)
    return tmp_path


@pytest.mark.parametrize(("name", "place"), [("fashion-mnist", "fashion-mnist"), ("mnist", "MNIST/raw")])
def test_a_named_set_is_found_on_this_machine(nowhere, name, place):
    idx_folder(nowhere / place)
    assert open_source(name).classes == builtin.SETS[name].classes


@pytest.mark.parametrize("name", ["fashion-mnist", "mnist"])
def test_a_named_set_that_is_nowhere_says_how_to_get_it(nowhere, name):
    with pytest.raises(MissingError) as caught:
        open_source(name)
    assert caught.value.code == "dataset_missing"
    assert "Without a network: " in str(caught.value)


def test_a_download_is_checked_and_kept(nowhere, monkeypatch):
    served = idx_folder(nowhere / "served")
    asked = []

    def serve(url, timeout):
        asked.append(url)
        return io.BytesIO((served / url.rsplit("/", 1)[1]).read_bytes())

    monkeypatch.setattr(builtin.urllib.request, "urlopen", serve)
    with pytest.raises(MissingError, match="checksum"):
        open_source("mnist")
    assert not list((cache_folder() / "downloads" / "mnist").iterdir())
    sums = tuple(hashlib.sha256((served / name).read_bytes()).hexdigest() for name in builtin.FILES)
    known = builtin.SETS["mnist"]
    monkeypatch.setitem(builtin.SETS, "mnist",
                        builtin.BuiltinSet("MNIST", known.url, sums, known.classes, known.offline))
    asked.clear()
    for _ in range(2):
        assert len(open_source("mnist").keys) == 40
    assert len(asked) == 4
    assert all(url.startswith("https://") for url in asked)


def test_where_a_local_copy_is_looked_for(monkeypatch, tmp_path):
    monkeypatch.setenv("STRIATE_DATA", str(tmp_path))
    assert builtin.places("mnist")[:2] == [tmp_path / "mnist", tmp_path / "MNIST"]
    assert any(str(path) == "/usr/share/datasets/fashion-mnist" for path in builtin.places("fashion-mnist"))


@pytest.mark.parametrize("validation", ["validation", "val", "valid"])
def test_a_divided_folder(tmp_path, validation):
    folder_of(tmp_path, {f"{part}/{label}": 5 for part in ("train", validation, "test") for label in ("cat", "dog")})
    data = load_data(tmp_path)
    assert data.split.kind == "divided"
    for part, dataset in (("train", data.train), (validation, data.validation), ("test", data.test)):
        assert {key.split("/")[0] for key in dataset.keys} == {part}


def test_parts_with_something_beside_them(tmp_path):
    folder_of(tmp_path, {"train/cat": 3, "test/cat": 3, "more/cat": 3})
    with pytest.raises(DataError) as caught:
        load_data(tmp_path)
    assert caught.value.code == "mixed_layout"


def test_a_class_may_be_called_train(tmp_path):
    data = load_data(folder_of(tmp_path, {"train": 5, "tram": 5}))
    assert data.classes == ("train", "tram")


def test_a_picture_beside_the_class_folders_is_listed(tmp_path):
    folder_of(tmp_path, {"cat": 5, "dog": 5})
    write(tmp_path / "loose.png", b"x")
    assert [one.code for one in load_data(tmp_path).skipped] == ["no_class"]


def test_an_npz_header_of_a_later_version(tmp_path):
    body = PICTURES.tobytes()
    text = b"{'descr': '|u1', 'fortran_order': False, 'shape': (12, 5, 7, 3), }"
    text += b" " * (-len(text) - 13 & 63) + b"\n"
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("images.npy", b"\x93NUMPY\x02\x00" + struct.pack("<I", len(text)) + text + body)
        labels = io.BytesIO()
        np.save(labels, LABELS)
        archive.writestr("labels.npy", labels.getvalue())
    assert np.array_equal(open_source(tmp_path / "a.npz").pictures, PICTURES)
