"""Bounded reading of untrusted YAML and JSON: texts that could blow up, hide or be read in two ways are refused.

`load_yaml` and `load_json` read a text within `Limits`. A breach is a ValueError with a clause for people,
in the phrases of the `Limits`; a text that is no YAML or JSON at all is a `yaml.YAMLError` or a `json.JSONDecodeError`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from striate.core.bounded_file import read_bounded
from striate.errors import shown

PHRASES: Mapping[str, str] = {
    "bytes": "it is too large",
    "depth": "it is nested too deeply",
    "values": "it has more than {limit:,} values",
    "twice": "the key {quoted} stands twice{line}",
    "constant": "{given} is a number that is not allowed",
    "digits": "a number of more than {limit:,} digits is not allowed",
    "whole": "{given} is too large a number",
    "finite": "{given} is too large a number",
    "word": "a word of more than {limit:,} characters stands{line}",
    "alias": "an anchor or alias stands{line}, and none is allowed",
    "tag": "a tag stands{line}, and none is allowed",
    "key": "a key that is no word stands{line}",
}


class TooLargeError(ValueError):
    """Error for a text of more bytes than its `Limits` allow: `size` of them, or more."""

    def __init__(self, phrase: str, size: int) -> None:
        super().__init__(phrase)
        self.size = size


@dataclass(frozen=True)
class Limits:
    """Limits of a text; a bound of None is none.

    bytes: of UTF-8; depth: of lists and mappings in one another; values: of YAML its events, of JSON its values;
    word: characters of a word of YAML; digits: of a number of JSON (None: Python's own 4,300 of a whole); whole: the
    largest whole number of JSON; finite: whether JSON's 1e999 is refused; plain: whether YAML's anchors, tags and keys
    that are no words are refused (aliases always are). phrases: of a breach, in place of `PHRASES`.
    """

    bytes: int
    depth: int
    values: int | None = None
    word: int | None = None
    digits: int | None = 1_000
    whole: int | None = None
    finite: bool = True
    plain: bool = False
    phrases: Mapping[str, str] = field(default_factory=dict)

    def refuse(self, breach: str, given: str = "", line: int | None = None) -> NoReturn:
        """Raise the ValueError for a `breach` of the bound of that name by `given`, in a line (from 1)."""
        raise ValueError((self.phrases.get(breach) or PHRASES[breach]).format(
            limit=getattr(self, breach, None), given=shown(given, 30), quoted=shown(repr(given), 60),
            line=f" at line {line}" if line else ""))


SETTINGS = Limits(1 << 16, 16, phrases={"alias": "it has aliases", "twice": "{given} is there twice"})
REFUSALS = (OSError, ValueError)  # what `load_settings` raises


def load_settings(path: Path) -> object:
    """The value of a small YAML file of settings; one of `REFUSALS` where it cannot be read or could blow up."""
    from yaml import YAMLError

    try:
        return load_yaml(read_bounded(path, SETTINGS.bytes), SETTINGS)
    except YAMLError as error:
        raise ValueError(str(error)) from error


def load_yaml(text: bytes | str, limits: Limits) -> object:
    r"""The value of a YAML text within `limits`.

    >>> load_yaml("sift: {step: 4}", SETTINGS)
    {'sift': {'step': 4}}
    >>> load_yaml("a: 1\na: 2", SETTINGS)
    Traceback (most recent call last):
    ValueError: a is there twice
    """
    import yaml

    # libyaml where PyYAML was built with it: twenty times faster, which a network of 5,000 layers needs.
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = _text(text, limits)
    _check_events(yaml.parse(text, loader), limits)
    try:
        return yaml.load(text, loader)  # noqa: S506 - a safe loader
    except (IndexError, KeyError, AttributeError, TypeError) as error:  # of tags such as !!bool on what is none
        raise ValueError("it has a value that is not of the type it names") from error
    except OverflowError as error:  # of 1:1:…:1.5, a number to the base of 60
        raise ValueError("it has too large a number") from error


def load_json(text: bytes | str, limits: Limits) -> Any:
    """The value of a JSON text within `limits`.

    >>> load_json(b'{"sizes": [28, 28]}', Limits(1_000, 4))
    {'sizes': [28, 28]}
    >>> load_json("[[[1]]]", Limits(1_000, 2))
    Traceback (most recent call last):
    ValueError: it is nested too deeply
    """
    text = _text(text, limits)
    if limits.values is not None and text.count(",") + text.count("[") + text.count("{") > limits.values:
        limits.refuse("values")

    def whole(word: str) -> int:
        if limits.whole is not None and (len(word) > len(str(limits.whole)) + 1 or abs(int(word)) > limits.whole):
            limits.refuse("whole", word)
        if limits.digits is not None and len(word) > limits.digits:
            limits.refuse("digits")
        return int(word)

    def finite(word: str) -> float:
        if len(word) > (limits.digits or len(word)) or not math.isfinite(float(word)):
            limits.refuse("finite", word)
        return float(word)

    def mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        values = dict(pairs)
        if len(values) < len(pairs):
            limits.refuse("twice", _repeated_key([key for key, _ in pairs]))
        return values

    try:
        value = json.loads(
            text, object_pairs_hook=mapping, parse_constant=lambda word: limits.refuse("constant", word),
            parse_int=None if limits.digits is limits.whole is None else whole,
            parse_float=finite if limits.finite else None)
    except RecursionError:
        limits.refuse("depth")
    if text.count("[") + text.count("{") <= limits.depth:
        return value
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(limits.depth):
        level = [inner for outer in level for inner in (outer.values() if type(outer) is dict else outer)
                 if type(inner) in (dict, list)]
    return limits.refuse("depth") if level else value


def _text(text: bytes | str, limits: Limits) -> str:
    _check_size(len(text), limits)
    if isinstance(text, bytes):
        return text.decode("utf-8-sig")
    _check_size(len(text.encode("utf-8", "surrogatepass")), limits)
    return text


def _check_size(size: int, limits: Limits) -> None:
    if size > limits.bytes:
        raise TooLargeError(PHRASES["bytes"], size)


def _check_events(events: Iterable[Any], limits: Limits) -> None:
    """Refuse, before anything is built, what could blow up or hide: depth, aliases, tags, repeated keys."""
    import yaml

    levels: list[set[str] | None] = []
    waiting_for_key: list[bool] = []
    for number, event in enumerate(events):
        line = event.start_mark.line + 1 if event.start_mark else None
        if isinstance(event, yaml.AliasEvent) or (limits.plain and getattr(event, "anchor", None)):
            limits.refuse("alias", line=line)
        if limits.plain and getattr(event, "tag", None):
            limits.refuse("tag", line=line)
        if limits.values is not None and number > limits.values:
            limits.refuse("values", line=line)
        if limits.word is not None and len(getattr(event, "value", "")) > limits.word:
            limits.refuse("word", line=line)
        if isinstance(event, yaml.CollectionEndEvent):
            levels.pop()
            waiting_for_key.pop()
        elif isinstance(event, yaml.NodeEvent):
            if levels and (keys := levels[-1]) is not None:
                if waiting_for_key[-1]:
                    key = event.value if isinstance(event, yaml.ScalarEvent) else None
                    if key is None and limits.plain:
                        limits.refuse("key", line=line)
                    if key in keys:
                        limits.refuse("twice", str(key), line)
                    keys.update(() if key is None else (key,))
                waiting_for_key[-1] = not waiting_for_key[-1]
            if isinstance(event, yaml.CollectionStartEvent):
                levels.append(set() if isinstance(event, yaml.MappingStartEvent) else None)
                waiting_for_key.append(True)
                if len(levels) > limits.depth:
                    limits.refuse("depth", line=line)


def _repeated_key(keys: Sequence[str]) -> str:
    """The first repeated key."""
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            break
        seen.add(key)
    return key
