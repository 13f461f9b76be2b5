"""TensorFlow 1's tensor shapes: the batch first and unknown, then the sides."""

from __future__ import annotations

from typing import Any


class Dimension(int):
    """A side: an int that also has `.value`."""

    @property
    def value(self) -> int:
        """The number, as a plain int."""
        return int(self)


class Unknown:
    """The unknown batch dimension: `.value` is None, its repr a question mark."""

    value = None

    def __repr__(self) -> str:
        return "?"


class TensorShape(tuple[Any, ...]):
    """The shape of a tensor, with TensorFlow's indexing, slicing and repr.

    >>> from striate import tf
    >>> shape = tf.placeholder(tf.float32, [None, 28, 20, 1]).get_shape()
    >>> shape, shape.as_list(), shape[1], shape[3].value, shape[1:].num_elements()
    ((?, 28, 20, 1), [None, 28, 20, 1], 28, 1, 560)
    """

    @property
    def ndims(self) -> int:
        """The number of axes, including the batch."""
        return len(self)

    def as_list(self) -> list[int | None]:
        """The sides; None for the batch."""
        return [side.value for side in self]

    def num_elements(self) -> int | None:
        """The number of values; None if the batch is among the sides."""
        number = 1
        for side in self:
            if side.value is None:
                return None
            number *= side.value
        return number

    def __getitem__(self, index: Any) -> Any:
        return TensorShape(super().__getitem__(index)) if isinstance(index, slice) else super().__getitem__(index)


def shape_of(sides: tuple[int, ...]) -> TensorShape:
    """The shape of a batch of tensors with these sides."""
    return TensorShape((Unknown(), *map(Dimension, sides)))
