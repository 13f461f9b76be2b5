"""What a bag of words has learnt, and what its words say about a picture, as one page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from striate._version import __version__
from striate.bow.explain.maps import (
    DescribedPicture,
    column_of,
    contributions,
    map_places,
    said_by_place,
    telling,
    word_map,
)
from striate.bow.explain.word_pages import codebook, likeness
from striate.bow.recogniser import BagOfWords
from striate.bow.stages import kind_of
from striate.data import read_picture
from striate.errors import UsageError, shown
from striate.load_model import load
from striate.model.recogniser import Recogniser
from striate.report.look import PictureView, WordList, write_look

NAMED = 10  # classes, in a refusal


def look_model(
    model_path: Path, picture: Path | None, out: Path, *, asked: str | None = None, top: int = 5
) -> dict[str, Any]:
    """Write the page about the model at `model_path` to `out`; returns its facts, JSON values.

    `asked` names the class that the words are to speak for or against, None the predicted one; `top` words of each
    side are shown. The facts are those of `striate.report.look`, and `look`, the path of the page.

    Raises `UsageError` (`look_kind`, `unknown_class`, `class_alone`), `PictureError`, and what `load` raises.
    """
    model = load(model_path)
    if not isinstance(model, BagOfWords):
        raise UsageError("look_kind", f"striate look was asked for {shown(model_path)}",
                         allowed="models of words are allowed", given=f"a {shown(model.KIND)} was given",
                         do="Give a model that striate train --model bow has written")
    if asked is not None and picture is None:
        raise UsageError("class_alone", f"what speaks for {shown(asked, 80)} was asked for",
                         allowed="a class is allowed together with a picture", given="no picture was given",
                         do="Add --picture")
    wanted = None if asked is None else class_named(model, asked)
    description, classifier = model.pipeline_.description, model.pipeline_.classifier
    facts: dict[str, Any] = {
        "striate": __version__, "model": str(model_path), "look": str(out),
        "encoder": kind_of("encoder", description.encoder), "classifier": kind_of("classifier", classifier),
        "kernel": classifier.kernel, "words": len(description.encoder.words_), "classes": names(model),
        "size": [*model.preparation_.size, model.preparation_.channels],
        "picture": None, "class": None, "probability": None, "top": [], "asked": None, "decision": None,
        "for": [], "against": [], "refused": None,
    }
    words = codebook(model)
    book = WordList(words.words, words.counts, words.mean, words.nearest, words.speaks_for, likeness(model))
    view = None if picture is None else viewed(model, picture, wanted, top, facts)
    write_look(out, facts, book, view)
    return facts


def viewed(model: BagOfWords, picture: Path, wanted: int | None, top: int, facts: dict[str, Any]) -> PictureView:
    """What the model sees in `picture`; fills in the facts about it."""
    preparation, classifier = model.preparation_, model.pipeline_.classifier
    seen = DescribedPicture.of(model, read_picture(picture, preparation.size, preparation.resize, preparation.channels))
    scores = model.pipeline_.spread(classifier.predict_proba(seen.features[None]))[0]
    order = (-scores).argsort(kind="stable")
    ranked = [[facts["classes"][i], float(scores[i])] for i in order]
    index = int(order[0]) if wanted is None else wanted
    facts |= {"picture": str(picture), "class": ranked[0][0], "probability": ranked[0][1], "top": ranked,
              "asked": facts["classes"][index]}
    said = None
    try:
        parts = contributions(model, seen, index).sum(axis=0)
        speaking, against = telling(model, seen, index, top)
        said = said_by_place(model, seen, index)
    except UsageError as error:
        if error.code != "no_contributions":
            raise
        facts["refused"] = str(error)
    else:
        decision = float(classifier.decision(seen.features[None])[0, column_of(model, index)])
        sides = {"for": float(parts.clip(min=0).sum()), "against": float(parts.clip(max=0).sum())}
        facts["decision"] = {"margin": decision, "bias": decision - sum(sides.values()), **sides}
        for name, words in (("for", speaking), ("against", against)):
            facts[name] = [{"word": one.word, "said": one.said, "times": one.times} for one in words]
    (y, x), grids = map_places(model), model.pipeline_.description.pyramid.checked()
    return PictureView(seen.pixels, word_map(model, seen), y, x, seen.counts(facts["words"]), grids, said)


def names(model: Recogniser) -> list[str]:
    """The names of the classes."""
    return [str(name) for name in model.classes_]


def class_named(model: BagOfWords, name: str) -> int:
    """The index of a class that was learnt; refuses others (`unknown_class`)."""
    known = {names(model)[index]: int(index) for index in model.pipeline_.present}
    if name not in known:
        listed = ", ".join(shown(one, 40) for one in list(known)[:NAMED])
        more = f" and {len(known) - NAMED:,} more" if len(known) > NAMED else ""
        raise UsageError("unknown_class", "what speaks for a class was asked for",
                         allowed=f"{listed}{more} are known", given=f"{shown(name, 80)} was given",
                         do="Choose one of these with --class")
    return known[name]
