"""Bad data sets, D1 to D20, and the file-system cases I25 to I34 of the catalogue, with F3 and F4 for packing."""

import json
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from striate.data import load_data, store
from striate.data.cache import cache_folder
from striate.data.pictures import open_pictures
from striate.data.sources import files, folder
from striate.errors import DataError, MissingError, PictureError, StoreError, StriateError
from tests.data.fixtures import folder_of, pattern, picture, tree, write


def refused(kind: type[StriateError], code: str, *args, **options) -> str:
    with pytest.raises(kind) as caught:
        load_data(*args, **options)
    assert caught.value.code == code
    assert caught.value.exit_code == 2
    return str(caught.value)


def skips(data) -> dict[str, str]:
    return {one.picture: one.code for one in data.skipped}


@pytest.fixture
def root(tmp_path) -> Path:
    """Two classes of ten pictures."""
    return folder_of(tmp_path / "set", {"cat": 10, "dog": 10})


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


def test_d04_a_class_without_pictures(root):
    (root / "bird").mkdir()
    assert "bird" in refused(DataError, "empty_class", root)
    data = load_data(root, allow_empty_class=True)
    assert data.classes == ("bird", "cat", "dog")
    assert set(data.pictures.labels.tolist()) == {1, 2}


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
    folder.open_folder(tmp_path)
    started = time.perf_counter()
    source = folder.open_folder(tmp_path)
    assert len(source.keys) / (time.perf_counter() - started) >= 20_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss <= 1_500_000


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


def pack_bytes() -> dict[str, bytes]:
    return {str(path.relative_to(cache_folder())): path.read_bytes()
            for path in sorted((cache_folder() / "packs").rglob("*")) if path.is_file()}


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
    monkeypatch.setattr("striate.data.pictures.BLOCK", 64)  # several blocks in a small pack
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


def test_i25_names_of_any_bytes(tmp_path):
    names = ["🐈.png", "\u202egnp.png", "a\nb.png", "q'\".png", "%s%d.png", "-f.png", "x" * 251 + ".png",
             "\u00e9.png", "e\u0301.png", os.fsdecode(b"\xff\xfe.png")]
    for i, name in enumerate(names):
        write(tmp_path / "a" / name, picture(pattern(seed=i)))
        write(tmp_path / "b" / name, picture(pattern(seed=100 + i)))
    write(tmp_path / "b" / os.fsdecode(b"\xffbad.png"), b"bad")
    for _ in range(2):
        data = load_data(tmp_path)
        assert set(data.pictures.keys) == {f"{label}/{name}" for label in "ab" for name in names}
        assert skips(data) == {"b/" + os.fsdecode(b"\xffbad.png"): "image_unreadable"}
        assert data.skipped[0].reason.isprintable()


def test_i26_a_path_too_long(root):
    here = Path.cwd()
    try:
        os.chdir(root / "cat")
        for _ in range(20):
            os.mkdir("d" * 250)  # noqa: PTH102 - relative steps are the only way to make one
            os.chdir("d" * 250)
    finally:
        os.chdir(here)
    data = load_data(root)
    assert set(skips(data).values()) == {"not_readable"}
    assert "too long" in data.skipped[0].reason


def test_i27_links(root, tmp_path):
    outside = write(tmp_path / "outside.png", picture(pattern(seed=50)))
    hidden = write(root / ".store" / "x.png", picture(pattern(seed=51)))
    links = {"again.png": root / "cat" / "0000.png", "outside.png": outside, "broken.png": tmp_path / "nowhere",
             "self.png": root / "cat" / "self.png", "loop": root, "inside.png": hidden}
    for name, target in links.items():
        (root / "cat" / name).symlink_to(target)
    started = time.perf_counter()
    data = load_data(root)
    assert time.perf_counter() - started <= 2
    assert skips(data) == {"cat/outside.png": "link_outside", "cat/broken.png": "broken_link",
                           "cat/self.png": "broken_link", "cat/loop": "folder_link"}
    assert len(data.pictures) == 21
    assert "cat/inside.png" in data.pictures.keys


def test_i28_pipes_and_sockets_are_not_opened(root):
    os.mkfifo(root / "cat" / "pipe.png")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(root / "cat")
        server.bind("socket.png")
        os.chdir(here)
        started = time.perf_counter()
        data = load_data(root)
        assert time.perf_counter() - started <= 2
    assert skips(data) == {"cat/pipe.png": "not_a_file", "cat/socket.png": "not_a_file"}


