"""Weight files as tensors by name; untrusted until names and shapes have been checked.

`.safetensors` is parsed, `.pth` and `.pt` are read by torch with `weights_only`, which makes tensors and runs nothing.
"""

from __future__ import annotations

import io
import pickle
import re
import warnings
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse_safetensors
from torch import Tensor

from striate.errors import MissingError, ModelFileError, shown

MAX_BYTES = 2 << 30
COUNTERS = "num_batches_tracked"  # torch's; no weight
HASHED = re.compile(r"-(?=\d*[a-f])([0-9a-f]{8,64})\.(pth|pt|safetensors)$")  # resnet18-f37072fd.pth, as torch's hub


def read_bytes(path: Path) -> bytes:
    """All of `path`; raises `MissingError` (`no_file`) and `ModelFileError` (`weights_too_large`)."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ModelFileError("weights_too_large", f"{shown(path)} was to be loaded",
                                 allowed=f"up to {MAX_BYTES >> 30} GiB of weights are allowed",
                                 given=f"it has {path.stat().st_size:,} bytes", do="Check that this is the file")
        return path.read_bytes()
    except OSError as error:
        raise MissingError("no_file", f"{shown(path)} was to be loaded", given=error.strerror or "it cannot be read",
                           do="Check the path") from error


def check_hash(path: Path, digest: str, wanted: str | None = None) -> None:
    """Refuse a file whose SHA-256 is not the `wanted` one, or not what its name says (`weights_changed`)."""
    named = HASHED.search(path.name)
    wanted = wanted or (named[1] if named else "")
    if not digest.startswith(wanted):
        raise ModelFileError("weights_changed", f"{shown(path)} was to be loaded",
                             allowed=f"the file with hash {wanted[:16]}… is allowed",
                             given=f"its hash is {digest[:16]}…", do="Install the package, or copy the file, again"
                             + (", or rename it if this is no hash" if named else ""))


def tensors_of(path: Path, data: bytes) -> dict[str, Tensor]:
    """The tensors of `data`; refuses whatever is not a flat mapping of them (`weights_unreadable`)."""
    problem: Exception | None = None
    state: object = None
    try:
        if path.suffix == ".safetensors":
            state = parse_safetensors(data)
        else:
            with warnings.catch_warnings(action="ignore"):  # of odd forms: what comes of them is checked below
                state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, ValueError, EOFError, KeyError, TypeError,
            AttributeError, IndexError, OverflowError, UnicodeDecodeError, OSError, MemoryError) as error:
        problem = error
    if isinstance(state, Mapping) and isinstance(state.get("state_dict"), Mapping):
        state = state["state_dict"]
    flat = isinstance(state, Mapping) and state and all(
        isinstance(name, str) and isinstance(tensor, Tensor) and tensor.layout == torch.strided
        for name, tensor in state.items())
    if not flat:
        raise ModelFileError("weights_unreadable", f"{shown(path)} was to be loaded",
                             allowed="tensors by name, in .safetensors, .pth or .caffemodel, are allowed",
                             given="it holds something else, or is damaged", do="Copy the file again") from problem
    assert isinstance(state, Mapping)
    return {name: tensor for name, tensor in state.items() if not name.endswith(COUNTERS)}
