"""Keras: networks as its JSON, read and written, and the arrays of its layers; Keras itself is not needed.

    text      JSON within bounds                    write     the door out
    unfold    models as one list of calls           writing   a Keras model in the making
    config    one call, its fields checked          windows   our paddings and roundings in Keras' words
    table     the closed table of classes           sayings   our other layers in Keras' words
    weighted, plain   how each of them is read      flow      where Keras keeps the values of our volumes
    reading   a network in the making               fillers   initializers
    read      the door in                           weights   arrays, both ways

Where Keras can say less than we, or we less than Keras, there is one refusal that lists every layer.
"""

from striate.arch.formats.keras.json_reader import read_keras
from striate.arch.formats.keras.json_writer import left_behind, write_keras
from striate.arch.formats.keras.weight_arrays import keras_weights, to_keras_weights

__all__ = ["keras_weights", "left_behind", "read_keras", "to_keras_weights", "write_keras"]
