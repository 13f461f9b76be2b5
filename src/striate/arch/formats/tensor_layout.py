"""Memory layout of Keras' tensors: our volume, and the order of the same values in Keras.

Our volumes are (channels, height, width), always. Keras' tensor of the same values is, after the batch, one of

    rank 3   (height, width, channels) in layout `hwc`, Keras' channels_last; (channels, height, width) in `chw`
    rank 2   (height, width): a picture without a channel axis
    rank 1   (values,)

Flattening a `hwc` volume of 7×7 positions and 64 channels gives channel after channel at each position; ours gives
position after position in each channel. `order` describes it: blocks of (positions, channels), one after another, each
laid out by Keras as (positions, channels) and by us as (channels, positions). A block in our order has one channel. So
weights of a layer on a flat tensor can be permuted, and everything else stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from striate.arch.volume import Volume
from striate.errors import NetworkError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Order = tuple[tuple[int, int], ...]
LAYOUTS = {"channels_last": "hwc", "channels_first": "chw"}
DATA_FORMATS = {layout: word for word, layout in LAYOUTS.items()}
MAX_BLOCKS = 256


@dataclass(frozen=True)
class KerasTensor:
    """Layout of one tensor in Keras; `order` is that of its values if it has rank 1, and unused otherwise."""

    volume: Volume
    layout: str = "hwc"
    rank: int = 3
    order: Order = ()

    @property
    def flat_order(self) -> Order:
        """The order of the values in Keras' memory."""
        return self.order if self.rank == 1 else order_of(self.volume, self.layout if self.rank == 3 else "chw")

    @property
    def shape(self) -> tuple[int, ...]:
        """Keras' shape, without the batch.

        >>> KerasTensor(Volume(64, 7, 5)).shape, KerasTensor(Volume(64, 7, 5), "chw").shape
        ((7, 5, 64), (64, 7, 5))
        """
        channels, height, width = self.volume
        full = (height, width, channels) if self.layout == "hwc" else (channels, height, width)
        return {1: (self.volume.size,), 2: (height, width), 3: full}[self.rank]

    @property
    def channel_axes(self) -> tuple[int, ...]:
        """Keras' numbers for the axis of the channels (the batch is axis 0); none for a picture without one."""
        return {1: (1, -1), 2: (), 3: (3, -1) if self.layout == "hwc" else (1, -3)}[self.rank]

    def with_volume(self, volume: Volume) -> KerasTensor:
        """The same layout of another volume."""
        return replace(self, volume=volume)


def order_of(volume: Volume, layout: str) -> Order:
    """The order of a whole volume.

    >>> order_of(Volume(64, 7, 7), "hwc"), order_of(Volume(64, 7, 7), "chw"), order_of(Volume(64, 1, 1), "hwc")
    (((49, 64),), ((3136, 1),), ((64, 1),))
    """
    positions = volume.height * volume.width
    return merge_blocks([(positions, volume.channels) if layout == "hwc" else (volume.size, 1)])


def merge_blocks(blocks: Iterable[tuple[int, int]]) -> Order:
    """Blocks of an order merged into the fewest equal ones; 256 at most.

    >>> merge_blocks([(5, 1), (1, 3), (4, 2)])
    ((8, 1), (4, 2))
    """
    kept: list[tuple[int, int]] = []
    for positions, channels in blocks:
        if 1 in (positions, channels):
            before = kept.pop()[0] if kept and kept[-1][1] == 1 else 0
            kept.append((before + positions * channels, 1))
        else:
            kept.append((positions, channels))
    if len(kept) > MAX_BLOCKS:
        raise NetworkError("keras_order", "values that were flattened and joined again and again were asked for",
                           allowed=f"up to {MAX_BLOCKS} pieces are allowed", given=f"{len(kept):,} were given",
                           do="Join the volumes before flattening them")
    return tuple(kept)


def permutation(order: Order) -> NDArray[Any]:
    """Permutation of values: for each of ours, in our order, its index in Keras.

    >>> permutation(((2, 3),)).tolist()  # Keras: c0 c1 c2 at the first position, then at the second
    [0, 3, 1, 4, 2, 5]
    """
    import numpy as np

    pieces, start = [], 0
    for positions, channels in order:
        size = positions * channels
        pieces.append(start + np.arange(size).reshape(positions, channels).T.ravel())
        start += size
    return np.concatenate(pieces)
