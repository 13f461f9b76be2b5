"""What was odd about decoding: names that lie, EXIF, transparency, what follows the picture in its file."""

from __future__ import annotations

from collections.abc import Iterator

from striate.quality.finding import Case, Check
from striate.quality.scan import ScannedSource


def odd(examined: ScannedSource) -> Iterator[Case]:
    """Each note with the pictures it was made of, the commonest first."""
    for note, found in sorted(examined.odd.items(), key=lambda one: (-len(one[1]), one[0])):
        yield Case(tuple(examined.keys[i] for i in found), note)


KINDS = (
    Check("decoding", "note", "pictures that were read with a remark",
         "They are read as said. Whoever reads them with another program may see something else.", odd),
)
