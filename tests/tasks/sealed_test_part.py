"""A data set whose test part cannot be read before the recogniser is saved."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from striate.data import Data
from striate.tasks import train


class ReadTooEarlyError(AssertionError):
    """A picture or a label of the test part was read before the recogniser was saved."""


@dataclass(frozen=True, eq=False)
class SealedArray:
    """Rows (N, …) of a pack, of which those of the test part are refused until `is_open`.

    It is no `ndarray`, so that nothing reads it around `take`, an index or the conversion to an array.
    """

    rows: NDArray[Any]
    test: NDArray[np.int64]
    is_open: Callable[[], bool]

    @property
    def shape(self) -> tuple[int, ...]:
        return self.rows.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.rows.dtype

    @property
    def ndim(self) -> int:
        return self.rows.ndim

    @property
    def nbytes(self) -> int:
        return self.rows.nbytes

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: Any) -> Any:
        first = index[0] if isinstance(index, tuple) else index
        self._check(np.arange(len(self.rows))[first])
        return self.rows[index]

    def take(self, indices: ArrayLike, axis: int | None = None, **more: Any) -> NDArray[Any]:
        assert axis == 0 or self.ndim == 1
        self._check(indices)
        return self.rows.take(indices, axis, **more)

    def __array__(self, *more: Any, **options: Any) -> NDArray[Any]:
        self._check(np.arange(len(self.rows)))
        return np.array(self.rows, *more, **options)

    def tolist(self) -> list[Any]:
        return np.asarray(self).tolist()  # type: ignore[no-any-return]

    def _check(self, indices: ArrayLike) -> None:
        if not self.is_open() and (read := np.intersect1d(indices, self.test)).size:
            raise ReadTooEarlyError(f"{read.size} of the {len(self.test)} test pictures were read before the end")


def seal_test_part(monkeypatch: pytest.MonkeyPatch, model: Path) -> None:
    """Let every module of `tasks` open data whose test part is sealed as long as there is no file `model`."""
    open_data = train.open_data

    def sealed(*arguments: Any) -> Data:
        data = open_data(*arguments)
        images, labels = (SealedArray(rows, data.split.test, model.exists)
                          for rows in (data.pictures.images, data.pictures.labels))
        return replace(data, pictures=replace(data.pictures, images=images, labels=labels))  # type: ignore[arg-type]

    for name, module in list(sys.modules.items()):
        if name.startswith("striate.tasks.") and vars(module).get("open_data") is open_data:
            monkeypatch.setattr(module, "open_data", sealed)
