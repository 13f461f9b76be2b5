"""Networks: directed acyclic graphs of named layers, checked completely when they are made.

Bounds: 1 to 5,000 layers, every side of a volume up to 65,536, kernels up to 1,024, up to 500 million parameters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from striate.arch.initializer import TensorSpec
from striate.arch.layer_params import Name
from striate.arch.layers.layer import Layer, ancestors, refuse_other_than_volume
from striate.arch.schema import check_mapping, check_word, read_layer, write_layer
from striate.arch.volume import Volume
from striate.core.constraints import Real, quoted
from striate.core.params import Refusal, checked
from striate.errors import NetworkError, shown

MAX_LAYERS = 5_000
MAX_PARAMETERS = 500_000_000
INPUT = "input"


@dataclass(frozen=True)
class Node:
    """A layer in a network: its name, the names of its inputs (`input` is the network's), the volumes."""

    name: str
    layer: Layer
    inputs: tuple[str, ...]
    input_volumes: tuple[Volume, ...]
    output: Volume

    @property
    def tensors(self) -> dict[str, TensorSpec]:
        """The tensors by their names in the layer: weight, bias, …"""
        return self.layer.tensors(self.input_volumes)

    @property
    def parameters(self) -> int:
        """The number of values that are learnt: weights and biases, not buffers."""
        return sum(tensor.size for tensor in self.tensors.values() if tensor.role != "buffer")

    @property
    def macs(self) -> int:
        """Multiply-adds per picture."""
        return self.layer.macs(self.input_volumes, self.output)


@dataclass(frozen=True, init=False)
class Network:
    """A network: all layers between one `Input` and `output`, in the order of their calls.

    A layer without a name is called by its kind and number: conv1, pool1, conv2, … Every call is a layer of its own;
    calling one object twice makes two layers that share nothing. Two networks are equal if their input, layers, names,
    connections and auxiliary heads are; `name` is only a title.

    `auxiliary` are (volume, loss weight) pairs: heads beside the output that only training uses, as in GoogLeNet.
    `nodes` includes them; the output is the last node.

    >>> from striate.arch import Conv, Dense, Input, Network, Pool
    >>> x = Input(1, 28, 28)
    >>> x = Pool(2)(Conv(20, 5)(x))
    >>> network = Network(Dense(10)(x))
    >>> [node.name for node in network.nodes], str(network.output)
    (['conv1', 'pool1', 'dense1'], '10×1×1')
    >>> network.parameters  # 29,330 = (5·5·1 + 1)·20 + (20·12·12 + 1)·10
    29330
    """

    input: Volume
    nodes: tuple[Node, ...]
    auxiliary: Mapping[str, float] = field(hash=False)
    name: str = field(compare=False)

    def __init__(self, output: Volume, name: str = "", auxiliary: Sequence[tuple[Volume, float]] = ()) -> None:
        title = _title(name)
        heads = tuple(volume for volume, _ in auxiliary)
        for volume in (output, *heads):
            refuse_other_than_volume(volume, title)
        calls = ancestors((output, *heads))
        check_length(title, len(calls))
        calls.sort(key=lambda call: call is output.source)  # the output is the last node
        if heads and any(volume.source is output.source for call in calls for volume in call.inputs):
            raise NetworkError("bad_auxiliary", f"{title}: an output with auxiliary heads was asked for",
                               allowed="heads that hang on earlier layers are allowed", given="one reads the output",
                               do="Hang it on the layer before")
        starts = {id(volume): volume for call in calls for volume in call.inputs if volume.source is None}
        if len(starts) > 1:
            raise NetworkError("many_inputs", f"{title}: a network was asked for", allowed="one Input is allowed",
                               given=f"{len(starts)} were given", do="Start every branch from the same Input")
        (start,) = starts.values()
        names: dict[int, str] = {}
        volumes = {INPUT: start.bare()}
        ordinals: Counter[str] = Counter()
        nodes, parameters = [], 0
        for call in calls:
            ordinals[call.layer.kind] += 1
            node_name = call.layer.name or f"{call.layer.kind}{ordinals[call.layer.kind]}"
            _refuse_taken(node_name, volumes, title)
            layer = call.layer.with_name(node_name)
            inputs = tuple(names[id(volume.source)] if volume.source else INPUT for volume in call.inputs)
            input_volumes = tuple(volumes[source] for source in inputs)
            node = Node(node_name, layer, inputs, input_volumes, layer.output(input_volumes))
            nodes.append(node)
            names[id(call)], volumes[node_name] = node_name, node.output
            parameters += node.parameters
            if parameters > MAX_PARAMETERS:
                raise NetworkError("too_many_parameters", f"{node_name}: a layer was asked for",
                                   allowed=f"up to {MAX_PARAMETERS:,} parameters in a network are allowed",
                                   given=f"{parameters:,} up to here were given",
                                   do="Pool before it or make it smaller")
        object.__setattr__(self, "input", start.bare())
        object.__setattr__(self, "nodes", tuple(nodes))
        object.__setattr__(self, "auxiliary", _heads(title, nodes, [
            (names[id(volume.source)] if volume.source else INPUT, weight) for volume, weight in auxiliary]))
        object.__setattr__(self, "name", name)

    @property
    def output(self) -> Volume:
        """The volume the last layer makes."""
        return self.nodes[-1].output

    @property
    def tensors(self) -> dict[str, TensorSpec]:
        """Every tensor by its full name: conv1.weight, conv1.bias, …"""
        return {f"{node.name}.{name}": tensor for node in self.nodes for name, tensor in node.tensors.items()}

    @property
    def parameters(self) -> int:
        """The number of values that are learnt: weights and biases, not buffers."""
        return sum(node.parameters for node in self.nodes)

    @property
    def trunk(self) -> Network:
        """The network without its auxiliary heads and the layers that only they need.

        >>> from striate.arch import Conv, Dense, GlobalPool, Input, Network
        >>> x = Conv(4, 3)(Input(1, 8, 8))
        >>> network = Network(Dense(10)(Conv(8, 3)(x)), auxiliary=[(Dense(10)(GlobalPool()(x)), 0.3)])
        >>> len(network.nodes), len(network.trunk.nodes), network.auxiliary
        (5, 3, {'dense1': 0.3})
        """
        return self._rebuilt(self.input, {}) if self.auxiliary else self

    def on(self, volume: Volume) -> Network:
        """The same network on another input volume; a refusal if that does not fit.

        >>> from striate.arch import Conv, Input, Network
        >>> str(Network(Conv(8, 3)(Input(1, 28, 28))).on(Input(3, 64, 64)).output)
        '8×62×62'
        """
        return self._rebuilt(volume, self.auxiliary)

    def _rebuilt(self, volume: Volume, auxiliary: Mapping[str, float]) -> Network:
        volumes = {INPUT: volume.bare()}
        for node in self.nodes:
            volumes[node.name] = node.layer(*(volumes[source] for source in node.inputs))
        heads = [(volumes[name], weight) for name, weight in auxiliary.items()]
        return Network(volumes[self.nodes[-1].name], self.name, heads)

    def to_dict(self) -> dict[str, Any]:
        """The network as plain data, the structure of a network file; `from_dict` is the exact inverse.

        >>> from striate.arch import Conv, Input, Network, ReLU
        >>> Network(ReLU()(Conv(8, 3)(Input(1, 5, 5)))).to_dict()
        {'input': [1, 5, 5], 'layers': [{'conv': {'filters': 8, 'kernel_size': 3}}, 'relu']}
        """
        layers: list[Any] = []
        before = INPUT
        ordinals: Counter[str] = Counter()
        for node in self.nodes:
            ordinals[node.layer.kind] += 1
            item = write_layer(node.layer)
            beside: dict[str, Any] = {}
            if node.name != f"{node.layer.kind}{ordinals[node.layer.kind]}":
                beside["name"] = node.name
            if node.inputs != (before,):
                beside["from"] = list(node.inputs) if len(node.inputs) > 1 else node.inputs[0]
            if beside:
                item = ({item: None} if isinstance(item, str) else item) | beside
            layers.append(item)
            before = node.name
        title = {"name": self.name} if self.name else {}
        heads = {"auxiliary": dict(self.auxiliary)} if self.auxiliary else {}
        return title | {"input": list(self.input)} | heads | {"layers": layers}

    @classmethod
    def from_dict(cls, data: object, input: Volume | None = None) -> Network:  # noqa: A002 - the word of the language
        """The network of plain data; `input` replaces the data's own. Refusals name the layer."""
        facts = check_mapping(data, ("name", "input", "auxiliary", "layers"), "a network")
        title = _title(facts.get("name", ""))
        items = facts.get("layers")
        if not isinstance(items, list):
            raise NetworkError("no_layers", f"{title}: layers were asked for", allowed="a list is allowed",
                               given=f"{quoted(items)} was given", do="Write layers: and one dash per layer")
        check_length(title, len(items))
        volumes = {INPUT: input.bare() if input else _read_input(facts.get("input"), title)}
        unused: set[str] = set()
        before = INPUT
        ordinals: Counter[str] = Counter()
        for number, item in enumerate(items, 1):
            made, settings, sources = read_layer(item, f"layer {number}")
            ordinals[made.kind] += 1
            name = settings.setdefault("name", f"{made.kind}{ordinals[made.kind]}")
            layer = made(**settings)
            for source in sources or (before,):
                check_word(source, volumes, f"{name}: an input from an earlier layer")
            _refuse_taken(name, volumes, title)
            volumes[name] = layer(*(volumes[source] for source in sources or (before,)))
            unused = unused.difference(sources or (before,)) | {name}
            before = name
        heads = facts.get("auxiliary") or {}
        if not isinstance(heads, dict):
            raise NetworkError("bad_auxiliary", f"{title}: auxiliary heads were asked for",
                               allowed="a mapping of layers to loss weights is allowed",
                               given=f"{quoted(heads)} was given", do="Write auxiliary: {loss1: 0.3}")
        for head in heads:
            check_word(head, volumes, f"{title}: a layer that is an auxiliary head")
        useless = unused - {before, *heads}
        if useless:
            raise NetworkError("unused_layer", f"{title}: an output was asked for",
                               allowed="only the last layer may feed nothing",
                               given=shown(f"{' and '.join(sorted(useless)[:8])} feeds nothing", 300),
                               do="Leave it out, or name it in a from or in auxiliary")
        return cls(volumes[before], facts.get("name", ""), [(volumes[head], heads[head]) for head in heads])

    def __repr__(self) -> str:
        return (f"Network({self.name!r}, {self.input} → {self.output}, {len(self.nodes):,} layers, "
                f"{self.parameters:,} parameters)")


def check_length(title: str, layers: int) -> None:
    """Refuse a network without layers, or with too many."""
    if not 1 <= layers <= MAX_LAYERS:
        raise NetworkError("bad_length", f"{title}: a network was asked for",
                           allowed=f"1 to {MAX_LAYERS:,} layers are allowed", given=f"{layers:,} were given",
                           do="Call layers on Input(channels, height, width)" if layers == 0 else "Make it shallower")


def _refuse_taken(name: str, names: Collection[str], title: str) -> None:
    if name in names:
        raise NetworkError("duplicate_name", f"{title}: a layer named {name} was asked for",
                           allowed="each name once is allowed", given="two layers of that name were given",
                           do="Rename one")


def _heads(title: str, nodes: list[Node], heads: list[tuple[str, float]]) -> dict[str, float]:
    """The auxiliary heads by name with their loss weights; each feeds nothing, and none is the output."""
    fed = {name for node in nodes for name in node.inputs}
    for name, _ in heads:
        if name in fed or name in (INPUT, nodes[-1].name):
            raise NetworkError("bad_auxiliary", f"{title}: {name} was asked for as an auxiliary head",
                               allowed="a layer that feeds nothing and is not the output is allowed",
                               given=f"{name} feeds others" if name in fed else f"{name} is the output",
                               do="Name another layer")
    return {name: checked("weight", weight, Real(0, 1e6, "a loss weight from {low:g} to {high:g} is allowed"), Refusal(
        "bad_auxiliary", f"{title}: {name} was asked for as an auxiliary head", "Change its weight", NetworkError))
        for name, weight in heads}


def _title(name: object) -> str:
    if name == "":
        return "network"
    try:
        return Name().read(name)
    except ValueError:
        raise NetworkError("bad_name", "network: a name was asked for", allowed=Name().allowed,
                           given=f"{quoted(name)} was given", do="Rename it") from None


def _read_input(value: object, title: str) -> Volume:
    if not isinstance(value, list | tuple) or len(value) != 3:
        raise NetworkError("bad_input", f"{title}: an input was asked for",
                           allowed="[channels, height, width] is allowed",
                           given=f"{quoted(value)} was given",
                           do="Write input: [1, 28, 28], or give one")
    return Volume(*value)
