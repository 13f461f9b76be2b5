r"""File lists: the pictures of a folder to use; `striate check --write-list` writes one, `--files` reads it.

One name a line, relative to the folder, with `/` between its parts; UTF-8, and what is not UTF-8 in a name as its
bytes. A name that could not stand so (a line end in it, spaces around it, a quote or a # at its start) is a JSON
string: `"cat/a\nb.png"`. Empty lines, and lines that begin with #, are ignored.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from striate.core import atomic
from striate.core.bounded_text import Limits, load_json
from striate.data.dataset_checks import empty_class, learnable_counts
from striate.data.source import Source
from striate.data.sources.file_source import FileSource
from striate.data.sources.in_memory_arrays import open_regular
from striate.errors import DataError, MissingError, UsageError, shown

MAX_LIST = 2**28  # bytes
MAX_NAME = 16_384  # bytes of one line: a path has 4,096 at most, and JSON may need four times as many


def only_listed(source: Source, path: Path, allow_empty_class: bool = False) -> Source:
    """The pictures of `source`, a folder, that the list `path` names.

    Raises `MissingError` (`list_missing`), `UsageError` (`list_of_arrays`) or `DataError` (`bad_list`, `not_listed`,
    `empty_class`).
    """
    if not isinstance(source, FileSource):
        raise UsageError("list_of_arrays", f"some files of {shown(source.name)} were chosen by a list",
                         allowed="folders of pictures can be chosen from", given="it has no picture files",
                         do="Leave out --files")
    wanted = set(read_list(path))
    rows = [i for i, key in enumerate(source.keys) if key in wanted]
    if len(rows) < len(wanted):
        missing = sorted(wanted.difference(source.keys))
        raise DataError("not_listed", f"the pictures that {shown(path)} names were asked for",
                        allowed=f"pictures of {shown(source.name)} may be named, relative to it",
                        given=f"not there: {len(missing):,}, first {shown(missing[0], 120)}",
                        do="Write the list anew with striate check --write-list")
    labels = source.labels[rows]
    counts = learnable_counts(labels, [source.parts[i] for i in rows], len(source.classes))
    empty = [name for name, count in zip(source.classes, counts, strict=True) if not count]
    if empty and not allow_empty_class:
        raise empty_class(source.name, empty, f"{shown(path)} names none")
    skipped = tuple(one for one in source.skipped if one.picture in wanted)
    note = f"{len(rows):,} of {len(source.keys):,} pictures are used, those that {shown(path.name)} names"
    return replace(source, keys=tuple(source.keys[i] for i in rows), labels=labels,
                   parts=tuple(source.parts[i] for i in rows), stamps=tuple(source.stamps[i] for i in rows),
                   skipped=skipped, notes=(*source.notes, note), chosen=True)


def read_list(path: Path) -> list[str]:
    """The names in the list `path`, in its order."""
    names = []
    for number, line in enumerate(_bytes(path).split(b"\n"), 1):
        text = line.rstrip(b"\r").decode("utf-8", "surrogateescape")
        if not text.strip() or text.startswith("#"):
            continue
        try:
            name = load_json(text, Limits(MAX_NAME, depth=1)) if text.startswith('"') else text
        except ValueError:
            name = None
        if len(line) > MAX_NAME or not isinstance(name, str) or not _inside(name):
            raise _bad(path, f"line {number:,} says {shown(text, 120)}")
        names.append(name)
    if not names:
        raise _bad(path, "it names none")
    return names


def write_list(path: Path, names: Iterable[str]) -> None:
    """Write a list that `read_list` reads, atomically."""
    atomic.write_text(path, "".join(f"{_line(name)}\n" for name in names))


def digest_of_list(path: Path) -> str:
    """The sha256 of a list, by which a continued run recognises it."""
    return hashlib.sha256(_bytes(path)).hexdigest()


def _line(name: str) -> str:
    r"""A name as a line of a list.

    >>> _line("cat/1.png"), _line("cat/a\nb.png")
    ('cat/1.png', '"cat/a\\nb.png"')
    """
    plain = name == name.strip() and name[0] not in '"#' and "\n" not in name and "\r" not in name
    return name if plain else json.dumps(name)


def _inside(name: str) -> bool:
    parts = name.split("/")
    return "\0" not in name and all(part not in ("", ".", "..") for part in parts)


def _bytes(path: Path) -> bytes:
    try:
        with open_regular(path) as file:
            data = file.read(MAX_LIST + 1)
    except FileNotFoundError as error:
        raise MissingError("list_missing", f"the list of pictures {shown(path)} was asked for",
                           given="there is no such file", do="Write it with striate check --write-list") from error
    except (OSError, EOFError, DataError) as error:
        raise _bad(path, "it cannot be read as a file") from error
    if len(data) > MAX_LIST:
        raise _bad(path, f"it is longer than {MAX_LIST // 2**20:,} MiB")
    return data


def _bad(path: Path, given: str) -> DataError:
    return DataError("bad_list", f"the list of pictures {shown(path)} was asked for",
                     allowed="one name a line, relative to the folder and inside it, is allowed", given=given,
                     do="Write it with striate check --write-list")
