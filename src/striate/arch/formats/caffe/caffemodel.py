"""Caffe's weight files (.caffemodel), to and from arrays named as our tensors: "conv1.weight", …

Layers are matched by name, in any form (V0, V1, present). Field numbers are those of `message_fields.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from striate.arch.formats.caffe.field_conversion import shortened_list
from striate.arch.formats.caffe.layer_mapping import CaffeLayer, caffe_layers
from striate.arch.formats.caffe.layer_names import node_names
from striate.arch.formats.caffe.messages import enumeration, fields_of
from striate.arch.formats.caffe.upgrade import V0_TYPES, V1_TYPES
from striate.arch.initializer import TensorSpec
from striate.arch.network import Network
from striate.core.protobuf_wire import BYTES, VARINT, FieldSpan, WireError, WireReader, chunk, varint
from striate.errors import NetworkError, shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_BYTES = 1 << 30
MAX_FILE_LAYERS = 20_000  # of all kinds, so more than a network may have
MAX_SIDES = 32
NET, LAYER, V1, V0, BLOB = (
    {name: number for name, (number, _) in fields_of(message).items()}
    for message in ("NetParameter", "LayerParameter", "V1LayerParameter", "V0LayerParameter", "BlobProto"))


@dataclass(slots=True)
class _Blob:
    """One array of a file: its shape as given, and the spans of its values, 4 or 8 bytes each."""

    shape: list[int] | None = None
    old: dict[str, int] = field(default_factory=dict)
    parts: list[FieldSpan] = field(default_factory=list)
    width: int = 4

    @property
    def sides(self) -> tuple[int, ...]:
        """The shape in the present or the older form."""
        if self.shape is not None:
            return tuple(self.shape)
        return tuple(self.old.get(name, 0) for name in OLD) if self.old else (self.count,)

    @property
    def count(self) -> int:
        """Number of values."""
        return sum(part.end - part.start for part in self.parts) // self.width


OLD = ("num", "channels", "height", "width")


@dataclass(slots=True)
class _Layer:
    """One layer of a file: name, type, tops and arrays."""

    name: str = ""
    type: str = ""
    top: list[str] = field(default_factory=list)
    blobs: list[_Blob] = field(default_factory=list)


def read_caffemodel(data: bytes, network: Network) -> dict[str, NDArray[Any]]:
    """The weights of a .caffemodel as float32 arrays, under the names and in the shapes of `network.tensors`.

    BatchNorm's running sums are divided by Caffe's factor beside them. Shapes may have more or fewer sides of 1
    (Caffe 2014 wrote all as four numbers). Layers, arrays and shapes that do not agree with the network are
    refused all at once; so is a truncated file. 1 GiB at most; memory: the file, and the arrays once more.

    >>> from striate.arch import Dense, Input
    >>> import numpy as np
    >>> network = Network(Dense(1)(Input(2, 1, 1)))
    >>> weights = {"dense1.weight": np.array([[3.0, 5.0]]), "dense1.bias": np.array([1.0])}
    >>> read_caffemodel(write_caffemodel(network, weights), network)["dense1.weight"].tolist()
    [[3.0, 5.0]]
    """
    if len(data) > MAX_BYTES:
        raise NetworkError("caffemodel_too_large", "Caffe's weights were asked for",
                           allowed=f"up to {MAX_BYTES >> 30} GiB is allowed", given=f"{len(data):,} bytes were given",
                           do="Check that this is a caffemodel")
    try:
        layers = _layers(WireReader(data))
        names = [names[0] if names else "" for names in node_names(layers)]
    except (WireError, UnicodeDecodeError) as error:
        raise NetworkError("bad_caffemodel", "Caffe's weights were asked for", given=shown(str(error), 150),
                           do="Copy the file again") from error
    found = {name: layer for name, layer in zip(names, layers, strict=True) if layer.blobs and name}
    wanted, tensors = {blobs.name: blobs for blobs in caffe_layers(network)}, network.tensors
    problems = [f"{name} is not in the network" for name in found if name not in wanted]
    for name, blobs in wanted.items():
        problems += _misfits(blobs, found.get(name), tensors)
    if problems:
        raise _mismatch(problems)
    arrays: dict[str, NDArray[Any]] = {}
    for name, blobs in wanted.items():
        arrays |= _arrays(blobs, found[name].blobs, tensors)
    return {name: arrays[name] for name in tensors if name in arrays}


def write_caffemodel(network: Network, weights: Mapping[str, NDArray[Any]]) -> bytes:
    """The weights of a network as a .caffemodel that belongs to `write_caffe(network)`, in float32.

    `weights` are arrays under the names and in the shapes of `network.tensors`. Refuses, all at once, what is missing,
    too many or of another shape, and layers whose tensors Caffe does not have.
    """
    import numpy as np

    planned, tensors = caffe_layers(network), network.tensors
    carried = {name for blobs in planned for name in blobs.tensors}
    problems = [f"{name} has no place in Caffe" for name in tensors if name not in carried]
    problems += [f"{shown(name, 60)} is not in the network" for name in weights if name not in tensors]
    for name, tensor in tensors.items():
        if name not in weights:
            problems.append(f"{name} is missing")
        elif np.shape(weights[name]) != tensor.shape:
            problems.append(f"{name} is {_sides(np.shape(weights[name]))}, not {_sides(tensor.shape)}")
    if problems:
        raise _mismatch(problems)
    pieces: list[bytes | memoryview] = chunk(NET["name"], network.name.encode())
    for blobs in planned:
        body = [*chunk(LAYER["name"], blobs.name.encode()), *chunk(LAYER["type"], blobs.type.encode())]
        for name in blobs.tensors:
            given = weights[name] if name in weights else np.ones(_shape(name, blobs, tensors))
            values: NDArray[Any] = np.ascontiguousarray(given, "<f4")
            shape = chunk(1, b"".join(varint(side) for side in values.shape))
            body += chunk(LAYER["blobs"], *chunk(BLOB["shape"], *shape), *chunk(BLOB["data"], values.tobytes()))
        pieces += chunk(NET["layer"], *body)
    return b"".join(pieces)


def _layers(reader: WireReader) -> list[_Layer]:
    """The layers of a NetParameter, in order."""
    layers: list[_Layer] = []
    for number, kind, value in reader.fields():
        if len(layers) > MAX_FILE_LAYERS:
            raise WireError(f"more than {MAX_FILE_LAYERS:,} layers stand up to byte {value.start:,}")
        if kind == BYTES and number == NET["layer"]:
            layers.append(_layer(value, LAYER, str))
        elif kind == BYTES and number == NET["layers"]:
            layers.append(_layer(value, V1, int))
    return layers


def _layer(span: FieldSpan, numbers: dict[str, int], type_: type) -> _Layer:
    layer = _Layer()
    for number, kind, value in span.fields():
        if len(layer.blobs) > MAX_SIDES or len(layer.top) > MAX_FILE_LAYERS:
            raise WireError(f"more arrays or tops than a layer has stand up to byte {value.start:,}")
        if number == numbers["name"] and kind == BYTES:
            layer.name = bytes(value).decode()
        elif number == numbers["type"] and kind == BYTES and type_ is str:
            layer.type = bytes(value).decode()
        elif number == numbers["type"] and kind == VARINT and type_ is int:
            layer.type = V1_TYPES.get(enumeration("V1Type").get(next(value.numbers()), ""), "")
        elif number == numbers.get("top") and kind == BYTES:
            layer.top.append(bytes(value).decode())
        elif number == numbers["blobs"] and kind == BYTES:
            layer.blobs.append(_blob(value))
        elif numbers is V1 and number == V1["layer"] and kind == BYTES:
            inner = _layer(value, V0, str)
            layer.name, layer.type, layer.blobs = inner.name, V0_TYPES.get(inner.type, inner.type), inner.blobs
    return layer


def _blob(span: FieldSpan) -> _Blob:
    blob = _Blob()
    for number, kind, value in span.fields():
        if len(blob.parts) > MAX_FILE_LAYERS:
            raise WireError(f"an array in more than {MAX_FILE_LAYERS:,} parts stands up to byte {value.start:,}")
        if number in (BLOB["data"], BLOB["double_data"]) and kind == BYTES:
            blob.width = 4 if number == BLOB["data"] else 8
            blob.parts.append(value)
        elif number == BLOB["shape"] and kind == BYTES:
            sides = (side for inner, form, given in value.fields() if inner == 1 and form in (BYTES, VARINT)
                     for side in given.numbers())
            blob.shape = list(islice(sides, MAX_SIDES))  # more are not compared: they cannot be right
        elif kind == VARINT:
            blob.old |= {name: next(value.numbers()) for name in OLD if BLOB[name] == number}
    return blob


def _misfits(blobs: CaffeLayer, layer: _Layer | None, tensors: Mapping[str, TensorSpec]) -> list[str]:
    """Problems of the arrays of one layer."""
    if layer is None:
        return [f"{blobs.name} is missing"]
    if len(layer.blobs) != len(blobs.tensors):
        return [f"{blobs.name} has {len(layer.blobs):,} arrays, not {len(blobs.tensors)}"]
    problems = []
    for tensor, blob in zip(blobs.tensors, layer.blobs, strict=True):
        shape = _shape(tensor, blobs, tensors)
        label = tensor if "." in tensor else f"{blobs.name}'s {tensor}"
        if [side for side in blob.sides if side != 1] != [side for side in shape if side != 1]:
            problems.append(f"{label} is {_sides(blob.sides)}, not {_sides(shape)}")
        elif blob.count != math.prod(shape):
            problems.append(f"{label} has {blob.count:,} numbers, not {math.prod(shape):,}")
        elif any((part.end - part.start) % blob.width for part in blob.parts):
            problems.append(f"{label} ends inside a number")
    return problems


def _shape(name: str, blobs: CaffeLayer, tensors: Mapping[str, TensorSpec]) -> tuple[int, ...]:
    """The shape of a tensor, including those that only Caffe has."""
    if name == "one":
        return (1,)
    return tensors[blobs.tensors[1] if name == "ones" else name].shape


def _arrays(blobs: CaffeLayer, given: list[_Blob], tensors: Mapping[str, TensorSpec]) -> dict[str, NDArray[Any]]:
    """The arrays of one layer, checked, without those that only Caffe has."""
    import numpy as np

    made: dict[str, NDArray[Any]] = {}
    with np.errstate(all="ignore"):  # values too large for single precision become infinite, and are refused
        for name, blob in zip(blobs.tensors, given, strict=True):
            parts = [np.frombuffer(part.view, f"<f{blob.width}") for part in blob.parts]
            split = len(parts) > 1
            whole = np.concatenate(parts).astype(np.float32, copy=False) if split else parts[0].astype(np.float32)
            made[name] = whole.reshape(_shape(name, blobs, tensors))
            _refuse_infinite(made[name], name if "." in name else blobs.name)
        if blobs.type == "BatchNorm":
            factor = made.pop("one")[0]
            for name in made:
                made[name] = made[name] / factor if factor else np.zeros_like(made[name])
                _refuse_infinite(made[name], f"{name}, divided by its factor {factor:g},")
                if name.endswith("running_var") and (made[name] < 0).any():
                    raise _mismatch([f"{name}, divided by its factor {factor:g}, has numbers below 0"])
    if not np.all(made.pop("ones", 1.0) == np.float32(1)):
        raise _mismatch([f"{blobs.name} has weights other than 1"])
    return made


def _refuse_infinite(array: NDArray[Any], label: str) -> None:
    import numpy as np

    if not np.isfinite(array).all():
        raise _mismatch([f"{label} has numbers that are not finite"])


def _sides(shape: tuple[int, ...]) -> str:
    return "×".join(f"{side:,}" for side in shape[:8]) or "a single number"


def _mismatch(problems: list[str]) -> NetworkError:
    """The refusal of weights that are not the network's."""
    listed, more = shortened_list(problems)
    return NetworkError("weights_misfit", "Caffe's weights were asked for",
                        allowed="exactly the network's layers and shapes are allowed",
                        given=f"{shown(listed, 400)}{more}", do="Give the weights of this network")
