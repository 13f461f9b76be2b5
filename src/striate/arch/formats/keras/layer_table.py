"""Table of the readable layers of Keras, one row each: any other class is refused, of whatever module.

`keys` are the fields of a config that the layer's builder reads; `only` are values that a further field may have,
because another would change what the layer computes. `SILENT` are fields of training or of the computer.
Any other field is refused, because it may change the result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from striate.arch.formats.keras import weighted_layers, weightless_layers
from striate.arch.formats.keras.flatten_models import INPUT_LAYER, entries_of
from striate.arch.formats.keras.json_text import fitting, quoted_json
from striate.arch.formats.keras.network_builder import ACTIVATIONS
from striate.arch.formats.tensor_layout import KerasTensor
from striate.errors import NetworkError, shown

Build = Callable[..., KerasTensor]


@dataclass(frozen=True)
class LayerRow:
    """A readable class: its builder, and the fields its config may have."""

    build: Build
    keys: str = ""
    only: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    inputs: int = 1
    """Number of input tensors; 0 for any number from two."""


_WINDOW = "kernel_size strides padding data_format dilation_rate activation use_bias bias_initializer"
_POOL = "pool_size strides padding data_format"
_ONE = {"groups": (1,)}

READERS: dict[str, LayerRow] = {
    "Conv2D": LayerRow(weighted_layers.conv, f"filters groups kernel_initializer {_WINDOW}"),
    "DepthwiseConv2D": LayerRow(weighted_layers.depthwise, f"depth_multiplier depthwise_initializer {_WINDOW}",
                           # Keras 2 also writes the fields of Conv2D, which a depthwise layer does not use.
                           _ONE | {"filters": (None,)}),
    "SeparableConv2D": LayerRow(weighted_layers.separable,
                           f"filters depth_multiplier depthwise_initializer pointwise_initializer {_WINDOW}", _ONE),
    "Conv2DTranspose": LayerRow(weighted_layers.deconv, f"filters kernel_initializer {_WINDOW}",
                           _ONE | {"output_padding": (None,)}),
    "Dense": LayerRow(weighted_layers.dense, "units activation use_bias kernel_initializer bias_initializer"),
    "BatchNormalization": LayerRow(weighted_layers.batch_norm, "axis momentum epsilon center scale",
                              {"renorm": (False, None), "virtual_batch_size": (None,), "fused": (True, False, None)}),
    "PReLU": LayerRow(weighted_layers.prelu, "shared_axes alpha_initializer"),
    "MaxPooling2D": LayerRow(weightless_layers.pool, _POOL),
    "AveragePooling2D": LayerRow(weightless_layers.pool, _POOL),
    "GlobalAveragePooling2D": LayerRow(weightless_layers.global_pool, "data_format keepdims"),
    "GlobalMaxPooling2D": LayerRow(weightless_layers.global_pool, "data_format keepdims"),
    "ZeroPadding2D": LayerRow(weightless_layers.pad, "padding data_format"),
    "Flatten": LayerRow(weightless_layers.flatten, "data_format"),
    "Reshape": LayerRow(weightless_layers.reshape, "target_shape"),
    "Permute": LayerRow(weightless_layers.permute, "dims"),
    "Dropout": LayerRow(weightless_layers.dropout, "rate", {"noise_shape": (None,)}),
    "Activation": LayerRow(weightless_layers.activation, "activation"),
    "ReLU": LayerRow(weightless_layers.relu, "max_value negative_slope", {"threshold": (0, None)}),
    "LeakyReLU": LayerRow(weightless_layers.leaky_relu, "negative_slope alpha"),
    "ELU": LayerRow(weightless_layers.elu, "alpha"),
    "Softmax": LayerRow(weightless_layers.softmax, "axis"),
    "Add": LayerRow(weightless_layers.merge, inputs=0),
    "Subtract": LayerRow(weightless_layers.merge, inputs=2),
    "Average": LayerRow(weightless_layers.merge, inputs=0),
    "Multiply": LayerRow(weightless_layers.merge, inputs=0),
    "Maximum": LayerRow(weightless_layers.merge, inputs=0),
    "Concatenate": LayerRow(weightless_layers.concat, "axis", inputs=0),
}
READERS["BatchNormalizationV1"] = READERS["BatchNormalization"]
LEARN = ("Conv", "Depthwise", "Separable", "Dense", "Batch", "PReLU")

SILENT = frozenset((
    "name", "trainable", "dtype", "batch_shape", "batch_input_shape", "input_shape", "build_config", "seed", "sparse",
    "ragged", "optional", "quantization_config", "implementation", "synchronized", "renorm_clipping", "renorm_momentum",
    "beta_initializer", "gamma_initializer", "moving_mean_initializer", "moving_variance_initializer",
))
SILENT_ENDS = ("_regularizer", "_constraint")


def refuse_unsupported(model: Any) -> None:
    """Refuse, all at once, every layer whose class, origin, fields or activation are not in the table."""
    problems = [(what, f"{shown(path, 40)} ({what})") for path, entry in entries_of(model)
                for what in _problems(entry)]
    if not problems:
        return
    firsts = dict(reversed(problems))  # one of each kind comes before the others
    ordered = list(dict.fromkeys([*reversed(firsts.values()), *(text for _, text in problems)]))
    count = fitting(ordered, 360)
    more = f" and {len(problems) - count:,} more" if count < len(problems) else ""
    error = NetworkError("keras_unsupported", "a network in Keras' JSON was asked for",
                         allowed="layers that a network of ours can say are allowed",
                         given=f"{', '.join(ordered[:count])}{more} {'were' if len(problems) > 1 else 'was'} given",
                         do="Replace them in Keras, or build the network here")
    if more:
        error.add_note("All of them: " + ", ".join(text for _, text in problems))
    raise error


def _problems(entry: dict[str, Any]) -> Iterator[str]:
    name, config = entry.get("class_name"), entry.get("config")
    word = shown(name, 60) if isinstance(name, str) else quoted_json(name)
    if name == INPUT_LAYER:
        return
    if not isinstance(name, str) or name not in READERS:
        yield word
        return
    origin = entry.get("module"), entry.get("registered_name")
    if not _keras_own(origin[0]) or origin[1] not in (None, name):
        yield f"{word} of {quoted_json(origin[1] or origin[0])}"
        return
    row = READERS[name]
    facts = config if isinstance(config, dict) else {}
    nodes = entry.get("inbound_nodes")
    if name.startswith(LEARN) and isinstance(nodes, list) and len(nodes) > 1 and isinstance(nodes[0], list | dict):
        yield f"{word} called {len(nodes)} times"
    keys = row.keys.split()
    for key, value in facts.items():
        if key == "activation" and key in keys:
            if value is not None and (not isinstance(value, str) or value not in ACTIVATIONS):
                yield f"{word} with activation {_named(value)}"
        elif key in keys:
            if isinstance(value, dict) and not (_keras_own(value.get("module"))
                                                and value.get("registered_name") is None):
                yield f"{word} with {key} of {quoted_json(value.get('registered_name') or value.get('module'))}"
        elif key in row.only:
            if not any(value is one or (value == one and type(value) is not bool) for one in row.only[key]):
                yield f"{word} with {key} {quoted_json(value)}"
        elif key not in SILENT and not key.endswith(SILENT_ENDS) and value is not None:
            yield f"{word} with {shown(key, 30)}"


def _named(value: object) -> str:
    name = value.get("class_name") if isinstance(value, dict) else value
    return quoted_json(name)


def _keras_own(module: object) -> bool:
    """Whether the module named is Keras' own; the name is compared and not looked up."""
    return module is None or (isinstance(module, str) and (
        module.split(".")[0] in ("keras", "tf_keras") or module.startswith("tensorflow.keras")))
