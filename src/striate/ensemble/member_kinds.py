"""Kinds of recognisers that can be members of an ensemble: all but ensembles."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

from striate.model.recogniser import Recogniser

# Class by the kind in the manifest, imported when one is read: a bag of words needs no network. They are the kinds that
# a file of one recogniser can hold, too (`striate.load_model`).
MEMBER_KINDS: Mapping[str, str] = MappingProxyType({
    "convnet": "striate.convnet.recogniser.ConvNet",
    "words": "striate.bow.recogniser.BagOfWords",
    "transfer": "striate.convnet.transfer.Transfer",
})


def class_named(path: str) -> type[Recogniser]:
    """The class of recognisers that `path` names, module and all.

    >>> class_named(MEMBER_KINDS["transfer"]).KIND
    'transfer'
    """
    module, _, name = path.rpartition(".")
    found: type[Recogniser] = getattr(import_module(module), name)
    return found
