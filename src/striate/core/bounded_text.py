"""Small YAML files of settings, from anywhere: bounded before they are parsed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

MAX_BYTES = 1 << 16
MAX_DEPTH = 16  # of lists and mappings in each other


class _Loader(yaml.SafeLoader):
    """The safe loader, which refuses a key that is there twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """The mapping of `node`; ValueError on twin keys."""
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if len(set(keys)) < len(keys):
            raise ValueError(f"{max(keys, key=keys.count)} is there twice")
        return super().construct_mapping(node, deep)


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
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader
    except (IndexError, KeyError, AttributeError, TypeError) as error:  # of tags such as !!bool on what is none
        raise ValueError("it has a value that is not of the type it names") from error
