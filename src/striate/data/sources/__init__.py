"""Data sources: a table with a row for each kind of data set, the test that recognises it and its reader."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from striate.data.source import Source
from striate.data.sources.builtin import SETS, open_builtin
from striate.data.sources.cifar import is_cifar, open_cifar
from striate.data.sources.class_folders import open_folder
from striate.data.sources.digits import open_digits
from striate.data.sources.file_list import only_listed
from striate.data.sources.idx import find_idx, open_idx
from striate.data.sources.npz import is_npz, open_npz
from striate.errors import DataError, MissingError, shown

__all__ = ["NAMES", "SOURCES", "SourceFormat", "open_source"]


@dataclass(frozen=True)
class SourceFormat:
    """A kind of data source: its names, or a test of an existing path, and the function that opens it.

    open: called with the name or the path, and with `allow_empty_class` and `tolerant` if it `takes_class_rules`.
    title: its name in a refusal; "" where another row covers it.
    """

    open: Callable[..., Source]
    names: tuple[str, ...] = ()
    recognises: Callable[[Path], object] = lambda _: False
    title: str = ""
    takes_class_rules: bool = False


# Names before paths; of the rows that recognise a path the first is taken.
SOURCES: dict[str, SourceFormat] = {
    "digits": SourceFormat(open_digits, names=("digits",)),
    "builtin": SourceFormat(open_builtin, names=tuple(SETS)),
    "idx": SourceFormat(open_idx, recognises=find_idx),
    "cifar": SourceFormat(open_cifar, recognises=is_cifar),
    "class_folders": SourceFormat(open_folder, recognises=Path.is_dir, title="a folder", takes_class_rules=True),
    "npz": SourceFormat(open_npz, recognises=is_npz, title="an .npz file"),
}
NAMES = tuple(name for source in SOURCES.values() for name in source.names)


def open_source(
    spec: str | Path, allow_empty_class: bool = False, *, tolerant: bool = False, files: Path | None = None
) -> Source:
    """Open the data set that `spec` names: one of NAMES (a folder of that name is `./NAME`), or a path.

    tolerant: as in `open_folder`. files: a list of the pictures of a folder to use (`only_listed`).
    Raises `MissingError` if there is nothing there, `DataError` if it is no data set.
    """
    opened = _opened(spec, {"allow_empty_class": allow_empty_class or files is not None, "tolerant": tolerant})
    return opened if files is None else only_listed(opened, files, allow_empty_class)


def _opened(spec: str | Path, class_rules: dict[str, bool]) -> Source:
    for source in SOURCES.values():
        if spec in source.names:
            return source.open(spec)
    path = Path(spec).expanduser()
    asked = f"the data set {shown(path)} was asked for"
    allowed = ", ".join(source.title for source in SOURCES.values() if source.title)
    allowed += f" or one of {', '.join(NAMES)} is allowed"
    if not path.exists():
        raise MissingError("not_a_folder", asked, allowed=allowed, given="there is nothing of that name",
                           do="Check the path")
    for source in SOURCES.values():
        if source.recognises(path):
            return source.open(path, **class_rules if source.takes_class_rules else {})
    raise DataError("not_a_folder", asked, allowed=allowed, given="it is another kind of file",
                    do="Give the folder that holds one folder for each class")
