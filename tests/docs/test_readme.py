"""What the README shows runs, and it stays short."""

import contextlib
import io
from pathlib import Path

import pytest
import yaml

import striate
from striate.arch.zoo import ZOO
from tests.docs.pages import README, blocks, text_of

TEXT = README.read_text(encoding="utf-8")


def test_the_two_commands_stand_as_agreed() -> None:
    assert blocks(TEXT, "console") == [
        "pip install -c constraints.txt . && striate train digits\n"
        'pip install -c constraints.txt -e ".[test]" && pytest\n'
    ]


@pytest.mark.parametrize("number", range(len(blocks(TEXT, "python"))))
def test_readme_python_runs(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(blocks(TEXT, "python")[number], {})
    assert float(printed.getvalue()) > 0.9


def test_the_start_page_shows_the_same_python() -> None:
    assert blocks(text_of("index.md"), "python") == blocks(TEXT, "python")[:1]


def test_readme_yaml_and_python_are_the_same_network() -> None:
    names: dict[str, object] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(blocks(TEXT, "python")[1], names)
    assert striate.Network.from_dict(yaml.safe_load(blocks(TEXT, "yaml")[0])) == names["network"]


def test_readme_refusal_is_what_striate_says() -> None:
    with pytest.raises(striate.StriateError) as caught:
        striate.Conv(5, 5, name="conv2")(striate.Input(3, 4, 4))
    assert f"striate: {caught.value}" in TEXT


def test_the_readme_is_short_and_counts_the_networks_right() -> None:
    assert len(TEXT.splitlines()) <= 120
    assert len(ZOO) == 28
    assert "Twenty-eight networks" in TEXT
