"""Model files written by hand, as Keras 2 and 3 lay them out, and pieces to make bad ones of."""

from __future__ import annotations

import json
from typing import Any


def layer(class_name: str, name: str, **config: Any) -> dict[str, Any]:
    return {"class_name": class_name, "config": {"name": name, **config}}


def sequential(*layers: dict[str, Any], shape: Any = (None, 8, 9, 3)) -> dict[str, Any]:
    start = layer("InputLayer", "start", batch_shape=list(shape) if shape else None)
    return {"class_name": "Sequential", "config": {"name": "sequential", "layers": [start, *layers]}}


def fed(entry: dict[str, Any], *sources: str | list[Any]) -> dict[str, Any]:
    """A layer of a functional model of Keras 2 and what feeds it."""
    node = [[source, 0, 0, {}] if isinstance(source, str) else source for source in sources]
    return entry | {"name": entry["config"]["name"], "inbound_nodes": [node] if node else []}


def functional(*layers: dict[str, Any], output: str, shape: Any = (None, 8, 9, 3)) -> dict[str, Any]:
    start = fed(layer("InputLayer", "start", batch_input_shape=list(shape)))
    return {"class_name": "Model", "config": {"name": "model_1", "layers": [start, *layers],
                                              "input_layers": [["start", 0, 0]], "output_layers": [[output, 0, 0]]}}


def text(model: Any) -> str:
    return json.dumps(model)


# The MNIST network of Keras' own examples as Keras 2.2 wrote it, fields that concern no network left in.
KERAS_2_SEQUENTIAL = """
{"class_name": "Sequential", "config": {"name": "sequential_1", "layers": [
 {"class_name": "Conv2D", "config": {"name": "conv2d_1", "trainable": true, "batch_input_shape": [null, 28, 28, 1],
  "dtype": "float32", "filters": 32, "kernel_size": [3, 3], "strides": [1, 1], "padding": "valid",
  "data_format": "channels_last", "dilation_rate": [1, 1], "activation": "relu", "use_bias": true,
  "kernel_initializer": {"class_name": "VarianceScaling", "config": {"scale": 1.0, "mode": "fan_avg",
   "distribution": "uniform", "seed": null}},
  "bias_initializer": {"class_name": "Zeros", "config": {}}, "kernel_regularizer": null, "bias_regularizer": null,
  "activity_regularizer": null, "kernel_constraint": null, "bias_constraint": null}},
 {"class_name": "Conv2D", "config": {"name": "conv2d_2", "trainable": true, "filters": 64, "kernel_size": [3, 3],
  "strides": [1, 1], "padding": "valid", "data_format": "channels_last", "dilation_rate": [1, 1],
  "activation": "relu", "use_bias": true, "kernel_initializer": {"class_name": "RandomNormal", "config": {"mean": 0.0,
  "stddev": 0.02, "seed": 7}}, "bias_initializer": {"class_name": "Constant", "config": {"value": 0.1}}}},
 {"class_name": "MaxPooling2D", "config": {"name": "max_pooling2d_1", "trainable": true, "pool_size": [2, 2],
  "padding": "valid", "strides": [2, 2], "data_format": "channels_last"}},
 {"class_name": "Dropout", "config": {"name": "dropout_1", "trainable": true, "rate": 0.25, "noise_shape": null,
  "seed": null}},
 {"class_name": "Flatten", "config": {"name": "flatten_1", "trainable": true, "data_format": "channels_last"}},
 {"class_name": "Dense", "config": {"name": "dense_1", "trainable": true, "units": 128, "activation": "relu",
  "use_bias": true}},
 {"class_name": "Dense", "config": {"name": "dense_2", "trainable": true, "units": 10, "activation": "softmax",
  "use_bias": true}}]}, "keras_version": "2.2.4", "backend": "tensorflow"}
"""

# A residual unit as Keras 2 wrote functional models; the layers stand in another order than they are called.
KERAS_2_FUNCTIONAL = """
{"class_name": "Model", "config": {"name": "model_1", "layers": [
 {"name": "add_1", "class_name": "Add", "config": {"name": "add_1", "trainable": true},
  "inbound_nodes": [[["bn", 0, 0, {}], ["input_1", 0, 0, {}]]]},
 {"name": "input_1", "class_name": "InputLayer", "config": {"batch_input_shape": [null, 8, 9, 4], "dtype": "float32",
  "sparse": false, "name": "input_1"}, "inbound_nodes": []},
 {"name": "conv", "class_name": "Conv2D", "config": {"name": "conv", "filters": 4, "kernel_size": [3, 3],
  "padding": "same", "use_bias": false}, "inbound_nodes": [[["input_1", 0, 0, {}]]]},
 {"name": "bn", "class_name": "BatchNormalization", "config": {"name": "bn", "axis": [3], "momentum": 0.99,
  "epsilon": 0.001, "center": true, "scale": true}, "inbound_nodes": [[["conv", 0, 0, {"training": false}]]]},
 {"name": "relu", "class_name": "Activation", "config": {"name": "relu", "activation": "relu"},
  "inbound_nodes": [[["add_1", 0, 0, {}]], [["pool", 0, 0, {}]]]},
 {"name": "pool", "class_name": "AveragePooling2D", "config": {"name": "pool", "pool_size": [2, 2],
  "strides": [2, 2], "padding": "same"}, "inbound_nodes": [[["relu", 0, 0, {}]]]}],
 "input_layers": [["input_1", 0, 0]], "output_layers": [["relu", 1, 0]]}, "keras_version": "2.3.1"}
"""
