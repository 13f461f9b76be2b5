"""SVG files of drawings are well-formed, complete, readable, safe, bounded and reproducible."""

from __future__ import annotations

import re
import time
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path

import matplotlib
import pytest
from PIL import ImageFont

from striate.arch import Conv, Dense, GlobalPool, Input, LeakyReLU, Network, Pool, ReLU
from striate.arch.draw import draw
from striate.arch.zoo import build
from tests.arch.draw.networks import LARGE, SMALL, heads, random_network, residual, wide

SVG = "{http://www.w3.org/2000/svg}"
FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
REGULAR, BOLD = (ImageFont.truetype(FONTS / name, 100) for name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"))
GOLDEN = Path(__file__).with_name("lenet5.svg")


@pytest.fixture(scope="module", params=[*SMALL, *(f"large {name}" for name in LARGE)])
def drawn(request: pytest.FixtureRequest) -> tuple[Network, ET.Element]:
    name = request.param
    network = LARGE[name.removeprefix("large ")]() if name.startswith("large ") else SMALL[name]()
    return network, ET.fromstring(draw(network))


def layers_in(root: ET.Element) -> int:
    return sum(int(group.attrib["data-layers"]) * int(group.attrib["data-times"])
               for group in root.iter(f"{SVG}g") if "data-layers" in group.attrib)


def boxes_of_text(root: ET.Element) -> list[tuple[float, float, float, float, str]]:
    """(left, top, right, bottom, text), measured in DejaVu Sans, the widest of the usual fonts."""
    found = []
    for text in root.iter(f"{SVG}text"):
        size, x, y = (float(text.attrib[key]) for key in ("font-size", "x", "y"))
        kind = text.attrib["class"].split()
        wide = (BOLD if kind[0] in "nTk" else REGULAR).getlength(text.text or "") * size / 100
        left = x - wide / 2 if "c" in kind else x
        found.append((left, y - 0.75 * size, left + wide, y + 0.2 * size, text.text or ""))
    return found


def overlaps(root: ET.Element) -> list[tuple[str, str]]:
    boxes = sorted(boxes_of_text(root), key=lambda box: box[1])
    found = []
    for number, one in enumerate(boxes):
        for other in boxes[number + 1:]:
            if other[1] >= one[3]:
                break
            if one[0] < other[2] and other[0] < one[2]:
                found.append((one[4], other[4]))
    return found


def test_every_layer_is_counted_once(drawn: tuple[Network, ET.Element]) -> None:
    network, root = drawn
    assert layers_in(root) == len(network.nodes)


def test_no_words_overlap_or_leave_the_picture(drawn: tuple[Network, ET.Element]) -> None:
    _, root = drawn
    assert overlaps(root) == []
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    assert all(left >= 0 and right <= width and top >= 0 and bottom <= height
               for left, top, right, bottom, _ in boxes_of_text(root))


def test_nothing_but_shapes_and_words(drawn: tuple[Network, ET.Element]) -> None:
    _, root = drawn
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg", "title", "desc", "style", "g", "path", "rect", "circle", "text"}
    text = ET.tostring(root, encoding="unicode").replace('xmlns:ns0="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"https?:|href|url\(|@import|\son\w+=|nan|inf(?![a-z])", text.lower().replace("info", ""))
    style = root.findtext(f"{SVG}style") or ""
    assert "prefers-color-scheme:dark" in style
    assert root[0].tag == f"{SVG}title"
    assert root[1].tag == f"{SVG}desc"


def test_colours_are_defined(drawn: tuple[Network, ET.Element]) -> None:
    _, root = drawn
    style = root.findtext(f"{SVG}style") or ""
    used = {word for element in root.iter() for word in element.attrib.get("class", "").split()} - {"net", "rest", "o"}
    assert {word for word in used if not re.search(rf"\.{word}\b", style)} == set()


@pytest.mark.parametrize("name", LARGE)
def test_large_networks_are_drawn_in_bounds(name: str) -> None:
    network = LARGE[name]()
    begun = time.perf_counter()
    picture = draw(network)
    assert time.perf_counter() - begun < 10  # seconds; a tenth of one is usual
    assert len(picture.encode()) < 1 << 20


def test_names_from_everywhere_stay_in_bounds() -> None:
    x = Input(1, 9, 9)
    for number in range(1_000):
        x = ReLU(name=f"{'𝔘' * 90}r{number}")(Conv(1 + number * 37 % 101, 1, name=f"{'字' * 90}{number}")(x))
    picture = draw(Network(x, "𝔘" * 100))
    assert len(picture.encode()) < 1 << 20
    assert layers_in(ET.fromstring(picture)) == 2_000


@pytest.mark.parametrize("name", ["lenet5", "alexnet", "vgg16", "googlenet", "squeezenet", "compact"])
def test_every_layer_is_named_where_nothing_repeats(name: str) -> None:
    network = build(name)
    root = ET.fromstring(draw(network))
    titles = " ".join(title.text or "" for title in root.iter(f"{SVG}title"))
    assert [node.name for node in network.nodes if f"{node.name}: {node.layer.kind}" not in titles] == []
    words = [text.text for text in root.iter(f"{SVG}text")]
    assert [str(node.output) for node in network.nodes if node.macs and str(node.output) not in words] == []


def test_a_teacher_finds_the_words_of_the_paper() -> None:
    words = [text.text for text in ET.fromstring(draw(build("alexnet"))).iter(f"{SVG}text")]
    for phrase in ("11×11, 96", "/4", "2 groups", "3×3 max /2", "4,096 units", "LRN", "drop 0.5", "96×55×55"):
        assert phrase in words
    facts = words[1] or ""
    assert "3×227×227 → 1000×1×1" in facts
    assert f"{build('alexnet').parameters:,} parameters" in facts


def test_repeats_are_folded() -> None:
    def repeats(network: Network) -> list[str]:
        return [text.text or "" for text in ET.fromstring(draw(network)).iter(f"{SVG}text")
                if text.attrib["class"] == "k"]

    assert repeats(build("resnet152")) == ["×2", "×7", "×35", "×2"]
    assert repeats(build("mobilenet")) == ["×5"]
    assert repeats(residual()) == ["×3"]
    assert repeats(wide(1)) == ["×1,024 abreast"]
    assert repeats(build("vgg16")) == []


def test_heads_are_beside_the_trunk() -> None:
    words = [text.text for text in ET.fromstring(draw(build("googlenet"))).iter(f"{SVG}text")]
    assert words.count("auxiliary head, loss weight 0.3") == 2
    assert draw(heads(2)).count('class="x"') == 3  # one of them in the legend
    assert draw(heads(0)).count('class="x"') == 0


def test_skips_are_drawn() -> None:
    plain, skipping = Input(4, 5, 5), residual()
    assert 'class="s"' in draw(skipping)
    assert 'class="s"' not in draw(Network(Conv(4, 1)(plain)))


def test_lines_and_uneven_padding_are_explained_where_they_are_drawn() -> None:
    said = {"skip", "to an auxiliary head, only while training", "2 left, 3 right"}

    def explained(network: Network) -> set[str]:
        root = ET.fromstring(draw(network))
        assert overlaps(root) == []
        return {phrase for phrase in said for text in root.iter(f"{SVG}text") if (text.text or "").endswith(phrase)}

    assert explained(residual()) == {"skip"}
    assert explained(heads(1)) == {"to an auxiliary head, only while training"}
    assert explained(Network(Conv(2, 3, padding=((0, 1), (0, 1)))(Input(1, 6, 6)))) == {"2 left, 3 right"}
    assert explained(Network(Conv(2, 3, padding=((1, 1), (2, 3)))(Input(1, 6, 6)))) == {"2 left, 3 right"}
    assert explained(build("lenet5")) == set()


def test_long_names_stay_apart_and_a_slope_is_said() -> None:
    x = Pool(2, mode="average", name="average_pooling2d")(LeakyReLU(0.3)(Conv(2, 3)(Input(1, 9, 9))))
    picture = draw(Network(GlobalPool(name="global_average_pooling2d")(x)))
    for words in ("leaky ReLU 0.3", "averag…oling2d", "global…oling2d"):
        assert f">{words}<" in picture


def test_hostile_names_are_escaped() -> None:
    network = Network(Conv(2, 1)(Input(1, 2, 2)), "safe")
    hostile = "<script>alert('1')</script>&\"\x1b\x00\ud800]]>"
    object.__setattr__(network, "name", hostile)
    object.__setattr__(network.nodes[0], "name", hostile)
    root = ET.fromstring(draw(network).encode("utf-8"))
    assert not list(root.iter(f"{SVG}script"))
    assert any("<script>" in (text.text or "") for text in root.iter(f"{SVG}text"))


def test_the_same_network_gives_the_same_bytes() -> None:
    for name in ("googlenet", "resnet50"):
        assert draw(build(name)) == draw(build(name))
    assert draw(random_network(5)) == draw(random_network(5))


def test_larger_volumes_are_larger_boxes() -> None:
    root = ET.fromstring(draw(build("vgg16")))
    heights = []
    for group in root.iter(f"{SVG}g"):
        if group.attrib.get("class") in ("pool", "input"):
            points = re.findall(r"(-?[\d.]+) (-?[\d.]+)", group[1].attrib["d"])
            heights.append(max(float(y) for _, y in points) - min(float(y) for _, y in points))
    assert len(heights) == 6
    assert all(one > other for one, other in pairwise(heights))


def test_marks_are_in_order() -> None:
    root = ET.fromstring(draw(Network(Dense(3)(ReLU()(Conv(2, 3)(Input(1, 5, 5)))))))
    words = [text.text for text in root.iter(f"{SVG}text")]
    assert words[2:12] == ["input", "1×5×5", "conv1", "3×3, 2", "2×3×3", "ReLU", "dense1", "3 units", "3×1×1", "input"]


def test_marks_without_end_are_counted() -> None:
    root = ET.fromstring(draw(LARGE["marks"]()))
    words = [text.text for text in root.iter(f"{SVG}text") if text.attrib["class"] == "m"]
    assert words == ["ReLU", "sigmoid", "tanh", "ELU", "ReLU", "… 4,994 more"]
    x = Input(1, 2, 2)
    for _ in range(40):
        x = ReLU()(x)
    assert ">ReLU ×40<" in draw(Network(x))


def test_golden_lenet5(request: pytest.FixtureRequest) -> None:
    picture = draw(build("lenet5"))
    if request.config.getoption("--golden"):
        GOLDEN.write_text(picture, encoding="utf-8")
    assert picture == GOLDEN.read_text(encoding="utf-8")
    assert len(picture.encode()) < 30 << 10
