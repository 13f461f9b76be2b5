"""TensorBoard event files, written without TensorBoard: `tensorboard --logdir runs` shows them.

A file is a row of records: the length (8 bytes), its checksum, a message, its checksum. The checksum is CRC-32C
(Castagnoli, Bräuer & Herrmann 1993; RFC 3720, appendix B.4), turned and shifted by a constant, as in TensorFlow's
`tfrecord` format. The messages are `Event` of `event.proto`; only its fields for single numbers are needed.
"""

from __future__ import annotations

import struct
import time
from pathlib import Path
from typing import BinaryIO

from striate.convnet.training.training_context import StepRecord
from striate.core import atomic
from striate.core.protobuf_wire import EIGHT, FOUR, VARINT, chunk, varint
from striate.tasks.logs.log import RunLog, due, rate_of

POLYNOMIAL = 0x82F63B78  # Castagnoli's, bits reversed
START = 1  # of SessionLog: whatever stands at this step or behind it, in an earlier file, is to be forgotten
EPOCH = {"loss": "loss/epoch", "validation_loss": "loss/validation", "validation_accuracy": "accuracy/validation"}


def _table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (POLYNOMIAL if value & 1 else 0)
        table.append(value)
    return tuple(table)


TABLE = _table()


class TensorBoardLog(RunLog):
    """TensorBoard log `events.out.tfevents.…`; a resumed run begins another file, which TensorBoard reads next."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.path = folder
        self.file: BinaryIO | None = None

    def step(self, step: StepRecord) -> None:
        """Loss, learning rate and speed of a step that is due; loss and accuracy at the end of an epoch."""
        if self.file is None:
            self.path = self.folder / f"events.out.tfevents.{time.time():.6f}.striate"
            self._write(0, chunk(3, b"brain.Event:2"))
            self._write(step.step, chunk(7, number(1, START)))
        values: dict[str, float | None] = {}
        if due(step):
            values = {"loss/step": step.loss, "learning_rate": rate_of(step),
                      "pictures_per_second": step.pictures_per_second}
        if step.record:
            values |= {tag: step.record.get(name) for name, tag in EPOCH.items()}
        given = [chunk(1, *chunk(1, tag.encode()), key(2, FOUR), struct.pack("<f", value))
                 for tag, value in values.items() if value is not None]
        if given:
            self._write(step.step, chunk(5, *(part for one in given for part in one)))

    def close(self) -> None:
        """Close the file."""
        if self.file is not None:
            self.file.close()
            self.file = None

    def _write(self, step: int, what: list[bytes | memoryview]) -> None:
        head = [key(1, EIGHT), struct.pack("<d", time.time()), number(2, step) if step else b""]
        event = b"".join([*head, *what])
        try:
            self.file = self.file or self.path.open("ab", buffering=0)
            self.file.write(record(event))
        except OSError as error:
            raise atomic.disk_error(self.path, error) from error


def record(data: bytes) -> bytes:
    """A message as a record: 8 bytes of length, 4 of checksum, the message, 4 of checksum.

    >>> len(record(b"abc"))                                              # 8 + 4 + 3 + 4
    19
    """
    length = struct.pack("<Q", len(data))
    return b"".join([length, struct.pack("<I", masked(length)), data, struct.pack("<I", masked(data))])


def masked(data: bytes) -> int:
    """CRC-32C of `data`, turned by 15 bits and shifted: a checksum of bytes that hold one would be a weak one."""
    value = crc32c(data)
    return ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF


def crc32c(data: bytes) -> int:
    """The checksum, 0 to 2³² − 1.

    >>> f"{crc32c(b'123456789'):08X}"                                    # the catalogued check value
    'E3069283'
    """
    value = 0xFFFFFFFF
    for byte in data:
        value = TABLE[(value ^ byte) & 255] ^ value >> 8
    return value ^ 0xFFFFFFFF


def key(field: int, kind: int) -> bytes:
    """The key of a field: its number and type."""
    return varint(field << 3 | kind)


def number(field: int, value: int) -> bytes:
    """A whole number from 0 up as a field."""
    return key(field, VARINT) + varint(value)
