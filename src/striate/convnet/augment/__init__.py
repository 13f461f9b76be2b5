"""Augmentation of training pictures: one file an operation, put in order by `Augmenter`; `mix` comes after it.

All of it is a pure function of (seed, epoch, index): the company a picture is in changes nothing.
"""

from striate.convnet.augment.affine import turn_and_zoom
from striate.convnet.augment.augmenter import Augmenter
from striate.convnet.augment.mixup_cutmix import MixedTargets, mix, reach
from striate.convnet.augment.translate import shift_and_flip

__all__ = ["Augmenter", "MixedTargets", "mix", "reach", "shift_and_flip", "turn_and_zoom"]
