"""From what the user typed to a source: a known name, a file or a folder, told apart by what is inside."""

from __future__ import annotations

from pathlib import Path

from striate.data.source import Source
from striate.data.sources.builtin import SETS, open_named
from striate.data.sources.cifar import is_cifar, open_cifar
from striate.data.sources.class_folders import open_folder
from striate.data.sources.digits import open_digits
from striate.data.sources.file_list import only_listed
from striate.data.sources.idx import find_idx, open_idx
from striate.data.sources.npz import open_npz
from striate.errors import DataError, MissingError, shown

NAMES = ("digits", *SETS)


def open_source(
    spec: str | Path, allow_empty_class: bool = False, *, tolerant: bool = False, files: Path | None = None
) -> Source:
    """Open the data set that `spec` names: one of NAMES (a folder of that name is `./NAME`), or a path.

    tolerant: as in `open_folder`. files: a list of the pictures of a folder that are to be used (`chosen`).
    Raises `MissingError` if there is nothing there, `DataError` if it is no data set.
    """
    opened = _opened(spec, allow_empty_class or files is not None, tolerant)
    return opened if files is None else only_listed(opened, files, allow_empty_class)


def _opened(spec: str | Path, allow_empty_class: bool, tolerant: bool) -> Source:
    if spec == "digits":
        return open_digits()
    if isinstance(spec, str) and spec in SETS:
        return open_named(spec)
    path = Path(spec).expanduser()
    if not path.exists():
        raise MissingError("not_a_folder", f"the data set {shown(path)} was asked for",
                           allowed=f"a folder, an .npz file or one of {', '.join(NAMES)} is allowed",
                           given="there is nothing of that name", do="Check the path")
    if not path.is_dir():
        if path.suffix == ".npz" and path.is_file():
            return open_npz(path)
        raise DataError("not_a_folder", f"the data set {shown(path)} was asked for",
                        allowed=f"a folder, an .npz file or one of {', '.join(NAMES)} is allowed",
                        given="it is another kind of file", do="Give the folder that holds one folder for each class")
    if find_idx(path):
        return open_idx(path)
    return open_cifar(path) if is_cifar(path) else open_folder(path, allow_empty_class, tolerant)
