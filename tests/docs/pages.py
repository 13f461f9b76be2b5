"""The pages of the documentation, and the blocks in them."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
README = ROOT / "README.md"
PAGES = sorted(DOCS.rglob("*.md"))
GENERATED = re.compile(r"(<!-- generated: (\S+) -->\n\n).*?(\n\n<!-- end -->)", flags=re.DOTALL)
FENCED = re.compile(r"^```([^\n]*)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
TITLE = re.compile(r'title="([^"]+)"')


def named(path: Path) -> str:
    """The path of a page from the root, as the id of its tests."""
    return str(path.relative_to(ROOT))


def text_of(page: str) -> str:
    """The text of a page of docs/."""
    return (DOCS / page).read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks whose first word is `language` ("" for none)."""
    return [body for info, body in FENCED.findall(text) if (info.split() or [""])[0] == language]


def files(text: str) -> dict[str, str]:
    """The blocks that are files, by their titles."""
    return {found[1]: body for info, body in FENCED.findall(text) if (found := TITLE.search(info))}
