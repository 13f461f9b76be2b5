"""Survey of a network: parameters, operations, memory and receptive fields, counted before a weight exists.

MACs are the multiply-adds of weighted sums; FLOPs are 2·MACs plus every other operation (see `layers/layer.py`).
Neurons are the units that form a weighted sum of their inputs: the outputs of convolutions and dense layers, not of
layers that rescale, squash, pool or merge them.
Memory is that of activations in float32: for training all of them, stored for the backward pass; for inference the
largest sum in use at one moment: a layer's inputs, its output, and the inputs of later branches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from striate.arch.network import INPUT, Network, Node
from striate.arch.receptive_field import Exact, ReceptiveField, merged
from striate.arch.volume import Volume
from striate.core.constraints import Integer
from striate.core.params import Refusal, checked

BYTES = 4  # float32
BATCH = Refusal("bad_batch", "a number of pictures at a time was asked for", "Give for example 1")


@dataclass(frozen=True)
class SurveyRow:
    """A row of the survey, one layer: `weights`, `biases` and `buffers` count values, `memory` is bytes of the output,
    of the whole batch, `fields` is the receptive field (vertical, horizontal) of one output unit, `unread` is (rows at
    the bottom, columns on the right) that no window reads, `between` (rows, columns) those the stride steps over.
    """

    name: str
    kind: str
    sources: tuple[str, ...]
    inputs: tuple[Volume, ...]
    output: Volume
    weights: int
    biases: int
    buffers: int
    macs: int
    flops: int
    neurons: int
    memory: int
    fields: tuple[ReceptiveField, ReceptiveField]
    unread: tuple[int, int]
    between: tuple[int, int]

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return self.weights + self.biases

    def as_dict(self) -> dict[str, Any]:
        """The row for JSON; `receptive_field` is its longer side over all branches, `unread` has sides above 0 only."""
        vertical, horizontal = self.fields
        places = ("bottom", "right", "rows_between", "columns_between")
        sides = zip(places, (*self.unread, *self.between), strict=True)
        return {
            "name": self.name, "kind": self.kind, "from": list(self.sources), "input": list(self.inputs[0]),
            "inputs": [list(volume) for volume in self.inputs], "output": list(self.output),
            "parameters": self.parameters, "weights": self.weights, "biases": self.biases, "buffers": self.buffers,
            "macs": self.macs, "flops": self.flops, "neurons": self.neurons, "memory": self.memory,
            "receptive_field": _number(max(vertical.size, horizontal.size)),
            "receptive_fields": {
                "least": [_number(vertical.least), _number(horizontal.least)],
                "most": [_number(vertical.size), _number(horizontal.size)],
                "stride": [_number(vertical.stride), _number(horizontal.stride)],
                "offset": [vertical.offset, horizontal.offset],
            },
            "unread": {side: count for side, count in sides if count},
        }


@dataclass(frozen=True)
class Survey:
    """Survey of a network: its rows and totals, for one picture; memory is for `batch` pictures.

    `training_memory` and `inference_memory` are bytes of activations, the input among them.
    """

    name: str
    input: Volume
    batch: int
    rows: tuple[SurveyRow, ...]
    training_memory: int
    inference_memory: int

    def total(self, column: str) -> int:
        """The sum of a column: weights, biases, buffers, parameters, macs, flops or neurons."""
        return sum(getattr(row, column) for row in self.rows)

    def as_dict(self) -> dict[str, Any]:
        """The survey for JSON, with the rows under `layers`."""
        columns = ("parameters", "weights", "biases", "buffers", "macs", "flops", "neurons")
        return {
            "name": self.name, "input": list(self.input), "output": list(self.rows[-1].output),
            "layers": [row.as_dict() for row in self.rows], **{column: self.total(column) for column in columns},
            "memory": {"batch": self.batch, "training": self.training_memory, "inference": self.inference_memory},
        }


def survey(network: Network, batch: int = 1) -> Survey:
    """The survey of a network.

    >>> from striate.arch import Dense, Input, Network
    >>> counted = survey(Network(Dense(1)(Dense(4)(Dense(4)(Input(3, 1, 1))))))
    >>> counted.total("neurons"), counted.total("parameters")  # 9 = 4 + 4 + 1; 41 = (3 + 1)·4 + (4 + 1)·4 + (4 + 1)·1
    (9, 41)
    """
    batch = checked("batch", batch, Integer(1, 10**12), BATCH)
    fields = {INPUT: (ReceptiveField(), ReceptiveField())}
    rows = []
    for node in network.nodes:
        fields[node.name] = _fields(node, fields)
        sizes = {role: sum(tensor.size for tensor in node.tensors.values() if tensor.role == role)
                 for role in ("weight", "bias", "buffer")}
        macs = node.macs
        window = node.layer.window
        volume = node.input_volumes[0]
        rows.append(SurveyRow(
            node.name, node.layer.kind, node.inputs, node.input_volumes, node.output, sizes["weight"], sizes["bias"],
            sizes["buffer"], macs, 2 * macs + node.layer.elementwise(node.input_volumes, node.output),
            node.output.size if macs else 0, BYTES * batch * node.output.size, fields[node.name],
            window.unread(volume.height, volume.width) if window else (0, 0),
            window.between(volume.height, volume.width) if window else (0, 0)))
    training = BYTES * batch * (network.input.size + sum(node.output.size for node in network.nodes))
    return Survey(network.name, network.input, batch, tuple(rows), training, BYTES * batch * _most_alive(network.trunk))


def _number(exact: Exact) -> int | float:
    """An int if it is whole, else a float (behind a transposed convolution)."""
    return int(exact) if exact == int(exact) else float(exact)


def _fields(node: Node,
            fields: dict[str, tuple[ReceptiveField, ReceptiveField]]) -> tuple[ReceptiveField, ReceptiveField]:
    """The receptive field of a node from those of its inputs."""
    inputs = [fields[name] for name in node.inputs]
    vertical, horizontal = merged([pair[0] for pair in inputs]), merged([pair[1] for pair in inputs])
    volume = node.input_volumes[0]
    if node.layer.reach == "all":
        return vertical.seen_by_all(volume.height), horizontal.seen_by_all(volume.width)
    if node.layer.spread:
        down, across = node.layer.spread
        return vertical.seen_through_spread(down), horizontal.seen_through_spread(across)
    if node.layer.window is None:
        return vertical, horizontal
    axes = node.layer.window.axes(volume.height, volume.width)
    return vertical.seen_through(axes[0]), horizontal.seen_through(axes[1])


def _most_alive(network: Network) -> int:
    """The largest number of values in use at one moment while the layers run in order."""
    last_use = {name: position for position, node in enumerate(network.nodes) for name in node.inputs}
    alive = {INPUT: network.input.size}
    most = 0
    for position, node in enumerate(network.nodes):
        alive[node.name] = node.output.size
        most = max(most, sum(alive.values()))
        for name in node.inputs:
            if last_use[name] == position:
                alive.pop(name, None)
    return most
