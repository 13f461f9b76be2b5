"""Augmentation of training pictures: one file for each kind, put in order by `Augmenter`; `mix` comes after it.

All of it is a pure function of (seed, epoch, index): the company a picture is in changes nothing.
"""

from striate.nets.augment.augmenter import Augmenter
from striate.nets.augment.mix import Mixed, mix, reach
from striate.nets.augment.shift import shift_and_flip
from striate.nets.augment.turn import turn_and_zoom

__all__ = ["Augmenter", "Mixed", "mix", "reach", "shift_and_flip", "turn_and_zoom"]
