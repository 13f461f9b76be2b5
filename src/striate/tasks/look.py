"""Explanation of a recogniser: what it has learnt and the evidence for a prediction; as a page, too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from striate.core.constraints import Integer
from striate.core.humanize import join_words
from striate.core.named_object import named_object
from striate.core.params import Refusal, checked
from striate.errors import UsageError, shown
from striate.model.recogniser import Picture, Recogniser
from striate.report.look_result import LookResult

if TYPE_CHECKING:  # it loads torch
    from striate.tasks.progress import Progress

MOST_TOP = 50
BAD_TOP = Refusal("bad_top", "the strongest units or words were asked for", "Leave top out for 5")


class Explainer(NamedTuple):
    """Explainer of a kind of recogniser: two functions, each `module:name`, imported when they are used.

    explain: (recogniser, picture, class_name, top, **names and options) -> LookResult;
    write_page: (path, that result) -> Path; write_figures: (folder, that result) -> Path, or "".
    options: what `explain` takes of `layer`, `unit`, `data`, `show`, `scale` and `figures`.
    tells_progress: whether `explain` takes `progress`.
    """

    explain: str
    write_page: str
    write_figures: str = ""
    options: frozenset[str] = frozenset()
    tells_progress: bool = False


NETWORK = Explainer(
    "striate.tasks.look_convnet:look_network", "striate.report.look_network:write_look_network",
    "striate.report.look_figures:write_figures", frozenset({"layer", "unit", "data", "show", "scale", "figures"}), True)
# By the KIND of the recogniser.
EXPLAINERS: Mapping[str, Explainer] = MappingProxyType({
    "words": Explainer("striate.tasks.look_words:look_words", "striate.report.look:write_look"),
    "convnet": NETWORK, "transfer": NETWORK,
    "ensemble": NETWORK._replace(
        explain="striate.tasks.look_ensemble:look_ensemble",
        write_page="striate.report.look_members:write_look_ensemble",
        write_figures="striate.report.look_members:write_ensemble_figures")})


def look(model: str | Path | Recogniser, picture: Picture | None = None, *, layer: str | None = None,
         unit: int | str | Sequence[int] | None = None, data: str | Path | None = None,
         show: str | Sequence[str] | None = None, class_name: str | int | None = None, top: int = 5,
         scale: str | None = None, out: str | Path | None = None, figures: str | Path | None = None,
         progress: Progress | None = None) -> LookResult:
    """Explain a recogniser: what it has learnt, and the evidence for its prediction of `picture`.

    Args:
        model: a model file, or a fitted recogniser of a kind in `EXPLAINERS`.
        picture: a file, its bytes, or an array (H, W, C) or (H, W) uint8.
        layer: of a network, whose units are explained; None is the last with an area above 1×1.
        unit: the one that is explained: 7, or (7, 3, 4) at row 3 and column 4 of its map, or these as text; None is the
            `top` units with the largest activations in the picture.
        data: labelled pictures, a folder or the name of a known set, for methods that look at many.
        show: methods of `METHODS_OF_LOOK`, as a list or joined by commas; None is those of the first page.
        class_name: the class whose decision is explained, by its name; None is the predicted one.
        top: how many units are explained, 1 to 50; for a bag of words, how many words to name for the class and against
            it.
        scale: of the maps of a method: `shared` by them, which is None, or of `each`.
        out: the page to write, or None; the pages of an ensemble's members are beside it, `look-1.html` and so on.
        figures: a folder for every map and curve as PNG, SVG and NPY files, or None; it is made if it is not there.
        progress: callbacks as each method begins, and of methods that look at many pictures.

    Raises `UsageError` (`bad_top`, `look_kind`, `option_of_kind`, `class_alone`, and of a wrong option its own),
    `NetworkError` (`unknown_layer`), `PictureError`, and what `striate.load` raises.

        found = striate.look("runs/digits-compact/model.safetensors", "seven.png", out="look.html")
        found.label, found.explanations["activations"].array

    """
    from striate.load_model import load  # here, because it loads torch

    top = checked("top", top, Integer(1, MOST_TOP), BAD_TOP)
    recogniser = model if isinstance(model, Recogniser) else load(model)
    path = None if isinstance(model, Recogniser) else str(model)
    if recogniser.KIND not in EXPLAINERS:
        raise UsageError("look_kind", f"striate look was asked for {shown(path or 'a recogniser')}",
                         allowed=f"a model of the kind {join_words(list(EXPLAINERS))} is allowed",
                         given=f"a {shown(recogniser.KIND)} was given",
                         do="Give a model that striate train has written")
    explainer = EXPLAINERS[recogniser.KIND]
    options = {"layer": layer, "unit": unit, "data": None if data is None else str(data), "show": show, "scale": scale,
               "figures": None if figures is None else str(figures)}
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    refuse_options(given, explainer, recogniser.KIND)
    name = None if class_name is None else str(class_name)  # a class of digits may be given as the number 7
    if name is not None and picture is None:
        raise UsageError("class_alone", f"what speaks for {shown(name, 80)} was asked for",
                         allowed="a class is allowed together with a picture", given="no picture was given",
                         do="Give a picture, too")
    if explainer.tells_progress:
        given["progress"] = progress
    page = None if out is None else str(out)
    result: LookResult = named_object(explainer.explain)(recogniser, picture, name, top, model=path, page=page,
                                                      **given)
    if figures is not None:
        named_object(explainer.write_figures)(figures, result)
    if out is not None:
        named_object(explainer.write_page)(out, result)
    return result


def refuse_options(given: Mapping[str, object], explainer: Explainer, kind: str) -> None:
    """Refuse the first option that an explainer does not have (`option_of_kind`)."""
    for name in given:
        if name not in explainer.options:
            with_it = [f"{'an' if other[0] in 'aeiou' else 'a'} {other}" for other, row in EXPLAINERS.items()
                       if name in row.options]
            raise UsageError("option_of_kind", f"{name} was asked for",
                             allowed=f"it is allowed for {join_words(with_it)}",
                             given=f"a model of the kind {shown(kind)} was given", do=f"Leave out {name}")
