"""Flattening of Keras models to one list of calls: Sequential and functional, Keras 2 and 3, nested models expanded.

A functional model lists its layers in any order; calls are sorted topologically, and otherwise in the order of the
file. Keras 2 writes the inputs of a layer as nested lists, Keras 3 as the arguments of a call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import heapify, heappop, heappush
from typing import Any

from striate.arch.formats.keras.json_text import quoted_json
from striate.arch.formats.keras.layer_config import LayerCall
from striate.arch.network import MAX_LAYERS
from striate.errors import NetworkError, shown

MODELS = ("Sequential", "Functional", "Model")
INPUT_LAYER = "InputLayer"
MAX_CALLS = 2 * MAX_LAYERS  # some of Keras' layers become none of ours
MAX_NAME, MAX_PATH = 200, 1_000
Tensor = tuple[str, int]
"""A layer's name and the number of the call that made the tensor."""


def flatten_model(model: Any) -> tuple[list[LayerCall], int]:
    """The calls of a model in topological order, and the number of the one that makes the output."""
    entry = _mapping(model, "the file", "an object")
    if entry.get("class_name") not in MODELS:
        raise malformed("the file", "a model of class Sequential or Functional is allowed", entry.get("class_name"))
    steps: list[LayerCall] = []
    output = _model(entry, "", None, steps)
    return steps, output


def malformed(where: str, allowed: str, given: object) -> NetworkError:
    """The refusal of a file whose structure is not that of a model."""
    return NetworkError("bad_keras", f"{shown(where, 80)}: a Keras model was asked for", allowed=allowed,
                        given=f"{quoted_json(given)} was given", do="Write it with model.to_json()")


def _model(entry: dict[str, Any], path: str, source: int | None, steps: list[LayerCall]) -> int:
    """Append the steps of a model; `source` is the input of a nested one. Returns the number of its output step."""
    config = entry.get("config")
    where = path or "the file"
    if isinstance(config, list):  # Sequential models before Keras 2.2
        config = {"layers": config}
    config = _mapping(config, where, "a config with layers")
    layers = config.get("layers")
    if not isinstance(layers, list) or not layers:
        raise malformed(where, "a list of layers is allowed", layers)
    entries = [_mapping(layer, where, "a layer with class_name and config") for layer in layers]
    if entry["class_name"] == "Sequential":
        return _sequential(entry, config, entries, path, source, steps)
    return _functional(config, entries, path, source, steps)


def _sequential(entry: dict[str, Any], config: dict[str, Any], layers: list[dict[str, Any]], path: str,
                source: int | None, steps: list[LayerCall]) -> int:
    at = source
    _refuse_duplicates((path_of(layer, f"layer {number + 1}", path) for number, layer in enumerate(layers)), path)
    for number, layer in enumerate(layers):
        if at is None and layer.get("class_name") != INPUT_LAYER:
            at = _start(path, _shape_of([layer, entry, {"config": config}]), steps)
        at = _call(layer, f"layer {number + 1}", path, () if at is None else (at,), steps)
    assert at is not None
    return at


def _shape_of(entries: list[dict[str, Any]]) -> Any:
    """The first input shape in the config or build config of a layer, or else of its model."""
    for entry in entries:
        config, built = _dict(entry.get("config")), _dict(entry.get("build_config"))
        shapes = [config.get(key) for key in ("batch_shape", "batch_input_shape", "build_input_shape")]
        for shape in (*shapes, built.get("input_shape")):
            if shape is not None:
                return shape
    return None


def _start(path: str, shape: Any, steps: list[LayerCall]) -> int:
    steps.append(LayerCall(len(steps), f"{path}/input" if path else "input", INPUT_LAYER, {"batch_shape": shape}, ()))
    return len(steps) - 1


def _call(layer: dict[str, Any], fallback: str, path: str, sources: tuple[int, ...], steps: list[LayerCall]) -> int:
    """Append one call of a layer, or of a nested model; an InputLayer with a source is that source."""
    class_name = layer.get("class_name")
    config = layer.get("config")
    where = path_of(layer, fallback, path)
    if not isinstance(class_name, str):
        raise malformed(where, "a class_name is allowed", class_name)
    if class_name == INPUT_LAYER and sources:
        return sources[0]
    if class_name in MODELS:
        if len(sources) != 1:
            raise malformed(where, "a model with one input is allowed inside another", len(sources))
        return _model(layer, where, sources[0], steps)
    if len(steps) >= MAX_CALLS:
        raise NetworkError("bad_length", "the file: a network was asked for",
                           allowed=f"up to {MAX_CALLS:,} calls of Keras' layers are allowed",
                           given="more were given", do="Make it shallower")
    steps.append(LayerCall(len(steps), where, class_name, _mapping(config, where, "a config"), sources))
    return len(steps) - 1


