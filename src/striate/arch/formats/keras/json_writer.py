"""Writer of Keras' JSON models: Sequential if the network is a chain, functional otherwise."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from striate.arch.formats.keras.initializers import write_filler
from striate.arch.formats.keras.json_reader import read
from striate.arch.formats.keras.json_text import fitting
from striate.arch.formats.keras.layer_writers import WRITERS
from striate.arch.formats.keras.model_builder import ModelBuilder, ModelEntry, UnsupportedByKeras
from striate.arch.formats.keras.network_builder import keras_name
from striate.arch.formats.tensor_layout import LAYOUTS
from striate.arch.initializer import Initializer
from striate.arch.network import INPUT, Network, Node
from striate.core.constraints import OneOf
from striate.core.params import Refusal, checked
from striate.errors import NetworkError, shown

KEEP_SIGN = ("pool", "global_pool", "pad", "dropout", "flatten", "reshape", "slice")


def write_keras(network: Network, data_format: str = "channels_last") -> str:
    """JSON that `keras.models.model_from_json` of Keras 3 loads: the same layers, shapes and names.

    A slash in a name becomes `>`, which Keras allows. Dense layers get a Flatten before them; with channels_last its
    order differs from ours, and `keras_weights` and `to_keras_weights` permute the weights. Paddings that Keras lacks
    become ZeroPadding2D, or `same` if that adds the same zeros, a `ceil` pooling `same` if that reads the same pixels;
    a scale becomes a depthwise convolution of one pixel. The network read back computes the same, and is equal if
    nothing was rewritten. `lost_settings` lists the settings of training that are lost.

    Raises `NetworkError` with all layers that Keras cannot express.

    >>> from striate.arch import Dense, Input, Pool
    >>> from striate.arch.formats.keras import read_keras
    >>> network = Network(Dense(10)(Pool(2)(Input(1, 28, 28))))
    >>> [layer["class_name"] for layer in json.loads(write_keras(network))["config"]["layers"]]
    ['InputLayer', 'MaxPooling2D', 'Flatten', 'Dense']
    >>> read_keras(write_keras(network)) == network
    True
    """
    allowed = OneOf(*LAYOUTS, phrase="data_format channels_last or channels_first is allowed")
    checked("data_format", data_format, allowed, Refusal("keras_data_format", "a Keras model was asked for",
                                                         error=NetworkError))
    if network.auxiliary:
        raise NetworkError("keras_auxiliary", "a Keras model was asked for",
                           allowed="a network of one output is allowed",
                           given=f"one with auxiliary heads {shown(', '.join(network.auxiliary), 100)} was given",
                           do="Write network.trunk")
    writing = ModelBuilder(network, LAYOUTS[data_format])
    missing = []
    for node in network.nodes:
        try:
            writing.found[node.name] = _write_layer(writing, node)
        except UnsupportedByKeras as error:
            why = f" with {error}" if str(error) else ""
            missing.append(f"{shown(node.name, 40)} ({node.layer.kind}{why})")
            writing.found[node.name] = writing.put("", keras_name(node.name), {}, (), node.output)
        writing.positive[node.name] = _positive(node, writing.positive)
    if missing:
        raise _refusal(missing)
    text = json.dumps(_model(network, writing), ensure_ascii=False)
    if data_format == "channels_first" and not _layout_is_read_back(writing, text):
        raise NetworkError("keras_data_format", "a Keras model with channels_first was asked for",
                           allowed="it is allowed where every picture meets a layer that goes by an axis",
                           given="one that only dense layers and activations read was given",
                           do="Write it with channels_last")
    return text


def _write_layer(writing: ModelBuilder, node: Node) -> ModelEntry:
    if node.layer.kind not in WRITERS:
        raise UnsupportedByKeras
    return WRITERS[node.layer.kind](writing, node, node.layer)


def _layout_is_read_back(writing: ModelBuilder, text: str) -> bool:
    """Whether our volumes are read back, though a reader assumes channels_last unless a layer has a data_format."""
    try:
        _, reading = read(text, None)
    except NetworkError:
        return False
    flows = [reading.flows[step.number] for step in reading.steps]
    return all((found.volume, found.layout) == (entry.flow.volume, entry.flow.layout)
               for entry, found in zip(writing.entries, flows, strict=True) if entry.flow.rank == 3)


def _refusal(missing: list[str]) -> NetworkError:
    count = fitting(missing, 380)
    more = f" and {len(missing) - count:,} more" if count < len(missing) else ""
    error = NetworkError("keras_unsayable", "a Keras model was asked for",
                         allowed="what Keras' own layers do is allowed",
                         given=f"{', '.join(missing[:count])}{more} {'was' if len(missing) == 1 else 'were'} given",
                         do="Replace them, or write another format")
    if more:
        error.add_note("All of them: " + ", ".join(missing))
    return error


def _positive(node: Node, positive: dict[str, bool]) -> bool:
    """Whether a layer's values are known to be 0 or more."""
    kind, inputs = node.layer.kind, [positive[name] for name in node.inputs]
    if kind in ("relu", "sigmoid", "softmax"):
        return True
    if kind == "maximum":
        return any(inputs)
    sum_of_positives = kind == "add" and min(getattr(node.layer, "coefficients", None) or (1.0,)) >= 0
    return (kind in KEEP_SIGN or kind in ("concat", "multiply") or sum_of_positives) and all(inputs)


