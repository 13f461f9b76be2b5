"""`striate look` as a command: its page, what it writes over, its lines for people, and its progress."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from striate.report.formatting import digits
from striate.tasks.look import look
from tests.cli.conftest import Program, answer
from tests.tasks.look_refusals import SIDE, small


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("look") / "model.safetensors"
    small().save(path)
    return path


def drawn(folder: Path) -> Path:
    Image.fromarray(np.arange(SIDE * SIDE, dtype=np.uint8).reshape(SIDE, SIDE)).save(folder / "a.png")
    return folder / "a.png"


def test_the_default_page_is_replaced_a_named_one_is_not(striate: Program, model: Path, tmp_path: Path) -> None:
    page = model.with_name("look.html")
    answer(striate("look", model, "--json"))
    first = page.read_text()
    answer(striate("look", model, "--picture", drawn(tmp_path), "--json"))
    assert page.read_text() != first
    named = tmp_path / "named.html"
    named.write_text("mine")
    done = striate("look", model, "--out", named)
    assert done.returncode == 2
    assert "--force" in done.stderr
    assert named.read_text() == "mine"
    assert striate("look", model, "--out", named, "--force").returncode == 0
    assert named.read_text() != "mine"


def test_the_terminal_and_the_page_say_one_probability(striate: Program, model: Path, tmp_path: Path) -> None:
    picture = drawn(tmp_path)
    said = digits(look(model, picture).probability)
    assert f"a.png: down {said}%\n" in (text := striate("look", model, "--picture", picture).stdout) or (
        f"a.png: up {said}%\n" in text)
    assert f">{said}\N{NARROW NO-BREAK SPACE}%<" in model.with_name("look.html").read_text()
