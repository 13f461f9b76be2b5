"""Picture files: their bytes, digests and facts (size, channels), without decoding."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.data.decode import MAX_BYTES
from striate.errors import DataError, MissingError, PictureError, shown

Packed = tuple[NDArray[np.uint8], tuple[str, ...]]  # pixels (height, width, channels), and notes
DIGEST = 32  # hexadecimal digits of a sha256 in use: 128 bits


@dataclass(frozen=True)
class FileFacts:
    """Facts of a picture, read without decoding it: digest of its bytes, width and height in pixels, channels."""

    digest: str
    width: int
    height: int
    channels: int


Outcome = FileFacts | PictureError


def read_bytes(path: str | Path, name: str) -> bytes:
    """The bytes of one picture file, never more than `decode` would accept, never from a pipe or a device."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe would wait for a writer
        try:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise PictureError("not_a_file", f"{shown(name)} cannot be read as a picture",
                                   given="it is not a regular file", do="Give a picture file")
            return os.read(descriptor, min(found.st_size, MAX_BYTES) + 1)
        finally:
            os.close(descriptor)
    except PictureError:
        raise
    except (FileNotFoundError, ValueError) as error:  # ValueError: of a name that no file can have
        raise MissingError("picture_missing", f"the picture {shown(name)} was asked for", given="there is no such file",
                           do="Check the path") from error
    except OSError as error:
        raise PictureError("not_readable", f"{shown(name)} cannot be read", given=(error.strerror or "").lower(),
                           do="Check its permissions and its disk") from error


def digest_of(data: bytes) -> str:
    """The digest of a picture file: the first 32 hexadecimal digits of the sha256 of its bytes."""
    return hashlib.sha256(data).hexdigest()[:DIGEST]


def source_changed(name: str) -> DataError:
    """The refusal for a file that changed since it was listed."""
    return DataError("source_changed", f"{shown(name)} was to be packed",
                     given="it changed or vanished since it was listed",
                     do="Run the same command again when nothing writes to the folder")


def to_row(outcome: Outcome) -> list[Any]:
    """Facts or a refusal as a row for JSON."""
    if isinstance(outcome, FileFacts):
        return [outcome.digest, outcome.width, outcome.height, outcome.channels]
    return [outcome.code, outcome.asked, outcome.allowed, outcome.given, outcome.do]


def from_row(row: list[Any]) -> Outcome:
    """The facts or the refusal of a row; the inverse of `to_row`."""
    if len(row) == 4:
        digest, width, height, channels = row
        return FileFacts(str(digest), int(width), int(height), int(channels))
    code, asked, allowed, given, do = map(str, row)
    return PictureError(code, asked, allowed=allowed, given=given, do=do)
