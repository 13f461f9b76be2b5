"""Unsupported names of TensorFlow, refused in one sentence: all that compute, train or store weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from striate.core.humanize import join_words
from striate.errors import NetworkError, shown


class AbsentNameError(NetworkError, AttributeError):
    """An unsupported name of TensorFlow; an AttributeError, so that `hasattr` returns False."""


def unsupported_getattr(where: str, there: str | Sequence[str]) -> Callable[[str], NoReturn]:
    """The `__getattr__` of a module with unsupported names; `there` are the supported ones, names or words.

    >>> unsupported_getattr("tf.nn", ["relu", "tanh"])("conv2d")
    Traceback (most recent call last):
    striate.arch.formats.tf1.unsupported_names.AbsentNameError: tf.nn.conv2d was asked for; in tf.nn there is relu and
    tanh. Describe the network with these, and train it with `striate train` or ConvNet.
    """
    words = there if isinstance(there, str) else join_words(there, "and")

    def missing(name: str) -> NoReturn:
        if name.startswith("__"):  # Python asks modules for such names by itself
            raise AttributeError(name)
        raise AbsentNameError("tf_name", f"{where}.{shown(name, 60)} was asked for",
                              allowed=f"in {where} there is {words}",
                              do="Describe the network with these, and train it with `striate train` or ConvNet")

    return missing


class UnsupportedNamespace:
    """A namespace with a few supported names, such as tf.estimator.ModeKeys."""

    def __init__(self, where: str, **names: Any) -> None:
        self.__dict__.update(names)
        self._names = sorted(names)
        self._missing = unsupported_getattr(where, self._names)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._missing(name)

    def __dir__(self) -> list[str]:
        return self._names
