"""Folder walk: the files below a folder in the order of their names, and what is left out, as it is found.

Left out: hidden names, the litter of operating systems, and files with endings of text or data; whether another file is
a picture is decided by its bytes when it is read. Links are not followed out of the folder, nor to folders; pipes and
devices are not opened. No file is opened, and memory grows with the largest folder, not with all of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from striate.data.file_index import Stamp

LITTER = frozenset({"__MACOSX", "Thumbs.db", "ehthumbs.db", "desktop.ini", "Desktop.ini", "@eaDir", "$RECYCLE.BIN"})
NOT_PICTURES = (".txt", ".md", ".csv", ".tsv", ".json", ".jsonl", ".xml", ".yaml", ".yml", ".ini", ".log", ".db", ".py",
                ".sh")


class FoundFile(NamedTuple):
    """What was found: its name below the folder, with `/`; and one of four.

    A `stamp` is a regular file's. `what` is `litter`, `link`, or the code of the reason why it cannot be read, which
    `given` says as a clause.
    """

    key: str
    stamp: Stamp | None = None
    what: str = ""
    given: str = ""


def walk(root: str, top: str = "") -> Iterator[FoundFile]:
    """All that lies below the folder `top` of `root`, at any depth, sorted by the code points of the whole name."""
    waiting: list[tuple[str, os.DirEntry[str] | None]] = [(top, None)]
    while waiting:
        key, entry = waiting.pop()
        if entry is not None and not entry.is_dir(follow_symlinks=False):
            yield _found(key, entry)
            continue
        try:
            with os.scandir(f"{root}/{key}" if key else root) as entries:
                inside = list(entries)
        except OSError as error:
            yield FoundFile(key, what="not_readable", given=(error.strerror or str(error)).lower())
            continue
        prefix, kept = f"{key}/" if key else "", []
        for one in inside:
            if is_litter(one.name):
                yield FoundFile(prefix + one.name, what="litter")
            else:
                kept.append((prefix + one.name, one))
        # A folder stands where the names of its files will: after "a.jpg" for "a/b.jpg".
        kept.sort(key=lambda pair: pair[0] + "/" * pair[1].is_dir(follow_symlinks=False), reverse=True)
        waiting += kept


def is_litter(name: str) -> bool:
    """Whether a file or folder of this name is left out.

    >>> is_litter("Thumbs.db"), is_litter(".hidden"), is_litter("labels.csv"), is_litter("1.jpg")
    (True, True, True, False)
    """
    return name[0] == "." or name in LITTER or name.lower().endswith(NOT_PICTURES)


def link_target(base: Path, key: str) -> tuple[Path, os.stat_result] | FoundFile:
    """The file inside the resolved folder `base` that the link `key` leads to, and its facts; or why it is not read."""
    try:
        target = (base / key).resolve(strict=True)
        facts = target.stat()
    except (OSError, RuntimeError):
        return FoundFile(key, what="broken_link", given="it is a link that leads nowhere")
    if target.is_dir():
        return FoundFile(key, what="folder_link", given="it is a link to a folder, and those are not followed")
    if not target.is_relative_to(base):
        return FoundFile(key, what="link_outside", given="it is a link that leads out of the folder")
    if not target.is_file():
        return FoundFile(key, what="not_a_file", given="it is a pipe, a socket or a device")
    return target, facts


def _found(key: str, entry: os.DirEntry[str]) -> FoundFile:
    if entry.is_symlink():
        return FoundFile(key, what="link")
    if not entry.is_file(follow_symlinks=False):
        return FoundFile(key, what="not_a_file", given="it is a pipe, a socket or a device")
    try:
        facts = entry.stat(follow_symlinks=False)
    except OSError as error:
        return FoundFile(key, what="not_readable", given=(error.strerror or str(error)).lower())
    return FoundFile(key, (facts.st_size, facts.st_mtime_ns))
