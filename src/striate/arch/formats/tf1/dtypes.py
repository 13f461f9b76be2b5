"""TensorFlow's dtypes, and placeholders of labels, switches and rates, which are no inputs of a network."""

from __future__ import annotations

from dataclasses import dataclass

float32 = "float32"
"""The only dtype of a network's input."""

float16, float64 = "float16", "float64"
int8, int16, int32, int64 = "int8", "int16", "int32", "int64"
uint8, uint16 = "uint8", "uint16"
bool_ = "bool"
string = "string"

DTYPES = (float16, float32, float64, int8, int16, int32, int64, uint8, uint16, bool_, string)
ALIASES = {"float": float32, "double": float64, "int": int32, "str": string}


def dtype_of(value: object) -> str | None:
    """The name of a dtype given by its name, or as a type of Python or NumPy; None for other values.

    >>> import numpy as np
    >>> dtype_of("float"), dtype_of(np.int64), dtype_of(bool), dtype_of(7)
    ('float32', 'int64', 'bool', None)
    """
    word = value if isinstance(value, str) else getattr(value, "__name__", "")
    word = ALIASES.get(word, word)
    return word if word in DTYPES else None


@dataclass(frozen=True, eq=False, repr=False)
class Labels:
    """A placeholder of labels, no input of a network; layers refuse it, and training reads labels from the data set.

    >>> from striate import tf
    >>> tf.placeholder(tf.int64, [None])
    placeholder(int64, [?])
    """

    dtype: str
    sides: tuple[int | None, ...] | None
    name: str | None = None

    def __repr__(self) -> str:
        sides = "" if self.sides is None else f", [{', '.join('?' if one is None else str(one) for one in self.sides)}]"
        return f"placeholder({self.dtype}{sides})"
