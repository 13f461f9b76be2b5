"""Finding the network a person means: a name of the zoo, or a file."""

from __future__ import annotations

from pathlib import Path

from striate.arch.formats.yaml import MAX_BYTES, check_size, read_json, read_yaml
from striate.arch.network import Network
from striate.arch.rules import either
from striate.arch.volume import Volume
from striate.arch.zoo import ZOO, build
from striate.errors import MissingError, NetworkError, shown

READERS = {".yaml": read_yaml, ".yml": read_yaml, ".json": read_json}


def load_network(spec: str | Path, input: Volume | None = None, classes: int | None = None) -> Network:  # noqa: A002
    """The network of a zoo name or of a .yaml, .yml or .json file.

    `input` takes the place of the file's or paper's own. `classes` is the number of values it must end in: zoo networks
    are built with it (10 if None), files are held to it. Raises `UsageError`, `MissingError` or `NetworkError`.

    >>> str(load_network("lenet5", classes=26).output)
    '26×1×1'
    """
    path = Path(spec)
    if str(spec) in ZOO or path.suffix.lower() not in READERS:
        return build(str(spec), input, 10 if classes is None else classes)
    network = READERS[path.suffix.lower()](read_text(path), input)
    if classes is not None and network.output.size != classes:
        last = network.nodes[-1]
        raise NetworkError("wrong_classes", f"{shown(path.name)}: {classes} classes were asked for",
                           allowed=f"a network that ends in {classes} values is allowed",
                           given=f"{last.name} ends in {network.output}",
                           do=f"Change {last.name} or the layer before it")
    return network


def read_text(path: Path) -> str:
    """A network file as text, 1 MiB at most, UTF-8."""
    if not path.is_file():
        raise MissingError("no_network_file", f"{shown(path)} was asked for", given="there is no such file",
                           do=f"Give a .yaml or .json file, {either(list(ZOO))}")
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    check_size(len(data))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NetworkError("not_text", f"{shown(path.name)}: a network file was asked for",
                           allowed="UTF-8 text is allowed", given=f"byte {error.start} is something else",
                           do="Save it as UTF-8") from error
