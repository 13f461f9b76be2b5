"""Builder of a Keras model: its entries in the order of our layers, and the entry of each of our volumes.

If a layer needs its input in another shape, a layer is inserted before it: `dense1_flatten`, `conv1_reshape`,
`conv1_pad`, `flatten1_permute`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Any

from striate.arch.formats.keras.network_builder import TO_CHW, TO_HWC, keras_name
from striate.arch.formats.tensor_layout import DATA_FORMATS, KerasTensor
from striate.arch.network import INPUT, Network, Node
from striate.arch.volume import Volume

ORDER_FREE = ("relu", "leaky_relu", "prelu", "elu", "sigmoid", "tanh", "softmax", "batch_norm", "dropout")
"""Kinds for which the order of flat values does not matter."""


class UnsupportedByKeras(Exception):  # noqa: N818 - caught where it is raised, and listed
    """A layer that Keras does not have; the text is the unsupported setting."""


@dataclass(frozen=True)
class ModelEntry:
    """A layer of the Keras model and its input entries."""

    class_name: str
    name: str
    config: dict[str, Any]
    sources: tuple[ModelEntry, ...]
    flow: KerasTensor


class ModelBuilder:
    """Builder of a Keras model; `found` has the last entry of each of our layers."""

    def __init__(self, network: Network, layout: str) -> None:
        self.layout = layout
        self.entries: list[ModelEntry] = []
        self._names = {keras_name(node.name) for node in network.nodes} | {INPUT}
        fed: dict[str, list[Node]] = {name: [] for name in (INPUT, *(node.name for node in network.nodes))}
        for node in network.nodes:
            for source in node.inputs:
                fed[source].append(node)
        self.readers = fed
        self.flat_is_private: dict[str, bool] = {}
        """Whether only dense layers read the flat values of a layer, so that any order will do."""
        self.positive = {INPUT: False}
        """Whether the output of a layer is known to be 0 or more."""
        for node in reversed(network.nodes):
            self.flat_is_private[node.name] = bool(fed[node.name]) and all(
                reader.layer.kind == "dense" or (reader.layer.kind in ORDER_FREE and self.flat_is_private[reader.name])
                for reader in fed[node.name])
        volume = network.input
        rank = 1 if volume.size == volume.channels else 3
        flow = KerasTensor(volume, layout, rank, ((volume.size, 1),))
        config = {"batch_shape": [None, *flow.shape], "dtype": "float32", "name": INPUT}
        self.entries.append(ModelEntry("InputLayer", INPUT, config, (), flow))
        self.found = {INPUT: self.entries[0]}

    def put(self, class_name: str, name: str, config: dict[str, Any], sources: tuple[ModelEntry, ...], volume: Volume,
            rank: int = 3, layout: str = "") -> ModelEntry:
        """Append a layer of Keras."""
        flow = KerasTensor(volume, layout or self.layout, rank, ((volume.size, 1),) if rank == 1 else ())
        entry = ModelEntry(class_name, name, {"name": name, **config}, sources, flow)
        self.entries.append(entry)
        return entry

    def inserted_name(self, node: Node, what: str) -> str:
        """A free name for a layer that is inserted before one of ours."""
        name = base = f"{keras_name(node.name)}_{what}"
        for number in count(2):
            if name not in self._names:
                self._names.add(name)
                return name
            name = f"{base}{number}"
        raise AssertionError

    def source(self, node: Node, rank: int = 0, which: int = 0) -> ModelEntry:
        """The input entry of a layer, flattened or reshaped to a picture if its `rank` differs."""
        entry = self.found[node.inputs[which]]
        volume = entry.flow.volume
        if rank in (0, entry.flow.rank):
            return entry
        if rank == 1:
            return self.put("Flatten", self.inserted_name(node, "flatten"), {"data_format": "channels_last"}, (entry,),
                            volume, 1)
        return self.as_picture(entry, self.inserted_name(node, "reshape"))

    def as_picture(self, entry: ModelEntry, name: str) -> ModelEntry:
        """Flat values as a picture of one pixel."""
        volume = entry.flow.volume
        target = list(KerasTensor(volume, self.layout).shape)
        return self.put("Reshape", name, {"target_shape": target}, (entry,), volume)

    def permuted(self, node: Node, entry: ModelEntry) -> ModelEntry:
        """A picture with its axes in the other layout; the volume is the same."""
        layout = "chw" if entry.flow.layout == "hwc" else "hwc"
        return self.put("Permute", self.inserted_name(node, "permute"), {"dims": TO_CHW if layout == "chw" else TO_HWC},
                        (entry,), entry.flow.volume, 3, layout)

    @property
    def data_format(self) -> dict[str, str]:
        """The field of the layout."""
        return {"data_format": DATA_FORMATS[self.layout]}

    @property
    def channel_axis(self) -> int:
        """The axis of channels in a picture."""
        return -1 if self.layout == "hwc" else 1
