"""What a file system may hold, I25 to I34 of the catalogue, and F3 and F4 for packing."""

import os
import random
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from striate.core.cache import cache_folder
from striate.data import file_task, load_data, packing
from striate.data.pack import open_pictures
from striate.data.sources.idx import read_idx
from striate.errors import DataError, PictureError, StriateError
from tests.data.fixtures import folder_of, pattern, picture, write
from tests.hostile.refusing import pack_bytes, refused, skips


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


def test_i28_a_device_is_not_read(root):
    try:
        os.mknod(root / "cat" / "null.png", stat.S_IFCHR | 0o600, os.makedev(1, 5))  # endless zeros
    except PermissionError:
        pytest.skip("only root makes devices")
    started = time.perf_counter()
    assert skips(load_data(root)) == {"cat/null.png": "not_a_file"}
    assert time.perf_counter() - started <= 2


@pytest.mark.parametrize("name", ["train-images-idx3-ubyte", "train-images-idx3-ubyte.gz"])
def test_i28_a_pipe_named_like_an_idx_file(tmp_path, name):
    write(tmp_path / "train-labels-idx1-ubyte", b"")
    os.mkfifo(tmp_path / name)
    refused(DataError, "bad_array", tmp_path)
    with pytest.raises(DataError, match="not a regular file"):
        read_idx(tmp_path / name, 3)


def test_i28_a_pipe_named_like_an_npz_file(tmp_path):
    os.mkfifo(tmp_path / "a.npz")
    refused(DataError, "not_a_folder", tmp_path / "a.npz")


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
    plain = packing._write

    def meanwhile(*args):
        if change == "vanishes":
            path.unlink()
        else:
            path.write_bytes(other + (b"" if change == "same size" else b"more"))
        plain(*args)

    monkeypatch.setattr(packing, "_write", meanwhile)
    assert "cat/0003.png" in refused(DataError, "source_changed", root)
    assert not [name for name in pack_bytes() if not name.endswith(".lock")]
    monkeypatch.setattr(packing, "_write", plain)
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
    plain, calls = file_task.decode, []

    def failing(data, **options):
        calls.append(1)
        if len(calls) == 15:
            raise PictureError("image_unreadable", "x") if fault is PictureError else fault(28, "No space left")
        return plain(data, **options)

    monkeypatch.setattr(file_task, "decode", failing)
    with pytest.raises((KeyboardInterrupt, StriateError)) as caught:
        load_data(root, strict=True, workers=0)
    assert getattr(caught.value, "code", "") in {"", "image_unreadable", "disk_full"}
    assert not [name for name in pack_bytes() if not name.endswith(".lock")]


def test_leftovers_of_the_dead_are_removed_and_those_of_the_living_are_not(root, tmp_path):
    packs = cache_folder() / "packs"
    for name in ("dead", "living"):
        write(packs / f".striate-{name}.tmp" / "images.npy", b"x")
    write(packs / "somebody else's.tmp", b"x")
    with packing._locked(packs, "living"):
        load_data(root)
    left = {path.name for path in packs.glob("*.tmp")} | {path.name for path in packs.glob(".*.tmp")}
    assert left == {".striate-living.tmp", "somebody else's.tmp"}
