"""Which number format to train in, and why; and the Fabric that trains in it."""

from __future__ import annotations

import logging
from typing import Any, cast

import torch
from lightning_fabric import Fabric


def choose(asked: str) -> tuple[str, str]:
    """Fabric's name of the precision, and the reason in words.

    `auto` is bfloat16 products with float32 weights where the hardware multiplies bfloat16 natively.

    >>> choose("float32")
    ('32-true', 'float32 was asked for')
    """
    if asked == "float32":
        return "32-true", "float32 was asked for"
    if asked == "bfloat16":
        return "bf16-mixed", "bfloat16 was asked for"
    if torch.cuda.is_available():
        name, native = "GPU", torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        able = torch.cpu.get_capabilities()
        name, native = "processor", bool(able.get("avx512_bf16") or able.get("amx_bf16"))
    if native:
        return "bf16-mixed", f"this {name} multiplies bfloat16 natively"
    return "32-true", f"this {name} does not multiply bfloat16 natively"


def fabric_for(asked: str) -> Fabric:
    """A Fabric on the best device of this machine, in the precision `asked` for."""
    log = logging.getLogger("lightning_fabric")
    level = log.level
    log.setLevel(logging.WARNING)  # it would print its choice of precision, which our report gives with the reason
    try:
        return Fabric(accelerator="auto", devices=1, precision=cast(Any, choose(asked)[0]))
    finally:
        log.setLevel(level)
