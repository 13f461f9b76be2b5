"""Every relative link and anchor of the documents leads somewhere; every page is in the navigation of the site."""

import re
from pathlib import Path

import pytest
import yaml

from tests.docs.pages import DOCS, FENCED, PAGES, README, ROOT, named

DOCUMENTS = [README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *PAGES]
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s]*)\)")


def anchors(path: Path) -> set[str]:
    """The anchors of a page, as Python-Markdown and GitHub both make them of its headings."""
    text = FENCED.sub("", path.read_text(encoding="utf-8"))
    headings = re.findall(r"^#{1,6} (.*)$", text, flags=re.MULTILINE)
    documented = re.findall(r"^::: (\S+)$", text, flags=re.MULTILINE)
    slugs = [re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", heading.lower()).strip()) for heading in headings]
    return {*documented, *slugs}


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_links_lead_somewhere(document: Path) -> None:
    for link in LINK.findall(FENCED.sub("", document.read_text(encoding="utf-8"))):
        target, _, anchor = link.partition("#")
        path = (document.parent / target).resolve() if target else document
        assert path.exists(), link
        assert not anchor or anchor in anchors(path), link


def test_every_page_is_in_the_table_of_contents() -> None:
    found = re.findall(r"[\w/-]+\.md", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    assert sorted(found) == sorted(str(page.relative_to(DOCS)) for page in PAGES)


def test_the_site_asks_no_other_server() -> None:
    settings = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    theme = yaml.safe_load(settings)["theme"]
    assert theme["font"] is False
    assert "http" not in settings


def test_every_benchmark_names_a_script_that_exists() -> None:
    rows = [line for line in (DOCS / "benchmarks.md").read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    figures = [row for row in rows if not row.startswith("| what ")]
    assert len(figures) >= 39
    for row in figures:
        scripts = re.findall(r"`(\w+\.py)`", row.split("|")[-2])
        assert scripts, row
        assert all((ROOT / "bench" / script).exists() for script in scripts), row
