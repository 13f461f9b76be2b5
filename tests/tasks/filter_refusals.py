"""What filtering says no to."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from striate.cli.filter import parse_position
from striate.tasks.filter import filter as filter_picture

TABLE = b"1 2\n3 4"
COLOUR = np.zeros((2, 2, 3), np.uint8)


def written(folder: Path, data: bytes, name: str) -> Path:
    (folder / name).write_bytes(data)
    return folder / name


def there(folder: Path) -> object:
    Image.fromarray(COLOUR).save(folder / "a.png")
    return filter_picture(folder / "a.png", out=folder / "a.png")


REFUSALS: dict[str, Callable[[Path], object]] = {
    "no picture": lambda folder: filter_picture(folder / "none.png"),
    "a folder": lambda folder: filter_picture(folder),
    "an empty file": lambda folder: filter_picture(written(folder, b"", "a.csv")),
    "words in place of numbers": lambda folder: filter_picture(written(folder, b"a b", "a.txt")),
    "a page named as a picture": lambda folder: filter_picture(written(folder, b"<html>", "a.jpg")),
    "an array of uneven rows": lambda _: filter_picture([[1, 2], [3]]),  # type: ignore[arg-type]
    "an array of letters": lambda _: filter_picture(np.array([["a"]])),
    "an array of two channels": lambda _: filter_picture(np.zeros((2, 2, 2))),
    "an array with NaN": lambda _: filter_picture(np.array([[np.nan]])),
    "an unknown kernel": lambda _: filter_picture(TABLE, "gauss"),
    "a kernel that no file can be": lambda _: filter_picture(TABLE, "a\0b"),
    "a kernel that is a folder": lambda folder: filter_picture(TABLE, folder),
    "a kernel that is a device": lambda _: filter_picture(TABLE, "/dev/null"),
    "a kernel of words": lambda folder: filter_picture(TABLE, written(folder, b"a", "kernel.txt")),
    "a kernel beyond 63": lambda folder: filter_picture(TABLE, written(folder, b"1 " * 64, "kernel.txt")),
    "a sigma of numbers": lambda _: filter_picture(TABLE, np.ones((3, 3)), sigma=1),
    "an unknown border": lambda _: filter_picture(TABLE, border="wrap"),
    "a row beyond": lambda _: filter_picture(TABLE, at=(2, 0)),
    "one number as a position": lambda _: filter_picture(TABLE, at=3),  # type: ignore[arg-type]
    "a position in words": lambda _: parse_position("top,left"),
    "written as what nobody knows": lambda folder: filter_picture(TABLE, out=folder / "a.jpg"),
    "written over the picture": there,
    "colours as CSV": lambda folder: filter_picture(COLOUR, out=folder / "a.csv"),
    "written below a file": lambda folder: filter_picture(TABLE, out=written(folder, b"", "a") / "b.png"),
}
