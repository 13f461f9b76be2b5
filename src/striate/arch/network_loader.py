"""Loader of networks: by name from the zoo, or from a file in any readable dialect."""

from __future__ import annotations

from errno import ENOENT
from pathlib import Path

from striate.arch.formats.dialects import READABLE, Dialect, dialect_of, is_solver, limit_of
from striate.arch.network import Network, Node
from striate.arch.volume import Volume
from striate.arch.zoo import ZOO, build
from striate.core.bounded_file import read_bounded
from striate.core.humanize import join_words
from striate.errors import MissingError, NetworkError, UsageError, shown

PHASES = ("TEST", "TRAIN")
_FROM_TORCH = "In Python load it where you trust it, and use striate.from_torch(module, Input(...))"
_TO_JSON = "In Keras write model.to_json() into a .json file, and give that"
# Files that are no network files: why, and what to do instead.
UNREAD = {
    ".py": ("a .py file is code, and is never run", "In Python use striate.from_torch(module, Input(...))"),
    ".pt": ("a .pt file is a pickle, which can run any code", _FROM_TORCH),
    ".pth": ("a .pth file is a pickle, which can run any code", _FROM_TORCH),
    ".h5": ("an .h5 file is Keras' weights and more", _TO_JSON),
    ".keras": ("a .keras file is an archive of weights and more", _TO_JSON),
    ".caffemodel": ("a .caffemodel holds weights", "Give the deploy.prototxt beside it"),
    ".onnx": ("an .onnx file is a graph of operations, not of layers",
              "Write the network out where it was made, or use striate.from_torch(module, Input(...))"),
    ".safetensors": ("a .safetensors file holds weights",
                     "Write the network of a striate model with: striate convert MODEL OUT.yaml"),
}


def load_network(spec: str | Path, input: Volume | None = None, classes: int | None = None,  # noqa: A002
                 phase: str = "TEST") -> Network:
    """The network of a zoo name, or of a .yaml, .yml, .json (ours or Keras'), .prototxt or .pbtxt file.

    `input` replaces the file's or paper's own. `classes` is the number of outputs: zoo networks are built with it (with
    the paper's if None), files are refused if they have another. Caffe's files are read for prediction (`phase` TEST)
    or for training (TRAIN).
    Raises `UsageError`, `MissingError` or `NetworkError`.

    >>> str(load_network("lenet5", classes=26).output)
    '26×1×1'
    """
    path = Path(spec)
    suffix = path.suffix.lower()
    if str(spec) in ZOO or (suffix not in READABLE and suffix not in UNREAD):
        return build(str(spec), input, classes)
    dialect, text = read_file(path)
    if dialect.name == "caffe" and is_solver(text):
        raise NetworkError("solver_file", f"{shown(path.name)}: a network was asked for",
                           given="it is a solver, which says how to train and names its network in another file",
                           do="Give that file; striate convert makes a recipe of this one")
    return check_classes(read_network(dialect, text, input, phase), classes, path.name)


def phase_of(phase: str | None, net: str) -> str:
    """The phase of a prototxt; a refusal for other files, which have none."""
    if phase is not None and (phase not in PHASES or Path(net).suffix.lower() not in (".prototxt", ".pbtxt")):
        raise UsageError("bad_phase", f"--phase {shown(phase, 40)} was asked for",
                         allowed="TEST or TRAIN is allowed, and only for a prototxt",
                         given=f"{shown(net, 100)} was given", do="Change it or leave it out")
    return phase or "TEST"


def read_network(dialect: Dialect, text: str, volume: Volume | None, phase: str = "TEST") -> Network:
    """The network of a text."""
    assert dialect.read
    return dialect.read(text, volume, phase)


def read_file(path: Path) -> tuple[Dialect, str]:
    """The dialect and the UTF-8 text of a network file, within the dialect's limit of size."""
    suffix = path.suffix.lower()
    if suffix in UNREAD:
        given, do = UNREAD[suffix]
        raise NetworkError("unread_format", f"{shown(path.name)}: a network was asked for",
                           allowed=f"a {join_words(list(READABLE))} file is allowed", given=given, do=do)
    limit = limit_of(suffix)
    try:
        if not path.is_file():
            raise FileNotFoundError(ENOENT, "there is no such file")
        data = read_bounded(path, limit)
    except OSError as error:  # a name too long, a folder without x, a file that may not be read
        raise MissingError("no_network_file", f"{shown(path, 200)} was asked for",
                           given=(error.strerror or "it cannot be read").lower(),
                           do=f"Give a {join_words(list(READABLE))} file, or a name that striate inspect --list shows"
                           ) from error
    if len(data) > limit:
        raise NetworkError("file_too_large", "a network file was asked for",
                           allowed=f"up to {limit:,} bytes is allowed in a {suffix} file",
                           given=f"{len(data):,} or more were given", do="Check that this is a network file")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NetworkError("not_text", f"{shown(path.name)}: a network file was asked for",
                           allowed="UTF-8 text is allowed", given=f"byte {error.start} is something else",
                           do="Save it as UTF-8") from error
    return dialect_of(suffix, text), text


def check_classes(network: Network, classes: int | None, name: str) -> Network:
    """The network, if it has `classes` outputs; a refusal otherwise."""
    if classes is not None and network.output.size != classes:
        last = network.nodes[-1]
        maker = _output_layer(network)
        counted = "units" if hasattr(maker.layer, "units") else "filters"
        ends = maker.output.channels == network.output.size
        raise NetworkError("wrong_classes", f"{shown(name)}: {classes} classes were asked for",
                           allowed=f"a network that ends in {classes} values is allowed",
                           given=f"{last.name} ends in {network.output}",
                           do=f"Give {maker.name} {classes} {counted}" if ends and hasattr(maker.layer, counted)
                           else f"End with a dense layer of {classes} units")
    return network


def _output_layer(network: Network) -> Node:
    """The layer that sets the number of outputs: the last one that does not only pass its channels on."""
    nodes = {node.name: node for node in network.nodes}
    node = network.nodes[-1]
    while (not hasattr(node.layer, "units") and not hasattr(node.layer, "filters") and len(node.inputs) == 1
           and node.inputs[0] in nodes and node.output.channels == node.input_volumes[0].channels):
        node = nodes[node.inputs[0]]
    return node
