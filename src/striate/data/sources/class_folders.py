"""Class folders: a folder for each class, `ROOT/CLASS/**/picture`, or `ROOT/PART/CLASS/**/picture` with a split.

Rules. Parts are called train, validation (or val, valid) and test; a folder is divided if it has `train` and nothing
but parts. Classes are numbered by the code points of their names, in any locale. A picture belongs to the class folder
it lies below, at any depth. The first bytes of a file decide its format, not the ending of its name. Left out and
counted: hidden names, the litter of operating systems, and files with endings of text or data. Links are
not followed out of the folder, nor to folders; pipes and devices are not opened.
"""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from striate.data.dataset_checks import empty_class
from striate.data.file_index import Stamp
from striate.data.source import Skipped
from striate.data.sources.file_source import FileSource
from striate.data.sources.folder_walk import FoundFile, is_litter, link_target, walk
from striate.errors import DataError, shown

PART_NAMES = {"train": "train", "val": "validation", "valid": "validation", "validation": "validation", "test": "test"}
LAYOUT = "ROOT/CLASS/picture.jpg, or ROOT/train/CLASS/picture.jpg with ROOT/test beside it, is expected"


@dataclass
class _Scan:
    """Results of one walk over the folder."""

    files: dict[str, tuple[str, str, Stamp]] = field(default_factory=dict)  # key → part, class, stamp
    links: list[tuple[str, str, str]] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    ignored: int = 0

    def skip(self, key: str, code: str, given: str) -> None:
        self.skipped.append(Skipped(key, code, f"{shown(key)} was not read: {given}"))


def open_folder(root: Path, allow_empty_class: bool = False, tolerant: bool = False) -> FileSource:
    """List the pictures below the folder `root`; no file is opened. Raises `DataError` if it is no data set.

    `tolerant`, for `striate check`: class names that clash, differ between parts or are of empty folders are allowed.
    """
    scan = _Scan()
    tops, loose = _listing(str(root), "", scan)
    if not tops and not loose:
        raise DataError("dataset_empty", f"pictures were looked for in {shown(root)}", allowed=LAYOUT,
                        given="the folder is empty", do="Put pictures there")
    parts = _parts(root, tops)
    for key in loose:
        scan.skip(key, "no_class", "it lies beside the class folders and has no class")
    folders: dict[str, list[str]] = {}  # part → classes
    for part, top in parts.items():
        inside, loose = _listing(str(root / top), f"{top}/", scan) if part else (tops, [])
        folders[part] = sorted(inside)
        for key in loose:
            scan.skip(key, "no_class", "it lies beside the class folders and has no class")
        for name in inside:
            _gather(root, f"{top}/{name}" if part else name, part, name, scan)
    classes = _classes(root, folders, tolerant)
    _add_links(root, scan)
    keys = sorted(scan.files)
    _check_filled(root, classes, Counter((scan.files[key][0], scan.files[key][1]) for key in keys), folders,
                  allow_empty_class or tolerant)
    number = {name: i for i, name in enumerate(classes)}
    return FileSource(
        name=root.resolve().name, classes=classes, keys=tuple(keys),
        labels=np.array([number[scan.files[key][1]] for key in keys], np.int64),
        parts=tuple(scan.files[key][0] for key in keys), skipped=tuple(scan.skipped),
        notes=_notes(scan), root=root, stamps=tuple(scan.files[key][2] for key in keys),
    )  # fmt: skip


def _listing(folder: str, prefix: str, scan: _Scan) -> tuple[list[str], list[str]]:
    """The names of the sub-folders of `folder` and the keys of the files in it, litter left out."""
    folders, files = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            if is_litter(entry.name):
                scan.ignored += 1
            elif entry.is_dir(follow_symlinks=False):
                folders.append(entry.name)
            elif entry.is_symlink() and entry.is_dir():
                scan.skip(prefix + entry.name, "folder_link", "it is a link to a folder, and those are not followed")
            else:
                files.append(prefix + entry.name)
    return folders, files


