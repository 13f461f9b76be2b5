"""The step-through in a browser: what it shows at a position is what `dot_product` computes there."""

import json
from base64 import b64decode
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from striate.arch import BatchNorm, Conv, Dense, Flatten, Input, Network, Pad, Pool, ReLU, Reshape, TableConv, Volume
from striate.convnet.explain.dot_product import DotProduct, dot_product
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.stepthrough import StepThrough, stepthrough
from striate.convnet.explain.target import Target
from striate.core.humanize import significant
from striate.report.look_stepthrough import StepThroughSection, aligned
from striate.report.page_environment import environment
from tests.convnet.explain.nets import explained, picture
from tests.report.browser import DESK, PHONE, Opener

PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{{ stepthrough.policy }}">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<title>Step-through</title>
<style>{% include "style.css" %}{% include "look.css" %}{% include "look_stepthrough.css" %}</style></head>
<body><main><h1>Step-through</h1>{% include "look_stepthrough.html.j2" %}</main></body></html>"""
# Goes to each position, in both units if there are two, and reads all that is shown there.
READ = """places => places.map(([row, column, bytes]) => {
  const at = id => document.getElementById(id), text = id => at(id)?.textContent;
  at("st-row").value = row;
  at("st-column").value = column;
  at("st-column").dispatchEvent(new Event("change"));
  if (at("st-in-bytes")) {
    const radio = document.querySelectorAll("input[name=st-units]")[bytes ? 1 : 0];
    radio.checked = true;
    radio.dispatchEvent(new Event("change"));
  }
  const cells = name => [...document.querySelectorAll(`.st-${name}`)].map(
    table => [...table.querySelectorAll("td")].map(cell => cell.textContent));
  return {at: [text("st-at-row"), text("st-at-column")], products: text("st-products"), bias: text("st-bias"),
          total: text("st-total"), result: text("st-result"), rest: text("st-rest"), said: text("st-said"),
          names: [...document.querySelectorAll("h4 .st-name")].map(one => one.textContent),
          padding: [...document.querySelectorAll(".st-value td")].map(cell => cell.className === "st-padding"),
          value: cells("value"), weight: cells("weight"), product: cells("product")};
})"""


def net(*layers: Any, volume: tuple[int, int, int] = (3, 12, 10)) -> ExplainedNet:
    x: Volume = Input(*volume)
    for layer in layers:
        x = layer(x)
    return explained(Network(x), mean=117.3, std=58.1)


MODELS: dict[str, tuple[ExplainedNet, str | None, str]] = {
    "colour, folded, rectified": (
        net(Conv(4, (3, 4), stride=(2, 1), padding=((1, 2), (0, 1))), BatchNorm(), ReLU(limit=0.4), Dense(2)), None,
        "batch_norm1"),
    "grey, padded by a layer": (net(Pad(((0, 1), (2, 0))), Conv(3, 5), Pool(2), Dense(2), volume=(1, 12, 10)), None,
                                "conv1"),
    "inner, dilated, in groups": (net(Conv(12, 1), ReLU(), Conv(4, 3, dilation=2, groups=2, padding=2), Pool(2), ReLU(),
                                      Dense(2)), "relu2", "conv2"),
    "table": (net(Conv(5, 3), TableConv(((0, 2), (1, 3, 4)), 3), Dense(2)), "table_conv1", "table_conv1"),
}


def page(folder: Path, shown: StepThrough) -> Path:
    path = folder / "page.html"
    path.write_text(environment().from_string(PAGE).render(stepthrough=StepThroughSection.of(shown)), encoding="utf-8")
    return path


def expected(found: DotProduct, shown: StepThrough, in_bytes: bool) -> dict[str, Any]:
    """What the page is to show of a dot product."""
    products = found.pixels if in_bytes else found
    assert products is not None
    table = found.pixels.products if in_bytes and found.pixels else found.array
    assert products.total is not None
    total = products.total
    sums = table.sum(axis=(1, 2))
    order = list(range(len(sums))) if len(sums) <= 4 else sorted(np.argsort(-np.abs(sums), kind="stable")[:3].tolist())

    def cells(values: Any) -> list[list[str]]:
        return [list(chain(*aligned(values[one]))) for one in order]

    result = None if shown.relu is None else significant(float(np.clip(total, 0, shown.limit)), 6)
    rest = None if len(sums) <= 4 else significant(float(np.delete(sums, order).sum()), 6)
    row, column = map(str, found.summed_place[1:])
    names = StepThroughSection.of(shown).data["names"]
    return {"at": [row, column], "products": significant(float(table.sum()), 6), "bias": significant(products.bias, 6),
            "total": significant(total, 6), "result": result, "rest": rest,
            "names": [names[one] for one in order], "padding": (~found.inside[order]).ravel().tolist(),
            "value": cells(products.values), "weight": cells(products.weights), "product": cells(table)}


def places(shown: StepThrough, count: int) -> Iterable[tuple[int, int]]:
    """Corners, and positions within."""
    (top, bottom), (left, right) = shown.part
    draw = np.random.default_rng(1)
    yield from ((top, left), (bottom, right), (top, right), (bottom, left))
    for _ in range(count):
        yield int(draw.integers(top, bottom + 1)), int(draw.integers(left, right + 1))


def shown_of(name: str) -> tuple[ExplainedNet, np.ndarray, StepThrough]:
    model, layer, summed = MODELS[name]
    pixels = picture(model)
    shown = stepthrough(model, pixels, None if layer is None else Target(layer, 1))
    assert shown is not None
    assert shown.start.summed == summed
    return model, pixels, shown


@pytest.mark.parametrize("name", MODELS)
def test_every_position_shows_the_numbers_of_the_dot_product(tmp_path: Path, open_page: Opener, name: str) -> None:
    model, pixels, shown = shown_of(name)
    opened = open_page(page(tmp_path, shown))
    units = (False, True) if shown.start.pixels else (False,)
    asked = [(row, column, in_bytes) for row, column in places(shown, 20) for in_bytes in units]
    for (row, column, in_bytes), seen in zip(asked, opened.page.evaluate(READ, asked), strict=True):
        found = dot_product(model, pixels, Target(shown.start.summed, shown.start.summed_place[0], (row, column)))
        right = expected(found, shown, in_bytes)
        said = seen.pop("said")
        assert seen == right
        assert said.startswith(f"Row {row}, column {column}: {found.array.size} products sum to {right['products']}; ")
        assert right["total"] in said


@pytest.mark.parametrize("name", MODELS)
def test_without_a_script_the_page_shows_the_same_of_its_first_position(
        tmp_path: Path, open_page: Opener, name: str) -> None:
    path = page(tmp_path, shown_of(name)[2])
    texts = []
    for javascript in (True, False):
        opened = open_page(path, javascript=javascript)
        texts.append([opened.page.locator(part).all_inner_texts() for part in ("h3", ".st-sum", ".st-channels")])
    assert texts[0] == texts[1]


def test_the_pointer_and_the_arrow_keys_move_over_the_map(tmp_path: Path, open_page: Opener) -> None:
    _, _, shown = shown_of("colour, folded, rectified")
    opened = open_page(page(tmp_path, shown))
    where = opened.page.locator("h3")
    assert opened.page.get_by_role("application", name="Output of unit").count() == 1
    assert opened.page.get_by_role("status").inner_text().startswith("Row ")
    opened.page.locator("#st-map").focus()
    for key, place in (("Home", "Row {}, column 0"), ("PageUp", "Row 0, column 0"), ("ArrowRight", "Row 0, column 1"),
                       ("ArrowDown", "Row 1, column 1"), ("ArrowUp", "Row 0, column 1"), ("ArrowUp", "Row 0, column 1"),
                       ("ArrowLeft", "Row 0, column 0"), ("Shift+ArrowRight", "Row 0, column 7"),
                       ("PageDown", "Row 6, column 7"), ("End", "Row 6, column 7")):
        opened.page.keyboard.press(key)
        assert where.inner_text() == place.format(shown.start.summed_place[1])
    assert opened.page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"
    box = opened.page.locator("#st-map").bounding_box()
    assert box is not None
    rows, columns = shown.size
    for row, column in ((2, 3), (5, 0)):
        opened.page.mouse.move(box["x"] + (column + 0.5) / columns * box["width"],
                               box["y"] + (row + 0.5) / rows * box["height"])
        assert where.inner_text() == f"Row {row}, column {column}"


@pytest.mark.parametrize(("size", "dark", "media"), [(DESK, False, "screen"), (DESK, True, "screen"),
                                                     (PHONE, False, "screen"), (DESK, False, "print")])
@pytest.mark.parametrize("name", ["colour, folded, rectified", "inner, dilated, in groups"])
def test_it_is_accessible_and_fits(tmp_path: Path, open_page: Opener, name: str, size: tuple[int, int], dark: bool,
                                   media: str) -> None:
    opened = open_page(page(tmp_path, shown_of(name)[2]), size, dark, media)
    assert (opened.violations(), opened.overflow()) == ([], 0)


def test_a_large_layer_is_shown_in_part_around_the_start_and_says_so(tmp_path: Path, open_page: Opener) -> None:
    model = net(Conv(16, 3), Conv(2, 3, padding=1), Pool(4), Dense(2), volume=(3, 130, 130))
    pixels = picture(model)
    shown = stepthrough(model, pixels, Target("conv2", 1, (127, 60)))
    assert shown is not None
    (top, bottom), (left, right) = shown.part
    assert bottom == 127
    assert left < 60 < right
    assert 60 < bottom - top < 127
    section = StepThroughSection.of(shown)
    assert 400_000 < len(section.block) < 500_000
    assert len(b64decode(section.data["values"])) <= 360_000
    opened = open_page(page(tmp_path, shown))
    assert f"Rows {top} to 127 and columns {left} to {right} of 128×128" in opened.page.inner_text("section")
    for (row, column), seen in zip([(top, left), (127, right)], opened.page.evaluate(
            READ, [(top, left, False), (127, right, False)]), strict=True):
        right_one = expected(dot_product(model, pixels, Target("conv2", 1, (row, column))), shown, False)
        assert {key: seen[key] for key in right_one} == right_one


def test_what_has_no_window_has_no_step_through() -> None:
    dense = net(Flatten(), Dense(12), Reshape((3, 2, 2)), Conv(2, 1), Dense(2))
    assert stepthrough(dense, picture(dense), Target("dense1", 0)) is None
    assert stepthrough(dense, picture(dense)) is None  # its pixels are the units of a dense layer
    without = net(Dense(2))
    assert stepthrough(without, picture(without)) is None


def test_data_have_no_text_that_could_end_their_script() -> None:
    shown = StepThroughSection.of(shown_of("table")[2])
    assert "<" not in shown.block
    assert json.loads(shown.block) == shown.data


def test_cells_are_their_numbers_to_three_digits_of_the_largest() -> None:
    draw = np.random.default_rng(5)
    for scale in (1e-7, 0.0123, 9.996, 1.0, 250.0, 1e5):
        table = draw.uniform(-scale, scale, (5, 5))
        texts = list(chain(*aligned(table)))
        apart = [abs(float(text.replace("−", "-")) - value)
                 for text, value in zip(texts, table.ravel().tolist(), strict=True)]
        assert max(apart) <= 0.0051 * np.abs(table).max()
        assert len({len(text.partition(".")[2]) for text in texts}) == 1
    assert aligned(np.zeros((1, 2))) == [["0", "0"]]
