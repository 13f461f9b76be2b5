"""Tests of the arrays of encoders: written and read back, and refused from hostile files."""

import json
from typing import Any

import numpy as np
import pytest

from striate.bow.encoders import Encoder
from tests.bow.encoders.table import ENCODERS, fitted, pictures


@pytest.mark.parametrize("name", ENCODERS)
@pytest.mark.parametrize("skip", [False, True])
def test_there_and_back(name: str, skip: bool) -> None:
    encoder = fitted(name, skip)
    settings, arrays = encoder.to_arrays()
    assert all(array.dtype == np.float32 for array in arrays.values())
    back = type(encoder).from_arrays(json.loads(json.dumps(settings)), {key: a.copy() for key, a in arrays.items()})
    assert back.get_params() == encoder.get_params()
    assert back.channels_ == 7
    x, where, regions = pictures()
    for pool in encoder.POOLS:
        np.testing.assert_array_equal(back.encode(x, where, regions, pool), encoder.encode(x, where, regions, pool))
    assert back.to_arrays()[0] == settings


def hostile(name: str) -> list[tuple[str, dict[str, Any], dict[str, np.ndarray]]]:
    settings, arrays = fitted(name).to_arrays()
    cases = [("a setting more", settings | {"threads": 1}, arrays), ("no arrays", settings, {}),
             ("an array more", settings, arrays | {"more": np.ones(1, np.float32)})]
    for key, value in settings.items():
        cases.append((f"without {key}", {k: v for k, v in settings.items() if k != key}, arrays))
        for bad in ("x", -1, 10**30, [1], {}, float("nan"), float("inf")):
            cases.append((f"{key} {bad!r}", settings | {key: bad}, arrays))
        if isinstance(value, int) and not isinstance(value, bool) and key in ("words", "components", "dims"):
            cases.append((f"{key} + 1", settings | {key: value + 1}, arrays))
    for key, array in arrays.items():
        changed = {"float64": array.astype(np.float64), "flat": array[None], "empty": array[:0],
                   "longer": np.concatenate([array, array]), "scalar": array.reshape(-1)[0].reshape(())}
        for what, number in (("nan", np.nan), ("inf", np.inf), ("large", 1e12)):
            changed[what] = array.copy()
            changed[what].reshape(-1)[-1] = number
        if array.ndim == 2 and key != "centres":
            changed["wider"] = np.concatenate([array, array], axis=1)
        if key in ("weights", "variances", "sigma", "position_scale"):
            changed["zero"], changed["negative"] = array * 0, -array
        if key == "weights" and len(array) > 1:
            changed["another sum"] = array * 2
        cases += [(f"{key} {what}", settings, arrays | {key: value}) for what, value in changed.items()]
        cases.append((f"without {key}", settings, {k: v for k, v in arrays.items() if k != key}))
    return cases


@pytest.mark.parametrize("name", ENCODERS)
def test_hostile_values_are_refused(name: str) -> None:
    kind: type[Encoder] = type(fitted(name))
    accepted = []
    for what, settings, arrays in hostile(name):
        try:
            kind.from_arrays(settings, arrays)
        except ValueError:
            continue
        accepted.append(what)
    assert accepted == []
