"""Loading of recognisers from model files: `load`, and the table of the kinds that a file can hold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from striate.core import model_file
from striate.ensemble.member_kinds import MEMBER_KINDS, class_named
from striate.errors import ModelFileError, shown
from striate.model.recogniser import Recogniser

# Class by the kind in the manifest. Training methods are more: `finetune` and `auto` train recognisers of these kinds.
RECOGNISERS: Mapping[str, str] = MappingProxyType({**MEMBER_KINDS, "ensemble": "striate.ensemble.recogniser.Ensemble"})


def load(path: str | Path, *, allow_nonfinite: bool = False) -> Recogniser:
    """The recogniser saved at `path`, ready to predict.

    Raises `MissingError` when there is no such file, and `ModelFileError` when it cannot be trusted.
    """
    file = model_file.load(path, allow_nonfinite=allow_nonfinite)
    kind = str(file.manifest.get("kind"))
    if kind not in RECOGNISERS:
        raise ModelFileError("unknown_kind", f"{shown(path)} was to be loaded",
                             allowed=f"this striate knows {', '.join(sorted(RECOGNISERS))}",
                             given=f"it is a {shown(kind)}", do="Give the model.safetensors of a run folder")
    return class_named(RECOGNISERS[kind]).from_file(file, Path(path))
