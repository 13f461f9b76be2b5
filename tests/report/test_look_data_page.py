"""The page of a look at many pictures: crops, the map of the pictures, the probe, and names that want to be more."""

from html import unescape
from pathlib import Path

import pytest
from PIL import Image

from striate.report.look_network import render_look
from striate.report.network_look_result import NetworkLookResult
from striate.tasks.look import look
from tests.data.fixtures import pattern
from tests.report.browser import DESK, PHONE, Opener
from tests.report.page_numbers import Numbers, all_in_the_json
from tests.report.reader import Page
from tests.report.test_look_network import fitted

OF_DATA = ["strongest", "embedding", "probe"]
CLASSES = ('"><img src=x onerror=alert(1)>', "<script>alert(1)<", "\u202egnp.exe")
FILES = ("{{ 7 * 7 }}", "<b>", "&amp;", "a\nb", "שלום", "%s%n", "x" * 200)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> NetworkLookResult:
    folder = tmp_path_factory.mktemp("look") / "<i>"
    for part, seed in (("train", 0), ("test", 1)):
        for place, name in enumerate(CLASSES):
            (folder / part / name).mkdir(parents=True)
            for i, file in enumerate(FILES):
                pixels = pattern(20, 17, seed=1000 * seed + 10 * place + i) // (1 + place)
                Image.fromarray(pixels).save(folder / part / name / f"{file}.png")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"WORDS": 10, "ROUNDS": 2, "DESCRIPTORS": 300}.items():
            patch.setattr(f"striate.tasks.look_pictures.{name}", value)
        made = look(fitted(CLASSES), data=str(folder), show=OF_DATA, layer="conv2", unit=1)
    assert isinstance(made, NetworkLookResult)
    return made


def test_every_number_of_the_panels_is_in_the_json(found: NetworkLookResult) -> None:
    page = Numbers(render_look(found))
    assert len(page.values) >= 30
    all_in_the_json(page, found.as_dict())


def test_every_panel_is_drawn_with_what_it_shows(found: NetworkLookResult) -> None:
    page = Page(render_look(found))
    assert page.sections == ["verdict", *OF_DATA]
    for panel in found.panels:
        assert panel.refused is None
        assert panel.evidence in page.text[panel.method]
        for note in panel.notes:
            assert note in page.text[panel.method]
    crops, points, curve = (panel.maps[0] for panel in found.panels)
    assert [one.drawing for one in (crops, points, curve)] == ["crops", "points", "curve"]
    for tile in crops.tiles:
        assert f"{tile.value:.4g}" in page.text["strongest"]
    assert curve.curve is not None
    for layer, value in zip(curve.curve.names, curve.curve.values, strict=True):
        assert f"{layer} {100 * value:.1f}" in " ".join(page.text["probe"].split())
    assert page.source.count('class="points"') == 1
    assert page.source.count('aria-label="accuracy by layer"') == 1


def test_names_of_classes_and_files_are_text(found: NetworkLookResult) -> None:
    source = render_look(found)
    body = source.split("</style>", 1)[1]
    assert "<script" not in body
    assert "<img src=x" not in body
    assert "<b>.png" not in body
    assert "<i>" not in body.replace("<i></i>", "")
    assert "\u202e" not in source
    assert "\\u202egnp.exe" in body
    assert "a\\nb" in body
    assert "{{ 7 * 7 }}" in unescape(body)
    assert "x" * 200 not in Page(source).text["strongest"]


def test_nothing_of_it_asks_for_anything(found: NetworkLookResult) -> None:
    for _, name, value in Page(render_look(found)).attributes:
        assert not name.startswith("on")
        if name in ("src", "href"):
            assert value.startswith(("data:image/png;base64,", "#"))


def test_a_browser_finds_nothing_wrong_with_it(found: NetworkLookResult, tmp_path: Path, open_page: Opener) -> None:
    (tmp_path / "look.html").write_text(render_look(found), "utf-8")
    for window, dark in ((DESK, False), (DESK, True), (PHONE, False)):
        opened = open_page(tmp_path / "look.html", window, dark)
        assert opened.violations() == []
        assert opened.overflow() == 0
