"""Object that a table names as text, so that its module is imported when it is used and not before."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def named_object(name: str) -> Any:
    """What `module:name` names, its module imported now.

    >>> named_object("striate.core.humanize:join_words")(["a", "b"])
    'a or b'
    """
    module, _, attribute = name.partition(":")
    return getattr(import_module(module), attribute)
