"""Bounded reading of files that a user names: never from a pipe or a device, never more bytes than a limit."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO


class NotRegularError(OSError):
    """Error for a pipe or a device where a file was to be read."""


def open_nonblocking(path: Path) -> BinaryIO:
    """The file `path`, opened for reading; raises `NotRegularError` and what `open` raises.

    >>> open_nonblocking(Path("/dev/null"))
    Traceback (most recent call last):
    striate.core.bounded_file.NotRegularError: it is not a regular file
    """
    file = open(path, "rb", opener=_opener)  # noqa: SIM115 - for the caller to close
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise NotRegularError("it is not a regular file")
    return file


def read_bounded(path: Path, limit: int) -> bytes:
    """The bytes of `path`, of a file of more than `limit` the first `limit + 1`; raises as `open_nonblocking` does."""
    with open_nonblocking(path) as file:
        data = file.read(min(os.fstat(file.fileno()).st_size, limit) + 1)  # a buffer of the limit may be large
        while len(data) <= limit and (more := file.read(min(len(data) + 1, limit + 1 - len(data)))):
            data += more  # of a file that grows, or of /proc, which knows no sizes
        return data


def _opener(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)  # a pipe would wait for a writer
