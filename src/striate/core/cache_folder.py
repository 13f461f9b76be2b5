"""Where striate keeps what it can make again: packs, indexes and downloads. Deleting the folder costs time only."""

from __future__ import annotations

import os
from pathlib import Path

from striate.core.atomic import disk_error


def cache_folder() -> Path:
    """The cache: `$STRIATE_CACHE`, else `$XDG_CACHE_HOME/striate`, else `~/.cache/striate`. It need not exist.

    >>> import os
    >>> os.environ["STRIATE_CACHE"] = "/tmp/elsewhere"
    >>> print(cache_folder())
    /tmp/elsewhere
    >>> del os.environ["STRIATE_CACHE"]
    """
    if own := os.environ.get("STRIATE_CACHE"):
        return Path(own).expanduser()
    if shared := os.environ.get("XDG_CACHE_HOME"):
        return Path(shared).expanduser() / "striate"
    return Path.home() / ".cache" / "striate"


def cache_room(name: str) -> Path:
    """The sub-folder `name` of the cache, made if needed; `DiskError` if it cannot be."""
    folder = cache_folder() / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(folder, error) from error
    return folder
