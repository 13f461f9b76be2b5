"""Keras: its JSON, read and written, and the weight arrays of its layers; Keras itself is not needed.

    reading   json_text (bounds), layer_table (allowed classes), flatten_models (calls), layer_config (fields),
              weighted_layers and weightless_layers (one reader each), network_builder, json_reader
    writing   model_builder, padding, layer_writers, json_writer
    both      initializers, weight_arrays

Layers without a counterpart are refused in one sentence that lists all of them.
"""

from striate.arch.formats.keras.json_reader import read_keras
from striate.arch.formats.keras.json_writer import lost_settings, write_keras
from striate.arch.formats.keras.weight_arrays import keras_weights, to_keras_weights

__all__ = ["keras_weights", "lost_settings", "read_keras", "to_keras_weights", "write_keras"]
