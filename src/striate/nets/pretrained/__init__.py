"""Weights that were learnt elsewhere, in our networks: known files by name, and any file that fits by its path."""

from striate.nets.pretrained.known import KNOWN, Known
from striate.nets.pretrained.load import Pretrained, located, pretrained

__all__ = ["KNOWN", "Known", "Pretrained", "located", "pretrained"]
