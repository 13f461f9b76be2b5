"""Reader of Keras' JSON models."""

from __future__ import annotations

import re
from typing import Any

from striate.arch.formats.keras.flatten_models import INPUT_LAYER, flatten_model, malformed
from striate.arch.formats.keras.json_text import parse, quoted_json
from striate.arch.formats.keras.layer_config import LayerCall
from striate.arch.formats.keras.layer_table import READERS, refuse_unsupported
from striate.arch.formats.keras.network_builder import NetworkBuilder, our_name
from striate.arch.formats.tensor_layout import KerasTensor
from striate.arch.layer_params import MAX_SIDE
from striate.arch.network import Network
from striate.arch.volume import Volume
from striate.errors import NetworkError, shown

AUTOMATIC = re.compile(r"(sequential|functional|model)(_\d+)?")
"""Keras' automatic names."""


def read_keras(text: str, input: Volume | None = None) -> Network:  # noqa: A002 - the word of the language
    """The network of the JSON that Keras' `model.to_json()` writes; `input` replaces the file's own.

    Sequential and functional models of Keras 2 and 3 with one input and one output; nested models are expanded.
    Keras' (height, width, channels) become our (channels, height, width). A layer's own activation becomes a layer
    behind it, conv2d_relu; a separable convolution becomes two, name_depthwise and name. Characters that our names may
    not have become `_`. Keras' settings of training (regularizers, constraints, frozen layers) are ignored, except
    initializers. Nothing in the text is looked up, imported or opened.

    Raises `NetworkError`; layers without a counterpart are listed all at once.

    34,726 parameters = (5·5·1 + 1)·6 + (24·24·6 + 1)·10:

    >>> read_keras('''{"class_name": "Sequential", "config": {"layers": [
    ...     {"class_name": "InputLayer", "config": {"batch_shape": [null, 28, 28, 1]}},
    ...     {"class_name": "Conv2D", "config": {"name": "conv2d", "filters": 6, "kernel_size": 5,
    ...                                            "activation": "relu"}},
    ...     {"class_name": "Flatten", "config": {"name": "flatten"}},
    ...     {"class_name": "Dense", "config": {"name": "dense", "units": 10}}]}}''')
    Network('', 1×28×28 → 10×1×1, 4 layers, 34,726 parameters)
    """
    return read(text, input)[0]


def read(text: str, volume: Volume | None) -> tuple[Network, NetworkBuilder]:
    """The network, and its builder, which has the tensor of each array."""
    model = parse(text)
    refuse_unsupported(model)
    steps, output = flatten_model(model)
    reading = NetworkBuilder(steps)
    for step in reading.steps:
        reading.flows[step.number] = _flow(reading, step, volume)
    config = model["config"]
    title = config.get("name") if isinstance(config, dict) else ""
    title = our_name(title[:100]) if isinstance(title, str) and not AUTOMATIC.fullmatch(title) else ""
    return Network(reading.flows[output].volume, "" if title == "input" else title), reading


def _flow(reading: NetworkBuilder, step: LayerCall, volume: Volume | None) -> KerasTensor:
    if step.class_name == INPUT_LAYER:
        return _input(step, reading.layout_after(step), volume)
    row = READERS[step.class_name]
    flows = [reading.flows[source] for source in step.sources]
    if len(flows) != row.inputs if row.inputs else len(flows) < 2:
        allowed = {0: "two tensors or more are", 1: "one tensor is", 2: "two tensors are"}[row.inputs]
        given = f"{len(flows)} {'was' if len(flows) == 1 else 'were'} given"
        raise NetworkError("keras_inputs", f"{step.label}: {step.class_name} was asked for",
                           allowed=f"{allowed} allowed", given=given, do="Feed it so in Keras")
    return row.build(reading, step, *flows)


def _input(step: LayerCall, layout: str, volume: Volume | None) -> KerasTensor:
    """The input tensor: (values,), (height, width), or three sides in the layout of the layers that read it."""
    shape: Any = step.config.get("batch_shape", step.config.get("batch_input_shape"))
    if shape is None and volume is not None:
        shape = [None] * 4
    if not isinstance(shape, list) or not 2 <= len(shape) <= 4:
        raise malformed(step.path, "an input of values, of a picture or of a picture with channels is allowed", shape)
    rank = len(shape) - 1
    if volume is None:
        if any(side is None for side in shape[1:]):
            raise NetworkError("keras_input", f"{shown(step.path, 80)}: an input of any size was asked for",
                               allowed="channels, height and width are allowed",
                               given=f"{quoted_json(shape)} was given", do="Give the input's shape: --input 3,224,224")
        sides = shape[1:]
        if not all(type(side) is int and 1 <= side <= MAX_SIDE for side in sides):
            raise malformed(step.path, f"an input of whole numbers from 1 to {MAX_SIDE:,} is allowed", shape)
        volume = Volume(*{1: [sides[0], 1, 1], 2: [1, *sides],
                          3: [sides[-1], *sides[:-1]] if layout == "hwc" else sides}[rank])
    elif (rank == 1 and volume.size != volume.channels) or (rank == 2 and volume.channels != 1):
        raise NetworkError("keras_input", f"{shown(step.path, 80)}: an input of {volume} was asked for",
                           allowed=f"{'n×1×1' if rank == 1 else '1×height×width'} is allowed",
                           given=f"the file's {quoted_json(shape)} was given", do="Change the input volume")
    return KerasTensor(volume.bare(), layout, rank, ((volume.size, 1),))
