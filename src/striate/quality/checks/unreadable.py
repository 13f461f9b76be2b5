"""Files that cannot be read or were left out, and names that other systems cannot tell apart."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from striate.data.source import Skipped
from striate.data.sources.class_folders import folded_name
from striate.data.sources.file_source import FileSource
from striate.errors import shown
from striate.quality.finding import Case, Check
from striate.quality.scan import ScannedSource

LEFT_OUT = frozenset({"no_class", "folder_link", "link_outside", "broken_link", "not_a_file"})  # by the layout
LARGE = 16 * 2**20  # bytes


def unreadable(examined: ScannedSource) -> Iterator[Case]:
    """Each file that cannot be read as a picture, by reason."""
    bad = [one for one in examined.skipped if one.code not in LEFT_OUT]
    for one in sorted(bad, key=lambda one: (one.code, one.picture)):
        yield Case((one.picture,), _why(one), drop=(one.picture,))


def left_out(examined: ScannedSource) -> Iterator[Case]:
    """Each file or link that has no class, or leads elsewhere."""
    for one in examined.skipped:
        if one.code in LEFT_OUT:
            yield Case((one.picture,), _why(one))


def _why(one: Skipped) -> str:
    return f"{one.reason.removeprefix(shown(one.picture)).strip()} ({one.code})"


def clashing(examined: ScannedSource) -> Iterator[Case]:
    """Files whose names differ by case or by the encoding of accents only."""
    names = defaultdict[str, list[str]](list)
    if isinstance(examined.source, FileSource):
        for key in examined.source.keys:
            names[folded_name(key)].append(key)
    for alike in names.values():
        # Two class folders that clash make every pair of names in them clash: told once, of the classes.
        if len(alike) > 1 and len({key.rpartition("/")[0] for key in alike}) == 1:
            spelt = [key.rpartition("/")[2] for key in alike]
            yield Case(tuple(alike), "" if all(map(str.isascii, spelt)) else " = ".join(map(ascii, spelt)))


def ignored(examined: ScannedSource) -> Iterator[Case]:
    """How many hidden files, folders and litter there are."""
    for note in examined.source.notes:
        if found := re.match(r"(\d+) files? or folders? w", note):
            yield Case((), note, count=int(found[1]))


def large(examined: ScannedSource) -> Iterator[Case]:
    """Files that take long to read."""
    if isinstance(examined.source, FileSource):
        for i in sorted(examined.rows, key=lambda i: -examined.source.stamps[i][0]):  # type: ignore[attr-defined]
            if (size := examined.source.stamps[i][0]) <= LARGE:
                break
            yield Case((examined.source.keys[i],), f"{size / 2**20:.0f} MiB")


KINDS = (
    Check("unreadable", "error", "files that cannot be read",
         "Training passes over them. Copy them again from where they came from, or delete them.", unreadable),
    Check("left_out", "warning", "files without a class, and links",
         "Training does not see them. Move them into a class folder, or out of the data set.", left_out),
    Check("file_names", "warning", "file names that macOS and Windows cannot tell apart",
         "One of them is lost when the folder is copied there. Rename them.", clashing),
    Check("large_files", "note", f"files of more than {LARGE // 2**20} MiB",
         "They are read in full whenever the folder is packed.", large),
    Check("hidden", "note", "hidden files and folders, litter and text", "They are not looked at.", ignored),
)
