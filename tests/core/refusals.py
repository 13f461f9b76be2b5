"""Refusals of model files, the contract of recognisers and the loader."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

import striate
from striate.core import model_file
from striate.model.recogniser import class_indices, labels_of, pictures_of


def written(folder: Path, data: bytes, name: str = "model.safetensors") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def newer(folder: Path) -> object:
    path = model_file.save(folder / "m", "demo", {}, {})
    return model_file.load(written(folder, path.read_bytes().replace(b'\\"version\\":1', b'\\"version\\":7')))


def sparse(folder: Path) -> Path:
    path = folder / "large.safetensors"
    with path.open("wb") as file:
        file.truncate(model_file.MAX_BYTES + 1)
    return path


REFUSALS: dict[str, Callable[[Path], object]] = {
    "missing": lambda folder: striate.load(folder / "none.safetensors"),
    "folder": striate.load,
    "empty": lambda folder: striate.load(written(folder, b"")),
    "cut": lambda folder: striate.load(written(folder, b"\x90\1\0\0\0\0\0\0{}")),
    "not_json": lambda folder: striate.load(written(folder, b"\2\0\0\0\0\0\0\0{]")),
    "pickle": lambda folder: striate.load(written(folder, b"\x80\4", "model.pt")),
    "too_large": lambda folder: striate.load(sparse(folder)),
    "too_large_to_write": lambda folder: model_file.save(folder / "m", "demo", {},
                                                         {"w": np.broadcast_to(np.float32(0), (1 << 31,))}),
    "too_many_arrays_to_write": lambda folder: model_file.save(
        folder / "m", "demo", {}, {str(number): np.zeros(1, np.float32) for number in range(10_001)}
    ),
    "no_manifest": lambda folder: striate.load(written(folder, b"\2\0\0\0\0\0\0\0{}")),
    "newer": newer,
    "changed": lambda folder: striate.load(
        written(folder, model_file.save(folder / "m", "demo", {"a": 1}, {}).read_bytes().replace(b'a\\":1', b'a\\":2'))
    ),
    "not_finite": lambda folder: striate.load(model_file.save(folder / "m", "demo", {}, {"w": np.array([np.nan])})),
    "unknown_kind": lambda folder: striate.load(model_file.save(folder / "m", "demo", {}, {})),
    "not_pictures": lambda _: pictures_of(np.zeros((2, 3))),
    "no_pictures": lambda _: pictures_of(np.zeros((0, 8, 8), np.uint8)),
    "no_labels_to_fit": lambda _: labels_of(np.zeros((2, 8, 8), np.uint8), None),
    "no_labels_to_score": lambda _: class_indices(None, np.array(["a"])),
    "labels_of_another_length": lambda _: labels_of(np.zeros((2, 8, 8), np.uint8), [1]),
    "unknown_label": lambda _: class_indices(["giraffe"], np.array(["cat", "dog"])),
}
