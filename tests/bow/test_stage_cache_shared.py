"""Tests of the stage cache: one that is shared, full or cannot exist changes no result."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from striate.core import atomic
from striate.core import cache as module
from striate.core.cache import DiskCache
from striate.errors import DiskError
from tests.bow.small import fitted
from tests.bow.test_stage_cache_faults import content, left

FULL = """
import resource, sys, warnings
from striate.errors import DiskError
from tests.bow.small import fitted
for room in (3000, 100):  # bytes; the features take 3,528
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
    try:
        fitted(memory=sys.argv[1])
    except DiskError as error:
        print(error.code, error.exit_code)
"""


def test_f06_a_full_disk(tmp_path: Path) -> None:
    fitted(memory=tmp_path / "a")
    for pattern in ("features-*", "classifier-*"):
        for path in (tmp_path / "a").glob(pattern):
            path.unlink()
    kept = sorted(tmp_path.joinpath("a").iterdir())
    done = subprocess.run([sys.executable, "-c", FULL, str(tmp_path / "a")], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["disk_full", "1"] * 2
    assert sorted(tmp_path.joinpath("a").iterdir()) == kept


def test_f07_no_folder_can_be_there(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"mine")
    for where in (tmp_path / "file", tmp_path / "file" / "deeper", tmp_path / ("x" * 300)):
        with pytest.raises(DiskError) as caught:
            fitted(memory=where)
        assert caught.value.code == "not_writable"
    assert (tmp_path / "file").read_bytes() == b"mine"


TWICE = """
import sys
from tests.bow.small import fitted
print("ready", flush=True)
for _ in range(3):
    fitted(memory=sys.argv[1]).save(sys.argv[2])
"""


def test_f10_two_processes_at_once(tmp_path: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", TWICE, str(tmp_path / "a"), str(tmp_path / "other")],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert other.stdout.readline() == b"ready\n"
    for _ in range(3):
        mine = content(fitted(memory=tmp_path / "a"), tmp_path)
    assert other.communicate()[1] == b""
    assert other.returncode == 0
    assert (tmp_path / "other").read_bytes() == mine == content(fitted(), tmp_path)
    assert left(tmp_path / "a") == []


def test_f10_threads_and_little_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 12_000)  # three of them, so that all take from each other

    def use(i: int) -> bool:
        found, _ = DiskCache(tmp_path).features(f"{i % 5}" * 32, (10, 100), lambda out: out.fill(i % 5))
        return bool((found == i % 5).all())

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(use, range(5)))
        assert all(pool.map(use, range(200)))


def test_f10_what_another_process_is_writing_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 9_000)
    fresh, stale = tmp_path / f"{atomic.PREFIX}fresh.tmp", tmp_path / f"{atomic.PREFIX}stale.tmp"
    for path in (fresh, stale):
        path.write_bytes(bytes(8_000))
    two_days_ago = time.time() - 2 * 86_400
    os.utime(stale, (two_days_ago, two_days_ago))
    DiskCache(tmp_path).features("a" * 32, (10, 100), lambda out: out.fill(1))
    assert left(tmp_path) == [fresh.name]
