"""Parser of prototxt text into a message, within bounds that are checked first; errors name line and column.

Bounds: 4 MiB, 150,000 lines and 300,000 words and signs (30 and 60 for each of 5,000 layers), words of 1,000
characters, 16 levels of braces, no NUL.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from striate.arch.formats.caffe.messages import message_class
from striate.core.constraints import quoted
from striate.errors import NetworkError, shown

MAX_BYTES = 4 << 20
MAX_LINES = 150_000
MAX_WORDS = 300_000
MAX_WORD = 1_000
MAX_DEPTH = 16
# Quotations end behind the longest word allowed, so that a file of quotation marks takes neither time nor memory.
_TOKEN = re.compile(r"""(?P<skip>\#[^\n]*|\s+)"""
                    r"""|(?P<text>"(?:\\.|[^"\\\n]){0,1001}+"?|'(?:\\.|[^'\\\n]){0,1001}+'?)"""
                    r"""|(?P<open>[{<])|(?P<close>[}>])|(?P<word>[^\s{}<>"'\#:,;\[\]]+|[:,;\[\]])""")
_ESCAPED = re.compile(r"""(?:[^\\]|\\(?:[abfnrtv\\"']|[0-7]{1,3}|x[0-9a-fA-F]{2}|\Z))*+""")
_NAME = re.compile(r"""^[^\#\n]*?\bname\s*:\s*["']([^"'\n]*)["']""", re.MULTILINE)
_TYPE = re.compile(r"""(?<![\w.])type\s*:\s*(?:["']([^"'\n]*)["']|([A-Z0-9_]+))""")


class TextBlock(NamedTuple):
    """A `layer { … }` or `layers { … }` of a text: its lines, from 1, and its text without nested blocks."""

    first: int
    last: int
    own: str

    @property
    def name(self) -> str:
        """Its name field, or its line if there is none."""
        found = _NAME.search(self.own)
        return shown(found[1], 80) if found else f"the layer at line {self.first}"

    @property
    def type(self) -> str:
        """Its type field, "" if there is none."""
        found = _TYPE.search(self.own)
        return shown(found[1] or found[2] or "", 60) if found else ""


def parse(text: str, message: str, what: str) -> Any:
    """The message of a text; `NetworkError` with line, column and layer if it is none. `what` names it in a refusal.

    >>> parse('name: "small"  layer { type: "ReLU" }', "NetParameter", "a network").layer[0].type
    'ReLU'
    """
    check(text, what)
    return parse_checked(text, message, what)


def parse_checked(text: str, message: str, what: str) -> Any:
    """`parse` for a text that `check` has passed."""
    from google.protobuf import text_format

    try:
        return text_format.Parse(text, message_class(message)())
    except text_format.ParseError as error:
        line, column = error.GetLine() or 1, error.GetColumn() or 1
        reason = re.sub(r"^\d+:\d+ : (?:'.*': )?", "", str(error), flags=re.DOTALL)
        reason = re.sub(r"caffe\.(?:\w+Scope\.)?|\.$", "", reason)
        place = f"line {line}, column {column}{_within(text, line)}"
        raise refusal(what, f"at {place}: {shown(reason, 200)}") from error
    except (ValueError, RecursionError) as error:  # an escape that makes no UTF-8
        raise refusal(what, shown(str(error), 200)) from error


def refusal(what: str, problem: str) -> NetworkError:
    """The refusal of a text that is not in Caffe's language."""
    return NetworkError("bad_prototxt", f"{what} in Caffe's language was asked for", given=problem,
                        do="Correct it there")


def check(text: str, what: str) -> None:
    """Refuse, before parsing, a text beyond the bounds or with characters that are no text."""
    allowed = f"up to {MAX_BYTES >> 20} MiB of text is allowed"
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise NetworkError("prototxt_too_large", f"{what} in Caffe's language was asked for", allowed=allowed,
                           given=f"{len(text):,} characters were given", do="Check that this is a prototxt file")
    strange = next((sign for sign in ("\0", *re.findall("[\ud800-\udfff]", text)) if sign in text), None)
    if strange is not None:
        line = text.count("\n", 0, text.index(strange)) + 1
        raise refusal(what, f"a character that is no text stands in line {line}")
    if text.count("\n") > MAX_LINES:
        raise refusal(what, f"more than {MAX_LINES:,} lines")
    depth = words = 0
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        if kind == "skip":
            continue
        words += 1
        depth += (kind == "open") - (kind == "close")
        if depth > MAX_DEPTH or words > MAX_WORDS or token.end() - token.start() > MAX_WORD:
            line = text.count("\n", 0, token.start()) + 1
            bound = (f"more than {MAX_DEPTH} levels stand" if depth > MAX_DEPTH
                     else f"more than {MAX_WORDS:,} words and signs stand" if words > MAX_WORDS
                     else f"a word of more than {MAX_WORD:,} characters stands")
            raise refusal(what, f"{bound} at line {line}")
        if kind == "text" and "\\" in token[0] and not _ESCAPED.fullmatch(token[0][1:].rstrip("\"'")):
            line = text.count("\n", 0, token.start()) + 1
            raise refusal(what, f"a backslash with no meaning stands at line {line}")


def blocks(text: str) -> list[TextBlock]:
    """The layers of a text found by braces alone, so that errors in a text can name its layer."""
    found: list[TextBlock] = []
    depth, first, word = 0, 0, ""
    own: list[str] = []
    line = 1
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        if kind == "open":
            depth += 1
            if depth == 1 and word in ("layer", "layers"):
                first, own = line, []
        elif kind == "close":
            depth -= 1
            if depth == 0 and first:
                found.append(TextBlock(first, line, " ".join(own)))
                first = 0
        elif kind != "skip":
            if depth == 1:
                own.append(token[0])
            if token[0] != ":":
                word = token[0]
        line += token[0].count("\n")
    if first:
        found.append(TextBlock(first, line, " ".join(own)))
    return found


def _within(text: str, line: int) -> str:
    """The layer around a line, as a phrase."""
    names = [block.name for block in blocks(text) if block.first <= line <= block.last]
    return f" ({names[0] if names[0].startswith('the layer at') else quoted(names[0])})" if names else ""
