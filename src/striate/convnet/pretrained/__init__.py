"""Pretrained weights for the networks of the zoo: known files by name, and any file that fits by its path."""

from striate.convnet.pretrained.checkpoints import KNOWN, PretrainedCheckpoint
from striate.convnet.pretrained.pretrained_weights import PretrainedWeights, located, pretrained

__all__ = ["KNOWN", "PretrainedCheckpoint", "PretrainedWeights", "located", "pretrained"]
