"""Keras' JSON as plain data, from strangers: bounded before it is parsed, and nothing in it is ever looked up.

Bounds: 16 MiB, 400,000 values (80 for each of 5,000 layers; Keras writes about 60), 64 levels, whole numbers within
±2⁵³ (what a JSON number holds exactly), finite numbers only, no key twice in one object.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from striate.core.constraints import quoted
from striate.errors import NetworkError, shown

MAX_BYTES = 16 << 20
MAX_VALUES = 400_000
MAX_DEPTH = 64
MAX_WHOLE = 2**53
# Possessive, so that an unclosed string costs one pass and not one for each of its quotes.
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")


def parse(text: str) -> Any:
    """The data of a JSON text; `NetworkError` for every breach of the bounds."""
    size = len(text) if len(text) > MAX_BYTES else len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        raise NetworkError("file_too_large", "a network in Keras' JSON was asked for",
                           allowed=f"up to {MAX_BYTES:,} bytes is allowed", given=f"{size:,} or more were given",
                           do="Check that this is what model.to_json() wrote")
    if text.count(",") + text.count("[") + text.count("{") > MAX_VALUES:
        raise _refusal(f"text with more than {MAX_VALUES:,} values")
    if _depth(text) > MAX_DEPTH:
        raise _refusal(f"text with more than {MAX_DEPTH} levels")
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant, parse_int=_whole,
                          parse_float=_finite)
    except json.JSONDecodeError as error:
        raise _refusal(f"{error.msg.lower()} at line {error.lineno}, column {error.colno}") from None
    except ValueError as error:
        raise _refusal(str(error)) from None


def said(value: object) -> str:
    """A value of a file as it may be put into a sentence: as JSON, and short.

    >>> said([None, 28, True]), said(None)
    ('[null, 28, true]', 'nothing')
    """
    return "nothing" if value is None else shown(json.dumps(value, ensure_ascii=False), 60)


def _refusal(problem: str) -> NetworkError:
    return NetworkError("bad_json", "a network in Keras' JSON was asked for", given=shown(f"{problem} was given"),
                        do="Write it with model.to_json()")


def _depth(text: str) -> int:
    """The deepest level, up to where more was closed than opened: there the parser stops at the latest."""
    depth = deepest = 0
    for bracket in _BRACKET.finditer(_STRING.sub("", text)):
        depth += 1 if bracket[0] in "[{" else -1
        deepest = max(deepest, depth)
        if depth < 0:
            break
    return deepest


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        keys = [key for key, _ in pairs]
        seen: set[str] = set()
        twice = next(key for key in keys if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"the key {quoted(twice)} twice")
    return mapping


def _no_constant(word: str) -> None:
    raise ValueError(f"{word}, which is no JSON number,")


def _whole(word: str) -> int:
    if len(word) > 17 or abs(int(word)) > MAX_WHOLE:
        raise ValueError(f"{shown(word, 30)}, a whole number beyond 2^53,")
    return int(word)


def _finite(word: str) -> float:
    if len(word) > 400 or not math.isfinite(number := float(word)):
        raise ValueError(f"{shown(word, 30)}, a number too large or too long,")
    return number
