"""Dialects of network files, one row each. Reading or writing one imports that one only.

The extension of a file decides; `.json` is ours or Keras', by its first distinctive key, and a `.prototxt` that sets a
learning rate is a solver and no network.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from striate.arch.network import Network
from striate.arch.volume import Volume

Reader = Callable[[str, Volume | None, str], Network]
Writer = Callable[[Network], str]


@dataclass(frozen=True)
class Dialect:
    """A dialect: names, extensions, reader and writer; `read` takes text, an input volume or None, and Caffe's phase.

    `writes` and `reads` are its extensions, `limit` is the largest file in bytes.
    """

    name: str
    title: str
    write: Writer
    writes: tuple[str, ...] = ()
    read: Reader | None = None
    reads: tuple[str, ...] = ()
    limit: int = 0


def _read_yaml(text: str, volume: Volume | None, _: str) -> Network:
    from striate.arch.formats.yaml import read_yaml

    return read_yaml(text, volume)


def _write_yaml(network: Network) -> str:
    from striate.arch.formats.yaml import write_yaml

    return write_yaml(network)


def _read_json(text: str, volume: Volume | None, _: str) -> Network:
    from striate.arch.formats.yaml import read_json

    return read_json(text, volume)


def _write_json(network: Network) -> str:
    from striate.arch.formats.yaml import write_json

    return write_json(network)


def _read_caffe(text: str, volume: Volume | None, phase: str) -> Network:
    from striate.arch.formats.caffe import read_caffe

    return read_caffe(text, volume, phase)


def _write_caffe(network: Network) -> str:
    from striate.arch.formats.caffe import write_caffe

    return write_caffe(network.trunk, "deploy")


def _write_caffe_train(network: Network) -> str:
    from striate.arch.formats.caffe import write_caffe

    return write_caffe(network, "train_val")


def _read_keras(text: str, volume: Volume | None, _: str) -> Network:
    from striate.arch.formats.keras import read_keras

    return read_keras(text, volume)


def _write_keras(network: Network) -> str:
    from striate.arch.formats.keras import write_keras

    return write_keras(network.trunk)


def _write_torch(network: Network) -> str:
    from striate.arch.formats.torch.source_writer import write_torch

    return write_torch(network)


_YAML, _CAFFE = (".yaml", ".yml"), (".prototxt", ".pbtxt")
DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect
    for dialect in (
        Dialect("yaml", "YAML", _write_yaml, _YAML, _read_yaml, _YAML, 1 << 20),
        Dialect("json", "JSON", _write_json, (".json",), _read_json, (".json",), 1 << 20),
        Dialect("caffe", "Caffe prototxt", _write_caffe, _CAFFE, _read_caffe, _CAFFE, 4 << 20),
        Dialect("caffe-train", "Caffe train_val prototxt", _write_caffe_train, (), _read_caffe),
        Dialect("keras", "Keras JSON", _write_keras, (), _read_keras, (".json",), 16 << 20),
        Dialect("torch", "PyTorch source", _write_torch, (".py",)),
    )
}
READABLE = tuple(dict.fromkeys(suffix for dialect in DIALECTS.values() for suffix in dialect.reads))

# Possessive and never without a match at a quote or a letter, so that no text costs more than one pass.
_JSON_TOKEN = re.compile(r'"(?P<text>(?:[^"\\]|\\.)*+)"?\s*+(?P<colon>:?)|[\[\]{}]', re.DOTALL)
_PROTOTXT_TOKEN = re.compile(
    r"""\#[^\n]*|"(?:\\.|[^"\\\n])*+"?|'(?:\\.|[^'\\\n])*+'?|(?P<brace>[{}<>])|(?P<word>\w++)\s*+(?P<mark>[:{<]?)""")
_MAX_TOKENS = 10_000  # within which the first distinctive word comes
_OURS, _KERAS = {"input", "layers", "auxiliary"}, {"class_name", "config"}
_NETWORK = {"layer", "layers", "input", "input_dim", "input_shape"}
_SOLVER = {"base_lr", "max_iter", "lr_policy", "solver_mode", "solver_type", "test_iter", "test_interval", "net",
           "train_net", "test_net", "net_param", "train_net_param", "stepsize", "weight_decay", "momentum", "snapshot"}


def dialect_of(suffix: str, text: str) -> Dialect:
    """The dialect of a file with one of the extensions in `READABLE`.

    >>> dialect_of(".json", '{"class_name": "Sequential"}').name, dialect_of(".json", '{"input": [1, 8, 8]}').name
    ('keras', 'json')
    """
    if suffix == ".json":
        return DIALECTS["keras" if _first(_top_keys(text), _OURS | _KERAS) in _KERAS else "json"]
    return next(dialect for dialect in DIALECTS.values() if suffix in dialect.reads)


def limit_of(suffix: str) -> int:
    """The largest file with this extension, in bytes."""
    return max(dialect.limit for dialect in DIALECTS.values() if suffix in dialect.reads)


def is_solver(text: str) -> bool:
    """Whether a prototxt is a solver: its first distinctive word is a setting of training, not a layer.

    >>> is_solver('net: "lenet.prototxt" base_lr: 0.01'), is_solver('name: "LeNet" layer { name: "conv1" }')
    (True, False)
    """
    return _first(_top_words(text), _SOLVER | _NETWORK) in _SOLVER


def _first(words: list[str], telling: set[str]) -> str:
    return next((word for word in words if word in telling), "")


def _top_keys(text: str) -> list[str]:
    """The first keys of the outermost JSON object."""
    depth, keys = 0, []
    for token, _ in zip(_JSON_TOKEN.finditer(text), range(_MAX_TOKENS), strict=False):
        if token["text"] is None:
            depth += 1 if token[0] in "[{" else -1
        elif depth == 1 and token["colon"]:
            keys.append(token["text"])
    return keys


def _top_words(text: str) -> list[str]:
    """The first field names of a prototxt outside of all braces."""
    depth, words = 0, []
    for token, _ in zip(_PROTOTXT_TOKEN.finditer(text), range(_MAX_TOKENS), strict=False):
        if token["word"] and token["mark"] and depth == 0:
            words.append(token["word"])
        sign = token["brace"] or token["mark"]
        if sign and sign != ":":
            depth += 1 if sign in "{<" else -1
    return words