def path_of(layer: dict[str, Any], fallback: str, path: str) -> str:
    """The path of a layer: its name behind those of the models it is nested in."""
    name = _dict(layer.get("config")).get("name", layer.get("name"))
    name = name if isinstance(name, str) and name else fallback
    joined = len(path) + 1 + len(name) if path else len(name)
    if len(name) > MAX_NAME or joined > MAX_PATH:
        given, most = (len(name), MAX_NAME) if len(name) > MAX_NAME else (joined, MAX_PATH)
        raise NetworkError("bad_keras", f"{shown(name, 40)}: a layer of this name was asked for",
                           allowed=f"up to {most:,} characters{' with the models it is in' * (most == MAX_PATH)} are "
                           "allowed", given=f"{given:,} were given", do="Give it a shorter name in Keras")
    return f"{path}/{name}" if path else name


def _refuse_duplicates(paths: Iterable[str], path: str) -> None:
    """Refuse two layers of one name in a model: their arrays are found by name."""
    seen: set[str] = set()
    for where in paths:
        if where in seen:
            raise malformed(path or "the file", "a name of its own for each layer is allowed",
                            where.removeprefix(f"{path}/"))
        seen.add(where)


def entries_of(model: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """All layers of a file with their paths, nested models expanded; entries that are no layers are skipped."""
    config = _dict(model).get("config")
    layers = config if isinstance(config, list) else _dict(config).get("layers")
    for number, layer in enumerate(layers if isinstance(layers, list) else []):
        entry = _dict(layer)
        where = path_of(entry, f"layer {number + 1}", path)
        if entry.get("class_name") in MODELS:
            yield from entries_of(entry, where)
        elif entry:
            yield where, entry


def _functional(config: dict[str, Any], layers: list[dict[str, Any]], path: str, source: int | None,
                steps: list[LayerCall]) -> int:
    by_name: dict[str, dict[str, Any]] = {}
    for layer in layers:
        own_name = layer.get("name", _dict(layer.get("config")).get("name"))
        if not isinstance(own_name, str) or own_name in by_name:
            raise malformed(path or "the file", "a name of its own for each layer is allowed", own_name)
        by_name[own_name] = layer
    _refuse_duplicates((path_of(layer, name, path) for name, layer in by_name.items()), path)
    ends = [_ends(config.get(key), key, path) for key in ("input_layers", "output_layers")]
    calls = {(name, index): tensors for name, layer in by_name.items()
             for index, tensors in enumerate(_inbound(layer, name, path))}
    made: dict[Tensor, int] = {}
    for tensor, sources in _in_order(calls, by_name, path):
        name = tensor[0]
        fed = tuple(made[feeder] for feeder in sources)
        if not sources and by_name[name].get("class_name") == INPUT_LAYER and source is not None:
            fed = (source,)
        made[tensor] = _call(by_name[name], name, path, fed, steps)
    output = _first_call(ends[1], by_name)
    if output not in made:
        raise malformed(path or "the file", "an output layer from the list is allowed", ends[1][0])
    return made[output]


def _ends(value: Any, key: str, path: str) -> Tensor:
    """The one layer of input_layers or output_layers: [name, 0, 0], or a list of one of these."""
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, list) and len(value) == 3 and isinstance(value[0], str):
        return _tensor(value, path)
    raise NetworkError("keras_ends", f"{shown(path or 'the file', 80)}: {key} were asked for",
                       allowed="one input and one output are allowed",
                       given=f"{len(value) if isinstance(value, list | dict) else 'none'} were given",
                       do="Make a keras.Model of one input and one output, and write that")


def _tensor(value: Any, path: str) -> Tensor:
    if (not isinstance(value, list) or len(value) < 3 or not isinstance(value[0], str)
            or any(isinstance(index, bool) or not isinstance(index, int) for index in value[1:3]) or value[2] != 0):
        raise malformed(path or "the file", "[layer, call, 0] is allowed where a layer is fed", value)
    return value[0], value[1]


