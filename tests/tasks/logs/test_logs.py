"""What a run writes down while it goes: tables and event files, also when it was killed and taken up again."""

import csv
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from hypothesis import given
from hypothesis import strategies as st

from striate.convnet.training.training_context import StepRecord
from striate.errors import DiskError
from striate.tasks.logs import RunLogs
from striate.tasks.logs.log import MOST, due
from striate.tasks.logs.tensorboard_log import crc32c, record

EPOCHS, EACH = 5, 7


def run_of(first: int = 1, last: int = EPOCHS * EACH) -> Iterator[StepRecord]:
    """The steps `first` to `last` of a run of 5 epochs of 7 steps, an accuracy of epoch/10 at the end of each."""
    for step in range(first, last + 1):
        epoch = -(-step // EACH)
        row: dict[str, float | int | None] = {
            "epoch": epoch, "loss": 1 / epoch, "validation_loss": None, "validation_accuracy": epoch / 10,
            "learning_rate": 0.1, "seconds": 1.0, "pictures_per_second": 7.0}
        yield StepRecord(step, EPOCHS * EACH, epoch, EPOCHS, 1 / step, 7.0, row if step % EACH == 0 else None)


def written(folder: Path, steps: Iterator[StepRecord], *names: str) -> Path:
    folder.mkdir(exist_ok=True)
    logs = RunLogs(names, folder)
    for step in steps:
        logs.step(step)
    logs.close()
    return folder


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def test_tables_hold_every_epoch_and_step(tmp_path: Path) -> None:
    folder = written(tmp_path, run_of(), "csv")
    assert [(row["epoch"], row["validation_accuracy"]) for row in table(folder / "log.csv")] == [
        (str(epoch), str(epoch / 10)) for epoch in range(1, 6)]
    steps = table(folder / "steps.csv")
    assert [int(row["step"]) for row in steps] == list(range(1, 36))
    assert [float(row["loss"]) for row in steps] == pytest.approx([1 / step for step in range(1, 36)], rel=1e-5)
    assert {path.name for path in folder.iterdir()} == {"log.csv", "steps.csv"}


def test_the_table_of_epochs_is_there_while_the_run_goes(tmp_path: Path) -> None:
    logs = RunLogs(["csv"], tmp_path)
    for step in run_of(last=EACH):
        logs.step(step)
    assert len(table(tmp_path / "log.csv")) == 1
    assert len(table(tmp_path / "steps.csv")) == EACH  # a line is there as soon as it is written
    logs.close()


@pytest.mark.parametrize(("saved", "killed"), [(0, 1), (0, 34), (5, 6), (5, 7), (7, 7), (7, 8), (7, 20), (14, 20),
                                               (19, 20), (19, 34)])
def test_a_run_taken_up_again_leaves_the_same_tables(saved: int, killed: int, tmp_path: Path) -> None:
    """The checkpoint is older than the last rows; the last row of all was cut off."""
    whole = written(tmp_path / "whole", run_of(), "csv")
    folder = written(tmp_path / "killed", run_of(last=killed), "csv")
    with (folder / "steps.csv").open("a") as file:
        file.write(f"{killed + 1},0.1")
    written(folder, run_of(first=saved + 1), "csv")
    for name in ("log.csv", "steps.csv"):
        assert (folder / name).read_text() == (whole / name).read_text()


def test_a_new_run_does_not_go_on_with_an_old_table(tmp_path: Path) -> None:
    for last in (30, 3):
        folder = written(tmp_path, run_of(last=last), "csv")
    assert len(table(folder / "steps.csv")) == 3


@given(st.integers(1, 3_000_000))
def test_few_steps_of_a_long_run_are_held(steps: int) -> None:
    every = 1 if steps == 1 else next(n for n in range(1, steps + 1) if due(StepRecord(n, steps, 1, 1, 0.0, 0.0)))
    assert steps // every <= MOST
    assert every == 1 or steps // (every // 2) >= MOST // 1.01
    assert due(StepRecord(steps, steps, 1, 1, 0.0, 0.0))


def test_a_run_without_steps_leaves_nothing(tmp_path: Path) -> None:
    assert list(written(tmp_path, iter(()), "csv", "tensorboard").iterdir()) == []


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    for name in ("csv", "tensorboard"):
        logs = RunLogs([name], tmp_path / "gone")
        with pytest.raises(DiskError):
            logs.step(next(run_of()))
        logs.close()


def bitwise(data: bytes) -> int:
    """CRC-32C bit by bit: the remainder of polynomial division, the slow second truth."""
    value = 0xFFFFFFFF
    for byte in data:
        for bit in range(8):
            value = value >> 1 ^ (0x82F63B78 if (value ^ byte >> bit) & 1 else 0)
    return value ^ 0xFFFFFFFF


@given(st.binary(max_size=40))
def test_the_checksum(data: bytes) -> None:
    assert crc32c(data) == bitwise(data)


def test_the_checksum_of_the_standard() -> None:
    assert crc32c(bytes(32)) == 0x8A9136AA  # RFC 3720, appendix B.4
    assert crc32c(bytes(range(32))) == 0x46DD794E
    assert record(bytes(24))[:12] == b"\x18\0\0\0\0\0\0\0\xa3\x7fK\""  # how the event files of TensorFlow begin


def event_class() -> Any:
    """`Event`, from its published field numbers, by Google's own reader."""
    kinds = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="event.proto", package="t", syntax="proto3")
    fields = {
        "Value": [("tag", 1, kinds.TYPE_STRING, ""), ("simple_value", 2, kinds.TYPE_FLOAT, "")],
        "Summary": [("value", 1, kinds.TYPE_MESSAGE, ".t.Value")],
        "SessionLog": [("status", 1, kinds.TYPE_INT32, "")],
        "Event": [("wall_time", 1, kinds.TYPE_DOUBLE, ""), ("step", 2, kinds.TYPE_INT64, ""),
                  ("file_version", 3, kinds.TYPE_STRING, ""), ("summary", 5, kinds.TYPE_MESSAGE, ".t.Summary"),
                  ("session_log", 7, kinds.TYPE_MESSAGE, ".t.SessionLog")]}
    for name, members in fields.items():
        message = file.message_type.add(name=name)
        for field, number, kind, of in members:
            label = kinds.LABEL_REPEATED if (name, field) == ("Summary", "value") else kinds.LABEL_OPTIONAL
            message.field.add(name=field, number=number, type=kind, type_name=of or None, label=label)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("t.Event"))


