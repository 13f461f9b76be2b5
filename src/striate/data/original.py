"""Original of a packed picture: its file, decoded again in full size."""

from __future__ import annotations

from pathlib import Path

from striate.data.decode import Decoded, decode
from striate.data.file import digest_of, read_bytes, source_changed
from striate.errors import MissingError


def original_of(root: Path, key: str, digest: str) -> Decoded:
    """The picture file `key` below `root`, decoded in full size, if its bytes still have this digest.

    Raises `DataError` (`source_changed`) and `PictureError`.
    """
    try:
        data = read_bytes(root / key, key)
    except MissingError as error:
        raise source_changed(key) from error
    if digest_of(data) != digest:
        raise source_changed(key)
    return decode(data, name=key)
