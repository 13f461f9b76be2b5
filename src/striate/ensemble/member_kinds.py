"""Kinds of recognisers that can be members of an ensemble: all but ensembles."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from striate.bow.recogniser import BagOfWords
from striate.convnet.recogniser import ConvNet
from striate.convnet.transfer import Transfer
from striate.model.recogniser import Recogniser

# By the kind in the manifest; those that a file of one recogniser can hold, too (`striate.load_model`).
MEMBER_KINDS: Mapping[str, type[Recogniser]] = MappingProxyType({
    recogniser.KIND: recogniser for recogniser in (ConvNet, BagOfWords, Transfer)
})
