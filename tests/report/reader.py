"""A reader of HTML that is stricter than a browser: every element closed in order, every id once."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

from striate.report.train import write_report
from striate.report.train_result import TrainResult
from tests.report.facts import Case, typed

VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """The tags, ids, attributes, tables and text of a page; `text[id]` is that of the section `id`, spaces made one."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.source = source
        self.open: list[str] = []
        self.ids: list[str] = []
        self.sections: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text: dict[str, str] = {"": ""}
        self.tables: dict[str, list[list[str]]] = {}
        self.feed(source)
        self.close()
        assert not self.open, f"left open: {self.open}"
        self.text = {key: " ".join(text.split()) for key, text in self.text.items()}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.attributes += [(tag, name, value) for name, value in values.items()]
        if "id" in values:
            self.ids.append(values["id"])
        if tag in ("header", "section"):
            self.sections.append(values["id"])
            self.text[values["id"]] = ""
        if tag == "tr":
            self.tables.setdefault(self.here, []).append([])
        if tag in ("td", "th"):
            self.tables[self.here][-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open[-1] == tag, f"</{tag}> closes <{self.open[-1]}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if "style" in self.open or "title" in self.open:
            return
        self.text[self.here] += data + " "
        if "tr" in self.open and ("td" in self.open or "th" in self.open):
            row = self.tables[self.here][-1]
            row[-1] = " ".join((row[-1] + data).split())

    @property
    def here(self) -> str:
        return self.sections[-1] if self.sections else ""


def page_of(folder: Path, case: Case) -> Page:
    return Page(report_of(folder, case).read_text(encoding="utf-8"))


def report_of(folder: Path, case: Case) -> Path:
    """The report of facts that are those of a `TrainResult`."""
    facts, samples, mistakes = case
    return write_report(folder, typed(TrainResult, facts), samples, mistakes)