def _parts(root: Path, tops: list[str]) -> dict[str, str]:
    """Part → folder of a divided root; {'': ''} if it is undivided."""
    if not tops:
        raise DataError("no_class_folders", f"classes were looked for in {shown(root)}", allowed=LAYOUT,
                        given="there are files but no folders", do="Put each class into a folder of its name")
    named = [top for top in tops if top in PART_NAMES]
    parts = {PART_NAMES[top]: top for top in named}
    if "train" not in parts or (len(named) == 1 and len(tops) > 1):
        return {"": ""}
    if len(named) < len(tops) or len(parts) < len(named):
        others = ", ".join(shown(top, 40) for top in sorted(tops)[:8])
        raise DataError("mixed_layout", f"parts were looked for in {shown(root)}",
                        allowed="train, one of validation, val and valid, and test, and nothing else, are allowed",
                        given=f"{others} were found", do="Move the other folders elsewhere")
    return parts


def _gather(root: Path, top: str, part: str, name: str, scan: _Scan) -> None:
    """Gather every file below the class folder `top`, at any depth."""
    for found in walk(str(root), top):
        if found.stamp:
            scan.files[found.key] = part, name, found.stamp
        elif found.what == "litter":
            scan.ignored += 1
        elif found.what == "link":
            scan.links.append((found.key, part, name))
        else:
            scan.skip(found.key, found.what, found.given)


def _add_links(root: Path, scan: _Scan) -> None:
    """Add the links that lead to a file inside the folder that is not listed already; skip the others."""
    base = root.resolve()
    real = {str(base / key) for key in scan.files} if scan.links else set()
    for key, part, name in sorted(scan.links):
        found = link_target(base, key)
        if isinstance(found, FoundFile):
            scan.skip(key, found.what, found.given)
            continue
        target, facts = found
        if str(target) in real:
            scan.ignored += 1
        else:
            real.add(str(target))
            scan.files[key] = part, name, (facts.st_size, facts.st_mtime_ns)


def _classes(root: Path, folders: dict[str, list[str]], tolerant: bool) -> tuple[str, ...]:
    """The class names, the same in every part, by code point; refuses names that some systems cannot tell apart."""
    if tolerant and any(folders.values()):
        return tuple(sorted({name for names in folders.values() for name in names}))
    wanted = set(folders.get("train", folders.get("", [])))
    for part, names in folders.items():
        if set(names) != wanted:
            only = ", ".join(shown(name, 40) for name in sorted(wanted - set(names))[:8]) or "none"
            more = ", ".join(shown(name, 40) for name in sorted(set(names) - wanted)[:8]) or "none"
            raise DataError("class_sets_differ", f"the parts of {shown(root)} must have the same classes",
                            given=f"only in train: {only}; only in {part}: {more}",
                            do="Make the folders of both parts the same, empty ones allowed in test")
    seen: dict[str, str] = {}
    for name in sorted(wanted):
        folded = folded_name(name)
        if folded in seen:
            raise DataError("class_names_clash", "class names must differ by more than case or accents' encoding",
                            given=f"{seen[folded]!a} and {name!a} were found", do="Rename or merge one of them")
        seen[folded] = name
    if not wanted:
        raise DataError("no_class_folders", f"classes were looked for in {shown(root)}", allowed=LAYOUT,
                        given="no class folder was found", do="Put each class into a folder of its name")
    return tuple(sorted(wanted))


def folded_name(name: str) -> str:
    r"""A name as macOS and Windows compare it: without case, and in one Unicode form.

    >>> folded_name("Caf\u00e9") == folded_name("cafe\u0301")
    True
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _check_filled(root: Path, classes: tuple[str, ...], counts: Counter[tuple[str, str]], folders: dict[str, list[str]],
                  allowed: bool) -> None:
    if not counts:
        raise DataError("dataset_empty", f"pictures were looked for in {shown(root)}", allowed=LAYOUT,
                        given="its class folders are empty", do="Put pictures there")
    part = "train" if "train" in folders else ""
    empty = [name for name in classes if not counts[part, name]]
    if empty and not allowed:
        raise empty_class(root.resolve().name, empty, "")


def _notes(scan: _Scan) -> tuple[str, ...]:
    if not scan.ignored:
        return ()
    files = "file or folder was" if scan.ignored == 1 else "files or folders were"
    return (f"{scan.ignored} {files} left out: hidden, litter, text, or a link to a picture already there",)
