"""What the page must be: whole, alone, the same each time, and true to its facts."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from base64 import b64decode
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from tests.report.facts import digits, made_up
from tests.report.reader import Page, page_of, report_of

ORDER = ["verdict", "figures", "next", "data", "network", "learning", "results", "confusion", "mistakes",
         "calibration", "recipe", "timings", "reproduce"]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Page:
    return page_of(tmp_path_factory.mktemp("run"), digits())


def test_every_section_in_order(page: Page) -> None:
    assert page.sections == ORDER
    assert all(page.text[section] for section in ORDER)
    assert "<title>A recogniser for digits</title>" in page.source


@pytest.mark.parametrize("k", [2, 6, 16, 17, 200, 1000])
def test_any_number_of_classes(k: int, tmp_path: Path) -> None:
    page = page_of(tmp_path, made_up(k, side=12))
    assert page.sections == ORDER
    assert ('class="matrix' in page.source) == (k <= 16)
    assert ('class="map"' in page.source) == (16 < k <= 200)


def test_the_page_stands_alone(page: Page) -> None:
    csp = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    assert ("meta", "content", csp) in page.attributes
    asks = r"https?://|//www|@import|url\((?!#)|<script|<link|<iframe|javascript:"
    assert not re.search(asks, page.source, re.IGNORECASE)
    for tag, name, value in page.attributes:
        assert name != "src" or value.startswith("data:image/png;base64,")
        assert name != "href" or value.startswith("#"), (tag, value)
        assert not name.startswith("on")


def test_every_id_once_and_every_reference_meets_one(page: Page) -> None:
    assert len(page.ids) == len(set(page.ids))
    wanted = {value[1:] for _, name, value in page.attributes if name == "href"}
    wanted |= {found for _, _, value in page.attributes for found in re.findall(r"url\(#([^)]*)\)", value)}
    assert wanted <= set(page.ids)


def test_every_picture_is_whole(page: Page) -> None:
    _, samples, mistakes = digits()
    uris = [value for tag, name, value in page.attributes if (tag, name) == ("img", "src")]
    pictures = [Image.open(io.BytesIO(b64decode(uri.partition(",")[2], validate=True))) for uri in uris]
    worst = sorted(mistakes, key=lambda one: -one.probability)
    expected = [one.pixels for one in samples] + [one.pixels for one in worst]
    assert len(pictures) == len(expected)
    for picture, pixels in zip(pictures, expected, strict=True):
        np.testing.assert_array_equal(np.asarray(picture), pixels[..., 0])


def test_large_pictures_are_whole_too(tmp_path: Path) -> None:
    page = page_of(tmp_path, made_up(2, side=300))
    uris = [value for tag, name, value in page.attributes if (tag, name) == ("img", "src")]
    assert uris
    for uri in uris:
        assert Image.open(io.BytesIO(b64decode(uri.partition(",")[2], validate=True))).convert("RGB").size == (160, 160)


def test_figures_take_the_colour_of_the_page(page: Page) -> None:
    charts = re.findall(r"<svg class=\"chart.*?</svg>", page.source, re.DOTALL)
    assert len(charts) == 5
    for chart in charts:
        assert "currentColor" in chart
        assert "var(--first)" in chart or "var(--second)" in chart
        assert not re.search(r"#[0-9a-f]{6}\b|black|rgb\(", chart)
        assert "font-family" not in chart


def test_light_dark_phone_and_paper(page: Page) -> None:
    style = page.source.split("<style>")[1].split("</style>")[0]
    for query in ("prefers-color-scheme: dark", "max-width: 40rem", "@media print"):
        assert query in style
    used = set(re.findall(r"var\((--[a-z-]+)\)", page.source)) - {"--hue", "--a"}
    for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL):
        assert used <= set(re.findall(r"(--[a-z-]+):", block)), "a colour is missing from one of light, dark and print"
    assert ("meta", "content", "width=device-width, initial-scale=1") in page.attributes


def test_the_same_facts_give_the_same_bytes(page: Page, tmp_path: Path) -> None:
    before = dict(mpl.rcParams)
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "pink", "svg.fonttype": "path"}):
        again = page_of(tmp_path, digits())
    assert again.source == page.source
    assert dict(mpl.rcParams) == before


def test_f21_f22_neither_clock_nor_locale_nor_home_changes_a_byte(tmp_path: Path) -> None:
    code = ("import sys; from tests.report.facts import made_up; from tests.report.reader import report_of; "
            "report_of(sys.argv[1], made_up(3, names=['a', 'é', 'c']))")
    expected = report_of(tmp_path, made_up(3, names=["a", "é", "c"])).read_bytes()
    folder = tmp_path / "other"
    folder.mkdir()
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "Asia/Kathmandu", "SOURCE_DATE_EPOCH": "0",
                   "PYTHONHASHSEED": "7", "HOME": str(tmp_path / "no" / "home"), "MPLCONFIGDIR": str(tmp_path / "mpl")}
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True, cwd=root, env=environment, timeout=60)
    assert (folder / "report.html").read_bytes() == expected


@pytest.mark.parametrize("missing", ["test", "validation", "network", "recipe", "history", "timings", "environment",
                                     "model", "command", "seed", "seconds", "created", "best_epoch", "title"])
def test_a_missing_part_leaves_the_rest(missing: str, tmp_path: Path) -> None:
    facts, samples, mistakes = made_up(3, side=8)
    del facts[missing]
    assert set(ORDER) - set(page_of(tmp_path, (facts, samples, mistakes)).sections) <= {
        "network", "recipe", "learning", "timings", "next"}


def test_nothing_but_counts(tmp_path: Path) -> None:
    page = page_of(tmp_path, ({"data": {"name": "bare", "classes": []}}, [], []))
    assert page.sections == ["verdict", "figures", "data", "reproduce"]
    assert "Nothing was measured" in page.text["verdict"]


def test_a_loss_that_was_not_finite_is_left_out(tmp_path: Path) -> None:
    facts, samples, mistakes = digits()
    facts["history"][3]["loss"] = float("nan")
    page = page_of(tmp_path, (facts, samples, mistakes))
    assert "nan" not in page.text["learning"].lower()
    assert '"loss": null' in (tmp_path / "report.json").read_text()
