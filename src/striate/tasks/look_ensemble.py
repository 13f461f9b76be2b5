"""Explanation of an ensemble: what each member says and adds to the decision, and the explanation of each by itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from striate._version import __version__
from striate.core.humanize import join_words
from striate.core.named_object import named_object
from striate.ensemble.member_evidence import member_evidence
from striate.ensemble.opinion_pool import pooled
from striate.ensemble.recogniser import Ensemble
from striate.errors import UsageError
from striate.model.recogniser import Picture
from striate.report.ensemble_look_result import EnsembleLookResult, MemberLook
from striate.report.look_figures import made_folder
from striate.report.look_result import LookResult
from striate.tasks import look as table
from striate.tasks.look_options import class_index
from striate.tasks.progress import Progress


def look_ensemble(recogniser: Ensemble, picture: Picture | None, class_name: str | None, top: int, *,
                  model: str | None = None, page: str | None = None, progress: Progress | None = None,
                  figures: str | None = None, **options: Any) -> EnsembleLookResult:
    """What the members of an ensemble say, and the explanation of each: `options` go to the members that have them.

    Each member sees the picture as the ensemble reads it. Raises `UsageError` (`unknown_class`, `option_of_kind`), and
    what the explanations of the members raise.
    """
    kinds = {name: table.EXPLAINERS[member.KIND] for name, member in recogniser.members_.items()}
    for name in options:
        if not any(name in row.options for row in kinds.values()):
            given = sorted({member.KIND for member in recogniser.members_.values()})
            raise UsageError("option_of_kind", f"{name} was asked for", allowed="it is allowed for a network",
                             given=f"its members are of the kind {join_words(given, 'and')}", do=f"Leave out {name}")
    if figures is not None:
        made_folder(figures)  # before the work
    classes = tuple(map(str, recogniser.classes_))
    facts: dict[str, Any] = {}
    said: dict[str, dict[str, Any]] = {name: {} for name in recogniser.members_}
    pixels, target = None, class_name
    if picture is not None:
        pixels = recogniser.read_picture(picture).copy()  # one that torch may read
        apart = {name: rows[0] for name, rows in recogniser.member_probabilities(pixels[None]).items()}
        scores = pooled([one[None] for one in apart.values()], recogniser.weights_, recogniser.temperature_)[0]
        order = np.argsort(-scores, kind="stable")
        index = int(order[0]) if class_name is None else class_index(
            classes, class_name, np.flatnonzero(scores).tolist())
        rival = int(order[1] if order[0] == index else order[0])
        evidence = member_evidence(apart, recogniser.weights_ / recogniser.temperature_, classes, index, rival)
        target = classes[index]
        ranked = tuple((classes[i], float(scores[i])) for i in order)
        facts = {"picture": None if isinstance(picture, bytes) or hasattr(picture, "shape") else str(picture),
                 "label": ranked[0][0], "probability": ranked[0][1], "ranked": ranked, "target": target,
                 "rival": classes[rival], "explanations": {"members": evidence}}
        said = {name: {"label": classes[int(one.argmax())], "probability": float(one.max()),
                       "target_probability": float(one[index]), "evidence": term.value}
                for (name, one), term in zip(apart.items(), evidence.terms, strict=True)}
    members: list[MemberLook] = []
    for number, (name, member) in enumerate(recogniser.members_.items(), start=1):
        row = kinds[name]
        own = {key: value for key, value in options.items() if key in row.options}
        if row.tells_progress:
            own["progress"] = progress
        found: LookResult = named_object(row.explain)(
            member, pixels, target, top, model=model, page=None if page is None else member_page(page, number), **own)
        members.append(MemberLook(
            name=name, kind=member.KIND, weight=float(recogniser.weights_[number - 1]),
            found=replace(found, picture=facts.get("picture")), **said[name]))
    return EnsembleLookResult(
        striate=__version__, model=model, page=page, classes=classes, members=tuple(members),
        size=(*recogniser.preparation_.size, recogniser.preparation_.channels), temperature=recogniser.temperature_,
        figures=figures, **facts)


def member_page(page: str, number: int) -> str:
    """The page of a member, beside that of the ensemble.

    >>> member_page("runs/look.html", 2)
    'runs/look-2.html'
    """
    path = Path(page)
    return str(path.with_name(f"{path.stem}-{number}{path.suffix}"))
