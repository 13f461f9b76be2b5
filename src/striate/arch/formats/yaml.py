"""YAML and JSON files of networks: short, lossless, and safe to read if untrusted.

```yaml
input: [1, 28, 28]
layers:
  - conv: {filters: 20, kernel_size: 5}
  - pool: {kernel_size: 2}
  - dense: {units: 10}
```
The input of a layer is the one before it, or those named in `from`. Bounds: 1 MiB, 150,000 words of up to 1,000
characters, 16 levels; no anchors, aliases, tags or repeated keys.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

import yaml

from striate.arch.network import Network
from striate.arch.volume import Volume
from striate.core.bounded_text import Limits, TooLargeError, load_json, load_yaml
from striate.errors import NetworkError, shown

_LONG = "more words than a network needs, or a word too long, stand{line}"
_YAML = Limits(1 << 20, 16, values=150_000, word=1_000, plain=True,  # 30 words for each of 5,000 layers
               phrases={"depth": "more than {limit} levels are opened{line}", "values": _LONG, "word": _LONG})
_JSON = Limits(1 << 20, 64, finite=False)
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
    """The network of a YAML text; `input` replaces the text's own. Raises `NetworkError`."""
    try:
        data = load_yaml(text, _YAML)
    except TooLargeError as error:
        _refuse_large(error)
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
    """The network of a JSON text; `input` replaces the text's own. Raises `NetworkError`."""
    try:
        data = load_json(text, _JSON)
    except TooLargeError as error:
        _refuse_large(error)
    except json.JSONDecodeError as error:
        raise refusal("bad_json", "JSON", f"{error.msg.lower()} at line {error.lineno}") from error
    except ValueError as error:
        raise refusal("bad_json", "JSON", str(error)) from error
    _refuse_empty(data, 'Write "layers": [{"dense": {"units": 10}}]')
    return Network.from_dict(data, input)


def _colon(text: str, line: int) -> str:
    """Advice where a layer with settings lacks its colon; "" if that is not the mistake."""
    lines = re.split(r"\r\n|[\r\n\x85\u2028\u2029]", text)[:line + 1]
    last = [one for one in lines if one.strip() and not one.lstrip().startswith("#")][-2:]
    layer = re.match(r"\s*-\s+(\w{1,40})\s*(?:#.*)?$", last[0]) if len(last) == 2 else None
    if layer and re.match(r"\s+\w+\s*:", last[1]):
        return f"Write - {layer[1]}: (with a colon) where a name, from or setting follows"
    layer = re.match(r"\s*-\s+(\w{1,40})\s*\{", last[-1]) if last else None
    return f"Write - {layer[1]}: {{…}} (with a colon and a space)" if layer else ""


def _refuse_empty(data: object, do: str) -> None:
    if isinstance(data, dict) and data.get("layers") == []:
        raise NetworkError("bad_length", "a network was asked for", allowed="one layer or more is allowed",
                           given="layers: [] was given", do=do)


def refusal(code: str, language: str, problem: str, do: str = "") -> NetworkError:
    """The refusal of a text that is not in the language."""
    return NetworkError(code, f"a network in {language} was asked for", given=shown(problem),
                        do=do or "Begin with input: [1, 28, 28] and layers:, and put a dash before each layer"
                        if language == "YAML" else 'Begin with {"input": [1, 28, 28], "layers": [')


def _refuse_large(error: TooLargeError) -> NoReturn:
    raise NetworkError("file_too_large", "a network file was asked for",
                       allowed=f"up to {_YAML.bytes:,} bytes is allowed",
                       given=f"{error.size:,} or more were given", do="Check that this is a network file") from error
