"""Options of `striate look` for a network, checked before anything is computed: methods, unit, class."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from striate.convnet.explain.methods import METHODS_OF_LOOK
from striate.core.constraints import Integer
from striate.core.humanize import join_words
from striate.core.params import Refusal, checked
from striate.errors import UsageError, shown

NAMED = 10  # classes, in a refusal
MOST = 2**31 - 1
UNIT = Refusal("bad_unit", "the {name} of a layer was asked for",
               "Give 7, or 7,3,4 for row 3 and column 4 of its map")
ORDER = ("class", "unit", "layer", "scores")  # of the panels
SCALES = ("shared", "each")
Unit = tuple[int, tuple[int, int] | None]


def chosen_methods(show: str | Sequence[str] | None, *, picture: bool, data: bool) -> tuple[str, ...]:
    """The methods to run: those named, or those of the first page, as far as what they need is there.

    Raises `UsageError` (`unknown_method`, `picture_needed`, `data_needed`).
    """
    there = {"model": True, "picture": picture, "data": data}
    if show is None:
        found = [name for name, row in METHODS_OF_LOOK.items()
                 if there[row.needs] and (row.first_page or row.needs == "data")]
        return tuple(sorted(found, key=_place))
    names = [one.strip() for one in (show.split(",") if isinstance(show, str) else show)]
    for name in names:
        if name not in METHODS_OF_LOOK:
            near = get_close_matches(str(name), METHODS_OF_LOOK, 1)
            raise UsageError("unknown_method", "a way to look inside was asked for",
                             allowed=f"{join_words(list(METHODS_OF_LOOK))} is allowed",
                             given=f"{shown(str(name), 80) or 'nothing'} was given",
                             do=f"Did you mean {near[0]}?" if near else "Choose one or several of these")
        needs = METHODS_OF_LOOK[name].needs
        if not there[needs]:
            raise UsageError(f"{needs}_needed", f"{name} was asked for", allowed=f"it needs {PHRASES[needs]}",
                             given="none was given", do=f"Give {PHRASES[needs]}, too")
    return tuple(dict.fromkeys(names))


def _place(name: str) -> tuple[bool, int]:
    """Where the panel of a method is on the page: what speaks for the class is first."""
    row = METHODS_OF_LOOK[name]
    return not row.class_only, ORDER.index(row.target)


PHRASES = {"picture": "a picture", "data": "a set of pictures"}


def parsed_unit(unit: int | str | Sequence[int] | None) -> Unit | None:
    """`7`, `"7"`, `"7,3,4"` or `(7, 3, 4)` as (unit, position or None); refuses others (`bad_unit`).

    >>> parsed_unit(7), parsed_unit("7,3,4"), parsed_unit(None)
    ((7, None), (7, (3, 4)), None)
    """
    if unit is None:
        return None
    parts: Sequence[Any] = unit.split(",") if isinstance(unit, str) else unit if isinstance(unit, Sequence) else [unit]
    if len(parts) not in (1, 3):
        raise UNIT.of("unit", unit, "one number, or three of unit, row and column, are allowed")
    rule = Integer(0, MOST, "whole numbers from 0 are allowed")
    numbers = [checked("unit", _number(part), rule, UNIT) for part in parts]
    return numbers[0], (numbers[1], numbers[2]) if len(numbers) == 3 else None


def _number(part: object) -> object:
    text = part.strip() if isinstance(part, str) else part
    return int(text) if isinstance(text, str) and text.isdecimal() and len(text) < 10 else text


def class_index(classes: Sequence[str], name: str, learnt: Sequence[int] | None = None) -> int:
    """The index of a class, of those in `learnt` or of all; refuses others (`unknown_class`)."""
    known = {classes[index]: int(index) for index in (range(len(classes)) if learnt is None else learnt)}
    if name not in known:
        listed = ", ".join(shown(one, 40) for one in list(known)[:NAMED])
        more = f" and {len(known) - NAMED:,} more" if len(known) > NAMED else ""
        raise UsageError("unknown_class", "what speaks for a class was asked for",
                         allowed=f"{listed}{more} are known", given=f"{shown(name, 80)} was given",
                         do="Choose one of these")
    return known[name]
