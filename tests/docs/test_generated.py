"""The generated blocks of every page are what the program says now; `--golden` writes them anew."""

from pathlib import Path

import pytest

from tests.docs.generated import BLOCKS, COMMANDS
from tests.docs.pages import DOCS, GENERATED, PAGES, named, text_of

WITH_BLOCKS = [page for page in PAGES if "<!-- generated" in page.read_text(encoding="utf-8")]


@pytest.mark.parametrize("page", WITH_BLOCKS, ids=named)
def test_generated_blocks_are_current(page: Path, request: pytest.FixtureRequest) -> None:
    text = page.read_text(encoding="utf-8")
    current = GENERATED.sub(lambda found: found[1] + BLOCKS[found[2]]() + found[3], text)
    if request.config.getoption("--golden"):
        page.write_text(current, encoding="utf-8")
    assert page.read_text(encoding="utf-8") == current


def test_every_block_stands_once_and_is_closed() -> None:
    found = [name for page in WITH_BLOCKS for _, name, _ in GENERATED.findall(page.read_text(encoding="utf-8"))]
    assert sorted(found) == sorted(BLOCKS)
    assert sum(page.read_text(encoding="utf-8").count("<!-- generated") for page in WITH_BLOCKS) == len(found)


def test_every_command_has_a_page_and_stands_in_the_reference() -> None:
    for command in COMMANDS:
        assert (DOCS / f"{command}.md").exists(), command
        assert f"## striate {command}\n" in text_of("cli.md")