def _inbound(layer: dict[str, Any], name: str, path: str) -> Iterator[tuple[Tensor, ...]]:
    """The inputs of each call of a layer; a layer without inputs is called once."""
    where = f"{path}/{name}" if path else name
    nodes = layer.get("inbound_nodes", [])
    if not isinstance(nodes, list):
        raise malformed(where, "a list of inbound_nodes is allowed", nodes)
    if not nodes:
        yield ()
    if len(nodes) > 1 and layer.get("class_name") in MODELS:
        raise malformed(where, "a model that is called once is allowed inside another", f"{len(nodes)} calls")
    for node in nodes:
        arguments = _keras3_inputs(node, where) if isinstance(node, dict) else _keras2_inputs(node, where)
        yield tuple(_tensor(tensor, where) for tensor in arguments)


def _keras3_inputs(node: dict[str, Any], where: str) -> list[Any]:
    """Keras 3: {"args": [tensor or list of tensors, flags …], "kwargs": {keywords}}."""
    args, keywords = node.get("args"), node.get("kwargs")
    args = _checked_type(args, list, where)
    keywords = dict(_checked_type(keywords, dict, where))
    for flag in args[1:]:
        if flag is not None and flag is not False:
            raise _argument(where, flag)
    inputs = args[:1] or [keywords.pop("inputs", None)]
    _refuse_keywords(keywords, where)
    return list(_flat(inputs, where))


def _refuse_keywords(keywords: dict[str, Any], where: str) -> None:
    """Refuse the arguments `mask`, and `training` unless it is false."""
    for key, value in keywords.items():
        if key not in ("training", "mask") or not (value is None or (key == "training" and value is False)):
            raise _argument(where, {key: value})


def _argument(where: str, given: object) -> NetworkError:
    return malformed(where, "layers, training false and mask null are allowed as arguments of a call", given)


def _checked_type(value: Any, kind: type, where: str) -> Any:
    if value is not None and not isinstance(value, kind):
        raise _argument(where, value)
    return value or kind()


def _flat(value: Any, where: str) -> Iterator[Any]:
    """The tensors among the inputs of a call."""
    if isinstance(value, list):
        for item in value:
            yield from _flat(item, where)
    elif isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
        yield _dict(value.get("config")).get("keras_history")
    elif value is not None:
        raise _argument(where, value)


def _keras2_inputs(node: Any, where: str) -> list[Any]:
    """Keras 2: [[name, call, 0, {keywords}], …]."""
    if not isinstance(node, list):
        raise malformed(where, "a list of [layer, call, 0] is allowed", node)
    items = [node] if node and isinstance(node[0], str) else node
    for item in items:
        for keywords in item[3:] if isinstance(item, list) else ():
            _refuse_keywords(_checked_type(keywords, dict, where), where)
    return items


def _in_order(calls: dict[Tensor, tuple[Tensor, ...]], layers: dict[str, Any],
              path: str) -> Iterator[tuple[Tensor, tuple[Tensor, ...]]]:
    """The calls with their inputs in topological order, otherwise that of the file; a cycle is refused."""
    calls = {tensor: tuple(_first_call(source, layers) for source in sources) for tensor, sources in calls.items()}
    ranks = {tensor: rank for rank, tensor in enumerate(calls)}
    tensors = list(calls)
    waiting: dict[Tensor, int] = {}
    feeds: dict[Tensor, list[Tensor]] = {tensor: [] for tensor in calls}
    for tensor, sources in calls.items():
        for source in set(sources):
            if source not in feeds:
                raise malformed(f"{path}/{tensor[0]}" if path else tensor[0],
                                "a layer from the list is allowed where it is fed", source[0])
            feeds[source].append(tensor)
        waiting[tensor] = len(set(sources))
    ready = [ranks[tensor] for tensor, count in waiting.items() if not count]
    heapify(ready)
    done = 0
    while ready:
        tensor = tensors[heappop(ready)]
        done += 1
        yield tensor, calls[tensor]
        for fed in feeds[tensor]:
            waiting[fed] -= 1
            if not waiting[fed]:
                heappush(ready, ranks[fed])
    if done < len(calls):
        stuck = next(tensor[0] for tensor in tensors if waiting[tensor])
        raise malformed(path or "the file", "layers that do not feed themselves are allowed", stuck)


def _first_call(tensor: Tensor, layers: dict[str, Any]) -> Tensor:
    """The tensor with call 0 if it comes from a nested model, whose one call Keras numbers 0 or 1."""
    layer = layers.get(tensor[0])
    return (tensor[0], 0) if layer is not None and layer.get("class_name") in MODELS else tensor


def _mapping(value: Any, where: str, allowed: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise malformed(where, f"{allowed} is allowed", value)
    return value


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
