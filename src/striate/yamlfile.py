"""Small YAML files of settings, from anywhere: bounded before they are parsed."""

from __future__ import annotations

from pathlib import Path

import yaml

MAX_BYTES = 1 << 20
MAX_BRACKETS = 100
REFUSALS = (OSError, ValueError, RecursionError, yaml.YAMLError)  # what `read` raises


def read(path: Path) -> object:
    """The value of a small YAML file; one of `REFUSALS` where it cannot be read or could blow up."""
    if path.stat().st_size > MAX_BYTES:
        raise ValueError("it is too large")
    text = path.read_text(encoding="utf-8")
    if text.count("[") + text.count("{") > MAX_BRACKETS:  # PyYAML's time grows with the square of the depth
        raise ValueError("it is nested too deeply")
    if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
        raise ValueError("it has aliases")
    return yaml.safe_load(text)
