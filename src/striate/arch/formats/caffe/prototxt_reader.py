"""Reader of Caffe's prototxt: phases, older forms, blobs by name, layers in place, losses left out."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from striate.arch.formats.caffe.blob_graph import Graph
from striate.arch.formats.caffe.field_conversion import UnsupportedField, unsupported
from striate.arch.formats.caffe.input_shape import header_shapes
from striate.arch.formats.caffe.layer_names import DATA_LAYERS, PASSING, caffe_names, legal_name, node_names
from striate.arch.formats.caffe.layer_readers import KNOWN, READERS
from striate.arch.formats.caffe.phase import PHASES, layers_in_phase
from striate.arch.formats.caffe.prototxt_text import blocks, check, parse_checked
from striate.arch.formats.caffe.upgrade import V1_TYPES, present_layers
from striate.arch.layers import Layer
from striate.arch.network import Network, check_length
from striate.arch.volume import Volume
from striate.errors import NetworkError, shown

WHAT = "a network"
ADVISED = 20  # unknown types for which the nearest known one is searched


def read_caffe(text: str, input: Volume | None = None, phase: str = "TEST") -> Network:  # noqa: A002 - as every reader
    """The network of a prototxt, deploy or train_val, in the present or an older form.

    Names are Caffe's, with an underscore for what ours may not hold. Layers that belong to another `phase` (TRAIN or
    TEST), losses, accuracies and data layers are left out; the input of a loss beside the main one becomes an auxiliary
    head, weighted as in the file. `input` replaces the file's own, which data layers often do not give. Fillers and
    multipliers are read; a weight without a filler (zeros in Caffe) gets ours, `msra`. `caffe_notes` lists what is
    ignored, such as a scaling of the pictures.
    No file that is named in the text is opened. Raises `NetworkError` with the line or the layer named, and with all
    layers that have no counterpart at once.

    Limits: one input, one output; layers that share weights by name are refused. What Caffe 2013 called a padding layer
    becomes padding. A window larger than its padded picture is refused, where Caffe may let one in.

    >>> network = read_caffe('''
    ...     name: "small"  input: "data"  input_dim: 1 input_dim: 1 input_dim: 28 input_dim: 28
    ...     layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
    ...             convolution_param { num_output: 20 kernel_size: 5 } }
    ...     layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
    ...     layer { name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1"
    ...             pooling_param { pool: MAX kernel_size: 3 stride: 2 } }''')
    >>> [node.name for node in network.nodes], str(network.output)  # ⌈(24 − 3)/2⌉ + 1 = 12, as Caffe rounds
    (['conv1', 'relu1', 'pool1'], '20×12×12')
    """
    check(text, WHAT)
    try:
        net = parse_checked(text, "NetParameter", WHAT)
    except NetworkError as error:
        strange = _unsupported_types(text)  # their settings may be the cause
        if strange:
            raise unsupported(strange, "read") from error
        raise
    present = present_layers(net)
    layers = layers_in_phase(net, present, phase)
    if all(layer.type in PASSING for layer in layers):
        raise NetworkError("no_caffe_layers", f"{WHAT} in Caffe's language was asked for",
                           allowed=f"layers that compute something in phase {phase} are allowed",
                           given="none was given", do="Write layer { … }")
    check_length("the Caffe network", sum(len(caffe_names(layer)) for layer in layers))
    names = node_names(layers)
    made = _made(layers)
    here = {top for layer in layers for top in layer.top}
    elsewhere = {top for layer in present if layer.type in DATA_LAYERS for top in layer.top} - here
    graph = Graph(header_shapes(net), input, elsewhere, next(other for other in PHASES if other != phase))
    for layer, own, ours in zip(layers, names, made, strict=True):
        graph.add(layer, own, ours)
    return graph.network("" if not net.name else legal_name(net.name))


def _unsupported_types(text: str) -> list[str]:
    """The layers of a text whose types have no counterpart, found without a full parse."""
    found = ((block.name, V1_TYPES.get(block.type, block.type)) for block in blocks(text))
    strange = [(name, type_) for name, type_ in found if type_ and type_ not in KNOWN]
    words = [*KNOWN, *(old for old, present in V1_TYPES.items() if present in KNOWN)]
    return [f"{name} ({type_}{_nearest(type_, words) if index < ADVISED else ''})"
            for index, (name, type_) in enumerate(strange)]


def _nearest(type_: str, words: Collection[str]) -> str:
    """The nearest type, as a question; "" if none is near."""
    from difflib import get_close_matches  # only a mistake needs it

    alike = [word for word in words if word.lower() == type_.lower()]
    near = alike or get_close_matches(type_, sorted(words), 1, 0.8) if len(type_) <= 40 else []
    return f": did you mean {near[0]}?" if near else ""


def _made(layers: list[Any]) -> list[Layer | None]:
    """Our layers, None for types without one; refuses all that have no counterpart at once."""
    made: list[Layer | None] = []
    problems: list[str] = []
    shared = _shared(layers)
    for layer in layers:
        name = shown(layer.name, 60) or "a layer without a name"
        made.append(None)
        if layer.type not in KNOWN:
            near = _nearest(layer.type, KNOWN) if len(problems) < ADVISED else ""
            problems.append(f"{name} ({shown(layer.type, 40) or 'no type'}{near})")
        elif layer.type in READERS:
            try:
                made[-1] = READERS[layer.type](layer)
            except UnsupportedField as setting:
                problems.append(f"{name} ({layer.type} with {shown(str(setting), 80)})")
            except NetworkError as error:
                raise type(error)(error.code, f"{name}: {error.asked}", allowed=error.allowed, given=error.given,
                                  do=error.do) from None
        problems += [f"{name} (sharing the weights {shown(param.name, 40)})" for param in layer.param
                     if param.name in shared]
    if problems:
        raise unsupported(problems, "read")
    return made


def _shared(layers: list[Any]) -> set[str]:
    """The names of weights that two layers or more share."""
    owners: dict[str, set[int]] = {}
    for index, layer in enumerate(layers):
        for param in layer.param:
            owners.setdefault(param.name, set()).add(index)
    return {name for name, users in owners.items() if name and len(users) > 1}
