"""Any recogniser back from its file."""

from __future__ import annotations

from pathlib import Path

from striate.bow.recogniser import BagOfWords
from striate.convnet.recogniser import ConvNet
from striate.convnet.transfer import Transfer
from striate.core import model_file
from striate.errors import ModelFileError, shown
from striate.model.recogniser import Recogniser

KINDS: dict[str, type[Recogniser]] = {kind.KIND: kind for kind in (ConvNet, BagOfWords, Transfer)}


def load(path: str | Path, *, allow_nonfinite: bool = False) -> Recogniser:
    """The recogniser saved at `path`, ready to predict.

    Raises `MissingError` when there is no such file, and `ModelFileError` when it cannot be trusted.
    """
    file = model_file.load(path, allow_nonfinite=allow_nonfinite)
    kind = file.manifest.get("kind")
    if kind not in KINDS:
        raise ModelFileError("unknown_kind", f"{shown(path)} was to be loaded",
                             allowed=f"this striate knows {', '.join(sorted(KINDS))}",
                             given=f"it is a {shown(str(kind))}", do="Give the model.safetensors of a run folder")
    return KINDS[kind].from_file(file, Path(path))
