"""Typed results: frozen dataclasses with `as_dict` for JSON values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any


class Result:
    """Base of the typed results of the verbs, and of their rows: `as_dict` gives JSON values, field by field.

    A field may have another JSON key: `name: str = field(metadata={"key": "class"})`; one that is not
    a JSON value has the key None.

    >>> from dataclasses import dataclass, field
    >>> @dataclass(frozen=True)
    ... class Share(Result):
    ...     name: str = field(metadata={"key": "class"})
    ...     interval: tuple[float, float]
    >>> Share("cat", (0.5, 0.75)).as_dict()
    {'class': 'cat', 'interval': [0.5, 0.75]}
    """

    def as_dict(self) -> dict[str, Any]:
        """The fields as plain JSON values: no tuples, no arrays, None where undefined."""
        return _by_field(self)


def json_values(value: Any) -> Any:
    """JSON values of `value`: dataclasses as objects, tuples and arrays as lists, paths as text."""
    if hasattr(value, "as_dict"):
        return value.as_dict()
    if is_dataclass(value):
        return _by_field(value)
    if isinstance(value, Mapping):
        return {key: json_values(item) for key, item in value.items()}
    if isinstance(value, str | int | float | None):
        return value
    if isinstance(value, Sequence):
        return [json_values(item) for item in value]
    return value.tolist() if hasattr(value, "tolist") else str(value)


def _by_field(value: Any) -> dict[str, Any]:
    keys = {one.name: one.metadata.get("key", one.name) for one in fields(value)}
    return {key: json_values(getattr(value, name)) for name, key in keys.items() if key is not None}
