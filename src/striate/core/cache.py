"""Disk cache of computed arrays, under the hash of all that they depend on.

A computation on the same pictures, settings, seed and versions is read back instead of repeated. Arrays are model files
(hashed, no pickle); large ones are raw float32 beside their hash, and are mapped, not read. Deleting the folder costs
time only.
"""

from __future__ import annotations

import json
import os
import platform
import re
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from striate._version import __version__
from striate.core import atomic, model_file
from striate.core.atomic import disk_error
from striate.core.bounded_text import Limits, load_json
from striate.errors import DataError, MissingError, StriateError

MOST = 8 << 30  # bytes in one folder; the least recently used entries are evicted first
BLOCK = 16 << 20
PACKAGE = Path(__file__).parents[1]
STALE = 86_400  # seconds without a change, after which an unfinished file is abandoned
ENTRY = re.compile(rf"([a-z]+-)?[0-9a-f]{{32}}\.(safetensors|f32|json)|{re.escape(atomic.PREFIX)}.*")
SEAL = Limits(1 << 10, depth=1)

Floats = NDArray[np.float32]
Arrays = dict[str, NDArray[Any]]
Stored = tuple[dict[str, Any], Arrays]


def cache_folder() -> Path:
    """The cache folder: `$STRIATE_CACHE`, else the platform's own, such as `~/.cache/striate`. It need not exist.

    >>> import os
    >>> os.environ["STRIATE_CACHE"] = "/tmp/elsewhere"
    >>> print(cache_folder())
    /tmp/elsewhere
    >>> del os.environ["STRIATE_CACHE"]
    """
    if own := os.environ.get("STRIATE_CACHE"):
        return Path(own).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("striate", appauthor=False).expanduser()


def cache_subfolder(name: str) -> Path:
    """The sub-folder `name` of the cache, made if needed; `DiskError` if it cannot be."""
    folder = cache_folder() / name
    atomic.make_folder(folder)
    return folder


def key_of(*parts: Any) -> str:
    """Cache key of JSON values, 32 hexadecimal digits.

    >>> key_of("lite0", {"size": [224, 224]}) == key_of("lite0", {"size": [224, 192]})
    False
    """
    return sha256(model_file.canonical(parts).encode()).hexdigest()[:32]


@cache
def code_digest(places: tuple[str, ...], libraries: tuple[str, ...]) -> str:
    """Hash of the source in `places`, the versions of striate and `libraries`, and the processor architecture.

    Places are folders and modules of the package, such as `bow` and `core/executor.py`; one that is missing is an
    `OSError`.
    """
    from importlib.metadata import version

    whole = sha256(model_file.canonical([__version__, platform.machine(), *map(version, libraries)]).encode())
    for place in places:
        folder = PACKAGE / place
        for path in sorted(folder.rglob("*.py")) if folder.is_dir() else [folder]:
            source = path.read_bytes()
            whole.update(f"{path.relative_to(PACKAGE).as_posix()} {len(source)} ".encode() + source)
    return whole.hexdigest()


