"""Numbers of a page: what its `<data>` elements hold and print, beside the values of the JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest

from striate.errors import shown

NUMBER = re.compile(r"\d[\d.,]*\d|\d")


class Numbers(HTMLParser):
    """The values of `<data>` with what they are printed as, and the text outside of it, without style and SVG."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.values: list[float] = []
        self.printed: list[str] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "data":
            self.values.append(json.loads(dict(attrs)["value"] or ""))
            self.printed.append("")
        if tag in ("data", "style", "svg", "title", "script") or dict(attrs).get("id") == "step-through":
            self.open.append(tag)  # the numbers of the step-through are tested beside it

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if not self.open:
            self.text += " " + data
        elif self.open[-1] == "data":
            self.printed[-1] += data


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from leaves(item)
    elif isinstance(value, list):
        yield len(value)
        for item in value:
            yield from leaves(item)
    else:
        yield value


def all_in_the_json(page: Numbers, facts: dict[str, Any]) -> None:
    """Assert that each number of `page` is one of `facts`, printed as it is."""
    values = list(leaves(facts))
    said = " ".join(shown(value, 2000) for value in values if isinstance(value, str))
    assert set(page.values) <= {value for value in values if isinstance(value, int | float)}
    for value, text in zip(page.values, page.printed, strict=True):
        plain = text.replace("−", "-").replace(",", "")
        read = float(plain.removesuffix("%").strip()) / (100 if plain.endswith("%") else 1)
        assert read == pytest.approx(value, rel=6e-4, abs=6e-4 if plain.endswith("%") else 0), text
    assert set(NUMBER.findall(page.text)) <= set(NUMBER.findall(said))
    assert not re.findall(r"(?<![\w-])-[\d.]+", page.text)  # a minus is no hyphen
