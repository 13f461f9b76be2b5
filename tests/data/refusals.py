"""Every refusal of `striate.data`, one row each."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np
from PIL import Image

from striate.data import decode, load_data, packing, read_picture, resize_pictures
from striate.data.sources import builtin, open_source
from tests.data.fixtures import cifar_folder, folder_of, idx_folder, pattern, picture, png_of, write

JPEG = picture(pattern(40, 30), "JPEG")


def two(folder: Path) -> Path:
    """A sound data set, in a folder that is always called the same."""
    return folder_of(folder / "set", {"cat": 5, "dog": 5})


def pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


def one_class(folder: Path) -> None:
    load_data(folder_of(folder / "set", {"cat": 5})).require_trainable()


def untrainable(folder: Path, code: str) -> None:
    """Trained with a split file that leaves no picture for validation, or only cats in train."""
    data = load_data(two(folder))
    document = {"format": "striate-split", "version": 1, "seed": 0, "parts": dict(data.split.digests)}
    cats = [digest for digest, key in zip(data.pictures.digests, data.pictures.keys, strict=True) if "cat" in key]
    document["parts"] |= {"validation": []} if code == "part_empty" else {"train": cats[:1]}  # type: ignore[operator]
    path = write(folder / "split.json", json.dumps(document).encode())
    load_data(folder / "set", split=path).require_trainable()


def bad_picture(folder: Path) -> None:
    write(two(folder) / "cat" / "bad.png", b"text")
    load_data(folder / "set", strict=True)


def all_bad(folder: Path) -> None:
    write(folder / "set" / "cat" / "bad.png", b"")
    load_data(folder / "set")


def empty_class(folder: Path) -> None:
    (two(folder) / "elk").mkdir()
    load_data(folder / "set")


def copies(folder: Path, parts: tuple[str, str]) -> None:
    for part in ("train", "test") if parts[0] != parts[1] else ("",):
        folder_of(folder / "set", {f"{part}/{name}".strip("/"): 5 for name in ("cat", "dog")}, seed=len(part))
    original = folder / "set" / parts[0] / "cat" / "0001.png"
    write(folder / "set" / parts[1] / ("dog" if parts[0] == parts[1] else "cat") / "copy.png", original.read_bytes())
    load_data(folder / "set", strict=True)


def changed(folder: Path) -> None:
    root, plain = two(folder), packing._write

    def meanwhile(*args: object) -> None:
        (root / "cat" / "0001.png").unlink()
        plain(*args)  # type: ignore[arg-type]

    with mock.patch.object(packing, "_write", meanwhile):
        load_data(root)


def corrupt(folder: Path) -> None:
    with mock.patch.dict("os.environ", STRIATE_CACHE=str(folder / "cache")):
        path = Path(load_data(two(folder)).pictures.images.filename)  # type: ignore[attr-defined]
        path.write_bytes(path.read_bytes()[:-1] + b"\0")
        path.with_name("manifest.json").rename(folder / "gone")
        pack = path.parent.rename(folder / "cache" / "packs" / "PACK")
        packing.open_pictures(pack)


def parts(folder: Path, *names: str) -> object:
    return load_data(folder_of(folder / "set", dict.fromkeys(names, 5)))


def folder_picture(folder: Path) -> object:
    (folder / "x.png").mkdir()
    return read_picture(folder / "x.png", (9, 9))


def unreadable(folder: Path) -> object:
    path = write(folder / "x.png", b"")
    with mock.patch("striate.data.file.os.open", side_effect=PermissionError(13, "Permission denied")):
        return read_picture(path, (9, 9))


def offline(name: str) -> Callable[[Path], object]:
    def ask(folder: Path) -> object:
        with (
            mock.patch.object(builtin, "places", return_value=[]),
            mock.patch.object(builtin.urllib.request, "urlopen", side_effect=OSError("no network")),
        ):
            return open_source(name)

    return ask


def short_idx(folder: Path) -> object:
    idx_folder(folder, zipped=False)
    write(folder / "train-labels-idx1-ubyte", b"\0\0\x08\x01\0\0\0\x1e")
    return load_data(folder)


def short_cifar(folder: Path) -> object:
    write(cifar_folder(folder) / "test_batch.bin", b"short")
    return load_data(folder)


def npz_of_floats(folder: Path) -> object:
    np.savez(folder / "a.npz", images=np.zeros((2, 5, 5)), labels=np.arange(2))
    return load_data(folder / "a.npz")


def chosen(folder: Path, text: bytes) -> object:
    return load_data(two(folder), files=write(folder / "clean.txt", text))


REFUSALS: dict[str, Callable[[Path], object]] = {
    "folder: nothing there": lambda folder: load_data(folder / "nowhere"),
    "folder: a file": lambda folder: load_data(write(folder / "a.jpg", JPEG)),
    "folder: empty": load_data,
    "folder: empty classes": lambda folder: load_data(folder_of(folder / "set", {"cat": 0})),
    "folder: files and no folders": lambda folder: load_data(write(folder / "a.jpg", JPEG).parent),
    "folder: parts without classes": lambda folder: load_data(write(folder / "train" / "a.jpg", JPEG).parent.parent),
    "folder: parts and others": lambda folder: parts(folder, "train/cat", "test/cat", "more/cat"),
    "folder: classes differ": lambda folder: parts(folder, "train/cat", "train/dog", "test/cat", "test/elk"),
    "folder: names clash": lambda folder: parts(folder, "Cat", "cat"),
    "folder: empty class": empty_class,
    "folder: one class": one_class,
    "folder: one class in train": lambda folder: untrainable(folder, "one_class"),
    "folder: nothing in validation": lambda folder: untrainable(folder, "part_empty"),
    "folder: all pictures bad": all_bad,
    "folder: a bad picture, strictly": bad_picture,
    "folder: a picture in two parts, strictly": lambda folder: copies(folder, ("train", "test")),
    "folder: a picture under two labels, strictly": lambda folder: copies(folder, ("", "")),
    "folder: changes while packed": changed,
    "pack: manifest missing": corrupt,
    "picture: empty": lambda _: decode(b"", name="cat/1.jpg"),
    "picture: text": lambda _: decode(b"<html>", name="cat/1.jpg"),
    "picture: cut": lambda _: decode(JPEG[:-30], name="cat/1.jpg"),
    "picture: too many pixels": lambda _: decode(png_of(30_000, 30_000, 1, 0, b""), name="cat/1.png"),
    "picture: TIFF": lambda _: decode(picture(Image.new("L", (5, 5)), "TIFF"), name="cat/1.png"),
    "picture: HEIC": lambda _: decode(b"\0\0\0\x18ftypheic\0\0\0\0", name="cat/1.jpg"),
    "picture: too long": lambda _: decode(picture(pattern(1, 500)), name="cat/1.png"),
    "picture: missing": lambda folder: read_picture(folder / "nowhere.png", (9, 9)),
    "picture: a folder": folder_picture,
    "picture: not readable": unreadable,
    "array: IDX cut short": short_idx,
    "array: CIFAR cut short": short_cifar,
    "array: npz of floats": npz_of_floats,
    "named: no Fashion-MNIST": offline("fashion-mnist"),
    "named: no MNIST": offline("mnist"),
    "split: nothing for validation": lambda folder: load_data(folder_of(folder / "set", {"cat": 2, "dog": 2})),
    "split: bad fractions": lambda folder: load_data(two(folder), fractions=(0.5, 0.1, 0.1)),
    "split: no file": lambda folder: load_data(two(folder), split=folder / "split.json"),
    "split: not a split": lambda folder: load_data(two(folder), split=write(folder / "split.json", b"{}")),
    "split: a pipe": lambda folder: load_data(two(folder), split=pipe(folder / "split.json")),
    "split: a device without end": lambda folder: load_data(two(folder), split="/dev/zero"),
    "list: no file": lambda folder: load_data(two(folder), files=folder / "clean.txt"),
    "list: of nothing": lambda folder: chosen(folder, b"# nothing\n\n"),
    "list: a pipe": lambda folder: load_data(two(folder), files=pipe(folder / "clean.txt")),
    "list: a folder": lambda folder: load_data(two(folder), files=folder),
    "list: names outside": lambda folder: chosen(folder, b"cat/0001.png\ncat/../../secret.png\n"),
    "list: an absolute name": lambda folder: chosen(folder, b"/etc/passwd\n"),
    "list: half a JSON string": lambda folder: chosen(folder, b'"cat/0001.png\n'),
    "list: what is not there": lambda folder: chosen(folder, b"cat/0001.png\ncat/9999.png\n"),
    "list: a class left empty": lambda folder: chosen(folder, b"cat/0001.png\n"),
    "list: of arrays": lambda folder: load_data("digits", files=write(folder / "clean.txt", b"1\n")),
    "option: size": lambda folder: load_data(two(folder), size=0),
    "option: fit": lambda folder: load_data(two(folder), resize="stretch"),
    "option: channels": lambda folder: load_data(two(folder), channels=2),
    "option: workers": lambda folder: load_data(two(folder), workers=-1),
    "option: pictures of floats": lambda _: resize_pictures(np.zeros((2, 5, 5)), (9, 9)),  # type: ignore[arg-type]
}
