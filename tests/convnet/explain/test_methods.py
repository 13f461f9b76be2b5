"""Every row of METHODS_OF_LOOK: its function, what it is given, and what it says; and its heading in docs/look.md."""

import inspect
import re
from typing import get_args, get_type_hints

import numpy as np
import pytest

from striate import Conv, Dense, GlobalPool, Input, Network, Pool, ReLU
from striate.convnet.explain.methods import METHODS_OF_LOOK, MethodOfLook
from striate.convnet.explain.target import Target
from striate.model.explanation import Explanation
from striate.report.drawers import DRAWERS
from tests.convnet.explain.nets import explained, picture
from tests.docs.pages import text_of

MAPS = Pool(2)(ReLU(name="relu1")(Conv(5, 3, name="conv1")(Input(3, 16, 16))))
NET = Network(Dense(3, name="fc")(GlobalPool()(ReLU(name="relu2")(Conv(4, 3, name="conv2")(MAPS)))))
TARGETS = {"layer": Target("conv1"), "unit": Target("relu2", 1), "class": Target("fc", 2)}
FIRST = {"model": ["model"], "picture": ["model", "pixels"], "data": ["model", "data"]}
CHEAP = [name for name, row in METHODS_OF_LOOK.items() if row.needs != "data" and row.drawing != "curve"]


@pytest.mark.parametrize("name", METHODS_OF_LOOK)
def test_the_function_takes_what_its_row_says(name: str) -> None:
    parameters = list(inspect.signature(METHODS_OF_LOOK[name].function).parameters.values())
    given = [*FIRST[METHODS_OF_LOOK[name].needs], "target"]
    assert [one.name for one in parameters][: len(given)] == given
    assert all(one.default is not one.empty for one in parameters[len(given):])


@pytest.mark.parametrize("name", CHEAP)
def test_it_says_what_it_is_evidence_of_and_what_not(name: str) -> None:
    row, model = METHODS_OF_LOOK[name], explained(NET)
    given = [picture(model)] if row.needs == "picture" else []
    found = METHODS_OF_LOOK[name].function(model, *given, TARGETS[row.target])
    assert isinstance(found, Explanation)
    assert found.array.size
    assert found.array.dtype.kind in "uif"
    assert np.isfinite(found.array).all()
    assert found.units
    assert found.evidence.endswith(".")
    assert re.search(r"\b(not|neither)\b", found.evidence), found.evidence
    if found.total is not None and found.terms:
        assert sum(one.value for one in found.terms) + found.bias == pytest.approx(found.total, rel=1e-4, abs=1e-4)


def test_the_words_for_drawings_are_those_that_can_be_drawn() -> None:
    assert set(get_args(get_type_hints(MethodOfLook)["drawing"])) == set(DRAWERS)


def test_the_guide_has_every_method() -> None:
    headings = [line for line in text_of("look.md").splitlines() if line.startswith("### ")]
    assert set(METHODS_OF_LOOK) <= set(re.findall(r"`(\w+)`", " ".join(headings)))
