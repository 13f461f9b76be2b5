"""Model file of every kind of recogniser: arrays in safetensors, and a JSON manifest in its metadata.

The layout is that of safetensors (8 bytes of header length, a JSON header, the bytes of the arrays), with a single
metadata key, `striate`, that holds the manifest: format version, kind, classes, preprocessing, network or pipeline,
how it was trained, and the SHA-256 of arrays and manifest together. The same content gives the same bytes.

A file is hostile until checked: nothing in it is executed, no name in it is imported, and sizes are checked before
memory is taken. Pickles, under whatever name, are refused by their first bytes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from io import BufferedReader
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from safetensors.numpy import save as build_safetensors

from striate._version import __version__
from striate.core import atomic
from striate.core.bounded_text import Limits, load_json
from striate.core.safetensors_layout import METADATA, layout_of, read_arrays
from striate.errors import MissingError, ModelFileError, shown

FORMAT = "striate-model"
VERSION = 1
KEY = "striate"
LARGEST = 1e9  # number in an array that `shaped` checks
MAX_BYTES = 4 << 30  # 4 GiB: a billion float32 parameters
MAX_HEADER = 16 << 20
MAX_ARRAYS = 10_000
BLOCK = 1 << 20  # numbers that are checked at a time
PICKLE_STARTS = (b"\x80", b"PK", b"(", b"c", b"]", b"}")  # protocols 2 to 5, torch's zip, protocols 0 and 1
LIMITS = Limits(MAX_HEADER, 64, phrases={"depth": "it is nested deeper than {limit}", "twice": "a key occurs twice",
                                         "constant": "{given} is not JSON"})
DTYPES = ("float32", "float64", "int64", "int32", "uint8")

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class ModelFile:
    """Content of a model file: `manifest` (JSON values) and `arrays` by name."""

    manifest: dict[str, Any]
    arrays: dict[str, np.ndarray]


def save(path: str | Path, kind: str, manifest: Mapping[str, Any], arrays: Arrays) -> Path:
    """Write a model file atomically; the same arguments give the same bytes.

    Raises `ModelFileError` (`model_too_large`).

    Args:
        path: an existing file is replaced only when the new one is complete.
        kind: which recogniser can read it, for example `convnet`.
        manifest: JSON values; `format`, `version`, `kind`, `striate` and `sha256` are added.
        arrays: by name; float32, float64, int64, int32 or uint8.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = save(Path(folder) / "m.safetensors", "demo", {"classes": ["a"]}, {"w": np.ones(3, np.float32)})
    ...     load(path).manifest["classes"]
    ['a']

    """
    size = sum(array.nbytes for array in arrays.values())
    if size > MAX_BYTES - MAX_HEADER:
        raise ModelFileError("model_too_large", f"{shown(path)} was to be written",
                             allowed=f"a model file has at most {MAX_BYTES - MAX_HEADER:,} bytes of arrays",
                             given=f"there are {size:,}", do="Train a smaller model; nearest neighbours keep all")
    if len(arrays) > MAX_ARRAYS:
        raise ModelFileError("model_too_large", f"{shown(path)} was to be written",
                             allowed=f"a model file has at most {MAX_ARRAYS:,} arrays",
                             given=f"there are {len(arrays):,}", do="Train a network of fewer layers")
    plain = {name: np.ascontiguousarray(array).reshape(array.shape) for name, array in sorted(arrays.items())}
    unsupported = [name for name, array in plain.items() if array.dtype.name not in DTYPES]
    if unsupported:
        raise TypeError(f"arrays of another dtype than {DTYPES}: {unsupported}")
    full = {**manifest, "format": FORMAT, "version": VERSION, "kind": kind, "striate": __version__}
    full["sha256"] = digest(full, plain)
    atomic.write_bytes(path, build_safetensors(plain, {KEY: canonical(full)}))
    return Path(path)


def load(path: str | Path, *, allow_nonfinite: bool = False) -> ModelFile:
    """Read and check a model file; returns manifest and arrays.

    Raises `MissingError` when there is no such file and `ModelFileError` when it cannot be trusted: `pickle_refused`,
    `model_unreadable`, `model_too_large`, `no_manifest`, `newer_format`, `hash_mismatch`, `not_finite` (NaN or infinite
    weights, unless `allow_nonfinite`).
    """
    path = Path(path)
    with _opened(path) as (file, size):
        header = _header(path, file, size)
        try:
            layout = layout_of(header, size - file.tell())
        except ValueError as error:
            _unreadable(path, str(error), error)
        manifest = _manifest(path, header.get(METADATA, {}).get(KEY))
        try:
            arrays = read_arrays(file, layout)
        except ValueError as error:
            _unreadable(path, str(error), error)
    if digest(manifest, arrays) != manifest["sha256"]:
        raise ModelFileError("hash_mismatch", f"{shown(path)} was to be loaded",
                             given="its content does not match its own SHA-256",
                             do="Copy the file again from where it came, or train again")
    broken = [name for name, array in arrays.items() if array.dtype.kind == "f" and not _finite(array)]
    if broken and not allow_nonfinite:
        raise ModelFileError("not_finite", f"{shown(path)} was to be loaded", allowed="all weights must be finite",
                             given=f"{', '.join(map(shown, broken[:5]))} hold NaN or infinite values",
                             do="Train again with a smaller learning rate")
    return ModelFile(manifest, arrays)


def canonical(value: Any) -> str:
    """Canonical JSON with sorted keys and no spaces: one text for one value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(manifest: Mapping[str, Any], arrays: Arrays) -> str:
    """SHA-256 over the manifest (without its own hash) and every array's name, dtype, shape and bytes."""
    whole = sha256(canonical({key: value for key, value in manifest.items() if key != "sha256"}).encode())
    for name, array in sorted(arrays.items()):
        whole.update(canonical([name, array.dtype.name, list(array.shape)]).encode())
        whole.update(np.ascontiguousarray(array).data if array.size else b"")
    return whole.hexdigest()


