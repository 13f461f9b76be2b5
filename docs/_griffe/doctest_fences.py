"""Extension of griffe: the doctests of a docstring as fenced blocks, which Markdown shows as Python sessions."""

import re
from typing import Any

import griffe

DOCTEST = re.compile(r"^( *)>>> .*(?:\n(?! *$).*)*", flags=re.MULTILINE)


class DoctestFences(griffe.Extension):
    """Puts a fence around every doctest before the docstring is read as Markdown."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Fence the doctests of one object's docstring."""
        if obj.docstring:
            obj.docstring.value = DOCTEST.sub(self._fenced, obj.docstring.value)

    @staticmethod
    def _fenced(found: re.Match[str]) -> str:
        return f"{found[1]}```pycon\n{found[0]}\n{found[1]}```"