def test_i29_unreadable_files_and_folders(root, monkeypatch):
    """Root may read everything, so the refusals of the system are played."""
    plain_open, plain_scan = os.open, os.scandir

    def no_file(path, *args, **options):
        if str(path).endswith("0001.png"):
            raise PermissionError(13, "Permission denied")
        return plain_open(path, *args, **options)

    def no_folder(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return plain_scan(path)

    (root / "dog" / "locked").mkdir()
    monkeypatch.setattr(os, "open", no_file)
    monkeypatch.setattr(os, "scandir", no_folder)
    assert skips(load_data(root)) == dict.fromkeys(("cat/0001.png", "dog/0001.png", "dog/locked"), "not_readable")
    refused(DataError, "bad_picture", root, strict=True)


def test_i30_litter_is_ignored_and_counted(root):
    for name in (".DS_Store", "cat/Thumbs.db", "__MACOSX/cat/._x.jpg", "cat/._0000.png", ".ipynb_checkpoints/x.png",
                 "dog/.ipynb_checkpoints/x.png"):
        write(root / name, b"litter")
    data = load_data(root)
    assert data.classes == ("cat", "dog")
    assert len(data.pictures) == 20
    assert any(note.startswith("6 files or folders were left out") for note in data.notes)


@pytest.mark.parametrize("change", ["vanishes", "other size", "same size"])
def test_i31_a_file_that_changes_while_it_is_packed(root, monkeypatch, change):
    path = root / "cat" / "0003.png"
    other = picture(pattern(5, 7, 1, 77))
    plain = store._write

    def meanwhile(*args):
        if change == "vanishes":
            path.unlink()
        else:
            path.write_bytes(other + (b"" if change == "same size" else b"more"))
        plain(*args)

    monkeypatch.setattr(store, "_write", meanwhile)
    assert "cat/0003.png" in refused(DataError, "source_changed", root)
    assert not [name for name in pack_bytes() if not name.endswith(".lock")]
    monkeypatch.setattr(store, "_write", plain)
    assert len(load_data(root).pictures) == 20 - (change == "vanishes")


def test_i32_copies_across_parts_are_all_found(tmp_path):
    folder_of(tmp_path, {"train/cat": 60, "train/dog": 60, "test/cat": 60, "test/dog": 60})
    for i in range(50):
        label = ("cat", "dog")[i % 2]
        write(tmp_path / "test" / label / f"copy{i}.png", (tmp_path / "train" / label / f"{i:04d}.png").read_bytes())
    data = load_data(tmp_path)
    assert any(note.startswith("50 pictures are in two parts: test/cat/copy0.png = train/cat") for note in data.notes)
    refused(DataError, "part_leak", tmp_path, strict=True)


def test_i34_one_picture_under_two_labels(root):
    write(root / "dog" / "copy.png", (root / "cat" / "0001.png").read_bytes())
    data = load_data(root)
    assert "1 picture is under two labels: cat/0001.png = dog/copy.png" in data.notes
    where = [part for part in ("train", "validation", "test") for digest in getattr(data, part).digests
             if digest == data.pictures.digests[data.pictures.keys.index("dog/copy.png")]]
    assert len(where) == 2
    assert len(set(where)) == 1
    refused(DataError, "label_conflict", root, strict=True)


def test_f03_killed_while_packing(tmp_path):
    root = tmp_path / "set"
    for i in range(300):
        write(root / ("cat", "dog")[i % 2] / f"{i}.jpg", picture(pattern(128, 128, 3, i), "JPEG"))
    script = "import sys; from striate.data import load_data; print('go', flush=True); load_data(sys.argv[1])"
    rng = random.Random(3)
    killed = 0
    for _ in range(8):
        run = subprocess.Popen([sys.executable, "-c", script, root], stdout=subprocess.PIPE)
        assert run.stdout.readline() == b"go\n"
        time.sleep(rng.random() * 0.3)
        run.send_signal(signal.SIGKILL)
        run.wait()
        run.stdout.close()
        whole = [path for path in (cache_folder() / "packs").glob("*") if path.is_dir() and path.name[0] != "."]
        killed += not whole
        for path in whole:
            assert len(open_pictures(path)) == 300
    assert killed
    assert len(load_data(root).pictures) == 300
    assert not list((cache_folder() / "packs").glob("*.tmp"))


@pytest.mark.parametrize("fault", [KeyboardInterrupt, PictureError, OSError])
def test_f04_an_exception_while_packing_leaves_no_pack(root, monkeypatch, fault):
    plain, calls = files.decode, []

    def failing(data, **options):
        calls.append(1)
        if len(calls) == 15:
            raise PictureError("image_unreadable", "x") if fault is PictureError else fault(28, "No space left")
        return plain(data, **options)

    monkeypatch.setattr(files, "decode", failing)
    with pytest.raises((KeyboardInterrupt, StriateError)) as caught:
        load_data(root, strict=True, workers=0)
    assert getattr(caught.value, "code", "") in {"", "image_unreadable", "disk_full"}
    assert not [name for name in pack_bytes() if not name.endswith(".lock")]


def test_leftovers_of_the_dead_are_removed_and_those_of_the_living_are_not(root, tmp_path):
    packs = cache_folder() / "packs"
    for name in ("dead", "living"):
        write(packs / f".striate-{name}.tmp" / "images.npy", b"x")
    write(packs / "somebody else's.tmp", b"x")
    with store._locked(packs, "living"):
        load_data(root)
    left = {path.name for path in packs.glob("*.tmp")} | {path.name for path in packs.glob(".*.tmp")}
    assert left == {".striate-living.tmp", "somebody else's.tmp"}


def test_manifest_is_json_that_others_can_read(root):
    path = Path(load_data(root).pictures.images.filename)
    manifest = json.loads((path.parent / "manifest.json").read_text())
    assert np.load(path).shape == tuple(manifest["shape"]) == (20, 5, 7, 1)
