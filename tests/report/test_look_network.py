"""The page of a look at a network: every number is one of the JSON, every panel says what it shows."""

import re
from pathlib import Path

import numpy as np
import pytest

from striate import Add, Conv, ConvNet, Dense, GlobalPool, Input, Network, Pool, ReLU
from striate.convnet.explain.methods import METHODS_OF_LOOK
from striate.report.look_network import render_look
from striate.report.network_look_result import NetworkLookResult
from striate.tasks.look import look
from tests.report.browser import DESK, PHONE, Opener
from tests.report.page_numbers import Numbers, all_in_the_json
from tests.report.reader import Page
from tests.report.test_hostile import NAMES

SIDE = 12
PICTURES = np.random.default_rng(0).integers(0, 256, (12, SIDE, SIDE, 3), np.uint8)
OF_PICTURE = [name for name, row in METHODS_OF_LOOK.items() if row.needs != "data"]


def fitted(classes: tuple[str, ...] = ("down", "up")) -> ConvNet:
    x = Pool(2, name="pool")(ReLU(name="relu1")(Conv(6, 3, padding=1, name="conv1")(Input(3, SIDE, SIDE))))
    x = Add(name="add")(x, ReLU(name="relu2")(Conv(6, 3, padding=1, name="conv2")(x)))
    network = Network(Dense(len(classes), name="fc")(GlobalPool(name="mean")(x)), name="small")
    return ConvNet(network, epochs=1, seed=0).fit(PICTURES, [classes[i % len(classes)] for i in range(len(PICTURES))])


@pytest.fixture(scope="module")
def found() -> NetworkLookResult:
    made = look(fitted(), PICTURES[0], show=OF_PICTURE)
    assert isinstance(made, NetworkLookResult)
    return made


def test_every_number_of_the_page_is_in_the_json(found: NetworkLookResult) -> None:
    page = Numbers(render_look(found))
    assert len(page.values) > 100
    all_in_the_json(page, found.as_dict())


def test_every_panel_says_what_it_shows_and_how_many_of_how_many(found: NetworkLookResult) -> None:
    page = Page(render_look(found))
    assert page.sections == ["verdict", "picture", *OF_PICTURE, "step-through"]
    for panel in found.panels:
        assert (panel.evidence or f"Not here: {panel.refused}") in page.text[panel.method]
        for one in panel.maps:
            if one.tiles and one.drawing == "tiles":
                assert f"{len(one.tiles)} of {one.count} shown" in page.text[panel.method]


def test_the_page_is_one_file_that_does_nothing(found: NetworkLookResult) -> None:
    page = Page(render_look(found))
    for _, name, value in page.attributes:
        assert not name.startswith("on")
        if name in ("src", "href"):
            assert value.startswith(("data:image/png;base64,", "#"))
    assert not re.search(r"url\((?!data:image/png;base64,|#)", page.source)


def test_the_same_look_gives_the_same_bytes() -> None:
    model = fitted()
    pages = []
    for _ in range(2):
        again = look(model, PICTURES[0], show=["filters", "gradient", "occlusion", "maximise", "sanity"])
        assert isinstance(again, NetworkLookResult)
        pages.append(render_look(again))
    assert pages[0] == pages[1]


def test_names_that_want_to_be_more_than_names_are_text(tmp_path: Path) -> None:
    classes = tuple(name for name in NAMES if name and "\udce9" not in name)
    made = look(fitted(classes[:12]), PICTURES[0], show=OF_PICTURE)
    assert isinstance(made, NetworkLookResult)
    body = render_look(made).split("</style>", 1)[1]
    assert "<script>alert" not in body
    assert "<img src=x" not in body
    assert "\u202e" not in body


def test_a_browser_finds_nothing_wrong(found: NetworkLookResult, tmp_path: Path, open_page: Opener) -> None:
    (tmp_path / "look.html").write_text(render_look(found), "utf-8")
    for window, dark in ((DESK, False), (DESK, True), (PHONE, False)):
        opened = open_page(tmp_path / "look.html", window, dark)
        assert opened.violations() == []
        assert opened.overflow() == 0
