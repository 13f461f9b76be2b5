"""Protobuf's wire format, the part for Caffe's weights: fields are found in place, nothing is copied.

A field is a tag (number·8 + type) and a value: type 0 a varint, 1 eight bytes, 2 a length and as many bytes, 5 four
bytes. Bounds: 500,000 fields in all, and every length within what is there.
"""

from __future__ import annotations

from collections.abc import Iterator

MAX_FIELDS = 500_000
VARINT, EIGHT, BYTES, FOUR = 0, 1, 2, 5
_SIZES = {EIGHT: 8, FOUR: 4}


class WireError(ValueError):
    """Error for bytes that are no message; the text has the reason and the byte."""


class WireReader:
    r"""Reader of messages in one buffer; offsets count from the start of the buffer.

    >>> [(number, bytes(value)) for number, _, value in WireReader(b"\x0a\x02hi").fields()]
    [(1, b'hi')]
    """

    def __init__(self, data: bytes | bytearray | memoryview) -> None:
        self.data = memoryview(data).cast("B")
        self.seen = 0

    def fields(self, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int, FieldSpan]]:
        """(number, type, value) of each field of the message between two offsets."""
        at, end = start, len(self.data) if end is None else end
        while at < end:
            self.seen += 1
            if self.seen > MAX_FIELDS:
                raise WireError(f"more than {MAX_FIELDS:,} fields stand up to byte {at:,}")
            tag, value = self.varint(at, end)
            kind = tag & 7
            if kind == VARINT:
                _, after = self.varint(value, end)
            elif kind == BYTES:
                length, value = self.varint(value, end)
                after = value + length
            elif kind in _SIZES:
                after = value + _SIZES[kind]
            else:
                raise WireError(f"byte {at:,} begins no field")
            if after > end:
                raise WireError(f"the field at byte {at:,} ends {after - end:,} bytes behind the end")
            yield tag >> 3, kind, FieldSpan(self, value, after)
            at = after

    def varint(self, at: int, end: int) -> tuple[int, int]:
        """The number that begins at an offset, and the offset behind it."""
        value = shift = 0
        while True:
            if at >= end or shift > 63:
                raise WireError(f"a number is cut off at byte {at:,}" if at >= end else f"byte {at:,} ends no number")
            byte = self.data[at]
            value |= (byte & 127) << shift
            at, shift = at + 1, shift + 7
            if byte < 128:
                return value, at


class FieldSpan:
    """Span of the value of a field in the buffer."""

    __slots__ = ("end", "reader", "start")

    def __init__(self, reader: WireReader, start: int, end: int) -> None:
        self.reader, self.start, self.end = reader, start, end

    def fields(self) -> Iterator[tuple[int, int, FieldSpan]]:
        """The fields of an embedded message."""
        return self.reader.fields(self.start, self.end)

    def numbers(self) -> Iterator[int]:
        """Packed varints."""
        at = self.start
        while at < self.end:
            number, at = self.reader.varint(at, self.end)
            yield number

    def __bytes__(self) -> bytes:
        return bytes(self.view)

    @property
    def view(self) -> memoryview:
        """The bytes themselves, not copied."""
        return self.reader.data[self.start:self.end]


def varint(value: int) -> bytes:
    r"""A number from 0 up as a varint.

    >>> varint(300)
    b'\xac\x02'
    """
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def chunk(number: int, *values: bytes | memoryview) -> list[bytes | memoryview]:
    """A field of type 2 in pieces, so that nothing large is copied until all is joined."""
    return [varint(number << 3 | BYTES), varint(sum(len(value) for value in values)), *values]
