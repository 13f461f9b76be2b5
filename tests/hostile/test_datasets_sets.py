"""Bad data sets, D1 to D20 of the catalogue."""

import json
import os
import random
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from striate import ConvNet, load
from striate.data import load_data
from striate.data.pack import open_pictures
from striate.data.sources import class_folders
from striate.errors import DataError, MissingError, StoreError
from striate.quality import quick_findings
from striate.stats.metrics import evaluate
from tests.data.fixtures import folder_of, pattern, picture, tree, write
from tests.forked import Forked
from tests.hostile.refusing import pack_bytes, refused


def test_d01_nothing_there(tmp_path):
    (tmp_path / "empty").mkdir()
    write(tmp_path / "file.jpg", b"x")
    refused(DataError, "dataset_empty", tmp_path / "empty")
    refused(MissingError, "not_a_folder", tmp_path / "missing")
    refused(DataError, "not_a_folder", tmp_path / "file.jpg")


def test_d02_pictures_but_no_class_folders(tmp_path):
    write(tmp_path / "a.png", picture(pattern()))
    assert "ROOT/CLASS/picture.jpg" in refused(DataError, "no_class_folders", tmp_path)
    write(tmp_path / "train" / "a.png", picture(pattern()))
    refused(DataError, "no_class_folders", tmp_path)


def test_d03_one_class_is_packed_and_not_trained_on(tmp_path):
    data = load_data(folder_of(tmp_path, {"cat": 10}))
    assert len(data.pictures) == 10
    with pytest.raises(DataError) as caught:
        data.require_trainable()
    assert caught.value.code == "one_class"
    load_data(folder_of(tmp_path, {"dog": 10})).require_trainable()


@pytest.mark.parametrize("missing", ["train", "validation", "test"])
def test_d03_a_split_without_a_part_is_loaded_and_not_trained_on(root, tmp_path, missing):
    whole = load_data(root)
    whole.require_trainable()
    whole.split.save(tmp_path / "split.json")
    document = json.loads((tmp_path / "split.json").read_text())
    other = "train" if missing == "test" else "test"
    document["parts"][other] += document["parts"].pop(missing)
    document["parts"][missing] = []
    path = write(tmp_path / "split.json", json.dumps(document).encode())
    data = load_data(root, split=path)
    with pytest.raises(DataError, match=f"{missing} has none") as caught:
        data.require_trainable()
    assert caught.value.code == "part_empty"


@pytest.mark.parametrize("names", [("dog", "cat"), ("<b>dog\x1b[31m", "a\nb")])
def test_d03_a_split_that_trains_on_one_class(tmp_path, names):
    root = folder_of(tmp_path / "set", dict.fromkeys(names, 10))
    data = load_data(root)
    one = {digest for digest, label in zip(data.train.digests, data.train.labels, strict=True) if label}
    data.split.save(tmp_path / "split.json")
    document = json.loads((tmp_path / "split.json").read_text())
    document["parts"]["train"] = sorted(one)
    data = load_data(root, split=write(tmp_path / "split.json", json.dumps(document).encode()))
    with pytest.raises(DataError, match="two or more classes in train") as caught:
        data.require_trainable()
    assert caught.value.code == "one_class"
    assert str(caught.value).isprintable()


def test_d04_in_the_working_folder(root, monkeypatch):
    (root / "bird").mkdir()
    monkeypatch.chdir(root)
    assert f"every class of {root.name} needs" in refused(DataError, "empty_class", ".")


def test_d04_a_class_without_pictures(root):
    (root / "bird").mkdir()
    assert "bird" in refused(DataError, "empty_class", root)
    data = load_data(root, allow_empty_class=True)
    assert data.classes == ("bird", "cat", "dog")
    assert set(data.pictures.labels.tolist()) == {1, 2}


