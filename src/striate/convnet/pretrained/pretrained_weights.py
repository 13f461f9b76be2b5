"""Pretrained weights as tensors of a network: the named one, or the one of the zoo that the file fits."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from striate.arch import ZOO, Network, load_network
from striate.arch.formats.caffe import read_caffemodel
from striate.convnet.build.normalise import InputNormalisation
from striate.convnet.build.resolve_network import without_lr_multipliers
from striate.convnet.pretrained import hub
from striate.convnet.pretrained.known_weights import DEFAULT, KNOWN
from striate.convnet.pretrained.tensor_names import NAMINGS, TensorNaming
from striate.convnet.pretrained.weight_file import check_hash, read_bytes, tensors_of
from striate.core import model_file
from striate.errors import MissingError, ModelFileError, shown
from striate.model.recogniser import manifest_of

MOST_SHOWN = 4
CAFFE = (123.0, 117.0, 104.0), (1.0, 1.0, 1.0)  # ImageNet's mean in RGB, which its reference networks take off


@dataclass(frozen=True)
class PretrainedWeights:
    """Pretrained weights: the `network`, with the classes it was trained for, and its `tensors` by our names, float32.

    `mean`, `std`: per channel in 0..255, of the pictures it was trained with; `sha256` of the file; `name`, for people.
    """

    network: Network
    tensors: dict[str, Tensor]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    sha256: str
    name: str


def pretrained(network: str | Path | None = None, weights: str | Path | None = None) -> PretrainedWeights:
    """Pretrained weights of `network` (of the zoo, or a file): known ones by name, a file, or `hf:OWNER/NAME`.

    Without a network it is the known weights' own, or the one of the zoo that the file's tensors fit; without weights
    they are the known ones of the network; without both it is EfficientNet-Lite0.
    Raises `MissingError` (`no_weights`, `no_file`) and `ModelFileError` (`weights_*`).
    """
    name, path, wanted = locate(network, weights)
    data = read_bytes(path)
    digest = hashlib.sha256(data).hexdigest()
    check_hash(path, digest, wanted)
    mean: tuple[float, ...]
    std: tuple[float, ...]
    if path.suffix == ".caffemodel":
        made = load_network(name or _refuse_without_network(path))
        tensors = in_rgb(made, {one: torch.from_numpy(array) for one, array in read_caffemodel(data, made).items()})
        mean, std = CAFFE
    elif own := read_own_model(path, data):
        made, found, mean, std = own
        tensors = _renamed(path, found, made, NAMINGS["striate"])
    else:
        found = tensors_of(path, data)
        made, naming = _best_match(found, [name] if name else ZOO)
        mean, std = naming.spread
        tensors = _renamed(path, found, made, naming)
    if len(mean) > 1 and made.input.channels != 3:
        mean, std = ((sum(values) / 3,) * made.input.channels for values in (mean, std))
    return PretrainedWeights(made, tensors, mean, std, digest, f"{made.name or name} from {path.name}")


def locate(network: str | Path | None = None, weights: str | Path | None = None) -> tuple[str | None, Path, str]:
    """The network's name or file, if it is known yet, the file of weights, and its hash, if that is known.

    Refuses what is not there, and reads nothing; what is on the hub is fetched.
    """
    known = KNOWN.get(str(weights if weights is not None else network or DEFAULT))
    if known:
        return str(network or known.network), known.path(), known.sha256
    if weights is not None and str(weights).startswith(hub.PREFIX):
        path, wanted = hub.fetch(str(weights))
        return str(network) if network is not None else None, path, wanted
    if weights is None:
        raise MissingError("no_weights", f"pretrained weights of {shown(str(network))} were asked for",
                           allowed=f"those of {', '.join(KNOWN)} are known", given="there are none by this name",
                           do="Give a file of them with --weights")
    if not Path(weights).is_file():
        raise MissingError("no_file", f"{shown(str(weights))} was to be loaded",
                           allowed=f"a file, or one of {', '.join(KNOWN)}, is allowed", given="there is no such file",
                           do="Check the path")
    return str(network) if network is not None else None, Path(weights), ""


def in_rgb(network: Network, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights of a network that was trained on pictures in BGR, as Caffe reads them, for pictures in RGB.

    Raises `ModelFileError` (`weights_bgr`) where something else than a plain convolution reads the picture.
    """
    if network.input.channels != 3:
        return tensors
    for node in network.trunk.nodes:
        if "input" not in node.inputs:
            continue
        if node.layer.kind != "conv" or node.layer.groups != 1:  # type: ignore[attr-defined]
            raise ModelFileError("weights_bgr", f"{shown(network.name or 'a network')} was to begin as Caffe left it",
                                 allowed="networks whose pictures are read by convolutions are allowed",
                                 given=f"{shown(node.name)} reads them, whose channels cannot be put in another order",
                                 do="Use a network that begins with a convolution")
        tensors[f"{node.name}.weight"] = tensors[f"{node.name}.weight"].flip(1)
    return tensors


