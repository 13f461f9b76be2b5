"""Pretrained weights for the networks of the zoo: known files by name, and any file that fits by its path."""

from striate.convnet.pretrained.known_weights import KNOWN, KnownWeights
from striate.convnet.pretrained.pretrained_weights import PretrainedWeights, locate, pretrained

__all__ = ["KNOWN", "KnownWeights", "PretrainedWeights", "locate", "pretrained"]
