"""How the program starts: help with examples, quickly, without torch."""

import subprocess
import sys

import pytest
from typer.main import get_command

from striate.cli.main import COMMANDS, application
from tests.cli.conftest import Program


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_has_an_example(striate: Program, command: str) -> None:
    done = striate(command, "--help")
    assert done.returncode == 0
    assert f"Example: striate {command}" in done.stdout


def test_help_lists_the_commands(striate: Program) -> None:
    done = striate("--help")
    assert done.returncode == 0
    assert all(command in done.stdout for command in COMMANDS)
    assert striate().returncode in (0, 2)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_summary_of_a_command_is_the_first_sentence_of_its_help(command: str) -> None:
    help_text = get_command(application()).commands[command].help  # type: ignore[attr-defined]
    assert COMMANDS[command] == " ".join(help_text.split("\n\n")[0].split())


def test_version(striate: Program) -> None:
    import striate as package

    assert striate("--version").stdout == f"striate {package.__version__}\n"


@pytest.mark.parametrize("arguments", ["--help", "inspect compact", "inspect lenet5 --json", "train --help"])
def test_help_and_inspect_load_no_torch(arguments: str) -> None:
    code = f"""
import sys
sys.argv = ["striate", *{arguments.split()!r}]
from striate.cli.main import run
try:
    run()
except SystemExit as end:
    assert not end.code, end.code
heavy = {{"torch", "sklearn", "matplotlib", "PIL", "scipy"}} & set(sys.modules)
assert not heavy, heavy
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