class DiskCache:
    """Disk cache in `folder`, by a name and a key; None caches nothing. `notes`: sentences on damaged entries.

    Limits: `MOST` bytes in all, of which one entry may take half; larger ones are not cached. Other files in the folder
    are neither counted nor touched.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.notes: list[str] = []

    def arrays(self, name: str, key: str, make: Callable[[], Stored]) -> tuple[Stored, bool]:
        """JSON values and arrays of an entry, and whether they were cached; computed and cached if not."""
        if not self.folder:
            return make(), False
        path = self.folder / f"{name}-{key}.safetensors"
        try:
            file = model_file.load(path)
            mark_used(path)
            return (file.manifest["settings"], file.arrays), True
        except MissingError:
            pass
        except (StriateError, KeyError):
            self.notes.append(f"the {name} in the cache was damaged and was made again")
        except OSError as error:
            raise disk_error(path, error) from error
        settings, arrays = make()
        size = sum(array.nbytes for array in arrays.values())
        if size <= MOST // 2:
            evict(self.folder, size, MOST)
            model_file.save(path, "stage", {"settings": settings}, arrays)
        return (settings, arrays), False

    def features(self, key: str, shape: tuple[int, int], make: Callable[[Floats], None]) -> tuple[Floats, bool]:
        """Features of `shape` (pictures, width), and whether they were cached; `make` fills them if not."""
        size = 4 * shape[0] * shape[1]
        if not self.folder or size > MOST // 2:
            from psutil import virtual_memory

            allowed = virtual_memory().total // 2
            if size > allowed:
                raise DataError("features_too_large", "the features of all training pictures were to be held",
                                allowed=f"half of this machine's memory, {allowed / 2**30:,.1f} GiB, is allowed",
                                given=f"{shape[0]:,} pictures of {shape[1]:,} numbers take {size / 2**30:,.1f} GiB",
                                do="Take fewer words, components or regions, or leave out mirror images")
            whole = np.empty(shape, np.float32)
            make(whole)
            return whole, False
        path = self.folder / f"features-{key}.f32"
        seal = path.with_suffix(".json")
        if path.exists():
            mapped = _mapped(path, seal, shape)
            if mapped is not None:
                mark_used(path, seal)
                return mapped, True
            self.notes.append("the features in the cache were damaged and were made again")
        evict(self.folder, size, MOST)
        temporary = path.with_name(f"{atomic.PREFIX}{uuid4().hex}.tmp")
        try:
            with temporary.open("w+b") as file:
                os.posix_fallocate(file.fileno(), 0, size)  # a full disk is refused here, not met as a broken map
            mapped = np.memmap(temporary, np.float32, "r+", shape=shape)
            make(mapped)
            mapped.flush()
            with temporary.open("rb") as file:
                digest = json.dumps({"sha256": _hash_of(file)})
            temporary.replace(path)
            atomic.write_text(seal, digest)
        except OSError as error:
            if isinstance(error, StriateError):
                raise
            raise disk_error(path, error) from error
        finally:
            temporary.unlink(missing_ok=True)
        mapped.flags.writeable = False
        return mapped, False


def evict(folder: Path, size: int, most: int) -> None:
    """Make the folder if needed, and evict the least recently used entries until `size` more bytes fit in `most`."""
    found = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():
            with suppress(FileNotFoundError):  # another process may have evicted it
                if ENTRY.fullmatch(path.name):
                    found.append((path.stat(), path))
    except OSError as error:
        raise disk_error(folder, error) from error
    total = size + sum(stat.st_size for stat, _ in found)
    for stat, path in sorted(found, key=lambda pair: pair[0].st_mtime):
        if total <= most:
            break
        if path.name.startswith(atomic.PREFIX) and time.time() - stat.st_mtime < STALE:
            continue
        with suppress(OSError):
            path.unlink()
        total -= stat.st_size


def mark_used(*paths: Path) -> None:
    """Mark entries as used just now."""
    for path in paths:
        with suppress(OSError):  # of a read-only folder
            os.utime(path)


def _mapped(path: Path, seal: Path, shape: tuple[int, int]) -> Floats | None:
    """The features in `path`, mapped; None where their hash is not that of `seal`."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size != 4 * shape[0] * shape[1] or _hash_of(file) != _sealed(seal):
                return None
            return np.memmap(file, np.float32, "r", shape=shape)
    except OSError:
        return None


def _sealed(path: Path) -> object:
    try:
        values = load_json(path.read_bytes(), SEAL)
    except (OSError, ValueError):
        return None
    return values.get("sha256") if isinstance(values, dict) else None


def _hash_of(file: BinaryIO) -> str:
    whole = sha256()
    while block := file.read(BLOCK):
        whole.update(block)
    return whole.hexdigest()
