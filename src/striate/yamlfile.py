"""Small YAML files of settings, from anywhere: bounded before they are parsed."""

from __future__ import annotations

from pathlib import Path

import yaml

MAX_BYTES = 1 << 20
MAX_DEPTH = 16  # of lists and mappings in each other
REFUSALS = (OSError, ValueError, RecursionError, yaml.YAMLError)  # what `read` raises


def read(path: Path) -> object:
    """The value of a small YAML file; one of `REFUSALS` where it cannot be read or could blow up."""
    if path.stat().st_size > MAX_BYTES:
        raise ValueError("it is too large")
    text = path.read_text(encoding="utf-8")
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):  # PyYAML's time grows with the square of the depth
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise ValueError("it is nested too deeply")
        if isinstance(event, yaml.AliasEvent):
            raise ValueError("it has aliases")
    try:
        return yaml.safe_load(text)
    except (IndexError, KeyError, AttributeError, TypeError) as error:  # of tags such as !!bool on what is none
        raise ValueError("it has a value that is not of the type it names") from error
