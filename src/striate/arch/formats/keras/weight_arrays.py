"""Conversion of Keras' weight arrays to our tensors and back, by the JSON text of the Keras model.

    Keras                                          ours
    filters (height, width, channels, filters)     (filters, channels, height, width)
    depthwise (height, width, channels, m)         (channels·m, 1, height, width)
    transposed (height, width, filters, channels)  (channels, filters, height, width)
    dense (values, units)                          (units, values), values in our order behind a Flatten
    gamma, beta, moving mean, moving variance      weight, bias, running_mean, running_var

Arrays are in the order of Keras' `layer.get_weights()`, under the layer's name; those of a nested model under
`model/layer`. Dtypes do not change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from striate.arch.formats.keras.json_reader import read
from striate.arch.formats.keras.network_builder import ArrayMapping
from striate.arch.formats.tensor_layout import permutation
from striate.arch.network import Network
from striate.errors import NetworkError, shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

Arrays = Mapping[str, Sequence[Any]]


def keras_weights(network: Network, text: str, arrays: Arrays) -> dict[str, NDArray[Any]]:
    """Our tensors, {"conv1.weight": array, …}, from Keras' arrays, {"conv1": [kernel, bias], …}.

    `text` is the JSON that `network` was read from, or written as. Raises `NetworkError` if they
    do not belong together, listing every layer whose arrays are missing, too many or of another shape.

    >>> import numpy as np
    >>> from striate.arch import Dense, Input
    >>> from striate.arch.formats.keras import write_keras
    >>> network = Network(Dense(1)(Input(2, 1, 2)))
    >>> keras = {"dense1": [np.array([[1.0], [2.0], [3.0], [4.0]]), np.array([5.0])]}  # position by position
    >>> keras_weights(network, write_keras(network), keras)["dense1.weight"].tolist()  # channel by channel
    [[1.0, 3.0, 2.0, 4.0]]
    """
    import numpy as np

    parts = _parts(network, text)
    own = {name: [np.asarray(array) for array in given] for name, given in arrays.items() if len(given)}
    wrong = [f"{shown(name, 60)} ({_shapes(own.get(name, ()))} instead of {_shapes(parts.get(name, ()))})"
             for name in [*parts, *(name for name in own if name not in parts)]
             if [array.shape for array in own.get(name, ())] != [part.shape for part in parts.get(name, ())]]
    if wrong:
        raise _misfit(wrong)
    return {part.tensor: _to_ours(part, array).reshape(network.tensors[part.tensor].shape)
            for name, row in parts.items() for part, array in zip(row, own[name], strict=True)}


def to_keras_weights(network: Network, text: str, tensors: Mapping[str, Any]) -> dict[str, list[NDArray[Any]]]:
    """Keras' arrays, {"conv1": [kernel, bias], …}, from our tensors; the inverse of `keras_weights`.

    >>> import numpy as np
    >>> from striate.arch import Dense, Input
    >>> from striate.arch.formats.keras import write_keras
    >>> network = Network(Dense(1)(Input(2, 1, 2)))
    >>> ours = {"dense1.weight": np.array([[1.0, 3.0, 2.0, 4.0]]), "dense1.bias": np.array([5.0])}
    >>> to_keras_weights(network, write_keras(network), ours)["dense1"][0].ravel().tolist()
    [1.0, 2.0, 3.0, 4.0]
    """
    import numpy as np

    parts = _parts(network, text)
    expected = network.tensors
    own = {name: np.asarray(tensor) for name, tensor in tensors.items()}
    wrong = [f"{shown(name, 60)} ({_shapes(own.get(name))} instead of {_shapes(expected.get(name))})"
             for name in [*expected, *(name for name in own if name not in expected)]
             if name not in own or name not in expected or own[name].shape != expected[name].shape]
    if wrong:
        raise _misfit(wrong)
    return {name: [_to_keras(part, own[part.tensor]) for part in row] for name, row in parts.items()}


def _parts(network: Network, text: str) -> dict[str, list[ArrayMapping]]:
    """The array mappings of each of Keras' layers; refuses a text of another network."""
    read_again, reading = read(text, network.input)
    sizes = {name: tensor.size for name, tensor in network.tensors.items()}
    again = {name: tensor.size for name, tensor in read_again.tensors.items()}
    parts = {name: [part for part in row if part.tensor in again] for name, row in reading.parts.items()}
    if sizes != again:
        different = [name for name in {**sizes, **again} if sizes.get(name) != again.get(name)]
        raise NetworkError("keras_other", "the arrays of a Keras model were asked for",
                           allowed="the text that this network was read from or written as is allowed",
                           given=f"a text that differs in {shown(', '.join(different), 200)} was given",
                           do="Give the text that belongs to it")
    return {name: row for name, row in parts.items() if row}


def _misfit(wrong: list[str]) -> NetworkError:
    listed = ", ".join(wrong[:6]) + (f" and {len(wrong) - 6:,} more" if len(wrong) > 6 else "")
    return NetworkError("keras_weights", "the arrays of a Keras model were asked for",
                        allowed="all arrays of all its layers are allowed", given=f"{shown(listed, 380)} were given",
                        do="Give layer.get_weights() of each layer")


def _shapes(things: Any) -> str:
    if things is None:
        return "none"
    rows = things if isinstance(things, list | tuple) else [things]
    return " ".join("×".join(map(str, row.shape)) or "a number" for row in rows) or "none"


def _to_ours(part: ArrayMapping, array: NDArray[Any]) -> NDArray[Any]:
    if part.order:
        array = array[permutation(part.order)]
    return array.transpose(part.axes)


def _to_keras(part: ArrayMapping, tensor: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    turned = tensor.reshape([part.shape[axis] for axis in part.axes]).transpose(np.argsort(part.axes))
    if not part.order:
        return np.ascontiguousarray(turned)
    array = np.empty_like(turned, order="C")
    array[permutation(part.order)] = turned
    return array
