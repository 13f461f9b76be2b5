"""What a page shows runs: commands in `console` blocks and Python in `pycon` blocks, with the output that is shown.

A block with a title is a file, which the commands below it read. `--golden` writes the outputs anew.
"""

import contextlib
import doctest
import io
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from striate.cli.main import run
from tests.docs.pages import FENCED, PAGES, files, named

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
EXAMPLES = [page for page in PAGES if re.search(r"^```(console|pycon)", page.read_text(encoding="utf-8"), re.MULTILINE)]


def commands_of(block: str) -> list[tuple[str, str]]:
    """Each command line, without its `$ `, and what is shown below it."""
    parts = re.split(r"^\$ (.*)\n", block, flags=re.MULTILINE)
    assert not parts[0], parts[0]
    return list(zip(parts[1::2], parts[2::2], strict=True))


def said_by(line: str) -> str:
    """What a command prints, on both channels."""
    said = io.StringIO()
    words = shlex.split(line)
    assert words[0] == "striate", line
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        patch.setattr(sys, "argv", words)
        with contextlib.suppress(SystemExit):
            run()
    return said.getvalue()


def console(block: str, _: dict[str, Any]) -> str:
    return "".join(f"$ {line}\n{said_by(line)}" for line, _ in commands_of(block))


def python(block: str, names: dict[str, Any]) -> str:
    """The block with what its lines print, where that does not match what is shown."""
    written = []
    for example in doctest.DocTestParser().get_examples(block):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(example.source, "<page>", "single"), names)
        first, *rest = example.source.splitlines()
        written += [f">>> {first}", *(f"... {line}".rstrip() for line in rest)]
        same = doctest.OutputChecker().check_output(example.want, printed.getvalue(), FLAGS)
        written += (example.want if same else printed.getvalue()).splitlines()
    return "\n".join(written) + "\n"


@pytest.mark.parametrize("page", EXAMPLES, ids=named)
def test_the_examples_of_a_page_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                    request: pytest.FixtureRequest) -> None:
    monkeypatch.chdir(tmp_path)
    text = page.read_text(encoding="utf-8")
    for name, body in files(text).items():
        Path(name).write_text(body, encoding="utf-8")
    names: dict[str, Any] = {}
    runners = {"console": console, "pycon": python}

    def current(found: re.Match[str]) -> str:
        runner = runners.get(found[1])
        return found[0] if runner is None else f"```{found[1]}\n{runner(found[2], names)}```"

    expected = FENCED.sub(current, text)
    if request.config.getoption("--golden"):
        page.write_text(expected, encoding="utf-8")
    assert page.read_text(encoding="utf-8") == expected