def test_d04_the_option_keeps_the_class(root, tmp_path):
    (root / "bird").mkdir()
    command = ["train", root, "--model", "compact", "--epochs", "1", "--out", tmp_path / "run", "--json"]
    refusal = Forked("striate", command)
    assert "--allow-empty-class" in "".join(refusal.communicate(timeout=120))
    assert refusal.returncode == 2
    assert not (tmp_path / "run").exists()
    done = Forked("striate", [*command, "--allow-empty-class"])
    answer = done.communicate(timeout=120)[0]
    assert done.returncode == 0
    assert json.loads(answer)["data"]["classes"] == ["bird", "cat", "dog"]


def test_d05_a_class_of_bad_pictures(root):
    write(root / "bird" / "1.png", b"no picture")
    write(root / "bird" / "2.png", b"")
    cut = picture(pattern())
    write(root / "bird" / "3.png", cut[:-20])
    sentence = refused(DataError, "empty_class", root)
    assert "1 image_empty, 1 image_truncated, 1 image_unreadable" in sentence
    assert len(load_data(root, allow_empty_class=True).skipped) == 3


def test_d06_one_picture_and_two(tmp_path):
    data = load_data(folder_of(tmp_path / "a", {"one": 1, "two": 2, "many": 10}))
    labels = {part: getattr(data, part).labels.tolist() for part in ("train", "validation", "test")}
    assert [labels["train"].count(i) for i in (1, 2)] == [1, 1]
    assert [labels["validation"].count(i) for i in (1, 2)] == [0, 0]
    assert [labels["test"].count(i) for i in (1, 2)] == [0, 1]
    assert any("one, two" in note for note in data.notes)
    refused(DataError, "part_empty", folder_of(tmp_path / "b", {"one": 1, "two": 2}))


def test_d07_imbalance(tmp_path):
    data = load_data(folder_of(tmp_path, {"rare": 3, "common": 1_000}))
    assert np.bincount(data.train.labels).tolist() == [700, 1]
    assert np.bincount(data.test.labels).tolist() == [200, 1]
    said = quick_findings(data)  # which train says, and the report beside the balanced accuracy
    assert "classes of fewer than 10 pictures: rare (3)" in said
    assert any(one.startswith("classes of more than 10 times as many") and "balanced" in one for one in said)
    assert quick_findings(load_data(folder_of(tmp_path / "even", {"rare": 30, "common": 40}))) == []


def test_d07_ten_thousand_to_one(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (10_003, 4, 4), dtype=np.uint8)
    np.savez(tmp_path / "set.npz", images=images, labels=(np.arange(10_003) < 3).astype(np.int64))
    data = load_data(tmp_path / "set.npz")
    assert np.bincount(data.pictures.labels).tolist() == [10_000, 3]
    assert any("fewer than 10 pictures" in one for one in quick_findings(data))
    scores = np.tile([1.0, 0.0], (len(data.test), 1))
    found = evaluate(data.test.labels, scores, data.classes)
    assert found.accuracy > 0.99
    assert found.balanced_accuracy in (0.5, 1.0)


def test_d08_many_classes(tmp_path):
    started = time.perf_counter()
    data = load_data(folder_of(tmp_path, {f"{i:04d}": 1 + (i % 5 > 0) * 2 for i in range(1_000)}))
    assert len(data.classes) == 1_000
    assert len(data.validation) == 800
    assert time.perf_counter() - started <= 10


NAMES = ["日本", "🐱 cat", " space ", "'", '"', ",", ";", "a\nb", "=cmd|' calc'!A0", "<script>", "%s", "-rf",
         "\u202ertl"]


def test_d09_class_names_round_trip(tmp_path):
    for i, name in enumerate(NAMES):
        for j in range(3):
            write(tmp_path / name / f"{name[:5]}{j}.png", picture(pattern(seed=100 * i + j)))
    for _ in range(2):
        data = load_data(tmp_path)
        assert data.classes == tuple(sorted(NAMES))
        assert set(data.pictures.keys) == {f"{name}/{name[:5]}{j}.png" for name in NAMES for j in range(3)}
    model = ConvNet("lenet5", epochs=1, size=(32, 32)).fit(data.pictures.images, [data.classes[i] for i in
                                                                                 data.pictures.labels])
    assert load(model.save(tmp_path.parent / "names.safetensors")).classes_.tolist() == sorted(NAMES)


