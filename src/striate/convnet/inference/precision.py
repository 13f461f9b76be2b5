"""Precision: the number format of training and inference, and the reason for it."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch

from striate.arch import Network


@dataclass(frozen=True)
class Precision:
    """A number format for products; weights, their updates and normalisation are float32 in any case.

    Attributes:
        name: `float32` or `bfloat16`.
        reason: why, in words.

    """

    name: str
    reason: str

    def autocast(self, device: torch.device) -> AbstractContextManager[object]:
        """A context in which convolutions and matrix products on `device` are done in this format."""
        if self.name == "float32":
            return nullcontext()
        return torch.autocast(device.type, torch.bfloat16)

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


def choose(asked: str) -> Precision:
    """The precision `asked` for; `auto` is bfloat16 where the hardware multiplies it natively, else float32.

    >>> choose("float32")
    Precision(name='float32', reason='it was requested')
    """
    if asked != "auto":
        return Precision(asked, "it was requested")
    if torch.cuda.is_available():
        name, native = "GPU", torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        able = torch.cpu.get_capabilities()
        name, native = "processor", bool(able.get("avx512_bf16") or able.get("amx_bf16"))
    if native:
        return Precision("bfloat16", f"this {name} multiplies it natively")
    return Precision("float32", f"this {name} does not multiply bfloat16 natively")


def slower_in_bfloat16(network: Network) -> bool:
    """Whether `network` learns more slowly in bfloat16 on a processor: it does with depthwise convolutions.

    EfficientNet-Lite0, batches of 32 at 224×224, two cores: 19 pictures/s, and 24 in float32.

    >>> from striate.arch import load_network
    >>> slower_in_bfloat16(load_network("mobilenet")), slower_in_bfloat16(load_network("alexnet"))
    (True, False)
    """
    return any(node.layer.kind == "conv" and node.layer.groups == node.output.channels > 1  # type: ignore[attr-defined]
               for node in network.nodes)


def best_device() -> torch.device:
    """The GPU if there is one, else the processor."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
