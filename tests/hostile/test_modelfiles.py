"""Bad model files, M1 to M25 of the catalogue: each is refused with its own code, quickly, and nothing is executed."""

import io
import json
import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

import striate
from striate.core import model_file
from striate.errors import ModelFileError


def packed(header: object, body: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + body


def tensor(shape: list[int], begin: int, end: int, dtype: str = "F32") -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def with_manifest(text: str) -> bytes:
    return packed({"__metadata__": {model_file.KEY: text}})


F4 = b"\0" * 4
MALFORMED = {
    "m01_empty": b"",
    "m02_seven_bytes": b"\x10\0\0\0\0\0\0",
    "m03_header_longer_than_file": packed({}, length=1000),
    "m04_length_2_63": packed({}, length=2**63),
    "m05_header_100_mb_and_1": packed({}, length=100 * 2**20 + 1),
    "m06_not_utf8": packed(b'{"\xff\xfe": 1}'),
    "m07_not_json": packed(b"{hello}"),
    "m08_overlap": packed({"a": tensor([1], 0, 4), "b": tensor([1], 0, 4)}, F4),
    "m09_gap": packed({"a": tensor([1], 0, 4), "b": tensor([1], 8, 12)}, F4 * 3),
    "m10_two_bytes_missing": packed({"a": tensor([1], 0, 4)}, b"\0\0"),
    "m11_trailing_bytes": packed({"a": tensor([1], 0, 4)}, F4 + b"PK"),
    "m12_shape_and_size_disagree": packed({"a": tensor([3], 0, 4)}, F4),
    "m12_unknown_dtype": packed({"a": tensor([1], 0, 4, "F31")}, F4),
    "m13_shape_overflows": packed({"a": tensor([2**32, 2**32, 2**32], 0, 4)}, F4),
    "m14_duplicate_key": packed(b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},'
                                b'"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', F4),
    "m15_100_000_tensors": packed({f"t{i}": tensor([0], 0, 0) for i in range(100_000)}),
    "header_is_a_list": packed(b"[]"),
    "header_is_deep": packed(b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    "metadata_is_a_number": packed({"__metadata__": 3}),
    "header_holds_nan": packed(b'{"a": NaN}'),
    "huge_integer": packed(b'{"a": ' + b"9" * 10_000 + b"}"),
    "header_overflows": packed(b'{"a": -1e999}'),
    "header_is_too_deep": packed(b'{"a":' * 65 + b"1" + b"}" * 65),
    **{f"manifest_{name}": with_manifest(f'{{"format":"striate-model","version":1,"sha256":"0","a":{value}}}')
       for name, value in {
           "holds_1e999": "1e999", "holds_minus_1e999": "[-1e999]", "holds_1e309": '{"b":1e309}', "holds_nan": "NaN",
           "holds_infinity": "-Infinity", "has_twins": '{"b":1,"b":2}', "is_too_deep": "[" * 64 + "]" * 64,
           "is_deep": "[" * 100_000 + "]" * 100_000, "huge_integer": "9" * 10_000}.items()},
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_file_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(MALFORMED[name])
    with pytest.raises(ModelFileError) as caught:
        model_file.load(path)
    assert caught.value.code == "model_unreadable"
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 700


@pytest.fixture
def good(tmp_path: Path) -> Path:
    arrays = {"w": np.arange(12, dtype=np.float32).reshape(3, 4), "n": np.array(7)}
    return model_file.save(tmp_path / "good.safetensors", "demo", {"classes": ["a", "b"]}, arrays)


def test_round_trip_over_itself(good: Path) -> None:
    before, file = good.read_bytes(), model_file.load(good)
    model_file.save(good, "demo", {"classes": ["a", "b"]}, file.arrays)
    assert good.read_bytes() == before


def test_deepest_manifest_that_is_read(tmp_path: Path) -> None:
    deepest: object = "[{" * 100  # brackets in a text are no depth
    for _ in range(model_file.LIMITS.depth - 1):  # the manifest itself is one
        deepest = [deepest]
    path = model_file.save(tmp_path / "m.safetensors", "demo", {"a": deepest}, {})
    assert model_file.load(path).manifest["a"] == deepest
    with pytest.raises(ModelFileError, match="deeper than 64") as caught:
        model_file.load(model_file.save(path, "demo", {"a": [deepest]}, {}))
    assert caught.value.code == "model_unreadable"


def test_m16_any_flipped_byte_is_found(good: Path) -> None:
    data = good.read_bytes()
    for position in range(len(data)):
        good.write_bytes(data[:position] + bytes([data[position] ^ 0x11]) + data[position + 1 :])
        with pytest.raises(ModelFileError):
            model_file.load(good)


def test_m10_every_cut_is_found(good: Path) -> None:
    data = good.read_bytes()
    for length in range(len(data)):
        good.write_bytes(data[:length])
        with pytest.raises(ModelFileError):
            model_file.load(good)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_m17_weights_that_are_not_finite_are_named(tmp_path: Path, bad: float) -> None:
    path = model_file.save(tmp_path / "m.safetensors", "demo", {}, {"conv1.weight": np.array([1, bad], np.float32)})
    with pytest.raises(ModelFileError, match=r"conv1\.weight") as caught:
        model_file.load(path)
    assert caught.value.code == "not_finite"
    assert "conv1.weight" in model_file.load(path, allow_nonfinite=True).arrays


def test_m18_safetensors_without_manifest(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(packed({"a": tensor([1], 0, 4)}, F4))
    with pytest.raises(ModelFileError) as caught:
        model_file.load(path)
    assert caught.value.code == "no_manifest"


def test_m20_manifest_changed_by_hand(good: Path) -> None:
    data = good.read_bytes()
    assert data.count(b'\\"a\\"') == 1
    good.write_bytes(data.replace(b'\\"a\\"', b'\\"c\\"'))
    with pytest.raises(ModelFileError) as caught:
        model_file.load(good)
    assert caught.value.code == "hash_mismatch"


def test_m22_newer_format_names_its_maker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(model_file, "VERSION", 2)
        path = model_file.save(tmp_path / "m.safetensors", "demo", {}, {})
    with pytest.raises(ModelFileError, match="made by striate") as caught:
        model_file.load(path)
    assert caught.value.code == "newer_format"


class Canary:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("suffix", [".pt", ".bin", ".safetensors", ".json"])
@pytest.mark.parametrize("form", ["0", "1", "2", "3", "4", "5", "zip"])
def test_m25_pickle_is_refused_and_not_run(tmp_path: Path, suffix: str, form: str) -> None:
    canary = tmp_path / "canary"
    if form == "zip":
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("archive/data.pkl", pickle.dumps(Canary(canary)))
        data = archive.getvalue()
    else:
        data = pickle.dumps(Canary(canary), protocol=int(form))
    path = tmp_path / f"model{suffix}"
    path.write_bytes(data)
    with pytest.raises(ModelFileError) as caught:
        striate.load(path)
    assert caught.value.code == "pickle_refused"
    assert not canary.exists()
    pickle.loads(data) if form != "zip" else canary.touch()
    assert canary.exists()  # the canary does sing when the bytes are run
