"""Built-in data sets with a download: `mnist` and `fashion-mnist`.

MNIST: LeCun, Bottou, Bengio and Haffner, *Gradient-Based Learning Applied to Document Recognition*, 1998.
Fashion-MNIST: Xiao, Rasul and Vollgraf, arXiv 1708.07747, 2017. A local copy is used where there is one: below
`$STRIATE_DATA`, `/usr/share/datasets` (Debian), `~/data`, `~/datasets` or `~/.cache/torch`, called NAME or as
torchvision lays it out (`MNIST/raw`). Else the four files are downloaded over https into the cache, each checked
against its sha256.
"""

from __future__ import annotations

import hashlib
import os
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from striate.core import atomic
from striate.core.cache import cache_subfolder
from striate.data.source import ArraySource
from striate.data.sources.idx import find_idx, open_idx
from striate.errors import MissingError

MAX_DOWNLOAD = 64 * 2**20
TIMEOUT = 30  # seconds without a byte
FILES = ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz",
         "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz")  # fmt: skip


@dataclass(frozen=True)
class BuiltinSet:
    """A published data set: torchvision's name for it, where it is, the sha256 of each of FILES, its classes."""

    torchvision: str
    url: str
    sums: tuple[str, str, str, str]
    classes: tuple[str, ...]
    offline: str


SETS = {
    "fashion-mnist": BuiltinSet(
        "FashionMNIST",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        (
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        ),
        ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
        "apt install dataset-fashion-mnist, or give the folder that holds its four IDX files",
    ),
    "mnist": BuiltinSet(
        "MNIST",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        (
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        ),
        tuple("0123456789"),
        "give the folder that holds its four IDX files",
    ),
}


def open_builtin(name: str) -> ArraySource:
    """The data set `name` of SETS, from a local copy or else from the network; `MissingError` if neither has it."""
    known = SETS[name]
    for folder in places(name):
        if "test" in find_idx(folder):
            return open_idx(folder, name, known.classes)
    folder = cache_subfolder("downloads") / name
    folder.mkdir(exist_ok=True)
    for file, expected in zip(FILES, known.sums, strict=True):
        _fetch(name, known, file, expected, folder / file)
    return open_idx(folder, name, known.classes)


def places(name: str) -> list[Path]:
    """The folders that may hold a local copy, in the order of search."""
    home = Path.home()
    roots = [Path("/usr/share/datasets"), home / "data", home / "datasets", home / ".cache" / "torch"]
    if own := os.environ.get("STRIATE_DATA"):
        roots.insert(0, Path(own).expanduser())
    return [root / folder for root in roots for folder in (name, SETS[name].torchvision)]


def _fetch(name: str, known: BuiltinSet, file: str, expected: str, path: Path) -> None:
    """Download one file unless it is there; it gets its name only once its checksum is right."""
    if path.is_file():
        return
    try:
        # The address is a constant above and begins with https.
        with urllib.request.urlopen(known.url + file, timeout=TIMEOUT) as response:  # noqa: S310
            data = response.read(MAX_DOWNLOAD + 1)
    except (OSError, HTTPException) as error:
        why = f"it is not on this machine and cannot be downloaded ({type(error).__name__})"
        raise _missing_data(name, known, why) from error
    if hashlib.sha256(data).hexdigest() != expected:
        raise _missing_data(name, known, f"the checksum of the downloaded {file} does not match")
    atomic.write_bytes(path, data)


def _missing_data(name: str, known: BuiltinSet, given: str) -> MissingError:
    return MissingError("dataset_missing", f"the data set {name} was asked for", given=given,
                        do=f"Without a network: {known.offline}")
