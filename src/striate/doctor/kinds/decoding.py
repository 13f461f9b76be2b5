"""What was odd about decoding: names that lie, EXIF, transparency, what follows the picture in its file."""

from __future__ import annotations

from collections.abc import Iterator

from striate.doctor.examining import Examined
from striate.doctor.finding import Case, Kind


def odd(examined: Examined) -> Iterator[Case]:
    """Each note with the pictures it was made of, the commonest first."""
    for note, found in sorted(examined.odd.items(), key=lambda one: (-len(one[1]), one[0])):
        yield Case(tuple(examined.keys[i] for i in found), note)


KINDS = (
    Kind("decoding", "note", "pictures that were read with a remark",
         "They are read as said. Whoever reads them with another program may see something else.", odd),
)
