"""Facts and pictures in, one HTML page out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from math import floor
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from striate.errors import shown
from striate.report import figures, formatting, tables, training_text
from striate.report.embedded_images import Misclassified, SamplePicture, show

MOST_SAMPLES, MOST_MISTAKES = 40, 24  # pictures on the page: some 200 kB at the packed 96×96
MOST_PAIRS = 12
MOST_ROWS = 25  # a longer table is folded, its most telling rows before it
SMALL = 40  # pixels on the longer side: such pictures are shown in threes
LONGEST_TEXT = 2000
MISSING: Mapping[str, Any] = {
    "striate": None, "title": "Report", "command": None, "created": None, "model": None, "seed": None, "seconds": None,
    "network": None, "recipe": {}, "history": [], "best_epoch": None, "validation": None, "test": None, "timings": {},
    "environment": {}, "stages": None, "notes": [], "cross_validated": False, "reasons": [], "asked": None,
}  # fmt: skip
NO_DATA: Mapping[str, Any] = {"name": "", "classes": [], "counts": {}, "size": None, "fit": None, "skipped": [],
                              "notes": [], "split": None, "leaked": None}


def render(facts: Mapping[str, Any], samples: Sequence[SamplePicture], mistakes: Sequence[Misclassified]) -> str:
    """The page as text. `facts` as `striate.report.train.write_report` takes them."""
    facts = {**MISSING, **facts, "data": {**NO_DATA, **facts["data"]}}
    part = "test" if facts["test"] else "validation"
    result = facts[part]
    return environment().get_template("report.html.j2").render(facts | {
        "part": part,
        "result": result,
        "base": formatting.commonest(result) if result else None,
        "pairs": tables.confused(result, MOST_PAIRS) if result else [],
        "unseen": part == "test" and _unseen(facts["data"]),
        "steps": formatting.next_steps(facts),
        "told": training_text.told(facts),
        "gallery": _gallery(samples, facts["data"]["classes"]),
        "wrong": _worst(mistakes, facts["data"]["classes"]),
        "strip": _strip(result["per_class"]) if result else None,
        "charts": _charts(facts, result),
    })


@cache
def environment() -> Environment:
    """Jinja2 as all pages use it."""
    made = Environment(
        loader=PackageLoader("striate.report"), autoescape=True, undefined=StrictUndefined, finalize=_printable,
        trim_blocks=True, lstrip_blocks=True,
    )
    words = (
        formatting.percent,
        formatting.between,
        formatting.number,
        formatting.short,
        formatting.duration,
        formatting.size,
        formatting.plain,
        formatting.digits,
        _name,
    )
    made.filters |= {word.__name__.lstrip("_"): word for word in words}
    made.globals |= {"phrases": formatting, "tables": tables, "MOST_ROWS": MOST_ROWS}
    return made


def _printable(value: Any) -> Any:
    """Whatever a file, class or setting is called: one line, printable and bounded; escaping follows."""
    return shown(value, LONGEST_TEXT) if isinstance(value, str) and not isinstance(value, Markup) else value


def _name(value: str, limit: int = 40) -> Markup:
    """A class or file name, apart from the direction of the text around it, in full where the pointer rests."""
    text = shown(value, limit)
    title = Markup(' title="{}"').format(shown(value)) if len(text) == limit else Markup("")
    return Markup("<bdi{}>{}</bdi>").format(title, escape(text) if value else Markup("&nbsp;"))


def _unseen(data: Mapping[str, Any]) -> bool:
    """Whether no test picture is also one to learn from: our own split sees to it, a given division may not."""
    if data["leaked"] is not None:
        return bool(data["leaked"] == 0)
    return (data["split"] or {}).get("kind") in ("stratified", "file")


def _gallery(samples: Sequence[SamplePicture], classes: Sequence[str]) -> list[dict[str, Any]]:
    """For each class its first samples, as many classes as the page can bear."""
    chosen: dict[int, list[SamplePicture]] = {}
    for sample in samples:
        if sample.label in chosen or len(chosen) < MOST_SAMPLES:
            chosen.setdefault(sample.label, []).append(sample)
    few = len(chosen) <= MOST_ROWS
    cards = []
    for label in sorted(chosen):
        small = max(chosen[label][0].pixels.shape) <= SMALL
        each, side = (3, 56) if small and few and len(chosen[label]) > 1 else (1, 96 if few else 64)
        cards.append({"name": classes[label],
                      "pictures": [(show(one.pixels, side), one.key) for one in chosen[label][:each]]})
    return cards


def _worst(mistakes: Sequence[Misclassified], classes: Sequence[str]) -> list[dict[str, Any]]:
    """The mistakes made with most confidence."""
    worst = sorted(mistakes, key=lambda one: (-one.probability, one.key))[:MOST_MISTAKES]
    return [{"shown": show(one.pixels, 112), "key": one.key, "actual": classes[one.actual],
             "predicted": classes[one.predicted], "probability": one.probability} for one in worst]


def _strip(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, float]:
    """The common scale of the intervals, from a multiple of 10 % below the lowest to 100 %."""
    start = floor(10 * min((row["interval"][0] for row in rows if row["interval"]), default=0)) / 10
    return {"start": start, "scale": 100 / (1 - start)}


def _charts(facts: Mapping[str, Any], result: Mapping[str, Any] | None) -> dict[str, Markup]:
    """Our own SVG, which holds numbers and fixed words only: safe as it is."""
    charts, history = {}, facts["history"]
    if len(history) > 1:
        charts["loss"] = figures.loss_curve(history, facts["best_epoch"])
    if len(history) > 1 and any(row.get("validation_accuracy") is not None for row in history):
        charts["accuracy"] = figures.accuracy_curve(history, facts["best_epoch"])
    for key, draw in (("learning_rate", figures.rate_curve), ("pictures_per_second", figures.speed_curve)):
        if sum(row.get(key) is not None for row in history) > 1:
            charts[key] = draw(history)
    if result and result.get("reliability"):
        charts["reliability"] = figures.reliability(result["reliability"])
    return {name: Markup(svg) for name, svg in charts.items()}  # noqa: S704 - see above
