"""Picture names: files, folders, glob patterns and a list on standard input, as one stream of picture files."""

from __future__ import annotations

import glob
import os
import select
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from striate.data.sources.folder_walk import FoundFile, is_litter, link_target, walk
from striate.errors import DataError, MissingError, PictureError, StriateError, UsageError, shown

STDIN = "-"
WAIT = 0.2  # seconds without a further name, after which the names so far are answered
MAX_NAME = 16_384  # bytes of one name on standard input; a path has 4,096 at most
BLOCK = 1 << 16  # bytes that are read at once


@dataclass(frozen=True)
class Unread:
    """A picture that is not to be read, by name, and why."""

    picture: str
    error: StriateError


class Pause:
    """Mark in a stream of pictures: no more are there for now, so those before it are answered at once."""


def expanded(name: str) -> Iterator[str | Unread]:
    """The picture files that `name` stands for: those below a folder, those that a pattern matches, or the name itself.

    A folder's are sorted by name, at any depth, as `folder_walk` finds them; of links only those to a file in it that
    is not found otherwise. A pattern (`*`, `?`, `[...]`, and `**` for any folders) is one unless a file has this very
    name; it matches files. Raises `DataError` (`folder_without_pictures`) and `MissingError` (`no_match`).
    """
    if os.path.isdir(name):  # noqa: PTH112 - Path.is_dir raises where a name is too long
        found, what = _below(name), "folder"
    elif glob.has_magic(name) and not os.path.lexists(name):
        found, what = _matching(name), "pattern"
    else:
        found, what = iter((name,)), "file"
    first = next(found, None)
    if first is None and what == "folder":
        raise DataError("folder_without_pictures", f"the pictures below the folder {shown(name)} were asked for",
                        given="there are none, hidden and text files aside", do="Give a folder with picture files")
    if first is None:
        raise MissingError("no_match", f"the pictures that match {shown(name)} were asked for",
                           given="no file does", do="Check the pattern; ** stands for any folders between")
    yield first
    yield from found


def pictures_named(names: Iterable[str], *, null: bool = False) -> Iterator[str | Unread | Pause]:
    """The picture files of all `names`, in order; `-` stands for the names on standard input.

    Those are one a line (`null`: each ended by a NUL byte), and names of files only. Raises what `expanded` raises, and
    `UsageError` (`stdin_closed`), `DataError` (`bad_names`, `no_names`).
    """
    for name in names:
        yield from _listed(null) if name == STDIN else expanded(name)


def count_pictures(names: Iterable[str]) -> int | None:
    """The number of picture files of all `names`; None where some are on standard input.

    Raises what `pictures_named` raises, and `UsageError` (`stdin_twice`).
    """
    names = list(names)
    if names.count(STDIN) > 1:
        raise UsageError("stdin_twice", "the names on standard input were asked for", allowed="- may be given once",
                         given=f"it was given {names.count(STDIN)} times", do="Leave out all but one")
    total = sum(1 for name in names if name != STDIN for _ in expanded(name))
    return None if STDIN in names else total


def _below(folder: str) -> Iterator[str | Unread]:
    base = Path(folder).resolve()
    for found in walk(folder):
        one = found
        if found.what == "link":
            target = link_target(base, found.key)
            if not isinstance(target, FoundFile):
                if not any(map(is_litter, target[0].relative_to(base).parts)):
                    continue  # it is found under its own name
                one = FoundFile(found.key, (0, 0))
            else:
                one = target
        if one.what == "litter":
            continue
        name = os.path.join(folder, one.key) if one.key else folder  # noqa: PTH118 - as it was given, "./" and all
        yield name if not one.what else Unread(name, PictureError(
            one.what, f"{shown(name)} was not read", given=one.given, do="Give the picture file itself"))


def _matching(pattern: str) -> Iterator[str]:
    said = Path(pattern).parts
    for name in sorted(glob.glob(pattern, recursive=True)):  # noqa: PTH207 - as it was given, "./" and all
        if not any(is_litter(part) for part in Path(name).parts if part not in said) and not Path(name).is_dir():
            yield name


def _listed(null: bool) -> Iterator[str | Pause]:
    """The names on standard input, and a `Pause` whenever none has come for a while.

    Read from its descriptor, past Python's own buffer, so that a name is there as soon as it is written.
    """
    if sys.stdin is None or sys.stdin.closed:
        raise UsageError("stdin_closed", "the names on standard input were asked for", given="it is closed",
                         do="Pipe a list of names into striate, or give the names themselves")
    descriptor, end, rest, some = sys.stdin.fileno(), b"\0" if null else b"\n", b"", False
    while True:
        if not select.select([descriptor], [], [], WAIT)[0]:
            yield Pause()
            continue
        data = os.read(descriptor, BLOCK)
        *lines, rest = (rest + data).split(end) if data else (rest, b"")
        for line in (*lines, rest) if len(rest) > MAX_NAME else lines:
            if name := _name(line, null):
                some = True
                yield name
        if not data:
            break
    if not some:
        raise DataError("no_names", "the names on standard input were asked for", given="it is empty",
                        do="Pipe a list of names into striate")


def _name(line: bytes, null: bool) -> str:
    """The name in a line, '' where it is blank."""
    line = line if null else line.rstrip(b"\r")
    if len(line) > MAX_NAME or b"\0" in line:
        how = "ended by NUL bytes" if null else "one a line"
        raise DataError("bad_names", "the names on standard input were read",
                        allowed=f"names of {MAX_NAME:,} bytes, {how}, are allowed",
                        given="one is longer" if len(line) > MAX_NAME else "one has a NUL byte in it",
                        do="Give --null where NUL bytes end the names, and a picture by its name")
    return os.fsdecode(line) if line.strip() else ""
