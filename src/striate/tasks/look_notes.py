"""Notes of a panel of a look: sentences beside an explanation's evidence, by its type."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch

from striate.convnet.explain.activation_maps import ActivationMaps
from striate.convnet.explain.dot_product import DotProduct, sum_line
from striate.convnet.explain.embedding import Embedding
from striate.convnet.explain.faithfulness import Faithfulness
from striate.convnet.explain.filters import FilterBank
from striate.convnet.explain.maximise import Maximised
from striate.convnet.explain.probe import LayerProbe
from striate.convnet.explain.sanity import SanityCheck
from striate.convnet.explain.strongest import Strongest
from striate.core.humanize import join_words
from striate.model.explanation import Explanation

MOST_NAMED = 12  # units or pairs, in a sentence


@singledispatch
def notes_of(one: Explanation) -> tuple[str, ...]:  # noqa: ARG001 - what the others read
    """Sentences on an explanation beside its evidence."""
    return ()


@notes_of.register
def _(one: FilterBank) -> tuple[str, ...]:
    """What the numbers are; dead and duplicate filters."""
    bold = "The number beside each is the norm of its filter. " if len(one.norms) == len(one.array) else ""
    dead = f"{_units(one.dead)} dead: less than a hundredth of the largest norm." if one.dead else "None is dead."
    pairs = [f"{pair.first} and {pair.second} (cosine {pair.cosine:.3f})" for pair in one.duplicates[:MOST_NAMED]]
    more = f", and {len(one.duplicates) - MOST_NAMED:,} more pairs" if len(one.duplicates) > MOST_NAMED else ""
    twice = f"Nearly the same direction: {', '.join(pairs)}{more}." if pairs else "No two have nearly one direction."
    return f"{bold}{dead} {twice if one.compared else ''}".rstrip(),


@notes_of.register
def _(one: ActivationMaps) -> tuple[str, ...]:
    """What the numbers are; units that are silent in this picture."""
    silent, count = sum(layer.silent for layer in one.layers), sum(layer.shape[0] for layer in one.layers)
    where = one.layers[0].layer if len(one.layers) == 1 else f"{len(one.layers)} layers"
    return (f"The number beside each is its largest activation. Zero everywhere in this picture: {silent:,} of the "
            f"{count:,} units of {where}.{_at_limit(one)}",)


def _at_limit(one: ActivationMaps) -> str:
    """How many units of the layer reach the limit of their ReLU, and how they are ranked; empty for none."""
    limited = [layer for layer in one.layers if layer.before is not None]
    if one.limit is None or not limited:
        return ""
    full = int((limited[0].maxima >= one.limit).sum())
    return (f" Of {limited[0].layer} {full:,} reach its limit, {one.limit:g}, and are ranked by what goes into it."
            if full else "")


@notes_of.register
def _(one: Strongest) -> tuple[str, ...]:
    """How much was looked at, and the units that nothing excites."""
    said = f"{one.pictures:,} pictures of {one.data} ({one.part}) were looked at, each at most once for a unit; to the "
    silent = "" if one.dead is None else (f" {_units(one.dead)} 0 for all of them." if one.dead else
                                          f" Each of the {one.of:,} units is excited by one of them.")
    order = ("the layer before has an order: they are the first of all that do" if one.ordered_by is None else
             f"they are in the order of what goes into it, from {one.ordered_by}")
    full = f" Of {len(one.saturated):,} units all nine reach the same limit: {order}." if one.saturated else ""
    return f"{said}right of the crops is what comes back by {one.rule}.{silent}{full}",


@notes_of.register
def _(one: Embedding) -> tuple[str, ...]:
    """How far the map can be trusted, by numbers that do not depend on it."""
    return (f"Of {one.agreeing:.1%} of the pictures the nearest neighbour by features is of the same class; the five "
            f"nearest of each, which are exact, are in the JSON. The map is made of {one.components} principal "
            f"components of {one.dimensions:,} numbers.",)


@notes_of.register
def _(one: LayerProbe) -> tuple[str, ...]:
    """How the layers were described, and what the lines are."""
    ways = join_words(sorted({layer.pooling for layer in one.layers if layer.pooling != "as it is"}), "or")
    own = "The network knows other classes." if one.own is None else f"The network itself: {one.own:.1%}."
    crafted = "" if one.baseline is None else f" Hand-crafted: {one.baseline:.1%},"
    pooled = f" Maps are described by their {ways}." if ways else ""
    return (f"A linear classifier in {one.folds} folds, the same for every layer and the hand-crafted features. {own}"
            f"{crafted or ' Hand-crafted:'} {one.baseline_what}.{pooled}",)


@notes_of.register
def _(one: Maximised) -> tuple[str, ...]:
    """What the numbers are, how many units were asked, and those that no picture excites."""
    asked = len(one.shown) + len(one.silent)
    silent = f" {_units(one.silent)} excited by none of the pictures found." if one.silent else ""
    return (f"The number beside each is the largest activation it reaches. {asked:,} of {one.of_units:,} units of "
            f"{one.layer} were asked; --unit asks another.{silent}",)


@notes_of.register
def _(one: SanityCheck) -> tuple[str, ...]:
    """The verdicts, and the methods that have no map here."""
    lacking = (f"No map to check here: {join_words(one.undefined, 'and')}.",) if one.undefined else ()
    return (*(f"{verdict.method}: {verdict.sentence}" for verdict in one.verdicts), *lacking)


@notes_of.register
def _(one: Faithfulness) -> tuple[str, ...]:
    """What the areas say of each map, and the methods that are not defined or have no places here."""
    lacking = (f"Not defined here: {join_words(one.undefined, 'and')}.",) if one.undefined else ()
    single = (f"Without places here, so without an order of them: {join_words(one.placeless, 'and')}.",)
    return (*(f"{score.method}: {score.sentence}" for score in one.scores), *lacking,
            *(single if one.placeless else ()))


@notes_of.register
def _(one: DotProduct) -> tuple[str, ...]:
    """The sum in a line, in network and in pixel units, and the layers between it and the target."""
    raw = one.pixels
    said = raw and sum_line(one.array.size, float(raw.products.sum()), raw.bias, raw.total)
    return f"{one.sentence}.", *((f"In pixel units: {said}.",) if said else ()), *(f"{step}." for step in one.steps)


def _units(units: Sequence[int]) -> str:
    named = join_words([str(one) for one in units[:MOST_NAMED]], "and")
    more = f" and {len(units) - MOST_NAMED:,} more" if len(units) > MOST_NAMED else ""
    return f"Unit {named} is" if len(units) == 1 else f"Units {named}{more} are"
