"""The page, and the command that writes it."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from striate.bow.explain.maps import WordContribution, WordView
from striate.bow.explain.word_pages import WordPages
from striate.bow.recogniser import BagOfWords
from striate.cli import look as command
from striate.errors import DiskError, PictureError, UsageError
from striate.model.explanation import Explanation, terms_of
from striate.report.look import render, write_look
from striate.report.look_maps import by_word, for_and_against
from striate.report.look_pyramid import MOST_BARS, levels
from striate.report.look_result import WordsLookResult
from striate.tasks.look import look
from tests.bow.explain.models import WORDS, model, pictures
from tests.report.reader import Page
from tests.report.test_hostile import NAMES


def looked(folder: Path, fitted: BagOfWords, **more: Any) -> tuple[Page, dict[str, Any]]:
    Image.fromarray(pictures()[1]).save(folder / "a.png")
    fitted.save(folder / "m.safetensors")
    found = look(folder / "m.safetensors", folder / "a.png", out=folder / "look.html", **more)
    return Page((folder / "look.html").read_text(encoding="utf-8")), found.as_dict()


def still(page: Page) -> None:
    """No script, no request, nothing that a browser would do by itself."""
    assert not {tag for tag, _, _ in page.attributes} & {"script", "link", "iframe", "object", "form", "base"}
    assert "<script" not in page.source
    assert "@import" not in page.source
    assert not re.search(r"url\((?!#)", page.source)
    for _, name, value in page.attributes:
        assert not name.startswith("on")
        if name in ("src", "href"):
            assert value.startswith(("data:image/png;base64,", "#"))


@pytest.mark.parametrize(("encoder", "kernel", "kind"), [
    ("hard", "chi2", "linear_svm"), ("soft", "intersection", "kernel_svm"), ("fisher", "linear", "linear_svm"),
    ("hard", "chi2", "knn"),
])
def test_the_page_says_what_the_facts_say(encoder: str, kernel: str, kind: str, tmp_path: Path) -> None:
    page, facts = looked(tmp_path, model(encoder, kernel, kind))
    still(page)
    assert page.sections == ["verdict", "picture", "evidence", "pyramid", "words"]
    assert f"Predicted: {facts['class']}" in page.text["verdict"]
    assert page.text["words"].count("word ") >= WORDS
    json.dumps(facts, allow_nan=False)
    if kind == "knn":
        assert facts["refused"]
        assert "knn" in page.text["evidence"]
        assert not facts["for"]
        return
    decision = facts["decision"]
    assert decision["bias"] + decision["for"] + decision["against"] == pytest.approx(decision["margin"])
    for one in facts["for"] + facts["against"]:
        assert f"{one['said']:+.3f}".replace("-", "−") in page.text["evidence"]


def test_the_same_facts_give_the_same_bytes(tmp_path: Path) -> None:
    first, _ = looked(tmp_path, model())
    second, _ = looked(tmp_path, model())
    assert first.source == second.source


def test_another_class_can_be_asked_about(tmp_path: Path) -> None:
    page, facts = looked(tmp_path, model(), class_name="down")
    assert facts["asked"] == "down"
    assert "Evidence for down" in page.text["evidence"]
    with pytest.raises(UsageError, match="across, both, down are known; sideways was given"):
        looked(tmp_path, model(), class_name="sideways")


def test_bad_pictures_and_places_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    (tmp_path / "b.png").write_bytes(b"no picture")
    path = model().save(tmp_path / "m.safetensors")
    with pytest.raises(PictureError):
        look(path, tmp_path / "b.png", out=tmp_path / "look.html")
    with pytest.raises(DiskError):
        look(path, out=tmp_path / "gone" / "look.html")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["b.png", "m.safetensors"]


def made_up(names: list[str], count: int = 3) -> WordsLookResult:
    rng = np.random.default_rng(1)
    patches = rng.integers(0, 256, (count, 7, 16, 16), dtype=np.uint8)
    pages = WordPages(np.arange(count)[::-1].copy(), np.full(count, 5), patches[:, 0], patches[:, 1:],
                      np.arange(count) % len(names), rng.uniform(-1, 1, (count, 3)))
    pixels, words = rng.integers(0, 256, (11, 13, 3), dtype=np.uint8), rng.integers(-1, count, (2, 3))
    view = WordView(pixels, np.float32([2, 8]), np.float32([2, 6, 10]), rng.integers(0, 4, (5, count)),
                    ((1, 1), (2, 2)))
    parts = np.array([-0.2, 0.6])
    explanations = {
        "word_map": Explanation(words, "word", "w"),
        "evidence_map": Explanation(rng.normal(size=(11, 13)), "margins per pixel", "e"),
        "contributions": Explanation(parts, "margins", "c", total=0.5, bias=0.1, terms=terms_of("01", parts))}
    return WordsLookResult(
        striate="1", model=names[0], page=None, encoder="hard", classifier="linear_svm", kernel="chi2", words=count,
        classes=tuple(names), size=(11, 13, 3), picture=names[1], label=names[0], probability=1 / len(names),
        ranked=tuple((name, 1 / len(names)) for name in names), target=names[2], explanations=explanations,
        favouring=(WordContribution(1, 0.6, 2),), against=(WordContribution(0, -0.2, 0),), pages=pages, view=view)


@pytest.mark.parametrize("turn", range(len(NAMES)))
def test_hostile_names_are_text(turn: int) -> None:
    page = Page(render(made_up([*NAMES[turn:], *NAMES[:turn]], count=len(NAMES))))
    still(page)
    body = page.source.split("</style>", 1)[1]
    assert "<style" not in body
    assert "<img src=x" not in body
    assert "\u202e" not in page.source
    assert "\r" not in page.source
    assert "x" * 255 not in page.text["words"]


def test_many_words_are_folded_and_then_left_out(tmp_path: Path) -> None:
    found = made_up(["a", "b", "c"], count=1003)
    page = Page(write_look(tmp_path / "look.html", found).read_text(encoding="utf-8"))
    assert "880 more" in page.text["words"]
    assert "The 3 rarest words are left out" in page.text["words"]
    assert "Of 1,003 words, the 40 that occur most in this picture and those named" in page.text["pyramid"]


def test_a_word_shows_its_share_of_the_patches(tmp_path: Path) -> None:
    found = made_up(["a", "b", "c"], count=2)
    found = replace(found, pages=replace(found.pages, counts=np.array([3, 1])))
    page = Page(write_look(tmp_path / "look.html", found).read_text(encoding="utf-8"))
    thin = "\N{NARROW NO-BREAK SPACE}"
    assert f"word 1 · 75.0{thin}%" in page.source  # the page begins with word 1, which has 3 of 4 patches
    assert f"word 0 · 25.0{thin}%" in page.source


def test_bars_stand_in_their_cells_and_are_bounded() -> None:
    counts = np.array([[4, 0, 1], [0, 0, 0], [1, 0, 0], [0, 4, 0], [0, 0, 1]])
    first, second = levels(counts, ((1, 1), (2, 2)), np.array([2, 0, 1]), 1.0, [0], [1])
    assert first.tallest == second.tallest == 4
    assert [first.svg.count(f'class="{kind}"') for kind in ("rest", "for", "against")] == [1, 1, 0]
    # Of 320 by 320 with a seam of 5, the third cell is at (0, 162.5), 157.5 wide: a third of it for each word. Words
    # are drawn in the order 2, 0, 1, so word 1 fills 0.85 of the last third, and 4 of 4 is 0.94 of the height.
    left = 5 / 6 * 157.5 - 0.85 * 157.5 / 6
    assert f'class="against" d="M{left:.2f} 320.0v-{0.94 * 157.5:.1f}h{0.85 * 157.5 / 3:.2f}v' in second.svg
    assert f'v-{0.94 * 157.5 / 2:.1f}h' in second.svg  # 1 of 4: half as high
    many = np.ones((1 + MOST_BARS, 2), np.int64)
    assert len(levels(many, ((1, 1), (MOST_BARS, 1)), np.arange(2), 1.0, [], [])) == 1


def test_colours_lie_where_their_words_are() -> None:
    palette = np.array([[255, 0, 0], [0, 0, 255]], np.uint8)
    grey = np.full((240, 300, 1), 100, np.uint8)
    words, y, x = np.array([[0, 1], [-1, 0]]), np.float32([60, 180]), np.float32([70, 210])
    laid = by_word(grey, words, y, x, palette)
    for i, j, said in ((60, 70, 0), (60, 210, 1), (180, 210, 0)):
        assert laid[i, j].tolist() == (0.7 * palette[said] + 30).round().tolist()
    for i, j in ((180, 70), (60, 281), (239, 299)):  # no contrast; more than half a step beyond the last column
        assert laid[i, j].tolist() == [100, 100, 100]
    assert laid[60, 280].tolist() != [100, 100, 100]
    assert by_word(grey[:7, :11], words, y / 60, x / 60, palette).shape == (154, 242, 3)  # 22 times


def test_for_is_blue_and_against_orange() -> None:
    said = np.zeros((4, 4))
    said[0, 0], said[3, 3] = 1, -1
    laid = for_and_against(np.full((4, 4, 1), 128, np.uint8), said).astype(int)
    assert laid[0, 0, 2] > laid[0, 0, 0] + 100
    assert laid[3, 3, 0] > laid[3, 3, 2] + 100
    assert np.ptp(laid[1, 1]) == 0


def run(*arguments: str) -> Any:
    app = typer.Typer()
    command.register(app)
    app.callback()(lambda: None)
    return CliRunner().invoke(app, ["look", *arguments], catch_exceptions=True)


def test_the_command_replaces_its_page_beside_the_model_and_no_other(tmp_path: Path) -> None:
    Image.fromarray(pictures()[1]).save(tmp_path / "a.png")
    path = str(model().save(tmp_path / "m.safetensors"))
    done = run(path, "--picture", str(tmp_path / "a.png"))
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[-1] == str(tmp_path / "look.html")
    assert re.search(r"^for \w+: word \d+ +\+\d\.\d{3}  \d+ times$", done.output, re.MULTILINE)
    assert json.loads(run(path, "--json").output)["words"] == WORDS
    assert Page((tmp_path / "look.html").read_text()).sections == ["verdict", "words"]
    again = run(path, "--out", str(tmp_path / "look.html"))
    assert isinstance(again.exception, UsageError)
    assert again.exception.code == "out_exists"
    assert run(path, "--force", "--quiet").output == f"{tmp_path / 'look.html'}\n"
    assert "Example: striate look" in run("--help").output
