"""Jinja2 environment of all pages: its templates, the filters for numbers and names, and how text is made printable."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from striate.errors import shown
from striate.report import formatting, tables

MOST_ROWS = 25  # a longer table is folded, its most telling rows before it
LONGEST_TEXT = 2000


@cache
def environment() -> Environment:
    """The Jinja2 environment of all pages."""
    made = Environment(
        loader=PackageLoader("striate.report"), autoescape=True, undefined=StrictUndefined, finalize=_printable,
        trim_blocks=True, lstrip_blocks=True,
    )
    words = (
        formatting.percent,
        formatting.between,
        formatting.number,
        formatting.short,
        formatting.duration,
        formatting.size,
        formatting.plain,
        formatting.digits,
        _name,
    )
    made.filters |= {word.__name__.lstrip("_"): word for word in words}
    made.globals |= {"phrases": formatting, "tables": tables, "MOST_ROWS": MOST_ROWS}
    return made


def _printable(value: Any) -> Any:
    """Text as one printable line of bounded length; escaping follows."""
    return shown(value, LONGEST_TEXT) if isinstance(value, str) and not isinstance(value, Markup) else value


def _name(value: str, limit: int = 40) -> Markup:
    """A class or file name, apart from the direction of the text around it, in full where the pointer rests."""
    text = shown(value, limit)
    title = Markup(' title="{}"').format(shown(value)) if len(text) == limit else Markup("")
    return Markup("<bdi{}>{}</bdi>").format(title, escape(text) if value else Markup("&nbsp;"))
