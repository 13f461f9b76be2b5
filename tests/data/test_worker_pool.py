"""Worker processes give the results of threads; if they fail, nothing is lost, left running or waited for."""

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from striate.core.cache import cache_folder
from striate.data import load_data, worker_pool
from striate.data.file import FileFacts, digest_of
from striate.data.file_task import FileTask
from striate.data.worker_pool import WorkerClient, WorkerPool
from striate.data.worker_process import receive_results, send_results
from striate.errors import DataError, PictureError
from tests.data.fixtures import exif, pattern, picture, with_chunk, write


@pytest.fixture
def root(tmp_path):
    for i in range(80):
        write(tmp_path / "set" / ("cat", "dog")[i % 2] / f"{i}.jpg", picture(pattern(60, 40, 3, i), "JPEG"))
    write(tmp_path / "set" / "cat" / os.fsdecode(b"\xff\n.png"), picture(pattern(5, 7, 1)))
    write(tmp_path / "set" / "dog" / "named.png", picture(pattern(60, 40, 3, 99), "JPEG"))
    write(tmp_path / "set" / "dog" / "bad.jpg", b"bad")
    write(tmp_path / "set" / "dog" / "cut.jpg", picture(pattern(60, 40, 3, 98), "JPEG")[:-40])
    return tmp_path / "set"


def items_of(root):
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return [(str(path.relative_to(root)), digest_of(path.read_bytes())) for path in files]


def plain(results):
    return [(one[0].tobytes(), one[0].shape, one[1]) if isinstance(one, tuple) else
            one if isinstance(one, FileFacts) else (one.code, str(one)) for one in results]


@pytest.fixture
def helper():
    helper = WorkerClient()
    deadline = time.monotonic() + 60
    while helper.run(FileTask("/"), []) is None and time.monotonic() < deadline:
        time.sleep(0.01)
    yield helper
    helper.kill()


@pytest.mark.parametrize("task", [{}, {"size": (32, 48), "channels": 1}, {"size": (9, 7), "resize": "pad"},
                                  {"size": (9, 7), "traits": True}])
def test_a_helper_answers_as_the_task_does_here(root, helper, task):
    write(root / "cat" / "turned.png", with_chunk(picture(pattern(16, 24)), b"eXIf", exif(6)))
    task, items = FileTask(str(root), **task), items_of(root)
    found = helper.run(task, items)
    assert found is not None
    assert plain(found) == plain(task(item) for item in items)
    assert any(isinstance(one, PictureError) for one in found)


def test_a_helper_that_dies_is_replaced_by_the_asker(root, helper):
    task, items = FileTask(str(root), (8, 8)), items_of(root)
    helper.process.send_signal(signal.SIGKILL)
    helper.process.wait()
    assert helper.run(task, items) is None
    with WorkerPool(2) as both:
        both._clients.append(helper)
        assert plain(both.each(task, items)) == plain(task(item) for item in items)


def test_a_file_that_changed_ends_the_helper_and_is_refused_here(root, helper):
    key = "cat/0.jpg"
    task = FileTask(str(root), (8, 8))
    assert helper.run(task, [(key, "0" * 32)]) is None
    with pytest.raises(DataError) as caught:
        task((key, "0" * 32))
    assert caught.value.code == "source_changed"


@pytest.mark.parametrize("program", ["import sys; sys.exit(3)", "print('hello')", "import time; time.sleep(60)"])
def test_what_is_no_helper_is_never_asked(root, monkeypatch, program):
    monkeypatch.setattr(worker_pool, "PROGRAM", program)
    monkeypatch.setattr(worker_pool, "MANY", 1)
    started = time.monotonic()
    assert len(load_data(root, size=32, workers=2).pictures) == 82
    assert time.monotonic() - started <= 20


@pytest.mark.parametrize("executable", ["", "/usr/bin/blender", "/nowhere/python3"])
def test_without_an_interpreter_threads_do(root, monkeypatch, executable):
    monkeypatch.setattr(worker_pool, "MANY", 1)
    monkeypatch.setattr(sys, "executable", executable)
    assert len(load_data(root, size=32, workers=3).pictures) == 82


def test_the_pack_is_the_same_with_helpers(root, tmp_path, monkeypatch):
    packs = []
    for workers, many in ((0, 1), (2, 1), (3, 1), (2, 10**9)):
        monkeypatch.setattr(worker_pool, "MANY", many)
        monkeypatch.setenv("STRIATE_CACHE", str(tmp_path / f"cache{workers}{many}"))
        data = load_data(root, size=32, workers=workers)
        path = Path(data.pictures.images.filename).parent
        packs.append([(path / name).read_bytes() for name in ("images.npy", "manifest.json")] + [data.skipped])
    assert packs[0] == packs[1] == packs[2] == packs[3]


def test_a_script_without_a_guard_that_packs_with_torch_at_hand_and_is_interrupted(root):
    """It runs once, Ctrl-C comes through, and neither a pack nor a helper is left."""
    script = (
        "import torch, sys, time, os, signal\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a background job of a shell ignores it
        "from striate.data import load_data, worker_pool\n"
        "worker_pool.MANY = 1\n"
        "made = []\n"
        "plain = worker_pool.WorkerClient.__init__\n"
        "def noted(self): plain(self); made.append(self.process)\n"
        "worker_pool.WorkerClient.__init__ = noted\n"
        "def progress(stage, done, total):\n"
        "    if stage == 'packing' and done == 40: os.kill(os.getpid(), signal.SIGINT)\n"
        "print('once')\n"
        "try: load_data(sys.argv[1], size=32, workers=3, on_progress=progress)\n"
        "except KeyboardInterrupt: print(len(made), all(one.poll() is not None for one in made))\n"
    )
    run = subprocess.run([sys.executable, "-c", script, root], capture_output=True, text=True, check=True, timeout=120)
    assert run.stdout == "once\n2 True\n"
    assert run.stderr == ""
    assert not [path for path in (cache_folder() / "packs").glob("*") if path.is_dir()]


def test_an_answer_cut_short_is_none():
    results = [(np.zeros((2, 2, 3), np.uint8), ("note",)), PictureError("image_empty", "x"), FileFacts("d", 1, 2, 3)]
    file = io.BytesIO()
    send_results(file, results)
    whole, task = file.getvalue(), FileTask("/", (2, 2))
    assert plain(receive_results(io.BytesIO(whole), task, 3)) == plain(results)
    assert [receive_results(io.BytesIO(whole[:i]), task, 3) for i in range(len(whole))] == [None] * len(whole)
    assert receive_results(io.BytesIO(whole), task, 2) is None
