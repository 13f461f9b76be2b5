"""Layout of safetensors: the verdict and the arrays of the library's own parser, in the memory of the file."""

import copy
import json
import random
import struct
import tracemalloc
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import SafetensorError
from safetensors.numpy import load as parse
from safetensors.numpy import save as build

from striate.core import model_file
from striate.core.safetensors_layout import layout_of, read_arrays

VALUES: list[Any] = [0, 1, 2, 3, 4, 6, 8, 12, 24, 48, 2**31, 2**63 - 1, 2**63, 2**64, -1, 1.0, True, None, "F32", "F64",
                     "F31", "U8", "BOOL", "I64", [], [0], [1], [2, 3], [0, 24], [24, 24], [2**40, 0], {}]
ARRAYS = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.array(7), "c": np.zeros((0, 3), np.float16),
          "d": np.array([True, False, True]), "e": np.arange(5, dtype=np.uint8), "f": np.array([[1j]], np.complex64)}


def parts(data: bytes) -> tuple[dict[str, Any], bytes]:
    length = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def ours(header: dict[str, Any], body: bytes) -> dict[str, np.ndarray] | None:
    try:
        return read_arrays(BufferedReader(BytesIO(body)), layout_of(header, len(body)))
    except ValueError:
        return None


def theirs(header: dict[str, Any], body: bytes) -> dict[str, np.ndarray] | None:
    text = json.dumps(header).encode()
    try:
        return parse(struct.pack("<Q", len(text)) + text + body)
    except (SafetensorError, KeyError, ValueError, TypeError, OverflowError):
        return None


def same(one: dict[str, np.ndarray] | None, other: dict[str, np.ndarray] | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.keys() == other.keys() and all(
        (array.dtype, array.shape, array.tobytes()) == (other[name].dtype, other[name].shape, other[name].tobytes())
        for name, array in one.items())


def changed(header: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """One value of one entry is another, or is missing; or two entries are at each other's place."""
    entry = header[chance.choice(list(header))]
    field = chance.choice(list(entry))
    kind = chance.randrange(4)
    if kind == 0:
        entry[field] = chance.choice(VALUES)
    elif kind == 1 and isinstance(entry[field], list) and entry[field]:
        entry[field][chance.randrange(len(entry[field]))] = chance.choice(VALUES)
    elif kind == 2:
        del entry[field]
    else:
        other = header[chance.choice(list(header))]
        entry[field], other[field] = other.get(field, 1), entry[field]
    return header


def test_verdict_and_arrays_are_those_of_the_library() -> None:
    header, body = parts(build(ARRAYS))
    assert same(ours(header, body), theirs(header, body))
    assert ours(header, body) is not None
    chance, refused = random.Random(0), 0
    for _ in range(3000):
        other = changed(copy.deepcopy(header), chance)
        found = ours(other, body)
        refused += found is None
        assert same(found, theirs(other, body)), other
    assert 300 < refused < 2950  # both verdicts are there


@pytest.mark.parametrize("spans", [[(2, 0, 8), (1, 8, 12)], [(1, 8, 12), (2, 0, 8)], [(0, 0, 0), (3, 0, 12)],  # right
                                   [(1, 0, 8), (1, 8, 12)], [(3, 0, 8), (1, 8, 12)], [(1, 0, 4), (1, 8, 12)],
                                   [(2, 0, 8), (2, 4, 12)], [(2, 0, 8), (1, 4, 8)], [(3, 0, 12), (3, 0, 12)],
                                   [(3, 0, 12), (0, 4, 4)], [(2, 12, 4), (1, 0, 4)], [(2, 0, 8), (2, 8, 16)]])
def test_spans(spans: list[tuple[int, int, int]]) -> None:
    header = {str(i): {"dtype": "F32", "shape": [count], "data_offsets": [begin, end]}
              for i, (count, begin, end) in enumerate(spans)}
    assert same(ours(header, bytes(range(12))), theirs(header, bytes(range(12))))


@pytest.mark.parametrize("metadata", [{"a": "b"}, {}, {"a": 1}, {"a": None}, {"a": {"b": "c"}}])
def test_metadata_are_texts(metadata: dict[str, Any]) -> None:
    header, body = parts(build({"w": np.ones(2)}))
    header["__metadata__"] = metadata
    assert same(ours(header, body), theirs(header, body))


@pytest.mark.parametrize("more", [-1, 1])
def test_arrays_fill_what_is_there(more: int) -> None:
    header, body = parts(build(ARRAYS))
    assert ours(header, body[:more] if more < 0 else body + b"\0") is None


def test_file_that_ends_while_it_is_read() -> None:
    header, body = parts(build(ARRAYS))
    with pytest.raises(ValueError, match="ends within the array"):
        read_arrays(BufferedReader(BytesIO(body[:-1])), layout_of(header, len(body)))


def test_loading_takes_the_memory_of_the_file(tmp_path: Path) -> None:
    arrays = {f"w{i}": np.full(1 << 20, i, np.float32) for i in range(8)}  # 32 MiB
    path = model_file.save(tmp_path / "m.safetensors", "demo", {}, arrays)
    tracemalloc.start()
    try:
        loaded = model_file.load(path).arrays
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    size = path.stat().st_size
    assert size - (1 << 16) < held < peak < size + (4 << 20)
    assert all(array.base is None and array.flags.writeable for array in loaded.values())  # one can go without others
    before = path.read_bytes()
    model_file.save(path, "demo", {}, loaded)
    assert path.read_bytes() == before
