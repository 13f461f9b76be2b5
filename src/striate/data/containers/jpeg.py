"""JPEG (ITU-T T.81, 1992): the markers are walked, and segments that are not part of the picture are dropped unread.

EXIF is read for the orientation only; ICC profiles, XMP, thumbnails, comments and the further pictures of a
multi-picture file (MPO) never reach a parser. Colours are taken as sRGB.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from striate.data.containers import exif
from striate.data.containers.container import BAD_EXIF, FRAMES, TRAILING, Container, DamagedFile

MAX_SCANS = 100  # a progressive picture has about ten; a thousand are an attack on the processor
# A marker: 0xFF and a code. 0xFF00 is a stuffed byte of data and 0xFFD0..D7 a restart inside it.
MARKER = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")
END = b"\xff\xd9"
THE_END = re.compile(END)  # finds it 2.5 times as fast as bytes.find does
SOS, EOI, COMMENT = 0xDA, 0xD9, 0xFE
FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # those three are tables
ALONE = (0x01, 0xD8)  # markers without a segment
APP0, EXIF, MPF, ADOBE = 0xE0, 0xE1, 0xE2, 0xEE
BASELINE, EXTENDED, PROGRESSIVE = 0xC0, 0xC1, 0xC2


@dataclass
class _SegmentWalk:
    """State of a walk over the segments of a JPEG."""

    body: list[bytes | memoryview] = field(default_factory=list)
    process: int = 0  # the marker of the frame header
    width: int = 0
    height: int = 0
    components: int = 0
    scans: int = 0
    scanned: int = 0  # components of the first scan
    orientation: int | None = 1
    several: bool = False

    @property
    def one_scan(self) -> bool:
        """Whether the first scan is all there is: the picture is sequential and the scan has every component."""
        return self.scans == 1 and self.process != PROGRESSIVE and self.scanned == self.components

    def segment(self, code: int, segment: bytes) -> None:
        """Process one marker and its segment: 0xFF, code, two bytes of length, content."""
        content = segment[4:]
        if code in FRAME_HEADERS:
            if code not in (BASELINE, EXTENDED, PROGRESSIVE) or len(content) < 6 or content[0] != 8:
                raise DamagedFile("image_unreadable", "it is a lossless, arithmetic-coded, hierarchical or 12-bit JPEG")
            self.process, self.components = code, content[5]
            self.height, self.width = int.from_bytes(content[1:3], "big"), int.from_bytes(content[3:5], "big")
        elif code == SOS:
            self.scans += 1
            self.scanned = self.scanned or content[0]
            if self.scans > MAX_SCANS:
                raise DamagedFile("image_unreadable", f"it has more than {MAX_SCANS} scans")
        elif code == EXIF and content.startswith(b"Exif\0\0"):
            self.orientation = exif.orientation(content[6:])
        elif code == MPF and content.startswith(b"MPF\0"):
            self.several = True
        if code in (APP0, ADOBE) or not (APP0 <= code <= 0xEF or code == COMMENT):
            self.body.append(segment)


def parse(data: bytes) -> Container:
    """Walk the markers of a JPEG file; raises `DamagedFile`."""
    view = memoryview(data)  # whose parts are not copies
    walk = _SegmentWalk(body=[view[:2]])
    position, ended = 2, False
    while found := MARKER.search(data, position):
        start, code, end = found.start(), found[1][0], found.end()
        walk.body.append(view[position:start])  # the scan before this marker
        position = start
        if code == EOI:
            position, ended = end, True
            break
        if code not in ALONE:
            end += max(3, int.from_bytes(data[end : end + 2], "big"))
        if end > len(data):
            break
        walk.segment(code, data[start:end])
        position = end
        if code == SOS and walk.one_scan:
            # Nothing but the end may follow, and to look for two bytes is ten times as fast as for any marker.
            last = THE_END.search(data, end)
            if last is None:
                break
            walk.body.append(view[end : last.start()])
            position = last.start()
    if not walk.process or not walk.scans:
        raise DamagedFile("image_unreadable", "it ends before the first pixel")
    if not ended and not walk.one_scan:
        raise DamagedFile("image_truncated", "it ends before its last scan")
    walk.body.append(END if ended else view[position:])
    notes = [] if walk.orientation else [BAD_EXIF]
    if ended and position < len(data):
        notes.append(FRAMES if walk.several else TRAILING)
    return Container("JPEG", walk.width, walk.height, 1 if walk.components == 1 else 3, b"".join(walk.body),
                     walk.orientation or 1, tuple(notes), ended)
