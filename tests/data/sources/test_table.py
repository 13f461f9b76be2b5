"""One row per data source × what each must do; a new one joins by its row in `SOURCES` and an example here."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from striate.data.sources import NAMES, SOURCES, builtin, open_source
from tests.data.fixtures import cifar_folder, folder_of, idx_folder, pattern


def npz(root: Path) -> Path:
    np.savez(root / "a.npz", images=np.stack([pattern(seed=0), pattern(seed=1)]), labels=np.arange(2))
    return root / "a.npz"


def local_copy(root: Path, patch: pytest.MonkeyPatch) -> str:
    patch.setattr(builtin, "places", lambda _: [idx_folder(root)])
    return "mnist"


EXAMPLES: dict[str, Callable[[Path, pytest.MonkeyPatch], str | Path]] = {
    "digits": lambda _root, _patch: "digits",
    "builtin": local_copy,
    "idx": lambda root, _patch: idx_folder(root),
    "cifar": lambda root, _patch: cifar_folder(root),
    "class_folders": lambda root, _patch: folder_of(root, {"cat": 2, "dog": 2}),
    "npz": lambda root, _patch: npz(root),
}


def test_every_source_has_an_example():
    assert list(EXAMPLES) == list(SOURCES)


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_is_recognised_by_one_row_and_opened(name, tmp_path, monkeypatch):
    given = EXAMPLES[name](tmp_path, monkeypatch)
    by_name = [row for row in SOURCES.values() if given in row.names]
    by_path = [row for row in SOURCES.values() if isinstance(given, Path) and row.recognises(given)]
    assert (by_name or by_path)[0] is SOURCES[name]
    source = open_source(given)
    assert len(source.keys) == len(source.labels) == len(source.parts) > 0


def test_no_name_stands_for_two_sources():
    assert len(set(NAMES)) == len(NAMES)
