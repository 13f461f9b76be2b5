"""Conversion of a torch module into a `Network`, and its tensors by the network's names."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from torch import Tensor, nn

from striate.arch import Network, Volume
from striate.arch.layers.layer import ancestors, refuse_other_than_volume
from striate.arch.network import check_length
from striate.arch.volume import Call
from striate.convnet.from_torch.convert_graph import GraphConverter
from striate.convnet.from_torch.tensor_value import TensorValue, UnsupportedCall, layer_name
from striate.convnet.from_torch.tracing import trace
from striate.errors import NetworkError, shown

PICTURES = 997, 2  # in the batches that are traced; 997 first, because hardly a layer has so many channels
ROOM = 260  # characters of a refusal for what is not supported


def from_torch(module: nn.Module, input: Volume) -> Network:  # noqa: A002 - the word of the language
    """The network that `module` computes on (N, C, H, W) pictures of `input`, as it predicts.

    Layers are called by their module path, dots as slashes (`layer1/0/conv1`); functions by the module that calls them
    and their kind (`layer1/0/add`). A flattening before a linear layer is left out, because dense layers flatten by
    themselves, and so is what changes nothing. Zeros that `F.pad` puts before one window become its padding.

    The batch is 997 pictures and then 2; a module that reads as two networks is refused. What it does with
    other numbers only, such as one picture or more than 997, is not seen.

    Raises `NetworkError`: `not_a_module`, `changed_module` (hooks and forwards that were set on single modules),
    `not_one_input`, `not_traceable`, `does_not_run`, `unsupported_layers` (all of them at once), `shared_weights`,
    `no_volume`, `batch_matters`, and what layers themselves refuse.

    >>> module = nn.Sequential(nn.Conv2d(1, 20, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(2880, 10))
    >>> network = from_torch(module, Volume(1, 28, 28))
    >>> [node.name for node in network.nodes], network.parameters  # 29,330 = (5·5·1 + 1)·20 + (20·12·12 + 1)·10
    (['0', '1', '2', '4'], 29330)
    """
    return network_and_paths(module, input)[0]


def torch_weights(module: nn.Module, network: Network) -> dict[str, Tensor]:
    """The tensors of `module` by the names of `network`, which is what `from_torch` made of it; memory is shared.

    `build(network).load_state_dict(torch_weights(module, network))` then computes what the module does, but for a
    softmax at its end: `build` returns the scores before that. Raises `NetworkError`: `another_network`, and what
    `from_torch` raises.

    >>> module = nn.Sequential(nn.Conv2d(1, 20, 5), nn.Flatten(), nn.Linear(11520, 10))
    >>> network = from_torch(module, Volume(1, 28, 28))
    >>> {name: tuple(tensor.shape) for name, tensor in torch_weights(module, network).items()}
    {'0.weight': (20, 1, 5, 5), '0.bias': (20,), '2.weight': (10, 11520), '2.bias': (10,)}
    """
    own, paths = network_and_paths(module, network.input)
    if own != network:
        raise NetworkError("another_network", f"weights for {shown(network.name or 'a network', 60)} were asked for",
                           allowed="the network that from_torch makes of the module is allowed",
                           given="the module computes another", do="Call from_torch(module, input) and give its result")
    return {name: tensor_at(module, path).detach() for name, path in paths.items()}


def network_and_paths(module: nn.Module, input: Volume) -> tuple[Network, dict[str, str]]:  # noqa: A002
    """The network, and for each of its tensors the path in the module, if they are the same for every batch."""
    refuse_other_than_volume(input, "from_torch")
    many, few = (read_for_batch(module, input, pictures) for pictures in PICTURES)
    if many != few:
        raise NetworkError("batch_matters", f"from_torch: {shown(type(module).__name__, 60)} was to be read",
                           allowed="a forward that does the same with every number of pictures is allowed",
                           given=f"it computes one network on {PICTURES[0]} pictures and another on {PICTURES[1]}",
                           do="Take what depends on the size of the batch out of its forward")
    return many


def read_for_batch(module: nn.Module, input: Volume, pictures: int) -> tuple[Network, dict[str, str]]:  # noqa: A002
    """The network and the paths as one batch of `pictures` gives them."""
    graph = GraphConverter(trace(module, input, pictures), input.bare())
    volume = None
    if isinstance(graph.output, TensorValue):
        try:
            volume = graph.output.volume
        except UnsupportedCall as reason:
            if not graph.problems:
                graph.problems[f"an output {reason}"].append("in forward")
        except NetworkError as error:
            graph.refusal = graph.refusal or error
    refuse_problems(graph.problems, type(module).__name__)
    if graph.refusal:
        raise graph.refusal from graph.traced.failure
    if volume is None:
        several = isinstance(graph.output, tuple | list | dict)
        raise NetworkError("no_volume", f"from_torch: {shown(type(module).__name__, 60)} was to be read",
                           allowed="one tensor (N, K) or (N, C, H, W) as its output is allowed",
                           given=f"it returns {'several things' if several else 'no tensor made of its input'}",
                           do="Wrap it in a module that returns the scores only")
    calls = ancestors((volume,))
    check_length(type(module).__name__, len(calls))
    refuse_shared(module, [graph.owners.get(id(call), {}) for call in calls])
    return name_layers(volume, calls, graph.owners, layer_name(type(module).__name__))


def name_layers(volume: Volume, calls: list[Call], owners: dict[int, dict[str, str]],
          title: str) -> tuple[Network, dict[str, str]]:
    """The network of the calls, each under a name of its own, and the paths of its tensors."""
    taken = {call.layer.name for call in calls if call.layer.name}
    used: set[str] = set()
    ordinals: Counter[str] = Counter()
    volumes: dict[int, Volume] = {}
    paths: dict[str, str] = {}
    for call in calls:
        ordinals[call.layer.kind] += 1
        name = call.layer.name or f"{call.layer.kind}{ordinals[call.layer.kind]}"
        first, number = name, 1
        while name in used or (not call.layer.name and name in taken):
            number += 1
            name = f"{first[:90]}_{number}"
        used.add(name)
        inputs = (volumes[id(v.source)] if v.source else network_input(volumes, v) for v in call.inputs)
        volumes[id(call)] = replace(call.layer, name=name)(*inputs)
        paths |= {f"{name}.{tensor}": path for tensor, path in owners.get(id(call), {}).items()}
    return Network(volumes[id(volume.source)], title), paths


def network_input(volumes: dict[int, Volume], volume: Volume) -> Volume:
    """The one input of the network."""
    return volumes.setdefault(0, volume.bare())


def refuse_problems(problems: dict[str, list[str]], title: str) -> None:
    """Refuse all calls that have no layer in one error; the whole list is also a note of the exception."""
    if not problems:
        return
    lines = [f"{what} ({', '.join(dict.fromkeys(places))})" for what, places in problems.items()]
    kinds = ", ".join(f"{what} ({shown(places[0], 60)}{f' and {len(places) - 1} more' if len(places) > 1 else ''})"
                      for what, places in problems.items())
    given = ", ".join(lines) if len(", ".join(lines)) <= ROOM else kinds
    error = NetworkError("unsupported_layers", f"from_torch: {shown(title, 60)} was to be read",
                         allowed="what the network language has layers for is allowed",
                         given=f"it uses {shown(given, ROOM)}", do="Replace them, or leave them outside the module")
    error.add_note("\n".join(lines))
    raise error


def refuse_shared(module: nn.Module, owners: list[dict[str, str]]) -> None:
    """Refuse tensors that two layers share."""
    users: dict[Any, list[str]] = {}
    for paths in owners:
        for path in paths.values():
            users.setdefault(id(tensor_at(module, path)), []).append(path)
    shared = [" and ".join(dict.fromkeys(paths)) for paths in users.values() if len(paths) > 1]
    if shared:
        raise NetworkError("shared_weights", f"from_torch: {shown(type(module).__name__, 60)} was to be read",
                           allowed="weights that one layer uses once are allowed",
                           given=f"{shown(', '.join(shared), 200)} would be used more than once",
                           do="Give each use a module of its own")


def tensor_at(module: nn.Module, path: str) -> Tensor:
    """The tensor of a module by its path."""
    owner, _, name = path.rpartition(".")
    tensor: Tensor = getattr(module.get_submodule(owner), name)
    return tensor