def lost_settings(network: Network) -> tuple[str, ...]:
    """Settings of training that Keras' JSON cannot hold, one phrase per layer.

    >>> from striate.arch import Dense, Input
    >>> lost_settings(Network(Dense(10, lr_mult=(1, 2))(Input(3, 1, 1))))
    ('dense1: lr_mult',)
    """
    lost = []
    for node in network.nodes:
        facts = vars(node.layer)
        missed = [key for key in ("lr_mult", "decay_mult") if facts.get(key, 1) != 1]
        missed += [
            key for key, value in facts.items() if isinstance(value, Initializer) and write_filler(value) is None
        ]
        missed += ["rounding exact"] if facts.get("rounding") == "exact" else []
        if missed:
            lost.append(f"{node.name}: {', '.join(missed)}")
    return tuple(lost)


def _model(network: Network, writing: ModelBuilder) -> dict[str, Any]:
    entries = writing.entries
    chain = all(entry.sources == (before,) for before, entry in pairwise(entries))
    if chain:
        title = keras_name(network.name) or "sequential"
        return _layer("keras", "Sequential", {"name": title, "trainable": True,
                                              "layers": [_written(entry) for entry in entries]})
    layers = [_written(entry) | {"name": entry.name, "inbound_nodes": _inbound(entry)} for entry in entries]
    output = writing.found[network.nodes[-1].name]
    return _layer("keras.src.models.functional", "Functional", {
        "name": keras_name(network.name) or "functional", "trainable": True, "layers": layers,
        "input_layers": [[INPUT, 0, 0]], "output_layers": [[output.name, 0, 0]]}) | {"registered_name": "Functional"}


def _layer(module: str, class_name: str, config: dict[str, Any]) -> dict[str, Any]:
    return {"module": module, "class_name": class_name, "config": config, "registered_name": None}


def _written(entry: ModelEntry) -> dict[str, Any]:
    return _layer("keras.layers", entry.class_name, entry.config)


def _inbound(entry: ModelEntry) -> list[dict[str, Any]]:
    tensors = [{"class_name": "__keras_tensor__", "config": {
        "shape": [None, *source.flow.shape], "dtype": "float32", "keras_history": [source.name, 0, 0]}}
        for source in entry.sources]
    if not tensors:
        return []
    return [{"args": [tensors if len(tensors) > 1 else tensors[0]], "kwargs": {}}]