def events(path: Path) -> list[Any]:
    data, found, made = path.read_bytes(), [], event_class()
    while data:
        length = struct.unpack("<Q", data[:8])[0]
        assert data[: 12 + length + 4] == record(data[12 : 12 + length])
        found.append(made.FromString(data[12 : 12 + length]))
        assert found[-1].SerializeToString() == data[12 : 12 + length]  # no field but these, in order
        data = data[16 + length :]
    return found


def test_event_files(tmp_path: Path) -> None:
    folder = written(tmp_path, run_of(last=20), "tensorboard")
    written(folder, run_of(first=15), "tensorboard")
    first, second = sorted(folder.iterdir())
    for path, begin, end in ((first, 1, 20), (second, 15, 35)):
        version, start, *rest = events(path)
        assert version.file_version == "brain.Event:2"
        assert (start.session_log.status, start.step) == (1, begin)  # what stands behind it is forgotten
        assert [one.step for one in rest] == list(range(begin, end + 1))
        losses = {one.step: value.simple_value for one in rest for value in one.summary.value
                  if value.tag == "loss/step"}
        assert losses == pytest.approx({step: 1 / step for step in range(begin, end + 1)})
        assert all(one.wall_time > 1e9 for one in rest)
        accuracy = [value.simple_value for one in rest for value in one.summary.value
                    if value.tag == "accuracy/validation"]
        assert accuracy == pytest.approx([step // EACH / 10 for step in range(begin, end + 1) if step % EACH == 0])


def test_tensorboard_itself_reads_them(tmp_path: Path) -> None:
    reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    folder = written(tmp_path, run_of(last=20), "tensorboard")
    written(folder, run_of(first=15), "tensorboard")
    found = reader.EventAccumulator(str(folder), size_guidance={"scalars": 0}).Reload()
    assert [one.step for one in found.Scalars("loss/step")] == list(range(1, 36))
    assert [one.value for one in found.Scalars("accuracy/validation")] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])
