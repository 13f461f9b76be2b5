"""Traits of layer kinds, `TRAITS`: what each does to the values, channels and signs of its inputs.

Beside it are the kinds that have each trait, as sets.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class LayerTraits(NamedTuple):
    """Traits of one kind of layer, whatever its settings.

    elementwise: each value is made of the one at the same place of its only input.
    same_values: the output has the values of its input in the same order, in a prediction.
    own_channel: channel c of the output reads channel c of each input alone.
    keeps_sign: values that are 0 or more make values that are 0 or more, and zeros make zeros.
    """

    elementwise: bool = False
    same_values: bool = False
    own_channel: bool = False
    keeps_sign: bool = False


TRAITS: Mapping[str, LayerTraits] = MappingProxyType({
    "conv": LayerTraits(),
    "table_conv": LayerTraits(),
    "deconv": LayerTraits(),
    "pool": LayerTraits(own_channel=True, keeps_sign=True),
    "global_pool": LayerTraits(own_channel=True, keeps_sign=True),
    "pad": LayerTraits(own_channel=True, keeps_sign=True),
    "dense": LayerTraits(),
    "flatten": LayerTraits(same_values=True, keeps_sign=True),
    "reshape": LayerTraits(same_values=True, keeps_sign=True),
    "sigmoid": LayerTraits(elementwise=True, own_channel=True),
    "tanh": LayerTraits(elementwise=True, own_channel=True),
    "relu": LayerTraits(elementwise=True, own_channel=True, keeps_sign=True),
    "leaky_relu": LayerTraits(elementwise=True, own_channel=True, keeps_sign=True),
    "prelu": LayerTraits(elementwise=True, own_channel=True, keeps_sign=True),
    "elu": LayerTraits(elementwise=True, own_channel=True, keeps_sign=True),
    "maxout": LayerTraits(keeps_sign=True),
    "softmax": LayerTraits(),
    "lrn": LayerTraits(keeps_sign=True),
    "batch_norm": LayerTraits(elementwise=True, own_channel=True),
    "scale": LayerTraits(elementwise=True, own_channel=True),
    "dropout": LayerTraits(elementwise=True, same_values=True, own_channel=True, keeps_sign=True),
    "add": LayerTraits(own_channel=True),  # coefficients may be negative
    "multiply": LayerTraits(own_channel=True, keeps_sign=True),
    "maximum": LayerTraits(own_channel=True, keeps_sign=True),
    "concat": LayerTraits(keeps_sign=True),
    "slice": LayerTraits(keeps_sign=True),
})

ELEMENTWISE = frozenset(kind for kind, traits in TRAITS.items() if traits.elementwise)
SAME_VALUES = frozenset(kind for kind, traits in TRAITS.items() if traits.same_values)
OWN_CHANNEL = frozenset(kind for kind, traits in TRAITS.items() if traits.own_channel)
KEEPS_SIGN = frozenset(kind for kind, traits in TRAITS.items() if traits.keeps_sign)
