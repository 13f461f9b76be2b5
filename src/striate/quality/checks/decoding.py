"""Check of the remarks on decoding: wrong suffixes, EXIF, transparency, bytes after the picture."""

from __future__ import annotations

from collections.abc import Iterator

from striate.quality.finding import Case, check
from striate.quality.scan import ScannedSource


@check("decoding", "note", "pictures that were read with a remark",
       "They are read as said. Whoever reads them with another program may see something else.")
def decoding_remarks(scanned: ScannedSource) -> Iterator[Case]:
    """Each note with the pictures it was made of, the commonest first."""
    for note, found in sorted(scanned.remarks.items(), key=lambda one: (-len(one[1]), one[0])):
        yield Case(tuple(scanned.keys[i] for i in found), note)


CHECKS = [decoding_remarks]