@pytest.mark.parametrize("pair", [("Cat", "cat"), ("caf\u00e9", "cafe\u0301")])
def test_d10_names_some_systems_cannot_tell_apart(tmp_path, pair):
    sentence = refused(DataError, "class_names_clash", folder_of(tmp_path, dict.fromkeys(pair, 3)))
    assert all(ascii(name) in sentence for name in pair)


def test_d11_awkward_names_write_nothing_elsewhere(tmp_path):
    names = ["CON", "nul", "...", "a" * 255, "~", "$HOME"]
    root = tmp_path / "set"
    for i, name in enumerate(names):
        for j in range(3):
            write(root / name / f"{j}.png", picture(pattern(seed=100 * i + j)))
    data = load_data(root)
    assert data.classes == tuple(sorted(set(names) - {"..."}))  # hidden, as every name with a dot before it
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set"]


def test_d11_names_that_lead_elsewhere_stay_names(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (20, 16, 16, 3), dtype=np.uint8)
    labels = np.array(["..", ".", "../../x", "/etc/passwd", "C:\\x"] * 4)
    here = sorted(path.name for path in tmp_path.parent.iterdir())
    model = ConvNet("lenet5", epochs=1, size=(32, 32)).fit(images, labels)
    (tmp_path / "model").mkdir()
    again = load(model.save(tmp_path / "model" / "m.safetensors"))
    assert set(again.predict(images)) <= set(labels.tolist())
    assert again.classes_.tolist() == sorted(set(labels.tolist()))
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["m.safetensors"]
    assert sorted(path.name for path in tmp_path.parent.iterdir()) == here


def test_d12_parts_with_different_classes(tmp_path):
    folder_of(tmp_path, {"train/cat": 3, "train/dog": 3, "test/cat": 3, "test/bird": 3})
    sentence = refused(DataError, "class_sets_differ", tmp_path)
    assert "only in train: dog" in sentence
    assert "only in test: bird" in sentence


@pytest.mark.parametrize("locale", ["C", "tr_TR.UTF-8"])
def test_d13_classes_are_ordered_by_code_point(tmp_path, locale):
    names = ["Z", "a", "İ", "i", "ı", "É"]
    folder_of(tmp_path, dict.fromkeys(names, 3))
    script = "import sys; from striate.data import load_data; print(ascii(load_data(sys.argv[1]).classes))"
    run = subprocess.run([sys.executable, "-c", script, tmp_path], capture_output=True, text=True, check=True,
                         env={**os.environ, "LC_ALL": locale}, timeout=60)
    assert run.stdout.strip() == ascii(tuple(sorted(names)))


def test_d13_renamed_folders_change_no_prediction(tmp_path):
    root = folder_of(tmp_path / "set", {"a": 6, "b": 6})
    data = load_data(root)
    model = ConvNet("lenet5", epochs=1, size=(32, 32)).fit(data.pictures.images, [data.classes[i] for i in
                                                                                 data.pictures.labels])
    again = load(model.save(tmp_path / "m.safetensors"))
    before = again.predict(data.pictures.images).tolist()
    (root / "a").rename(root / "z")
    renamed = load_data(root)
    assert renamed.classes == ("b", "z")
    order = [renamed.pictures.digests.index(digest) for digest in data.pictures.digests]
    assert again.predict(renamed.pictures.images[order]).tolist() == before
    assert again.classes_.tolist() == ["a", "b"]


def test_d14_nested_folders_belong_to_their_class(root):
    folder_of(root, {"cat/2019/may": 3, "dog/empty/within": 0}, seed=1)
    data = load_data(root)
    assert data.classes == ("cat", "dog")
    assert np.bincount(data.pictures.labels).tolist() == [13, 10]
    assert "cat/2019/may/0001.png" in data.pictures.keys


