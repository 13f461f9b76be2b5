"""Tests of bounded reading: what is no file, what is too long, and what does not know its size."""

import os
from pathlib import Path

import pytest

from striate.core.bounded_file import NotRegularError, read_bounded


@pytest.mark.parametrize("size", [0, 9, 10])
def test_a_file_within_the_limit_is_read_whole(tmp_path: Path, size: int) -> None:
    (tmp_path / "a").write_bytes(b"x" * size)
    assert read_bounded(tmp_path / "a", 10) == b"x" * size


def test_one_byte_tells_of_a_longer_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 1_000)
    assert len(read_bounded(tmp_path / "a", 10)) == 11


def test_a_file_that_says_it_is_empty_is_read_within_the_limit() -> None:
    assert read_bounded(Path("/proc/cpuinfo"), 1 << 20).startswith(b"processor")
    assert len(read_bounded(Path("/proc/cpuinfo"), 10)) == 11


def test_pipes_and_devices_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(NotRegularError):
            read_bounded(path, 10)
