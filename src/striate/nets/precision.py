"""Which number format to train in, and why."""

from __future__ import annotations

import torch


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
