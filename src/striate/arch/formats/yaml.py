"""Our own language for networks, as YAML or JSON: short, lossless, and safe to read from strangers.

```yaml
input: [1, 28, 28]
layers:
  - conv: {filters: 20, kernel_size: 5}
  - pool: {kernel_size: 2}
  - dense: {units: 10}
```
A layer is fed by the one before it, or by those named in `from`. Bounds: 1 MiB, 150,000 words of up to 1,000
characters, 16 levels; no anchors, aliases, tags or repeated keys.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

import yaml

from striate.arch.network import Network
from striate.arch.volume import Volume
from striate.core.constraints import quoted
from striate.errors import NetworkError, shown

MAX_BYTES = 1 << 20
MAX_WORDS = 150_000  # 30 for each of 5,000 layers
MAX_WORD = 1_000
MAX_DEPTH = 16
# libyaml where PyYAML was built with it: twenty times faster, which a network of 5,000 layers needs.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def write_yaml(network: Network) -> str:
    """The network as YAML text.

    >>> from striate.arch import Conv, Dense, Input, ReLU
    >>> print(write_yaml(Network(Dense(10)(ReLU()(Conv(20, 5)(Input(1, 28, 28)))))), end="")
    input: [1, 28, 28]
    layers:
    - conv: {filters: 20, kernel_size: 5}
    - relu
    - dense: {units: 10}
    """
    return str(yaml.dump(network.to_dict(), Dumper=_DUMPER, sort_keys=False, default_flow_style=None, width=110,
                         allow_unicode=True))


def read_yaml(text: str, input: Volume | None = None) -> Network:  # noqa: A002 - the word of the language
    """The network of a YAML text; `input` takes the place of the text's own. `NetworkError` if it cannot be."""
    check_size(len(text.encode("utf-8", "surrogatepass")))
    try:
        _check_events(text)
        data = yaml.load(text, Loader=_LOADER)  # noqa: S506 - a safe loader, in C
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
        raise refusal("bad_yaml", "YAML", problem + (f" at line {mark.line + 1}" if mark else ""),
                      _colon(text, mark.line) if mark else "") from error
    except ValueError as error:
        raise refusal("bad_yaml", "YAML", str(error)) from error
    _refuse_empty(data, "Write a line for each layer below layers:, such as - dense: {units: 10}")
    return Network.from_dict(data, input)


def write_json(network: Network) -> str:
    """The network as JSON text, the same structure as the YAML."""
    return json.dumps(network.to_dict(), indent=1, ensure_ascii=False) + "\n"


def read_json(text: str, input: Volume | None = None) -> Network:  # noqa: A002 - the word of the language
    """The network of a JSON text; `input` takes the place of the text's own. `NetworkError` if it cannot be."""
    check_size(len(text.encode("utf-8", "surrogatepass")))
    try:
        data = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant, parse_int=_short_int)
    except json.JSONDecodeError as error:
        raise refusal("bad_json", "JSON", f"{error.msg.lower()} at line {error.lineno}") from error
    except ValueError as error:
        raise refusal("bad_json", "JSON", str(error)) from error
    except RecursionError as error:
        raise refusal("bad_json", "JSON", "it is nested too deeply") from error
    _refuse_empty(data, 'Write "layers": [{"dense": {"units": 10}}]')
    return Network.from_dict(data, input)


def _colon(text: str, line: int) -> str:
    """What to do where a layer lacks the colon that what follows it needs; "" if that is not what is wrong."""
    lines = re.split(r"\r\n|[\r\n\x85\u2028\u2029]", text)[:line + 1]
    said = [one for one in lines if one.strip() and not one.lstrip().startswith("#")][-2:]
    layer = re.match(r"\s*-\s+(\w{1,40})\s*(?:#.*)?$", said[0]) if len(said) == 2 else None
    if layer and re.match(r"\s+\w+\s*:", said[1]):
        return f"Write - {layer[1]}: (with a colon) where a name, from or setting follows"
    layer = re.match(r"\s*-\s+(\w{1,40})\s*\{", said[-1]) if said else None
    return f"Write - {layer[1]}: {{…}} (with a colon and a space)" if layer else ""


def _refuse_empty(data: object, do: str) -> None:
    if isinstance(data, dict) and data.get("layers") == []:
        raise NetworkError("bad_length", "a network was asked for", allowed="one layer or more is allowed",
                           given="layers: [] was given", do=do)


def refusal(code: str, language: str, problem: str, do: str = "") -> NetworkError:
    """The sentence for a text that is not in the language."""
    return NetworkError(code, f"a network in {language} was asked for", given=shown(problem),
                        do=do or "Begin with input: [1, 28, 28] and layers:, and put a dash before each layer"
                        if language == "YAML" else 'Begin with {"input": [1, 28, 28], "layers": [')


def check_size(size: int) -> None:
    """Refuse a text larger than any network needs."""
    if size > MAX_BYTES:
        raise NetworkError("file_too_large", "a network file was asked for",
                           allowed=f"up to {MAX_BYTES:,} bytes is allowed", given=f"{size:,} or more were given",
                           do="Check that this is a network file")


def _check_events(text: str) -> None:
    """Refuse, before anything is built, what could blow up or hide: depth, anchors, tags, repeated keys."""
    levels: list[set[str] | None] = []
    waiting_for_key: list[bool] = []
    for number, event in enumerate(yaml.parse(text, Loader=_LOADER)):
        line = f"at line {event.start_mark.line + 1}" if event.start_mark else ""
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise ValueError(f"an anchor or alias stands {line}, and none is allowed")
        if getattr(event, "tag", None):
            raise ValueError(f"a tag stands {line}, and none is allowed")
        if number > MAX_WORDS or len(getattr(event, "value", "")) > MAX_WORD:
            raise ValueError(f"more words than a network needs, or a word too long, stand {line}")
        if isinstance(event, yaml.CollectionEndEvent):
            levels.pop()
            waiting_for_key.pop()
        elif isinstance(event, yaml.NodeEvent):
            if levels and levels[-1] is not None:
                if waiting_for_key[-1]:
                    key = event.value if isinstance(event, yaml.ScalarEvent) else None
                    if key is None:
                        raise ValueError(f"a key that is no word stands {line}")
                    if key in levels[-1]:
                        raise ValueError(f"the key {quoted(key)} stands twice {line}")
                    levels[-1].add(key)
                waiting_for_key[-1] = not waiting_for_key[-1]
            if isinstance(event, yaml.CollectionStartEvent):
                levels.append(set() if isinstance(event, yaml.MappingStartEvent) else None)
                waiting_for_key.append(True)
                if len(levels) > MAX_DEPTH:
                    raise ValueError(f"more than {MAX_DEPTH} levels are opened {line}")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"the key {quoted(twice)} stands twice")
    return mapping


def _no_constant(word: str) -> None:
    raise ValueError(f"{word} is a number that is not allowed")


def _short_int(word: str) -> int:
    if len(word) > MAX_WORD:
        raise ValueError("a number of more than 1,000 digits is not allowed")
    return int(word)
