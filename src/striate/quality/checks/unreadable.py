"""Checks of files: unreadable, left out, and names that other systems cannot tell apart."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from striate.data.source import Skipped
from striate.data.sources.class_folders import folded_name
from striate.data.sources.file_source import FileSource
from striate.errors import shown
from striate.quality.finding import Case, check
from striate.quality.scan import ScannedSource

LEFT_OUT = frozenset({"no_class", "folder_link", "link_outside", "broken_link", "not_a_file"})  # by the layout
LARGE = 16 * 2**20  # bytes


@check("unreadable", "error", "files that cannot be read",
       "Training passes over them. Copy them again from where they came from, or delete them.")
def unreadable(scanned: ScannedSource) -> Iterator[Case]:
    """Each file that cannot be read as a picture, by reason."""
    bad = [one for one in scanned.skipped if one.code not in LEFT_OUT]
    for one in sorted(bad, key=lambda one: (one.code, one.picture)):
        yield Case((one.picture,), _reason(one), left_out=(one.picture,))


@check("left_out", "warning", "files without a class, and links",
       "Training does not see them. Move them into a class folder, or out of the data set.")
def left_out(scanned: ScannedSource) -> Iterator[Case]:
    """Each file without a class, and each link that is not followed."""
    for one in scanned.skipped:
        if one.code in LEFT_OUT:
            yield Case((one.picture,), _reason(one))


def _reason(one: Skipped) -> str:
    return f"{one.reason.removeprefix(shown(one.picture)).strip()} ({one.code})"


@check("file_names", "warning", "file names that macOS and Windows cannot tell apart",
       "One of them is lost when the folder is copied there. Rename them.")
def clashing(scanned: ScannedSource) -> Iterator[Case]:
    """Files whose names differ by case or by the encoding of accents only."""
    names = defaultdict[str, list[str]](list)
    if isinstance(scanned.source, FileSource):
        for key in scanned.source.keys:
            names[folded_name(key)].append(key)
    for alike in names.values():
        # Two class folders that clash make every pair of names in them clash: reported once, of the classes.
        if len(alike) > 1 and len({key.rpartition("/")[0] for key in alike}) == 1:
            stems = [key.rpartition("/")[2] for key in alike]
            yield Case(tuple(alike), "" if all(map(str.isascii, stems)) else " = ".join(map(ascii, stems)))


@check("hidden", "note", "hidden files and folders, litter and text", "They are not looked at.")
def ignored(scanned: ScannedSource) -> Iterator[Case]:
    """The number of hidden files, folders and litter."""
    for note in scanned.source.notes:
        if found := re.match(r"(\d+) files? or folders? w", note):
            yield Case((), note, count=int(found[1]))


@check("large_files", "note", f"files of more than {LARGE // 2**20} MiB",
       "They are read in full whenever the folder is packed.")
def large(scanned: ScannedSource) -> Iterator[Case]:
    """Files that take long to read."""
    if isinstance(scanned.source, FileSource):
        for i in sorted(scanned.rows, key=lambda i: -scanned.source.stamps[i][0]):  # type: ignore[attr-defined]
            if (size := scanned.source.stamps[i][0]) <= LARGE:
                break
            yield Case((scanned.source.keys[i],), f"{size / 2**20:.0f} MiB")


CHECKS = [unreadable, left_out, clashing, large, ignored]
