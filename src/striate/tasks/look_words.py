"""Explanation of a bag of words: its visual words, and their contributions to a decision."""

from __future__ import annotations

from typing import Any

from striate._version import __version__
from striate.bow.explain.maps import (
    DescribedPicture,
    WordContribution,
    contributions,
    evidence_map,
    strongest_words,
    word_map,
    word_view,
)
from striate.bow.explain.word_pages import word_pages
from striate.bow.recogniser import BagOfWords
from striate.bow.stages import kind_of
from striate.errors import UsageError
from striate.model.explanation import Explanation
from striate.model.recogniser import Picture
from striate.report.look_result import WordsLookResult
from striate.tasks.look_options import class_index


def look_words(recogniser: BagOfWords, picture: Picture | None, class_name: str | None, top: int,
               **names: Any) -> WordsLookResult:
    """The visual words of a fitted model and, with a picture, their contributions to the class.

    Raises `UsageError` (`unknown_class`) and what reading a picture raises.
    """
    index = None if class_name is None else class_index(
        names_of(recogniser), class_name, recogniser.pipeline_.present.tolist())
    description, classifier = recogniser.pipeline_.description, recogniser.pipeline_.classifier
    found: dict[str, Any] = {}
    if picture is not None:
        found = explained(recogniser, picture, index, top)
    return WordsLookResult(
        striate=__version__, encoder=kind_of("encoder", description.encoder),
        classifier=kind_of("classifier", classifier), kernel=classifier.kernel, words=len(description.encoder.words_),
        classes=names_of(recogniser), size=(*recogniser.preparation_.size, recogniser.preparation_.channels),
        pages=word_pages(recogniser), **names, **found)


def explained(model: BagOfWords, picture: Picture, index: int | None, top: int) -> dict[str, Any]:
    """The fields of a `WordsLookResult` that are about the picture."""
    classes, classifier = names_of(model), model.pipeline_.classifier
    seen = DescribedPicture.of(model, model.read_picture(picture))
    scores = model.pipeline_.with_absent_classes(classifier.predict_proba(seen.features[None]))[0]
    order = (-scores).argsort(kind="stable")
    ranked = tuple((classes[i], float(scores[i])) for i in order)
    index = int(order[0]) if index is None else index
    explanations: dict[str, Explanation] = {"word_map": word_map(model, seen, index)}
    strongest: tuple[tuple[WordContribution, ...], ...] = ((), ())
    refused = None
    try:
        explanations["contributions"] = contributions(model, seen, index)
        explanations["evidence_map"] = evidence_map(model, seen, index)
        strongest = strongest_words(explanations["contributions"], seen.times(len(model.patches_.counts)), top)
    except UsageError as error:
        if error.code != "no_contributions":
            raise
        refused = str(error)
    return {"picture": None if isinstance(picture, bytes) or hasattr(picture, "shape") else str(picture),
            "label": ranked[0][0], "probability": ranked[0][1], "ranked": ranked, "target": classes[index],
            "favouring": strongest[0], "against": strongest[1], "refused": refused, "explanations": explanations,
            "view": word_view(model, seen)}


def names_of(model: BagOfWords) -> tuple[str, ...]:
    """The names of the classes."""
    return tuple(map(str, model.classes_))
