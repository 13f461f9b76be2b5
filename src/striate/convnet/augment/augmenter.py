"""Augmentation pipeline of one epoch, in order: crop, shift and flip, RandAugment, colour, turn, cutout.

Operations that only move bytes come first, so that a picture is rounded to whole greys as seldom as possible.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from striate.convnet.augment.affine import turn_and_zoom
from striate.convnet.augment.colour_jitter import jittered
from striate.convnet.augment.conversion import Draws, as_pictures, as_tensor
from striate.convnet.augment.cutout import cutout
from striate.convnet.augment.flip import mirrored
from striate.convnet.augment.randaugment import randaugment
from striate.convnet.augment.random_resized_crop import cropped
from striate.convnet.augment.translate import shift_and_flip
from striate.convnet.recipe.recipe import Recipe
from striate.convnet.training.seeding import generator
from striate.model.preprocessing import Pixels


class Augmenter:
    """Augmentation of the pictures of one epoch.

    Each operation draws from its own generator, for all training pictures at once, so that switching one on or off
    leaves the others as they were.

    Args:
        recipe: `flip`, `shift`, `rotate`, `zoom`, `cutout`, `crop`, `colour`, `randaugment` and `seed` are read.
        epoch: 0, 1, …
        count: how many training pictures there are.

    >>> recipe = Recipe(flip=True, shift=0, rotate=0, zoom=0, seed=1)
    >>> row = np.array([[[[1], [2], [3], [4]]]], np.uint8)
    >>> [Augmenter(recipe, epoch, 1)(row, np.array([0])).ravel().tolist() for epoch in range(2)]  # flips alternate
    [[1, 2, 3, 4], [4, 3, 2, 1]]

    """

    def __init__(self, recipe: Recipe, epoch: int, count: int) -> None:
        self.recipe, self.epoch, self.count = recipe, epoch, count
        self.turns = bool(recipe.rotate or recipe.zoom)
        self.mirrored = mirrored(recipe.seed, epoch, count) if recipe.flip else np.zeros(count, np.bool_)
        self.draws = {
            name: generator(recipe.seed, "augment", name, epoch).random((count, *each), dtype=np.float32)
            for name, on, each in (
                ("crop", recipe.crop, (4,)), ("shift", recipe.shift, (2,)), ("randaugment", recipe.randaugment, (2, 2)),
                ("colour", recipe.colour, (3,)), ("turn", self.turns, (2,)), ("cutout", recipe.cutout, (2,)),
            ) if on
        }

    def __call__(self, pictures: Pixels, indices: NDArray[np.int64]) -> torch.Tensor:
        """Augmented `pictures` (n, H, W, C) uint8, as a tensor (n, C, H, W), channels last, of its own memory.

        It is uint8; or float32 in 0..255, if the recipe reads between pixels or changes colours. `indices` (n,) say
        which training pictures they are, and with that how each is changed.
        """
        recipe = self.recipe
        draws = {name: drawn[indices] for name, drawn in self.draws.items()}
        if recipe.crop:
            pictures = cropped(pictures, draws["crop"], recipe.crop)
        still: Draws = np.full((len(pictures), 2), 0.5, np.float32)
        pictures = shift_and_flip(pictures, draws.get("shift", still), recipe.shift or 0.0, self.mirrored[indices])
        if recipe.randaugment:
            pictures = randaugment(pictures, draws["randaugment"], recipe.randaugment)
        batch = jittered(pictures, draws["colour"], recipe.colour) if recipe.colour else as_tensor(pictures)
        if recipe.crop or recipe.randaugment or self.turns:
            batch = batch.float()
        if self.turns:
            batch = turn_and_zoom(batch, draws["turn"], recipe.rotate or 0.0, recipe.zoom or 0.0)
        if recipe.cutout:
            cutout(as_pictures(batch), draws["cutout"], recipe.cutout)
        return batch