@contextmanager
def _opened(path: Path) -> Iterator[tuple[BufferedReader, int]]:
    """The file and its size; what the disk has against reading it is a refusal (`model_unreadable`)."""
    if not path.exists():
        raise MissingError("no_such_model", f"the model {shown(path)} was asked for", given="there is no such file",
                           do="Give the model.safetensors of a run folder")
    if not path.is_file():
        _unreadable(path, "it is not a file")
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > MAX_BYTES:
                raise ModelFileError("model_too_large", f"{shown(path)} was to be loaded",
                                     allowed=f"a model file has at most {MAX_BYTES:,} bytes", given=f"it has {size:,}",
                                     do="Give a file that striate train has written")
            yield file, size
    except OSError as error:
        _unreadable(path, (error.strerror or str(error)).lower(), error)


def _header(path: Path, file: BufferedReader, size: int) -> dict[str, Any]:
    start = file.read(9)
    length = int.from_bytes(start[:8], "little")
    if start[8:] != b"{" and start.startswith(PICKLE_STARTS):
        raise ModelFileError("pickle_refused", f"{shown(path)} was to be loaded", allowed="a model file is safetensors",
                             given="this is a pickle or an archive of pickles, which can run any code",
                             do="Give the model.safetensors of a run folder")
    if not start:
        _unreadable(path, "it is empty")
    if start[8:] != b"{":
        _unreadable(path, "it does not begin as one")
    if not 2 <= length <= min(MAX_HEADER, size - 8):
        _unreadable(path, f"its header claims {length:,} bytes of a file of {size:,}")
    try:
        header = load_json(start[8:] + file.read(length - 1), LIMITS)
    except ValueError as error:
        _unreadable(path, f"its header is not JSON ({error})", error)
    if not isinstance(header, dict) or not isinstance(header.get(METADATA, {}), dict):
        _unreadable(path, "its header is not a JSON object")
    if len(header) > MAX_ARRAYS:
        _unreadable(path, f"it has {len(header):,} arrays; {MAX_ARRAYS:,} are allowed")
    return header


def _manifest(path: Path, text: object) -> dict[str, Any]:
    if not isinstance(text, str):
        raise ModelFileError("no_manifest", f"{shown(path)} was to be loaded",
                             given="it has no striate manifest, so its classes and preprocessing are unknown",
                             do="Give a file that striate train has written")
    try:
        manifest = load_json(text, LIMITS)
    except ValueError as error:
        _unreadable(path, f"its manifest is not JSON ({error})", error)
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT or "sha256" not in manifest:
        _unreadable(path, f"its manifest is not of the format {FORMAT}")
    version = manifest.get("version")
    if not isinstance(version, int) or version > VERSION:
        raise ModelFileError("newer_format", f"{shown(path)} was to be loaded",
                             allowed=f"this striate {__version__} reads model files up to version {VERSION}",
                             given=shown(f"version {version}, made by striate {manifest.get('striate')}"),
                             do="Upgrade striate")
    return manifest


def _finite(array: np.ndarray) -> bool:
    """Whether all numbers of an array are finite, asked in blocks: the answer for all at once takes a quarter of it."""
    flat = array.reshape(-1)
    return all(np.isfinite(flat[start : start + BLOCK]).all() for start in range(0, len(flat), BLOCK))


def _unreadable(path: Path, why: str, cause: BaseException | None = None) -> NoReturn:
    raise ModelFileError("model_unreadable", f"{shown(path)} was to be loaded", allowed="a model file is safetensors",
                         given=shown(why), do="Give a file that striate train has written") from cause


def joined(parts: Mapping[str, Arrays]) -> dict[str, np.ndarray]:
    """The arrays of several parts in one mapping, by `part.name`."""
    return {f"{part}.{name}": array for part, arrays in parts.items() for name, array in arrays.items()}


def parted(arrays: Arrays) -> dict[str, dict[str, np.ndarray]]:
    """The inverse of `joined`: arrays by part and name.

    >>> parted(joined({"a": {"b.c": np.zeros(1)}}))
    {'a': {'b.c': array([0.])}}
    """
    parts: dict[str, dict[str, np.ndarray]] = {}
    for name, array in arrays.items():
        part, _, rest = name.partition(".")
        parts.setdefault(part, {})[rest] = array
    return parts


def shaped(arrays: Arrays, shapes: Mapping[str, tuple[int | None, ...]], dtype: type = np.float32) -> None:
    """Check arrays: ValueError unless they have these `shapes` (None: any length) and dtype, none empty, all finite.

    >>> shaped({"bias": np.zeros(3)}, {"bias": (None,)})
    Traceback (most recent call last):
    ValueError: bias must be float32 with 1 axes
    """
    if arrays.keys() != shapes.keys():
        raise ValueError(f"the arrays must be {', '.join(shapes)}")
    for name, shape in shapes.items():
        found = arrays[name]
        if found.dtype != dtype or found.ndim != len(shape):
            raise ValueError(f"{name} must be {np.dtype(dtype)} with {len(shape)} axes")
        if not found.size or any(wanted not in (None, side) for wanted, side in zip(shape, found.shape, strict=True)):
            raise ValueError(f"{name} has shape {found.shape}")
        if found.dtype.kind == "f" and not (np.abs(found) <= LARGEST).all():
            raise ValueError(f"{name} must hold finite numbers up to {LARGEST:g}")
