"""A file of weights as tensors of one of our networks; hostile until its names and shapes have been checked.

`.safetensors` is parsed, `.pth` and `.pt` are read by torch with `weights_only`, which makes tensors and runs nothing,
`.caffemodel` by `striate.arch.formats.caffe`. Names are ours or those of a row of `names.NAMINGS`: whichever fits best.
"""

from __future__ import annotations

import hashlib
import io
import pickle
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse_safetensors
from torch import Tensor

from striate.arch import Network, load_network
from striate.arch.formats.caffe import read_caffemodel
from striate.errors import MissingError, ModelFileError, shown
from striate.nets.pretrained.known import KNOWN, Known
from striate.nets.pretrained.names import NAMINGS

MAX_BYTES = 2 << 30
COUNTERS = "num_batches_tracked"  # torch's; no weight
MOST_SHOWN = 4
MEANS, STDS = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)  # ImageNet's, which most networks are trained with


@dataclass(frozen=True)
class Pretrained:
    """`network` (with ImageNet's classes, or what it was trained for), its `tensors` by our names, float32.

    `mean`, `std`: per channel in 0..255, of the pictures it was trained with; `sha256` of the file; `name`, for people.
    """

    network: Network
    tensors: dict[str, Tensor]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    sha256: str
    name: str


def pretrained(name: str, weights: str | Path | None = None) -> Pretrained:
    """The network `name` (of the zoo, or a file) with weights from its known file, or from the file `weights`.

    Raises `MissingError` (`no_weights`, `no_file`) and `ModelFileError` (`weights_*`).
    """
    known = KNOWN.get(str(name))
    if weights is not None:
        path = Path(weights)
    elif known:
        path = known.path()
    else:
        raise MissingError("no_weights", f"pretrained weights of {shown(str(name))} were asked for",
                           allowed=f"those of {', '.join(KNOWN)} are known", given="there are none by this name",
                           do="Give a file of them with --weights")
    data = _bytes(path)
    digest = hashlib.sha256(data).hexdigest()
    if weights is None and known and digest != known.sha256:
        raise ModelFileError("weights_changed", f"{shown(path)} was to be loaded",
                             allowed=f"the file with hash {known.sha256[:16]}… is allowed",
                             given=f"its hash is {digest[:16]}…", do="Install the package again")
    network = load_network(name)
    tensors = _tensors(path, data, network)
    channels = network.input.channels
    mean, std = _spread(known if known and digest == known.sha256 else None, channels)
    return Pretrained(network, tensors, mean, std, digest, f"{network.name or name} from {path.name}")


def _spread(known: Known | None, channels: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    if known:
        return (known.mean,) * channels, (known.std,) * channels
    return (MEANS, STDS) if channels == 3 else ((sum(MEANS) / 3,) * channels, (sum(STDS) / 3,) * channels)


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ModelFileError("weights_too_large", f"{shown(path)} was to be loaded",
                                 allowed=f"up to {MAX_BYTES >> 30} GiB of weights are allowed",
                                 given=f"it has {path.stat().st_size:,} bytes", do="Check that this is the file")
        return path.read_bytes()
    except OSError as error:
        raise MissingError("no_file", f"{shown(path)} was to be loaded", given=error.strerror or "it cannot be read",
                           do="Check the path") from error


def _tensors(path: Path, data: bytes, network: Network) -> dict[str, Tensor]:
    if path.suffix == ".caffemodel":
        return {name: torch.from_numpy(array) for name, array in read_caffemodel(data, network).items()}
    found = {name: tensor for name, tensor in _parsed(path, data).items() if not name.endswith(COUNTERS)}
    wanted = {name: tuple(tensor.shape) for name, tensor in network.tensors.items()}
    naming = max(NAMINGS.values(), key=lambda theirs: sum(theirs(name) in found for name in wanted))
    problems = [f"{naming(name)} is missing" for name in wanted if naming(name) not in found]
    problems += [f"{name} is not in the network" for name in found.keys() - set(map(naming, wanted))]
    problems += [f"{naming(name)} is {_sides(found[naming(name)].shape)}, not {_sides(shape)}"
                 for name, shape in wanted.items() if naming(name) in found and found[naming(name)].shape != shape]
    problems += [f"{naming(name)} holds numbers that are not finite" for name in wanted
                 if naming(name) in found and not bool(torch.isfinite(found[naming(name)]).all())]
    if problems:
        listed, title = sorted(problems), shown(network.name or "the network")
        more = f" and {len(listed) - MOST_SHOWN:,} more" if len(listed) > MOST_SHOWN else ""
        raise ModelFileError("weights_misfit", f"{shown(path)} was to be loaded into {title}",
                             allowed="exactly the network's tensors and shapes are allowed",
                             given=f"{shown(', '.join(listed[:MOST_SHOWN]), 400)}{more}",
                             do="Give the weights of this network")
    return {name: found[naming(name)].float().reshape(wanted[name]).clone() for name in wanted}


def _sides(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "a single number"


def _parsed(path: Path, data: bytes) -> dict[str, Tensor]:
    """The tensors of a file by name; refuses whatever is not a flat mapping of them (`weights_unreadable`)."""
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
    return dict(state)  # type: ignore[call-overload,no-any-return]
