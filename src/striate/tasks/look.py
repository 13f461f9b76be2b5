"""Explanation of a recogniser: what it has learnt and the evidence for a prediction; as a page, too."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from striate.errors import UsageError, shown
from striate.model.recogniser import Picture, Recogniser
from striate.report.look_result import LookResult


class Explainer(NamedTuple):
    """Explainer of a kind of recogniser: two functions, each `module:name`, imported when they are used.

    explain: (recogniser, picture, class_name, top, **names) -> LookResult; write_page: (path, that result) -> Path.
    """

    explain: str
    write_page: str


# By the KIND of the recogniser.
EXPLAINERS: Mapping[str, Explainer] = MappingProxyType({
    "words": Explainer("striate.tasks.look_words:look_words", "striate.report.look:write_look")})


def look(model: str | Path | Recogniser, picture: Picture | None = None, *, class_name: str | None = None, top: int = 5,
         out: str | Path | None = None) -> LookResult:
    """Explain a recogniser: what it has learnt, and the evidence for its prediction of `picture`.

    Args:
        model: a model file, or a fitted recogniser of a kind in `EXPLAINERS`.
        picture: a file, its bytes, or an array (H, W, C) or (H, W) uint8.
        class_name: the class whose decision is explained; None is the predicted one.
        top: how many words, for a bag of words, to name for the class and against it.
        out: the page to write, or None.

    Raises `UsageError` (`look_kind`, `unknown_class`, `class_alone`), `PictureError`, and what `striate.load` raises.

        found = striate.look("runs/scenes-bow/model.safetensors", "coast.jpg", out="look.html")
        found.label, found.explanations["evidence_map"].array

    """
    from striate.load_model import load  # here, because it loads torch

    recogniser = model if isinstance(model, Recogniser) else load(model)
    path = None if isinstance(model, Recogniser) else str(model)
    if recogniser.KIND not in EXPLAINERS:
        raise UsageError("look_kind", f"striate look was asked for {shown(path or 'a recogniser')}",
                         allowed="models of words are allowed", given=f"a {shown(recogniser.KIND)} was given",
                         do="Give a model that striate train --model bow has written")
    if class_name is not None and picture is None:
        raise UsageError("class_alone", f"what speaks for {shown(class_name, 80)} was asked for",
                         allowed="a class is allowed together with a picture", given="no picture was given",
                         do="Add --picture")
    explainer = EXPLAINERS[recogniser.KIND]
    page = None if out is None else str(out)
    result: LookResult = _imported(explainer.explain)(recogniser, picture, class_name, top, model=path, page=page)
    if out is not None:
        _imported(explainer.write_page)(out, result)
    return result


def _imported(name: str) -> Any:
    module, _, function = name.partition(":")
    return getattr(import_module(module), function)
