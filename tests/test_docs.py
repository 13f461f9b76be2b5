"""Documents are products: what the README shows runs, and the command reference is what the program says."""

import contextlib
import io
import re
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

import striate
from striate.cli.main import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
REFERENCE = ROOT / "docs" / "cli.md"
COMMANDS = ("train", "evaluate", "predict", "inspect")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


def test_the_two_commands_stand_as_agreed() -> None:
    assert blocks("console") == [
        "pip install -c constraints.txt . && striate train digits\n"
        'pip install -c constraints.txt -e ".[test]" && pytest\n'
    ]


@pytest.mark.parametrize("number", range(len(blocks("python"))))
def test_readme_python_runs(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(blocks("python")[number], {})
    assert float(printed.getvalue()) > 0.9


def test_readme_yaml_and_python_are_the_same_network() -> None:
    names: dict[str, object] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(blocks("python")[1], names)
    assert striate.Network.from_dict(yaml.safe_load(blocks("yaml")[0])) == names["network"]


def test_readme_refusal_is_what_striate_says() -> None:
    with pytest.raises(striate.StriateError) as caught:
        striate.Conv(5, 5, name="conv2")(striate.Input(3, 4, 4))
    assert f"striate: {caught.value}" in README


def test_paths_in_the_documents_exist() -> None:
    for document in (README, (ROOT / "docs/architecture.md").read_text(), (ROOT / "CONTRIBUTING.md").read_text()):
        for target in re.findall(r"\]\((?!http)([^)#]+)\)", document):
            assert (ROOT / target).exists() or (ROOT / "docs" / target).exists(), target


def reference() -> str:
    sections = []
    for command in ("", *COMMANDS):
        said = CliRunner().invoke(app, [*command.split(), "--help"], prog_name="striate", terminal_width=100).output
        sections.append(f"## striate {command}".rstrip() + f"\n\n```\n{said.strip()}\n```\n")
    return "# The command line\n\nWhat `striate --help` says; a test keeps this page so.\n\n" + "\n".join(sections)


def test_command_reference_is_current(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--golden"):
        REFERENCE.write_text(reference(), encoding="utf-8")
    assert REFERENCE.read_text(encoding="utf-8") == reference()
