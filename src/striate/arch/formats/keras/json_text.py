"""Parser of Keras' JSON text, which is untrusted: it is bounded, and nothing in it is looked up.

Bounds: 16 MiB, 400,000 values (80 for each of 5,000 layers; Keras writes about 60), 64 levels, whole numbers within
±2⁵³ (exact in a JSON number), finite numbers only, no key twice in one object.
"""

from __future__ import annotations

import json
from typing import Any

from striate.core.bounded_text import Limits, TooLargeError, load_json
from striate.errors import NetworkError, shown

LIMITS = Limits(16 << 20, 64, values=400_000, digits=400, whole=2**53, phrases={
    "values": "text with more than {limit:,} values", "depth": "text with more than {limit} levels",
    "twice": "the key {quoted} twice", "constant": "{given}, which is no JSON number,",
    "whole": "{given}, a whole number beyond 2^53,", "finite": "{given}, a number too large or too long,"})


def parse(text: str) -> Any:
    """The data of a JSON text; `NetworkError` for every breach of the bounds."""
    try:
        return load_json(text, LIMITS)
    except TooLargeError as error:
        raise NetworkError("file_too_large", "a network in Keras' JSON was asked for",
                           allowed=f"up to {LIMITS.bytes:,} bytes is allowed",
                           given=f"{error.size:,} or more were given",
                           do="Check that this is what model.to_json() wrote") from error
    except json.JSONDecodeError as error:
        raise _refusal(f"{error.msg.lower()} at line {error.lineno}, column {error.colno}") from None
    except ValueError as error:
        raise _refusal(str(error)) from None


def quoted_json(value: object) -> str:
    """A value of a file for a refusal: as JSON, shortened.

    >>> quoted_json([None, 28, True]), quoted_json(None)
    ('[null, 28, true]', 'nothing')
    """
    return "nothing" if value is None else shown(json.dumps(value, ensure_ascii=False), 60)


def fitting(texts: list[str], limit: int) -> int:
    """The number of texts, joined by commas, that fit into `limit` characters of a refusal."""
    length = 0
    for count, text in enumerate(texts):
        if length + len(text) >= limit:
            return count
        length += len(text) + 2
    return len(texts)


def _refusal(problem: str) -> NetworkError:
    return NetworkError("bad_json", "a network in Keras' JSON was asked for", given=shown(f"{problem} was given"),
                        do="Write it with model.to_json()")
