"""Atomic writing of files: a reader sees the old bytes or the new bytes, never a mixture.

The recipe: a temporary file with our own prefix in the same folder, write, flush, fsync, rename, fsync of the
folder. A crash at any point leaves the old file whole and at most a `.striate-*.tmp` beside it.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from striate.errors import DiskError, StriateError, UsageError, shown

PREFIX = ".striate-"


@contextmanager
def replacing(path: str | Path) -> Iterator[BinaryIO]:
    """Context of a binary file that replaces `path` when the block ends without an exception.

    Raises `DiskError` (`disk_full`, `not_writable`) when the operating system refuses; `path` is then as it was.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replacing(Path(folder) / "a.txt") as file:
    ...         _ = file.write(b"whole")
    ...     (Path(folder) / "a.txt").read_bytes()
    b'whole'
    """
    path = Path(path)
    temporary = path.with_name(f"{PREFIX}{uuid4().hex}.tmp")
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, StriateError):  # of the block, such as a missing file that it reads
            raise
        raise disk_error(path, error) from error
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def write_bytes(path: str | Path, data: bytes) -> None:
    """Write `data` to `path` atomically."""
    with replacing(path) as file:
        file.write(data)


def write_text(path: str | Path, text: str) -> None:
    """Write `text` to `path` atomically, as UTF-8."""
    write_bytes(path, text.encode("utf-8", "surrogateescape"))


def sync_folder(folder: Path) -> None:
    """Make a rename inside `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make a folder and its parents where they are not there; raises `DiskError`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(folder, error) from error


def disk_error(path: Path, error: OSError) -> DiskError:
    """The refusal for an `OSError` met while writing `path`."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskError("disk_full", f"{shown(path)} could not be written", given="the disk is full",
                         do="Free some space and run the same command again")
    return DiskError("not_writable", f"{shown(path)} could not be written",
                     given=(error.strerror or str(error)).lower(),
                     do="Choose a folder that exists and can be written to")


def refuse_taken(out: str | Path, force: bool) -> None:
    """Refuse to overwrite an existing path, broken links included; with `force` a link is replaced, not followed."""
    path = Path(out)
    if not os.path.lexists(path):
        return
    if not (path.is_symlink() or path.is_file()):
        raise UsageError("out_not_a_file", f"{shown(out)} was to be written", given="it is a folder or a device",
                         do="Name a file in it")
    if not force:
        raise UsageError("out_exists", f"{shown(out)} was to be written", given="it is there already",
                         do="Choose another name, or add --force to write over it")