def test_d15_nothing_is_written_into_the_folder(root):
    write(root / "cat" / "bad.png", b"bad")
    before = tree(root)
    for path in (*root.rglob("*"), root):
        path.chmod(0o555 if path.is_dir() else 0o444)
    for _ in range(2):
        assert len(load_data(root).pictures) == 20
    assert tree(root) == before


def test_d16_scanning_is_fast(tmp_path):
    for i in range(20):
        (tmp_path / str(i)).mkdir()
        for j in range(500):
            (tmp_path / str(i) / f"{j}.png").touch()
    class_folders.open_folder(tmp_path)
    started = time.perf_counter()
    source = class_folders.open_folder(tmp_path)
    assert len(source.keys) / (time.perf_counter() - started) >= 20_000
    tracemalloc.start()
    class_folders.open_folder(tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak <= 30e6  # of 10,000 files: 300 MB for 100,000


def test_d17_a_set_that_grew_is_packed_again_and_the_old_pack_stays(root):
    old = load_data(root)
    path = Path(old.pictures.images.filename).parent
    write(root / "cat" / "new.png", picture(pattern(5, 7, 1, 99)))
    (root / "dog" / "0000.png").unlink()
    new = load_data(root)
    assert "the folder changed since it was last read (files added: 1, removed: 1, changed: 0)" in new.notes
    assert new.pictures.fingerprint != old.pictures.fingerprint
    assert open_pictures(path).fingerprint == old.pictures.fingerprint
    assert not any("changed" in note for note in load_data(root).notes)


def test_d18_the_pack_is_the_same_for_every_number_of_workers(root, tmp_path, monkeypatch):
    for i in range(100):
        write(root / "cat" / f"jpeg{i}.jpg", picture(pattern(60, 40, 3, i), "JPEG"))
    write(root / "dog" / "bad.jpg", b"bad")
    packs = []
    for workers in (0, 1, 2, 4):
        monkeypatch.setenv("STRIATE_CACHE", str(tmp_path / f"cache{workers}"))
        load_data(root, size=32, workers=workers)
        packs.append(pack_bytes())
    assert len(packs[0]) == 3
    assert packs[0] == packs[1] == packs[2] == packs[3]


def test_d19_every_flipped_byte_is_found(root, monkeypatch):
    monkeypatch.setattr("striate.data.pack.BLOCK", 64)  # several blocks in a small pack
    path = Path(load_data(root).pictures.images.filename).parent
    rng = random.Random(19)
    for name in ("images.npy", "manifest.json"):
        whole = (path / name).read_bytes()
        for _ in range(100):
            broken = bytearray(whole)
            broken[rng.randrange(len(whole))] ^= rng.randrange(1, 256)
            (path / name).write_bytes(broken)
            with pytest.raises(StoreError) as caught:
                open_pictures(path)
            assert caught.value.code == "pack_corrupt"
        (path / name).write_bytes(whole)
    assert len(open_pictures(path)) == 20


def test_d20_a_pack_cut_short_or_replaced(root, tmp_path):
    data = load_data(root)
    path = Path(data.pictures.images.filename).parent
    before = data.train.images
    whole = (path / "images.npy").read_bytes()
    for other in (b"", whole[:10], whole[:128], whole[:-1], whole + b"\0"):
        # A new file in its place, as a writer of ours would leave one: the map keeps the old.
        (path / "new").write_bytes(other)
        (path / "new").rename(path / "images.npy")
        refused(StoreError, "pack_corrupt", root)
        assert (data.train.images == before).all()
    (path / "images.npy").unlink()
    refused(StoreError, "pack_corrupt", root)


def test_manifest_is_json_that_others_can_read(root):
    path = Path(load_data(root).pictures.images.filename)
    manifest = json.loads((path.parent / "manifest.json").read_text())
    assert np.load(path).shape == tuple(manifest["shape"]) == (20, 5, 7, 1)