def read_own_model(path: Path,
                data: bytes) -> tuple[Network, dict[str, Tensor], tuple[float, ...], tuple[float, ...]] | None:
    """Network, tensors, mean and std of a model file of a network that striate trained; None if it is another file.

    Raises `ModelFileError` (`weights_kind`) for a recogniser of another kind.
    """
    if path.suffix != ".safetensors" or model_file.KEY.encode() not in data[:model_file.MAX_HEADER]:
        return None
    file = model_file.load(path)
    if file.manifest["kind"] != "convnet":
        raise ModelFileError("weights_kind", f"{shown(path)} was to be learnt on from",
                             allowed="the model of a network is allowed",
                             given=f"it is one of kind {shown(str(file.manifest['kind']))}",
                             do="Give a network's, or train with --model transfer from its weights")
    with manifest_of(path, "a network"):
        preparation = InputNormalisation.from_dict(file.manifest["preparation"])
        tensors = {name: torch.from_numpy(array) for name, array in file.arrays.items()}
        network = without_lr_multipliers(Network.from_dict(file.manifest["network"]))
        return network, tensors, preparation.mean, preparation.std


def _refuse_without_network(path: Path) -> str:
    raise ModelFileError("weights_alone", f"{shown(path)} was to be loaded",
                         allowed="Caffe's weights and the network they are of are allowed",
                         given="no network was given", do="Give it with --network: a name of the zoo, or its prototxt")


def _best_match(found: dict[str, Tensor], names: Iterable[str]) -> tuple[Network, TensorNaming]:
    """The network, of those called `names`, and the naming convention that agree with most of the tensors `found`."""
    shapes = {name: tuple(tensor.shape) for name, tensor in found.items()}

    def agreement(network: Network, naming: TensorNaming) -> tuple[int, int]:
        theirs = naming.names(network)
        wanted = {theirs[name]: tuple(tensor.shape) for name, tensor in network.trunk.tensors.items()
                  if name in theirs}
        common = wanted.keys() & shapes.keys()
        return sum(shapes[name] == wanted[name] for name in common), len(common) - len(wanted.keys() | shapes.keys())

    made = [load_network(name) for name in names]
    choices = [(one, naming) for one in made for naming in NAMINGS.values()]
    return max(choices, key=lambda choice: agreement(*choice))


def _renamed(path: Path, found: dict[str, Tensor], network: Network, naming: TensorNaming) -> dict[str, Tensor]:
    """The tensors `found` under our names; refuses them with a list of what does not fit (`weights_misfit`)."""
    wanted = {name: tuple(tensor.shape) for name, tensor in network.tensors.items()}
    theirs = naming.names(network)
    if not theirs.keys() >= wanted.keys():  # heads that only training has
        theirs |= {name: name for name in wanted.keys() - theirs.keys()}
    found = {name: tensor for name, tensor in found.items() if not name.startswith(naming.ignored or ("\0",))}
    problems = [f"{theirs[name]} is missing" for name in wanted if theirs[name] not in found]
    problems += [f"{name} is not in the network" for name in found.keys() - set(theirs.values())]
    for name, shape in wanted.items():
        tensor = found.get(theirs[name])
        if tensor is None:
            continue
        if tensor.shape != shape:
            problems.append(f"{theirs[name]} is {_sides(tensor.shape)}, not {_sides(shape)}")
        elif not bool(torch.isfinite(tensor).all()):
            problems.append(f"{theirs[name]} holds numbers that are not finite")
    if problems:
        listed, title = sorted(problems), shown(network.name or "the network")
        more = f" and {len(listed) - MOST_SHOWN:,} more" if len(listed) > MOST_SHOWN else ""
        raise ModelFileError("weights_misfit", f"{shown(path)} was to be loaded into {title}",
                             allowed="exactly the network's tensors and shapes are allowed",
                             given=f"{shown(', '.join(listed[:MOST_SHOWN]), 400)}{more}",
                             do="Give the weights of this network")
    return {name: found[theirs[name]].float().reshape(shape).clone() for name, shape in wanted.items()}


def _sides(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "a single number"
