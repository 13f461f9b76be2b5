"""Augmentation of training pictures: one file per operation, put in order by `Augmenter`; `mix` comes after it.

All of it is a pure function of (seed, epoch, index): the rest of the batch changes nothing.
"""

from striate.convnet.augment.affine import turn_and_zoom
from striate.convnet.augment.augmenter import Augmenter
from striate.convnet.augment.mixup_cutmix import MixedTargets, mix, slice_needed
from striate.convnet.augment.translate import shift_and_flip

__all__ = ["Augmenter", "MixedTargets", "mix", "shift_and_flip", "slice_needed", "turn_and_zoom"]
