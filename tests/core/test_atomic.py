"""Tests of atomic writing: a reader sees the old or the new bytes, whatever happens meanwhile (F2, F5, F6, F7)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from striate.core import atomic
from striate.errors import DiskError

CALLS = ("flush", "fsync", "replace", "fsync")


@pytest.mark.parametrize("crash_at", range(len(CALLS) + 1))
def test_f02_crash_at_every_point_leaves_old_or_new(tmp_path: Path, crash_at: int) -> None:
    """The process ends without clean-up at the n-th system call of the recipe."""
    code = f"""
import os, sys
from striate.core import atomic
left = [{crash_at}]
def crashing(call):
    def instead(*arguments):
        if left[0] == 0:
            os._exit(9)
        left[0] -= 1
        return call(*arguments)
    return instead
os.fsync, os.replace = crashing(os.fsync), crashing(os.replace)
atomic.write_bytes(sys.argv[1], b"new" * 1000)
"""
    path = tmp_path / "file"
    path.write_bytes(b"old")
    done = subprocess.run([sys.executable, "-c", code, str(path)])
    assert done.returncode == (9 if crash_at < 3 else 0)
    assert path.read_bytes() == (b"old" if crash_at < 2 else b"new" * 1000)
    assert all(other.name.startswith(atomic.PREFIX) for other in tmp_path.iterdir() if other != path)


def test_f02_order_of_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    folder = tmp_path.stat().st_ino
    fsync, replace = os.fsync, os.replace

    def recorded_fsync(descriptor: int) -> None:
        calls.append("fsync folder" if os.fstat(descriptor).st_ino == folder else "fsync file")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", recorded_fsync)
    monkeypatch.setattr(os, "replace", lambda *a: (calls.append("replace"), replace(*a))[1])
    atomic.write_text(tmp_path / "file", "text")
    assert calls == ["fsync file", "replace", "fsync folder"]


def test_an_exception_in_the_block_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")


    def stopped() -> None:
        with atomic.replacing(path) as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_f06_full_disk_is_said_and_the_old_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    code = f"""
import resource, signal, sys
from striate.core import atomic
from striate.errors import DiskError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    atomic.write_bytes({str(path)!r}, b"x" * 100_000)
except DiskError as error:
    print(error.code, error.exit_code, error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("disk_full 1 ")
    assert "Free some space" in done.stdout
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_f07_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DiskError) as caught:
        atomic.write_bytes(tmp_path / "none" / "file", b"")
    assert caught.value.code == "not_writable"
